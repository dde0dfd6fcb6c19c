//! What is told of a session when its flow ends.

use super::session::{GAP, Session};
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
        let [client, server] = &self.sides;
        SessionFacts {
            state: self.state,
            tcp_flags: [client.tcp_flags, server.tcp_flags],
            gap: [client.has(GAP), server.has(GAP)],
            max_regions: [client.regions, server.regions],
            urgent: [client.urgent, server.urgent],
        }
    }
}
