//! Copies of one size handed to the kernel as one, which takes them apart again (UDP_SEGMENT, udp(7)). Linux.

use super::Copy;
use super::message::{MOST, Run, TRIES};
use std::io::{Error, Result};

/// Bytes that the kernel takes as one.
const MOST_BYTES: usize = 60_000;

/// Send copies over one socket, joined where some in a row have one size; `joins` becomes false where it can't.
pub(super) fn join(run: &mut Run<'_>, mut copies: &[Copy], joins: &mut bool) -> Result<()> {
    while !copies.is_empty() {
        let (front, rest) = copies.split_at(if *joins { equal(copies) } else { 1 });
        if front.len() > 1 {
            // What the device or the kernel can't do now, it can't later.
            *joins = joined(run, front);
            copies = if *joins { rest } else { copies };
            continue;
        }
        let (front, rest) = copies.split_at(singles(copies, *joins));
        run.apart(front)?;
        copies = rest;
    }
    Ok(())
}

/// How many copies to send apart before some that could be joined.
fn singles(copies: &[Copy], joins: bool) -> usize {
    let pair = |pair: &[Copy]| pair.first().map(Copy::payload_length) == pair.last().map(Copy::payload_length);
    let stop = copies.windows(2).position(pair).filter(|_| joins);
    stop.unwrap_or(copies.len()).max(1)
}

/// How many of the first copies have one length, the last perhaps a shorter one, and fit together.
fn equal(copies: &[Copy]) -> usize {
    let size = copies.first().map_or(0, Copy::payload_length);
    let most = (MOST_BYTES / size.max(1)).clamp(1, MOST);
    let same = copies.iter().take(most).take_while(|copy| copy.payload_length() == size).count();
    let shorter = copies.get(same).is_some_and(|copy| copy.payload_length() < size);
    if same < most && same > 1 && shorter { same + 1 } else { same }
}

/// Send copies of one size (the last may be shorter) as one; false where that can't be.
fn joined(run: &mut Run<'_>, copies: &[Copy]) -> bool {
    for _ in 0..TRIES {
        match send(run, copies) {
            Ok(()) => {
                copies.iter().for_each(|copy| run.sent.add(copy));
                return true;
            }
            Err(error) if run.passes(&error) => {}
            Err(_) => return false,
        }
    }
    false
}

/// A control message with the length of each datagram, aligned as the kernel reads it.
#[repr(C, align(8))]
struct Segment {
    header: libc::cmsghdr,
    size: u16,
}

/// sendmsg(2) with UDP_SEGMENT: the kernel takes the bytes apart into datagrams of the first copy's length.
#[allow(unsafe_code)]
fn send(run: &Run<'_>, copies: &[Copy]) -> Result<()> {
    let mut parts: Vec<libc::iovec> = copies.iter().flat_map(|copy| run.parts.vectors(copy)).collect();
    let mut segment = Segment {
        header: libc::cmsghdr {
            cmsg_len: std::mem::offset_of!(Segment, size) + size_of::<u16>(),
            cmsg_level: libc::SOL_UDP,
            cmsg_type: libc::UDP_SEGMENT,
        },
        size: copies.first().map_or(0, Copy::payload_length) as u16,
    };
    // SAFETY: plain numbers and pointers, for which all zeros are valid (and mean "none").
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = parts.as_mut_ptr();
    message.msg_iovlen = parts.len() as _;
    message.msg_control = (&raw mut segment).cast();
    message.msg_controllen = size_of::<Segment>() as _;
    // SAFETY: the header points to vectors and a control message in this frame, and those to heads and a slab that
    // outlive the call; the kernel only reads them.
    let sent = unsafe { libc::sendmsg(run.socket, &raw const message, 0) };
    if sent < 0 { Err(Error::last_os_error()) } else { Ok(()) }
}
