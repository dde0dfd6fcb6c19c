//! What is told of a session when its flow ends.

use super::session::Session;
use crate::flow::record::TcpState;

/// A session; index 0 of a pair is what the client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SessionFacts {
    pub state: TcpState,
    pub tcp_flags: [u8; 2],
    /// Data is missing.
    pub gap: [bool; 2],
    /// The most blocks of data that were kept apart.
    pub max_regions: [u8; 2],
    /// Urgent bytes that were left out.
    pub urgent: [u16; 2],
}

impl Session {
    /// What is told of it.
    pub fn facts(&self) -> SessionFacts {
        let both = [true, false];
        SessionFacts {
            state: self.state(),
            tcp_flags: both.map(|to_server| self.tcp_flags(to_server)),
            gap: both.map(|to_server| self.has_gap(to_server)),
            max_regions: both.map(|to_server| self.max_regions(to_server)),
            urgent: both.map(|to_server| self.urgent(to_server)),
        }
    }
}
