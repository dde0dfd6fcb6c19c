//! Sets of values that buffers are looked up in, some of which rules change.

use crate::error::Result;
use crate::frame::Addr;
use crate::plan::{self, DatasetTest, DatasetType, SetOp};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// Bytes of the values that rules may add to one set.
const MAX_ADDED: usize = 64 << 20;
/// Labels of a name that are looked at (RFC 1035, section 2.3.4: 255 bytes).
const MAX_LABELS: usize = 128;
/// What an entry costs beside its value's bytes.
const OVERHEAD: usize = 64;

/// A value that was looked for and found, or just put in: what is known beside it is the plan's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Number of the set.
    pub set: u32,
    /// Row of the value in the plan's set; `None` for one that a rule put in, or that was looked for and is not there.
    pub row: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Datasets(Vec<Dataset>);

#[derive(Debug)]
struct Dataset {
    name: String,
    kind: DatasetType,
    numbers: Vec<u32>,
    values: RwLock<Values>,
}

/// Rows of the plan by value, of what rules added none.
#[derive(Debug, Default)]
struct Values {
    rows: HashMap<Box<[u8]>, Option<u32>>,
    /// Bytes of what rules added.
    added: usize,
    /// Length of the longest value that ever was in.
    longest: usize,
}

impl Datasets {
    /// # Errors
    /// `Error::Config` for a value that is none of its set's type.
    pub fn new(sets: &[plan::Dataset]) -> Result<Self> {
        Ok(Self(sets.iter().map(Dataset::new).collect::<Result<_>>()?))
    }

    fn get(&self, set: u32) -> Option<&Dataset> {
        self.0.get(set as usize)
    }

    /// Whether the test holds for these bytes, of which nothing is missing.
    pub fn test(&self, test: &DatasetTest, bytes: &[u8]) -> Option<Found> {
        let set = self.get(test.set)?;
        let row = set.test(test, set.key(bytes)?.as_bytes())?;
        Some(Found { set: test.set, row })
    }

    /// The number beside a value.
    pub fn number(&self, set: u32, bytes: &[u8]) -> Option<u32> {
        let set = self.get(set)?;
        let row = set.find(set.key(bytes)?.as_bytes())??;
        set.numbers.get(row as usize).copied()
    }

    /// All values of a set, in order.
    pub fn values(&self, name: &str) -> Option<Vec<Vec<u8>>> {
        let set = self.0.iter().find(|set| set.name == name)?;
        let mut values: Vec<_> = set.read().rows.keys().map(|value| value.to_vec()).collect();
        values.sort_unstable();
        Some(values)
    }
}

impl Dataset {
    fn new(set: &plan::Dataset) -> Result<Self> {
        let mut rows = HashMap::<Box<[u8]>, _>::with_capacity(set.values.len());
        for (row, value) in (0..).zip(&set.values) {
            let unfit = || super::super::header::unfit("a value of a dataset is none of its type");
            let key = key(set.r#type, value).ok_or_else(unfit)?;
            // Of duplicates the first stays.
            rows.entry(key.as_bytes().into()).or_insert(Some(row));
        }
        let longest = rows.keys().map(|value| value.len()).max().unwrap_or_default();
        Ok(Self {
            name: set.name.clone(),
            kind: set.r#type,
            numbers: set.numbers.clone(),
            values: RwLock::new(Values { rows, added: 0, longest }),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Values> {
        self.values.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn key<'a>(&self, bytes: &'a [u8]) -> Option<Key<'a>> {
        key(self.kind, bytes)
    }

    /// The row of a value that is in the set.
    fn find(&self, key: &[u8]) -> Option<Option<u32>> {
        let values = self.read();
        // Long buffers need not be hashed, least of all once a label.
        (key.len() <= values.longest).then(|| values.rows.get(key).copied()).flatten()
    }

    fn test(&self, test: &DatasetTest, key: &[u8]) -> Option<Option<u32>> {
        match test.op {
            SetOp::Isset if test.subdomain => parents(key).find_map(|name| self.find(name)),
            SetOp::Isset => self.find(key),
            SetOp::Isnotset => {
                let mut names = parents(key).take(if test.subdomain { usize::MAX } else { 1 });
                names.all(|name| self.find(name).is_none()).then_some(None)
            }
            SetOp::Set => self.change(|values| values.add(key)),
            SetOp::Unset => self.change(|values| values.take(key)),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Values) -> bool) -> Option<Option<u32>> {
        change(&mut self.values.write().unwrap_or_else(PoisonError::into_inner)).then_some(None)
    }
}

impl Values {
    /// Put a value in; whether it is new and there is room.
    fn add(&mut self, key: &[u8]) -> bool {
        let size = key.len().saturating_add(OVERHEAD);
        if self.rows.contains_key(key) || self.added.saturating_add(size) > MAX_ADDED {
            return false;
        }
        self.added += size;
        self.longest = self.longest.max(key.len());
        self.rows.insert(key.into(), None);
        true
    }

    /// Take a value out; whether it was there.
    fn take(&mut self, key: &[u8]) -> bool {
        let Some(row) = self.rows.remove(key) else { return false };
        if row.is_none() {
            self.added = self.added.saturating_sub(key.len().saturating_add(OVERHEAD));
        }
        true
    }
}

/// A value as the sets hold it: an address in its 16 bytes, anything else as it is.
enum Key<'a> {
    Bytes(&'a [u8]),
    Address([u8; 16]),
}

impl Key<'_> {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Address(bytes) => bytes,
        }
    }
}

/// The key of a buffer's bytes in a set of this type; none for bytes that can't be a value of it.
fn key(kind: DatasetType, bytes: &[u8]) -> Option<Key<'_>> {
    match kind {
        DatasetType::String => (!bytes.is_empty()).then_some(Key::Bytes(bytes)),
        DatasetType::Md5 => (bytes.len() == 16).then_some(Key::Bytes(bytes)),
        DatasetType::Sha256 => (bytes.len() == 32).then_some(Key::Bytes(bytes)),
        DatasetType::Ipv4 | DatasetType::Ip => match <[u8; 4]>::try_from(bytes) {
            Ok(v4) => Some(Key::Address(Addr::v4(v4).0)),
            Err(_) => <[u8; 16]>::try_from(bytes).ok().map(Key::Address),
        },
    }
}

/// A name, then the name without its first label, and so on.
fn parents(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(name), |name| parent(name)).take(MAX_LABELS)
}

fn parent(name: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b'.', name).and_then(|dot| name.get(dot + 1..))
}
