//! SCTP (RFC 9260, section 3).

use super::{Header, be16, be32, view};

/// Where the checksum stands in the header.
pub const CHECKSUM: usize = 8;

view! {
    /// The common header.
    Sctp[12]
}

impl Sctp<'_> {
    /// Source port.
    pub fn sport(&self) -> u16 {
        be16!(self.0, 0)
    }

    /// Destination port.
    pub fn dport(&self) -> u16 {
        be16!(self.0, 2)
    }

    /// Verification tag.
    pub fn tag(&self) -> u32 {
        be32!(self.0, 4)
    }
}

view! {
    /// A chunk's header.
    Chunk[4]
}

impl Chunk<'_> {
    /// Its type, `chunk`.
    pub fn kind(&self) -> u8 {
        self.0[0]
    }

    /// Bytes with this header and without padding, as it says.
    pub fn length(&self) -> usize {
        usize::from(be16!(self.0, 2))
    }
}

/// Types of chunks (RFC 9260, section 3.2, and the documents that IANA's registry names), each with its name.
pub const CHUNKS: [(u8, &str); 24] = [
    (0, "data"),
    (1, "init"),
    (2, "init_ack"),
    (3, "sack"),
    (4, "heartbeat"),
    (5, "heartbeat_ack"),
    (6, "abort"),
    (7, "shutdown"),
    (8, "shutdown_ack"),
    (9, "error"),
    (10, "cookie_echo"),
    (11, "cookie_ack"),
    (12, "ecne"),
    (13, "cwr"),
    (14, "shutdown_complete"),
    (15, "auth"),
    (64, "i_data"),
    (128, "asconf_ack"),
    (130, "re_config"),
    (132, "pad"),
    (192, "forward_tsn"),
    (193, "asconf"),
    (194, "i_forward_tsn"),
    (255, "unknown"),
];

/// Types of chunks that are asked for by name.
pub mod chunk {
    #![allow(missing_docs)]
    pub const DATA: u8 = 0;
    pub const INIT: u8 = 1;
    pub const INIT_ACK: u8 = 2;
    pub const ABORT: u8 = 6;
    pub const I_DATA: u8 = 64;
}

/// A chunk among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its type, `chunk`.
    pub kind: u8,
    /// Bytes with its header.
    pub length: usize,
    /// Bytes up to the next one.
    pub padded: usize,
}

/// The chunk at the start of `bytes`, of which `left` were sent: none where there is no sound one, and none of it where
/// it is not there to be read.
pub fn next_chunk(bytes: &[u8], left: usize) -> Option<Option<Stretch>> {
    if left < Chunk::LEN {
        return None;
    }
    let Some((head, _)) = Chunk::parse(bytes) else { return Some(None) };
    let (kind, length) = (head.kind(), head.length());
    // The last chunk's padding may be left out.
    let padded = length.next_multiple_of(4).min(left);
    (Chunk::LEN..=left).contains(&length).then_some(Some(Stretch { kind, length, padded }))
}

/// Bytes before the user data of a chunk that has some (RFC 9260, section 3.3.1; RFC 8260, section 2.1).
pub fn data_header(kind: u8) -> Option<usize> {
    match kind {
        chunk::DATA => Some(16),
        chunk::I_DATA => Some(20),
        _ => None,
    }
}

/// A set of types of chunks: a bit for each row of `CHUNKS`, the last for all that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ChunkSet(pub u32);

impl ChunkSet {
    /// Add a type.
    pub fn add(&mut self, kind: u8) {
        self.0 |= Self::bit(kind);
    }

    /// Whether it has a type.
    pub fn has(self, kind: u8) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    fn bit(kind: u8) -> u32 {
        let row = CHUNKS.iter().position(|(number, _)| *number == kind).unwrap_or(CHUNKS.len() - 1);
        1 << row
    }

    /// The names of its types.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        CHUNKS.iter().enumerate().filter(move |(row, _)| self.0 >> row & 1 == 1).map(|(_, (_, name))| *name)
    }
}
