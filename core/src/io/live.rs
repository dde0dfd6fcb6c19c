//! Live: the frames that a network interface sends and receives, as they are on the wire.
//!
//! The kernel shows them as it has them: not yet cut into segments, without checksums, or joined on receipt.
//! `crate::offload` makes of them what the card made, or got. A VLAN tag that the card took off stays off: an interface
//! in a cloud has none, and a mirror's frames are untagged. Frames of others that pass by are not asked for (no
//! promiscuous mode), and tmrx's own copies, which carry `OWN_MARK`, are left out.

#[cfg(target_os = "linux")]
pub(in crate::io) mod interface;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(in crate::io) mod packet;
#[cfg(target_os = "linux")]
pub use linux::Live;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::Live;

/// What the socket's receive buffer is asked to be: half a second of 1 Gbit/s.
pub const RECEIVE_BUFFER: usize = 64 << 20;

/// How an interface is named as a source, as in `iface:eth0`.
const PREFIX: &str = "iface:";

/// The interface that a source's name says, as in `iface:eth0`; `None` where it is a path.
pub fn interface(source: &str) -> Option<&str> {
    source.strip_prefix(PREFIX)
}
