//! Live: UDP sockets on the mirror's ports. The engine gets each datagram's payload with its outer tuple.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod receive;
#[cfg(target_os = "linux")]
pub use linux::Listener;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::Listener;

use crate::packet::Encapsulation;
use std::net::SocketAddr;

/// What the receive buffer of each socket is asked to be: 0.3 seconds of 1 Gbit/s.
pub const RECEIVE_BUFFER: usize = 32 << 20;

/// A port to listen on and what is expected there: an encapsulation in UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct On {
    /// What the datagrams hold.
    pub kind: Encapsulation,
    /// The local address; port 0 is any free one.
    pub address: SocketAddr,
}
