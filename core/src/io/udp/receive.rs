//! Datagrams as they came: with their outer tuple, and joined ones apart again.

use crate::frame::{Addr, Batch, Frame, Link, Outer};
use crate::io::ring::{Ring, controls, int, time};
use crate::io::socket::Name;
use crate::time::Nanos;

/// Room for each: what UDP can carry, or the kernel can join (UDP_GRO).
pub(super) const ROOM: usize = 1 << 16;

/// What the kernel said beside one datagram, or several that it joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    time: Option<Nanos>,
    /// The local address it was sent to.
    dst: Option<Addr>,
    /// Each joined datagram's length but the last's; 0: one datagram.
    segment: usize,
    /// The socket's count of lost datagrams.
    pub lost: Option<u32>,
}

/// Append the datagrams of the last call to the batch; `local` is the socket's own address and `now` the time, where
/// the kernel says neither. Gives the socket's last count of lost datagrams.
pub(super) fn take(ring: &mut Ring, count: usize, local: (Addr, u16), now: Nanos, batch: &mut Batch) -> Option<u32> {
    let mut lost = None;
    for arrival in ring.taken(count) {
        let said = Said::read(arrival.control);
        lost = said.lost.or(lost);
        let (src, sport) = sender(arrival.name);
        let outer = Outer { src, dst: said.dst.unwrap_or(local.0), sport, dport: local.1 };
        append(batch, outer, said.time.unwrap_or(now), arrival.bytes, arrival.length, said.segment);
    }
    lost
}

/// Append one datagram, or those that were joined. `length` is what was sent of the last one's bytes and those before.
fn append(batch: &mut Batch, outer: Outer, time: Nanos, there: &[u8], length: usize, segment: usize) {
    if batch.outers.last() != Some(&outer) {
        batch.outers.push(outer);
    }
    let outer = (batch.outers.len() - 1) as u32;
    let start = batch.slab.len();
    batch.slab.extend_from_slice(there);
    let segment = if segment == 0 { length.max(1) } else { segment };
    let mut at = 0;
    loop {
        let original = segment.min(length - at);
        let captured = original.min(there.len().saturating_sub(at)) as u32;
        let offset = (start + at.min(there.len())) as u32;
        batch.frames.push(Frame { time, offset, captured, original: original as u32, outer, link: Link::UdpPayload });
        at += original;
        if at >= length {
            break;
        }
    }
}

impl Said {
    fn read(control: &[u8]) -> Self {
        let mut said = Self::default();
        for (level, kind, data) in controls(control) {
            said.note(level, kind, data);
        }
        said
    }

    fn note(&mut self, level: i32, kind: i32, data: &[u8]) {
        match (level, kind) {
            (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS) => self.time = Some(time(data)),
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => self.lost = Some(int(data) as u32),
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                // Interface, the address to answer from, the address in the header.
                self.dst = data.get(8..).and_then(<[u8]>::first_chunk).map(|ip| Addr::v4(*ip));
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => self.dst = data.first_chunk().map(|ip| Addr(*ip)),
            (libc::SOL_UDP, libc::UDP_GRO) => self.segment = usize::try_from(int(data)).unwrap_or(0),
            _ => {}
        }
    }
}

/// Sender's address and port.
fn sender(name: &Name) -> (Addr, u16) {
    let [f0, f1, p0, p1, rest @ ..] = name;
    let addr = if i32::from(u16::from_ne_bytes([*f0, *f1])) == libc::AF_INET {
        rest.first_chunk().map(|ip| Addr::v4(*ip))
    } else {
        rest.get(4..).and_then(<[u8]>::first_chunk).map(|ip| Addr(*ip))
    };
    (addr.unwrap_or_default(), u16::from_be_bytes([*p0, *p1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    fn frames(length: usize, there: usize, segment: usize) -> Vec<(u32, u32, u32)> {
        let mut batch = Batch::default();
        append(&mut batch, Outer::default(), 0, &vec![0; there], length, segment);
        batch.frames.iter().map(|f| (f.offset, f.captured, f.original)).collect()
    }

    #[test]
    fn joined_datagrams_come_apart() {
        assert_eq!(frames(100, 100, 0), [(0, 100, 100)]);
        assert_eq!(frames(100, 100, 40), [(0, 40, 40), (40, 40, 40), (80, 20, 20)]);
        assert_eq!(frames(80, 80, 40), [(0, 40, 40), (40, 40, 40)]);
        assert_eq!(frames(0, 0, 0), [(0, 0, 0)], "an empty datagram is one too");
        assert_eq!(frames(100, 60, 0), [(0, 60, 100)], "cut, and its length is kept");
    }

    #[test]
    fn control_messages_are_read_leniently() {
        let mut bytes = Vec::new();
        let mut put = |level: i32, kind: i32, data: &[u8]| {
            bytes.extend((16 + data.len()).to_ne_bytes());
            bytes.extend(level.to_ne_bytes().into_iter().chain(kind.to_ne_bytes()).chain(data.iter().copied()));
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        };
        put(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &[3u64.to_ne_bytes(), 4u64.to_ne_bytes()].concat());
        put(libc::SOL_SOCKET, libc::SO_RXQ_OVFL, &7u32.to_ne_bytes());
        put(libc::IPPROTO_IP, libc::IP_PKTINFO, &[0, 0, 0, 0, 1, 1, 1, 1, 127, 0, 0, 1]);
        put(libc::SOL_UDP, libc::UDP_GRO, &1200i32.to_ne_bytes());
        let said = Said::read(&bytes);
        let dst = Some(Addr::v4([127, 0, 0, 1]));
        assert_eq!(said, Said { time: Some(3 * SECOND + 4), dst, segment: 1200, lost: Some(7) });
        for cut in 0..bytes.len() {
            Said::read(&bytes[..cut]);
        }
        assert_eq!(Said::read(&[0xff; 256]), Said::default());
    }
}
