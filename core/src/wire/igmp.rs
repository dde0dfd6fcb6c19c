//! IGMP (RFC 1112, RFC 2236, RFC 3376).

use super::{be16, view};

/// Where the checksum stands in the header.
pub const CHECKSUM: usize = 2;

view! {
    /// What all messages begin with.
    Igmp[8]
}

/// Types of messages.
pub mod kind {
    #![allow(missing_docs)]
    pub const QUERY: u8 = 0x11;
    pub const REPORT_V1: u8 = 0x12;
    pub const REPORT_V2: u8 = 0x16;
    pub const LEAVE: u8 = 0x17;
    pub const REPORT_V3: u8 = 0x22;
}

/// Bytes of a version 3 query without sources.
pub const QUERY_V3_LEN: usize = 12;
/// Bytes of a group record without sources.
pub const RECORD_LEN: usize = 8;

impl Igmp<'_> {
    /// Type.
    pub fn kind(&self) -> u8 {
        self.0[0]
    }

    /// Group records of a version 3 report.
    pub fn records(&self) -> usize {
        usize::from(be16!(self.0, 6))
    }
}

/// Sources of a version 3 query, from its first twelve bytes.
pub fn query_sources(query: &[u8]) -> Option<usize> {
    query.get(10..).and_then(|b| b.first_chunk()).map(|count| usize::from(u16::from_be_bytes(*count)))
}

/// Bytes of a group record, from its first four bytes: its sources and auxiliary words follow its header.
pub fn record_len(record: &[u8]) -> Option<usize> {
    let [_, auxiliary, high, low] = record.first_chunk()?;
    let sources = usize::from(u16::from_be_bytes([*high, *low]));
    Some(RECORD_LEN + sources * 4 + usize::from(*auxiliary) * 4)
}
