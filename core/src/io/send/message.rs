//! Copies handed to the kernel: sendmmsg(2) with a head and a body each. Linux.

use super::{Copies, Sent};
use crate::mirror::Copy;
use std::io::{Error, ErrorKind, Result};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// Copies that one call takes.
pub(super) const MOST: usize = 64;
/// How often one copy is tried again for an error that is not its own or that passes.
pub(super) const TRIES: usize = 100;

/// What of a copy is sent, of copies of frames in `slab`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub copies: &'a Copies,
    pub slab: &'a [u8],
    /// The frame; else the datagram's payload.
    pub whole: bool,
}

impl Parts<'_> {
    /// A head and a body, as sendmsg(2) gathers them.
    pub fn vectors(&self, copy: &Copy) -> [libc::iovec; 2] {
        let head = if self.whole { self.copies.head(copy) } else { self.copies.payload(copy) };
        [head, copy.body(self.slab)]
            .map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() })
    }
}

/// Sending some copies over one socket.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub socket: RawFd,
    pub parts: Parts<'a>,
    pub sent: &'a mut Sent,
}

impl<'a> Run<'a> {
    pub fn new(socket: &impl AsRawFd, parts: Parts<'a>, sent: &'a mut Sent) -> Self {
        Self { socket: socket.as_raw_fd(), parts, sent }
    }

    /// Send each copy as a message of its own.
    ///
    /// # Errors
    /// The system's, for what does not pass.
    pub fn apart(&mut self, mut copies: &[Copy]) -> Result<()> {
        let (mut tries, mut short) = (0, false);
        while !copies.is_empty() {
            let result = self.many(copies);
            // An error that ended the last call and is gone now was of an earlier datagram.
            self.sent.refused += u64::from(short && result.is_ok());
            short = result.as_ref().is_ok_and(|count| *count < copies.len().min(MOST));
            let done = match result {
                Ok(count) => {
                    copies.iter().take(count).for_each(|copy| self.sent.add(copy));
                    tries = 0;
                    count
                }
                Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => {
                    self.sent.too_large += 1;
                    1
                }
                Err(error) if tries < TRIES && self.passes(&error) => {
                    tries += 1;
                    0
                }
                Err(error) => return Err(error),
            };
            copies = copies.get(done..).unwrap_or_default();
        }
        Ok(())
    }

    /// Whether the same message may go through the next time.
    pub fn passes(&mut self, error: &Error) -> bool {
        match error.kind() {
            ErrorKind::Interrupted => true,
            // Of an earlier datagram: an ICMP message came back.
            ErrorKind::ConnectionRefused => {
                self.sent.refused += 1;
                true
            }
            // The device's queue is full.
            _ if error.raw_os_error() == Some(libc::ENOBUFS) => {
                std::thread::sleep(Duration::from_millis(1));
                true
            }
            _ => false,
        }
    }

    /// sendmmsg(2) with the first of them, at most `MOST`: gives how many were sent, at least one.
    #[allow(unsafe_code)]
    fn many(&self, copies: &[Copy]) -> Result<usize> {
        let mut vectors: [MaybeUninit<[libc::iovec; 2]>; MOST] = [const { MaybeUninit::uninit() }; MOST];
        let mut messages: [MaybeUninit<libc::mmsghdr>; MOST] = [const { MaybeUninit::uninit() }; MOST];
        for ((message, place), copy) in messages.iter_mut().zip(&mut vectors).zip(copies) {
            let vectors = place.write(self.parts.vectors(copy));
            // SAFETY: plain numbers and pointers, for which all zeros are valid (and mean "none").
            let message = message.write(unsafe { std::mem::zeroed() });
            message.msg_hdr.msg_iov = vectors.as_mut_ptr();
            message.msg_hdr.msg_iovlen = 2;
        }
        let count = copies.len().min(MOST) as u32;
        // SAFETY: the first `count` headers are written and point to vectors in this frame, and those to heads and a slab
        // that outlive the call; the kernel only reads them, and writes lengths into the headers.
        let sent = unsafe { libc::sendmmsg(self.socket, messages.as_mut_ptr().cast(), count, 0) };
        usize::try_from(sent).map_err(|_| Error::last_os_error())
    }
}
