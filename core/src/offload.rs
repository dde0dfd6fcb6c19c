//! What a network card does to the frames that the kernel hands it: cut them into segments, complete their checksums.
//!
//! A socket on an interface sees a frame before the card has done so, or after it has joined what it received, up to
//! half a megabyte long. The header beside it (virtio 1.3, section 5.1.6; PACKET_VNET_HDR) says what is left to do.
//!
//! What no frame can say is guessed as the kernel's own segmentation does: IPv4 ids go up by one from segment to segment.

mod cut;
mod layers;

use crate::frame::Link;
use crate::packet::proto;
use crate::wire::checksum::{fold, sum};

/// The header that a socket with PACKET_VNET_HDR gives beside each frame (struct virtio_net_hdr), without the length
/// of the headers, which is a hint only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VnetHeader {
    /// `NEEDS_CSUM`: the checksum is not complete; other bits need nothing.
    pub flags: u8,
    /// How the frame is to be cut, with flags.
    pub gso_type: u8,
    /// Payload bytes in each segment but the last.
    pub gso_size: u16,
    /// Where the bytes begin that the checksum covers; they go on to the end of the frame.
    pub csum_start: u16,
    /// Where the checksum stands after `csum_start`; it holds the sum of the pseudo-header.
    pub csum_offset: u16,
}

/// `VnetHeader::flags`: the checksum is to be completed.
pub const NEEDS_CSUM: u8 = 1;
/// `VnetHeader::gso_type`: not to be cut.
pub const GSO_NONE: u8 = 0;
/// `VnetHeader::gso_type`: TCP over IPv4.
pub const GSO_TCPV4: u8 = 1;
/// `VnetHeader::gso_type`: TCP over IPv6.
pub const GSO_TCPV6: u8 = 4;
/// `VnetHeader::gso_type`: UDP datagrams.
pub const GSO_UDP_L4: u8 = 5;
/// Bits of `VnetHeader::gso_type` beside the kind: a UDP tunnel over IPv4 or IPv6, ECN. The frame says the same.
const GSO_FLAGS: u8 = 0x20 | 0x40 | 0x80;

impl VnetHeader {
    /// Bytes that it has.
    pub const LEN: usize = 10;

    /// Read it, in the machine's byte order as a packet socket writes it.
    pub fn parse(bytes: &[u8; Self::LEN]) -> Self {
        let [flags, gso_type, _, _, g0, g1, s0, s1, o0, o1] = *bytes;
        Self {
            flags,
            gso_type,
            gso_size: u16::from_ne_bytes([g0, g1]),
            csum_start: u16::from_ne_bytes([s0, s1]),
            csum_offset: u16::from_ne_bytes([o0, o1]),
        }
    }

    fn csum_start(&self) -> Option<usize> {
        (self.flags & NEEDS_CSUM != 0).then_some(usize::from(self.csum_start))
    }
}

/// Give the frames that reach the wire, in order, each in two parts: headers, and payload out of `frame`.
///
/// False when the header asks for what can't be done, be it an unknown kind of tunnel, IP fragmentation (the old UFO)
/// or nonsense. The frame is then given as it is.
pub fn segment(frame: &mut [u8], link: Link, header: &VnetHeader, mut emit: impl FnMut(&[u8], &[u8])) -> bool {
    let kind = header.gso_type & !GSO_FLAGS;
    let is_cut = match kind {
        GSO_TCPV4 | GSO_TCPV6 => cut::cut(frame, link, header, proto::TCP, &mut emit),
        GSO_UDP_L4 => cut::cut(frame, link, header, proto::UDP, &mut emit),
        _ => false,
    };
    let is_completed = kind == GSO_NONE && complete(frame, header);
    if !is_cut {
        emit(frame, &[]);
    }
    is_cut || is_completed
}

/// Complete the checksum where that was left to the card.
fn complete(frame: &mut [u8], header: &VnetHeader) -> bool {
    let Some(start) = header.csum_start() else { return true };
    let Some(covered) = frame.get(start..) else { return false };
    put16(frame, start + usize::from(header.csum_offset), checksum(sum(covered)))
}

/// The checksum that goes with a sum: never 0, which for UDP means none (RFC 768) and elsewhere is the same number.
fn checksum(total: u64) -> u16 {
    match !fold(total) {
        0 => 0xffff,
        checksum => checksum,
    }
}

/// Write a number; false where there is no room for it.
fn put16(bytes: &mut [u8], at: usize, value: u16) -> bool {
    put(bytes, at, value.to_be_bytes())
}

fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) -> bool {
    match bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        Some(room) => {
            *room = value;
            true
        }
        None => false,
    }
}

#[cfg(test)]
#[path = "offload/tests.rs"]
mod tests;
