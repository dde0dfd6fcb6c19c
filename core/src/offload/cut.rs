//! Cut one frame into segments as the kernel's generic segmentation and network cards do.

use super::layers::{Layer, Layers};
use super::{VnetHeader, checksum, put, put16};
use crate::frame::Link;
use crate::packet::{proto, tcp as flag};
use crate::wire::checksum::{sum, word};
use crate::wire::ethernet::{self, ethertype};
use crate::wire::{ipv4, ipv6, tcp, udp};

/// Room for the headers of a frame, tunnels and their options included.
const HEAD: usize = 512;
/// Segments of one frame, so that a tiny `gso_size` makes no flood: half a megabyte in TCP's default segments is a thousand.
const MAX_SEGMENTS: usize = 2048;
/// The largest IP datagram; a link header is counted as part of it, which no MTU comes near.
const MAX_DATAGRAM: usize = 65_535;
/// Bytes of the hop-by-hop header that a frame beyond 64 KiB carries inside the machine (RFC 2675).
const JUMBO: usize = 8;

/// Give each segment to `emit`; false, and nothing given, where the frame can't be cut.
pub(super) fn cut(
    frame: &[u8],
    link: Link,
    header: &VnetHeader,
    proto: u8,
    emit: &mut impl FnMut(&[u8], &[u8]),
) -> bool {
    let size = usize::from(header.gso_size);
    let mut room = [0; HEAD];
    let (skipped, copied) = copy_head(frame, link, &mut room);
    let Some(head) = room.get_mut(skipped..copied) else { return false };
    let start = header.csum_start().map(|start| start.saturating_sub(skipped));
    let Some(layers) = Layers::find(head, link, proto, start) else { return false };
    let Some(head) = head.get_mut(..layers.len) else { return false };
    let payload = frame.get(skipped + layers.len..).unwrap_or_default();
    let largest = layers.len + size.min(payload.len());
    if payload.is_empty() || size == 0 || largest > MAX_DATAGRAM || payload.len().div_ceil(size) > MAX_SEGMENTS {
        return false;
    }
    for (index, part) in payload.chunks(size).enumerate() {
        let is_last = (index + 1) * size >= payload.len();
        Segment { index, size, is_last, part, body: sum(part) }.write(&layers, head);
        emit(head, part);
    }
    true
}

/// Copy the frame's first bytes, without a jumbo payload option; gives where they begin and end in `room`.
///
/// IPv6 frames beyond 64 KiB have that option inside the machine only; segmentation takes it off.
fn copy_head(frame: &[u8], link: Link, room: &mut [u8; HEAD]) -> (usize, usize) {
    let copied = frame.len().min(HEAD);
    for (to, from) in room.iter_mut().zip(frame) {
        *to = *from;
    }
    let ip = if link == Link::Ethernet { ethernet::LEN } else { 0 };
    let is_v6 = link != Link::Ethernet || frame.get(12..14) == Some(&ethertype::IPV6.to_be_bytes());
    let options = ip + ipv6::LEN;
    match frame.get(options..).and_then(<[u8]>::first_chunk) {
        // Next header, length 0, the option's type and length; the IPv6 header's own length is 0 then, and its next header too.
        Some([following, 0, 0xc2, 4]) if is_v6 && frame.get(ip + 4..ip + 7) == Some(&[0, 0, 0]) => {
            room.copy_within(..options, JUMBO);
            put(room, JUMBO + ip + 6, [*following]);
            (JUMBO, copied)
        }
        _ => (0, copied),
    }
}

/// One segment of a frame.
struct Segment<'a> {
    index: usize,
    /// Payload bytes of each but the last.
    size: usize,
    is_last: bool,
    part: &'a [u8],
    /// The sum of `part`.
    body: u64,
}

impl Segment<'_> {
    /// Write its fields into the headers. Each header ends at an even distance from the payload, as sums need it.
    fn write(&self, layers: &Layers, head: &mut [u8]) {
        for layer in layers.inside_out() {
            match layer {
                Layer::Ipv4 { at, id } => self.ipv4(head, at, id),
                Layer::Ipv6 { at } => self.ipv6(head, at),
                Layer::Udp { at, addresses, has_checksum } => self.udp(head, at, addresses, has_checksum),
                Layer::Tcp { at, addresses, seq, flags } => self.tcp(head, at, addresses, seq, flags),
            }
        }
    }

    /// Bytes from `at` to the end of the segment: `cut` has seen that they fit.
    fn length(&self, head: &[u8], at: usize) -> u16 {
        (head.len().saturating_sub(at) + self.part.len()) as u16
    }

    fn ipv4(&self, head: &mut [u8], at: usize, id: u16) {
        put16(head, at + 2, self.length(head, at));
        put16(head, at + 4, id.wrapping_add(self.index as u16));
        put16(head, at + ipv4::CHECKSUM, 0);
        let bytes = head.get(at..).unwrap_or_default();
        let header = bytes.first().map_or(0, |first| usize::from(first & 15) * 4);
        let value = checksum(sum(bytes.get(..header).unwrap_or_default()));
        put16(head, at + ipv4::CHECKSUM, value);
    }

    fn ipv6(&self, head: &mut [u8], at: usize) {
        put16(head, at + 4, self.length(head, at + ipv6::LEN));
    }

    fn udp(&self, head: &mut [u8], at: usize, addresses: u64, has_checksum: bool) {
        put16(head, at + 4, self.length(head, at));
        if has_checksum {
            self.checksum(head, at, udp::CHECKSUM, addresses + word(u16::from(proto::UDP)));
        }
    }

    fn tcp(&self, head: &mut [u8], at: usize, addresses: u64, seq: u32, flags: u8) {
        let before = self.index.wrapping_mul(self.size) as u32;
        put(head, at + 4, seq.wrapping_add(before).to_be_bytes());
        let at_end = if self.is_last { 0 } else { flag::FIN | flag::PSH };
        let at_start = if self.index == 0 { 0 } else { flag::CWR };
        put(head, at + 13, [flags & !at_end & !at_start]);
        self.checksum(head, at, tcp::CHECKSUM, addresses + word(u16::from(proto::TCP)));
    }

    /// The checksum of what begins at `at`. `pseudo`: its pseudo-header's sum but for the length.
    fn checksum(&self, head: &mut [u8], at: usize, field: usize, pseudo: u64) {
        put16(head, at + field, 0);
        let total = pseudo + word(self.length(head, at)) + sum(head.get(at..).unwrap_or_default()) + self.body;
        put16(head, at + field, checksum(total));
    }
}
