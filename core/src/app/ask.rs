//! What rules can ask of a transaction: buffers and numbers, by the names that the plan gives them.

use super::{Head, PARSERS, Protocol};
use hashbrown::HashMap;
use std::sync::LazyLock;

/// What a transaction has of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes<'a> {
    /// Bytes, of which some may be missing at the end.
    There {
        /// Those that are there.
        bytes: &'a [u8],
        /// How many there were, as far as that is known; at least as many as are there.
        original: usize,
    },
    /// It has none (yet).
    Absent,
    /// Whether it has one is not known, as bytes are missing.
    Unknown,
}

impl<'a> Bytes<'a> {
    /// Whole bytes.
    pub fn whole(bytes: &'a [u8]) -> Self {
        Self::There { bytes, original: bytes.len() }
    }

    /// Whole bytes, or none.
    pub fn maybe(bytes: Option<&'a [u8]>) -> Self {
        bytes.map_or(Self::Absent, Self::whole)
    }
}

/// A buffer of a protocol's transactions.
#[derive(Debug)]
pub struct Buffer<T> {
    /// The keyword that opens it.
    pub name: &'static str,
    /// From which progress on it is there, to the server and to the client; `None`: not in that direction. It is whole
    /// once the progress is greater, or at its end.
    pub ready: [Option<u8>; 2],
    /// It may be there several times: they are asked for by their place, until one is absent.
    pub several: bool,
    /// Get it, of a direction (true: to the server), by its place from 0.
    pub get: for<'a> fn(&'a T, &'a Head, bool, usize) -> Bytes<'a>,
}

/// A number of a protocol's transactions.
#[derive(Debug)]
pub struct Value<T> {
    /// The keyword that asks for it.
    pub name: &'static str,
    /// As of a buffer.
    pub ready: [Option<u8>; 2],
    /// Get it, of a direction (true: to the server), by its place from 0: `None` behind the last one.
    pub get: fn(&T, &Head, bool, usize) -> Option<u64>,
}

/// The names of all buffers, or of all values, and where each protocol has them.
#[derive(Debug, Default)]
pub struct Names {
    numbers: HashMap<&'static str, u16>,
    /// By protocol and number, the row in the protocol's own table.
    rows: Vec<Vec<Option<u8>>>,
    of_files: Vec<u16>,
}

impl Names {
    fn new(tables: &[Vec<&'static str>]) -> Self {
        let mut names = Self::default();
        for name in tables.iter().flatten() {
            let next = names.numbers.len() as u16;
            names.numbers.entry(name).or_insert(next);
        }
        names.of_files =
            names.numbers.iter().filter(|(name, _)| name.starts_with("file.")).map(|(_, number)| *number).collect();
        for table in tables {
            let mut rows = vec![None; names.numbers.len()];
            for (row, name) in (0..).zip(table) {
                if let Some(slot) = names.number(name).and_then(|number| rows.get_mut(usize::from(number))) {
                    *slot = Some(row);
                }
            }
            names.rows.push(rows);
        }
        names
    }

    /// The number that a name has among all protocols' names.
    pub fn number(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// It is of files: where another one comes, it is another one too.
    pub fn is_of_files(&self, number: u16) -> bool {
        self.of_files.contains(&number)
    }

    /// All names.
    pub fn all(&self) -> impl Iterator<Item = &'static str> {
        self.numbers.keys().copied()
    }

    /// The row that a protocol has it in.
    #[inline]
    pub fn row(&self, protocol: Protocol, number: u16) -> Option<u8> {
        let parser = PARSERS.iter().position(|parser| parser.protocol == protocol.parsed_as())?;
        *self.rows.get(parser)?.get(usize::from(number))?
    }

    /// The protocols that have it.
    pub fn protocols(&self, number: u16) -> impl Iterator<Item = Protocol> {
        let all = Protocol::ALL.iter().copied();
        all.filter(move |protocol| self.row(*protocol, number).is_some())
    }
}

static BUFFERS: LazyLock<Names> =
    LazyLock::new(|| Names::new(&PARSERS.iter().map(|parser| (parser.buffers)()).collect::<Vec<_>>()));
static VALUES: LazyLock<Names> =
    LazyLock::new(|| Names::new(&PARSERS.iter().map(|parser| (parser.values)()).collect::<Vec<_>>()));

/// The buffers.
pub fn buffers() -> &'static Names {
    &BUFFERS
}

/// The values.
pub fn values() -> &'static Names {
    &VALUES
}
