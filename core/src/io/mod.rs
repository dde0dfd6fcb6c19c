//! The edges: captures, sockets and the sender. Clocks, files and sockets are used here and nowhere else.

pub mod capture;
pub mod compress;
pub mod driver;
pub mod live;
pub mod send;
pub mod udp;
mod clock;
mod content;
mod fault;
mod input;
mod linktype;
mod merge;
mod pcap;
mod pcapng;
mod unpack;
#[cfg(target_os = "linux")]
mod ring;
#[cfg(target_os = "linux")]
mod socket;

pub use capture::Capture;
pub use live::Live;
pub use merge::{Merged, first_time};
pub use udp::Listener;

use crate::error::Result;
use crate::frame::Batch;
use crate::table::summary::Captured;
use std::time::Duration;

/// What one fill brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// At least one frame.
    More,
    /// None for now: nothing arrived within `WAIT`, or a signal came. Ask again.
    Idle,
    /// None, and there will be none.
    End,
}

/// Where frames come from.
pub trait Source: Send {
    /// Empty the batch and fill it again: about `SLAB` bytes of frames, after at most `WAIT`.
    ///
    /// # Errors
    /// `Error::Input` when the source can't be read. Frames before the place that can't are given first.
    fn fill(&mut self, batch: &mut Batch) -> Result<Fill>;

    /// Frames come as they happen, so that waiting is time passing.
    fn is_live(&self) -> bool {
        false
    }

    /// Bytes read so far.
    fn position(&self) -> u64;

    /// Bytes there are to read; `None` where that is not known.
    fn size(&self) -> Option<u64> {
        None
    }

    /// What was counted where its captures were made, as far as they say it.
    fn captured(&self) -> Option<Captured> {
        None
    }

    /// What the user should know although the run goes on, such as a damaged tail.
    fn warning(&self) -> Option<&str> {
        None
    }
}

/// Bytes that one fill reads. It fits in a core's second-level cache, so that what follows finds it there.
pub const SLAB: usize = 256 << 10;

/// The longest frame that a capture may hold (libpcap's MAXIMUM_SNAPLEN); a record that claims more is damaged.
pub const MAX_FRAME: usize = 256 << 10;

/// How long a fill waits for the first bytes.
pub const WAIT: Duration = Duration::from_millis(100);

/// The mark (SO_MARK) on what tmrx sends, so that it never captures its own copies.
///
/// Marks are read bit by bit by those who share the machine: this one leaves alone the bits of kube-proxy (0xc000),
/// AWS's VPC CNI (0x80), Cilium (0x0f00), Calico (0xffff0000) and Tailscale (0x00ff0000).
pub const OWN_MARK: u32 = 0x3074;
