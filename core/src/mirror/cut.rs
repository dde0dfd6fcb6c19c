//! How much of a frame is copied, and what becomes of its checksums (specification, sections 4.6, 5 and 6).

use crate::frame::{Frame, Link};
use crate::packet::{Causes, Packet, proto};
use crate::plan::mirror::TruncatedChecksum;
use crate::verify::pseudo_sum;
use crate::wire::{icmp, ipv4, tcp, udp};

/// Bytes of the Ethernet header that a packet without one gets.
pub(super) const ETHERNET: usize = 14;

/// How much of a frame is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Bytes after the VXLAN header.
    pub sent: u32,
    /// Bytes of the frame that are not among them.
    pub cut: u32,
    /// What cut it: bits of `packet::Causes`.
    pub by: u8,
    /// Bytes of the frame itself that are copied.
    pub body: usize,
}

impl Cut {
    /// Of a frame, given the session's packet length and what the target's MTU leaves; `usize::MAX` for no limit.
    #[inline]
    pub fn new(frame: &Frame, packet_length: usize, mtu: usize) -> Self {
        let link = if frame.link == Link::Ethernet { 0 } else { ETHERNET };
        let (captured, original) = (frame.captured as usize + link, frame.original as usize + link);
        let limit = packet_length.min(mtu);
        let sent = captured.min(limit);
        let mut by = 0;
        if sent == limit && limit < original {
            by |= if packet_length == limit { Causes::PACKET_LENGTH } else { 0 };
            by |= if mtu == limit { Causes::MTU } else { 0 };
        } else if sent < original {
            by = Causes::SNAPLEN;
        }
        Self { sent: sent as u32, cut: (original - sent) as u32, by, body: sent.saturating_sub(link) }
    }

    /// Whether the mirror, not the capture, cut it.
    pub fn by_mirror(&self) -> bool {
        self.by & (Causes::PACKET_LENGTH | Causes::MTU) != 0
    }
}

/// What is written into the checksum fields of a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksums {
    /// Where in the frame the IPv4 header's stands; it becomes 0.
    l3: Option<usize>,
    /// Where the transport's stands, and what it becomes.
    l4: Option<(usize, u16)>,
    mode: TruncatedChecksum,
}

impl Checksums {
    /// Of a packet of which `body` bytes are copied. `bytes`: the captured ones.
    #[inline]
    pub fn of(packet: &Packet, bytes: &[u8], body: usize, mode: TruncatedChecksum) -> Self {
        // Where the link's padding was cut alone, nothing of the packet is missing.
        if mode == TruncatedChecksum::Kept || packet.ip == 0 || body >= packet.original as usize {
            return Self { mode: TruncatedChecksum::Kept, ..Self::default() };
        }
        let fits = |at: &usize| at + 2 <= body;
        let l3 = header_cut(packet, bytes, body).filter(fits);
        let l4 = transport(packet, bytes, mode).filter(|(at, _)| fits(at));
        Self { l3, l4, mode }
    }

    /// Whether nothing is written.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.l3.is_none() && self.l4.is_none()
    }

    /// The fields: where, and the value.
    pub fn fields(&self) -> impl Iterator<Item = (usize, u16)> {
        self.l3.map(|at| (at, 0)).into_iter().chain(self.l4)
    }

    /// What was done, in a word: to the transport's, else to the header's.
    pub fn action(&self) -> TruncatedChecksum {
        match (self.l4, self.l3) {
            (Some((_, 0)), _) | (None, Some(_)) => TruncatedChecksum::Zero,
            (Some(_), _) => self.mode,
            (None, None) => TruncatedChecksum::Kept,
        }
    }
}

/// Where an IPv4 header's checksum stands that the cut goes through.
fn header_cut(packet: &Packet, bytes: &[u8], body: usize) -> Option<usize> {
    let l3 = usize::from(packet.l3);
    let header = usize::from(bytes.get(l3)? & 15) * 4;
    (packet.ip == 4 && body < l3 + header).then_some(l3 + ipv4::CHECKSUM)
}

/// Where the transport's checksum stands, and what the host leaves there for its interface to complete.
fn transport(packet: &Packet, bytes: &[u8], mode: TruncatedChecksum) -> Option<(usize, u16)> {
    // Interfaces complete no fragments.
    if packet.fragment || usize::from(packet.l4) >= bytes.len() {
        return None;
    }
    let pseudo = || if mode == TruncatedChecksum::Pseudo { pseudo_sum(bytes, packet).unwrap_or(0) } else { 0 };
    let (at, value) = match packet.proto {
        proto::TCP => (tcp::CHECKSUM, pseudo()),
        proto::UDP => (udp::CHECKSUM, pseudo()),
        proto::ICMP if packet.ip == 4 => (icmp::CHECKSUM, 0),
        proto::ICMPV6 if packet.ip == 6 => (icmp::CHECKSUM, 0),
        _ => return None,
    };
    let at = usize::from(packet.l4) + at;
    // 0 in UDP over IPv4 means that the sender wants none (RFC 768).
    let unwanted = packet.proto == proto::UDP && packet.ip == 4 && bytes.get(at..at + 2) == Some(&[0, 0]);
    (!unwanted).then_some((at, value))
}
