//! One recvmmsg(2): buffers, and what the kernel says beside each datagram or frame. Linux.

use super::socket::Name;
use crate::time::{Nanos, SECOND};
use std::os::fd::AsRawFd;

/// Datagrams that one call takes.
pub(super) const COUNT: usize = 64;
/// Room for what the kernel says beside each.
const CONTROL: usize = 256;

/// Where datagrams arrive, reused from one call to the next.
#[derive(Debug)]
pub(super) struct Ring {
    room: usize,
    /// Zeroed by the system when first used, so that room that is never needed takes no memory.
    bytes: Vec<u8>,
    names: [Name; COUNT],
    controls: Vec<Control>,
    arrived: [Lengths; COUNT],
}

/// Aligned as the kernel aligns what it writes here.
#[derive(Clone, Debug)]
#[repr(align(8))]
struct Control([u8; CONTROL]);

/// The lengths of one datagram's parts.
#[derive(Clone, Copy, Debug, Default)]
struct Lengths {
    datagram: usize,
    control: usize,
}

/// One datagram or frame.
#[derive(Debug)]
pub(super) struct Arrival<'a> {
    /// Its bytes, as many as there was room for.
    pub bytes: &'a mut [u8],
    /// Bytes that it had.
    pub length: usize,
    /// Who sent it.
    pub name: &'a Name,
    /// Control messages.
    pub control: &'a [u8],
}

impl Ring {
    /// `room`: bytes for each datagram.
    pub fn new(room: usize) -> Self {
        Self {
            room,
            bytes: vec![0; COUNT * room],
            names: [Name::default(); COUNT],
            controls: vec![Control([0; CONTROL]); COUNT],
            arrived: [Lengths::default(); COUNT],
        }
    }

    /// Take what is there, at most `COUNT`, without waiting; gives how many.
    #[allow(unsafe_code)]
    pub fn receive(&mut self, socket: &impl AsRawFd) -> std::io::Result<usize> {
        let iovec = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: self.room };
        let mut vectors = [iovec; COUNT];
        // SAFETY: plain numbers and pointers, for which all zeros are valid (and mean "none").
        let mut messages: [libc::mmsghdr; COUNT] = unsafe { std::mem::zeroed() };
        let parts = self.bytes.chunks_exact_mut(self.room).zip(&mut self.names).zip(&mut self.controls);
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
            *arrived = Lengths { datagram: message.msg_len as usize, control: control.min(CONTROL) };
        }
        Ok(count)
    }

    /// What the last call took, which was `count`.
    pub fn taken(&mut self, count: usize) -> impl Iterator<Item = Arrival<'_>> {
        let room = self.room;
        let parts = self.bytes.chunks_exact_mut(room).zip(&self.names).zip(&self.controls).zip(&self.arrived);
        parts.take(count).map(move |(((bytes, name), control), arrived)| Arrival {
            bytes: bytes.get_mut(..arrived.datagram.min(room)).unwrap_or_default(),
            length: arrived.datagram,
            name,
            control: control.0.get(..arrived.control).unwrap_or_default(),
        })
    }
}

/// The control messages (cmsg(3)), each as level, type and data: a length that counts its own header, then those, aligned.
pub(super) fn controls(mut rest: &[u8]) -> impl Iterator<Item = (i32, i32, &[u8])> {
    std::iter::from_fn(move || {
        let (header, _) = rest.split_first_chunk::<16>()?;
        let (numbers, kinds) = header.split_at(8);
        let (level, kind) = kinds.split_at(4);
        let size = number(numbers);
        let data = rest.get(16..size)?;
        rest = rest.get(size.next_multiple_of(8)..).unwrap_or_default();
        Some((int(level), int(kind), data))
    })
}

/// The time in a SO_TIMESTAMPNS message.
pub(super) fn time(data: &[u8]) -> Nanos {
    let (seconds, nanos) = data.split_at(data.len().min(8));
    (number(seconds) as Nanos).saturating_mul(SECOND).saturating_add(number(nanos) as Nanos)
}

/// An int of the kernel's; 0 where there is none.
pub(super) fn int(bytes: &[u8]) -> i32 {
    bytes.first_chunk().map_or(0, |b| i32::from_ne_bytes(*b))
}

fn number(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(0, |b| usize::from_ne_bytes(*b))
}
