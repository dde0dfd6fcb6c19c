//! One recvmmsg(2): buffers, and what the kernel says beside each datagram.

use crate::frame::{Addr, Batch, Frame, Link, Outer};
use crate::io::socket::Name;
use crate::time::{Nanos, SECOND};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

/// Datagrams that one call takes.
const COUNT: usize = 64;
/// Room for each: what UDP can carry, or the kernel can join (UDP_GRO).
const ROOM: usize = 1 << 16;
/// Room for what the kernel says beside each.
const CONTROL: usize = 256;

/// Where datagrams arrive, reused from one call to the next.
#[derive(Debug)]
pub(super) struct Ring {
    bytes: Vec<u8>,
    names: [Name; COUNT],
    controls: Vec<Control>,
    arrived: [Arrived; COUNT],
}

/// Aligned as the kernel aligns what it writes here.
#[derive(Clone, Debug)]
#[repr(align(8))]
struct Control([u8; CONTROL]);

/// The lengths of one datagram's parts.
#[derive(Clone, Copy, Debug, Default)]
struct Arrived {
    /// Of the datagram, which may be more than there was room for.
    length: usize,
    control: usize,
}

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

impl Ring {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; COUNT * ROOM],
            names: [Name::default(); COUNT],
            controls: vec![Control([0; CONTROL]); COUNT],
            arrived: [Arrived::default(); COUNT],
        }
    }

    /// Take what is there, at most `COUNT`, without waiting; gives how many.
    #[allow(unsafe_code)]
    pub fn receive(&mut self, socket: &UdpSocket) -> std::io::Result<usize> {
        let iovec = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: ROOM };
        let mut vectors = [iovec; COUNT];
        // SAFETY: plain numbers and pointers, for which all zeros are valid (and mean "none").
        let mut messages: [libc::mmsghdr; COUNT] = unsafe { std::mem::zeroed() };
        let parts = self.bytes.chunks_exact_mut(ROOM).zip(&mut self.names).zip(&mut self.controls);
        for ((message, vector), ((bytes, name), control)) in messages.iter_mut().zip(&mut vectors).zip(parts) {
            vector.iov_base = bytes.as_mut_ptr().cast();
            message.msg_hdr.msg_iov = vector;
            message.msg_hdr.msg_iovlen = 1;
            message.msg_hdr.msg_name = name.as_mut_ptr().cast();
            message.msg_hdr.msg_namelen = size_of::<Name>() as u32;
            message.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
            message.msg_hdr.msg_controllen = CONTROL as _;
        }
        let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
        // SAFETY: every header points to memory of the length it says, owned by `self` or this frame and held by nobody else.
        let count = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), COUNT as u32, flags as _, std::ptr::null_mut())
        };
        let count = usize::try_from(count).map_err(|_| std::io::Error::last_os_error())?;
        for (arrived, message) in self.arrived.iter_mut().zip(&messages).take(count) {
            // Of 32 or 64 bits, as the C library has it.
            let control: usize = message.msg_hdr.msg_controllen as _;
            *arrived = Arrived { length: message.msg_len as usize, control: control.min(CONTROL) };
        }
        Ok(count)
    }

    /// Append the datagrams of the last call to the batch, joined ones apart again; `local` is the socket's own address
    /// and `now` the time, where the kernel says neither. Gives the socket's last count of lost datagrams.
    pub fn take(&self, count: usize, local: (Addr, u16), now: Nanos, batch: &mut Batch) -> Option<u32> {
        let mut lost = None;
        let parts = self.bytes.chunks_exact(ROOM).zip(&self.names).zip(&self.controls).zip(&self.arrived);
        for (((bytes, name), control), arrived) in parts.take(count) {
            let said = Said::read(control.0.get(..arrived.control).unwrap_or_default());
            lost = said.lost.or(lost);
            let (src, sport) = sender(name);
            let outer = Outer { src, dst: said.dst.unwrap_or(local.0), sport, dport: local.1 };
            let there = bytes.get(..arrived.length.min(ROOM)).unwrap_or_default();
            append(batch, outer, said.time.unwrap_or(now), there, arrived.length, said.segment);
        }
        lost
    }
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
    /// Read the control messages (cmsg(3)): a length that counts its own header, a level, a type, and the data, aligned.
    fn read(mut rest: &[u8]) -> Self {
        let mut said = Self::default();
        while let Some((header, _)) = rest.split_first_chunk::<16>() {
            let (numbers, kinds) = header.split_at(8);
            let size = number(numbers);
            let Some(data) = rest.get(16..size) else { break };
            said.note(kinds, data);
            rest = rest.get(size.next_multiple_of(8)..).unwrap_or_default();
        }
        said
    }

    fn note(&mut self, kinds: &[u8], data: &[u8]) {
        let (level, kind) = kinds.split_at(4);
        match (int(level), int(kind)) {
            (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS) => {
                let (seconds, nanos) = data.split_at(data.len().min(8));
                self.time = Some(number(seconds) as Nanos * SECOND + number(nanos) as Nanos);
            }
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

fn int(bytes: &[u8]) -> i32 {
    bytes.first_chunk().map_or(0, |b| i32::from_ne_bytes(*b))
}

fn number(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(0, |b| usize::from_ne_bytes(*b))
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
        assert_eq!(Said::read(&[0xff; CONTROL]), Said::default());
    }
}
