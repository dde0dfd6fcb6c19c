//! Copies as UDP datagrams: one socket for each outer source port, so that the port tells the flow as it does at AWS.

use super::{Copies, Copy, Counts, RUN};
use crate::encap::FIRST_SOURCE_PORT;
use crate::error::{Error, Result};
use crate::io::{fault, socket};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Outer source ports.
const PORTS: usize = 128;
/// How often one datagram is tried again for an error that is not its own or that passes.
const TRIES: usize = 100;
/// Bytes and datagrams that the kernel takes as one (UDP_SEGMENT).
const MOST_JOINED: usize = 60_000;

/// Sockets by outer source port, opened when first needed.
#[derive(Debug)]
pub(super) struct Pool {
    to: SocketAddr,
    sockets: Vec<Option<UdpSocket>>,
    /// Hand runs of equal sizes to the kernel as one (UDP_SEGMENT). It takes the checksum along: such datagrams have one.
    join: bool,
}

impl Pool {
    /// A pool that sends to this address; `join`: speed goes before the mirror's UDP checksum of 0.
    pub fn new(to: SocketAddr, join: bool) -> Result<Self> {
        let to = SocketAddr::new(to.ip().to_canonical(), to.port());
        let mut pool = Self { to, sockets: (0..PORTS).map(|_| None).collect(), join };
        // What is wrong with the address shows before the first frame is read.
        pool.ready(0)?;
        Ok(pool)
    }

    /// Send the copies of frames in the slab, in order.
    pub fn send(&mut self, copies: &Copies, slab: &[u8], counts: &mut Counts) -> Result<()> {
        for run in copies.rows.chunk_by(|a, b| a.sport == b.sport) {
            let Some(first) = run.first() else { continue };
            let index = usize::from(first.sport.wrapping_sub(FIRST_SOURCE_PORT)) % PORTS;
            self.ready(index)?;
            if let Some(socket) = self.sockets.get(index).and_then(Option::as_ref) {
                let join = &mut self.join;
                Run { socket, all: copies, slab, counts }.send(run, join).map_err(|error| refused(self.to, &error))?;
            }
        }
        Ok(())
    }

    fn ready(&mut self, index: usize) -> Result<()> {
        if let Some(place) = self.sockets.get_mut(index).filter(|place| place.is_none()) {
            let port = FIRST_SOURCE_PORT + index as u16;
            *place = Some(open(self.to, port, self.join).map_err(|error| refused(self.to, &error))?);
        }
        Ok(())
    }
}

fn refused(to: SocketAddr, error: &std::io::Error) -> Error {
    let mut fault = fault::of(&to.to_string(), error);
    if error.kind() == ErrorKind::PermissionDenied {
        fault.hint = "a firewall or a broadcast address forbids it".into();
    }
    Error::Output(fault)
}

/// A socket with the mirror's outer header: TTL 255, may be fragmented, checksum 0.
fn open(to: SocketAddr, port: u16, join: bool) -> std::io::Result<UdpSocket> {
    let socket = socket::open(to.ip())?;
    let (level, ttl, discover) = if to.is_ipv4() {
        (libc::IPPROTO_IP, libc::IP_TTL, libc::IP_MTU_DISCOVER)
    } else {
        (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, libc::IPV6_MTU_DISCOVER)
    };
    socket::set(&socket, level, ttl, 255)?;
    socket::set(&socket, level, discover, libc::IP_PMTUDISC_DONT)?;
    // IPv6 keeps its checksum: a receiver's kernel drops datagrams without one unless told otherwise (RFC 8200).
    if !join && to.is_ipv4() {
        socket::set(&socket, libc::SOL_SOCKET, libc::SO_NO_CHECK, 1)?;
    }
    // Two senders may share a source port.
    socket::set(&socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    let any = if to.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    if socket::bind(&socket, SocketAddr::new(any, port)).is_err() {
        // The port is another's: any other tells the flow as well.
        socket::bind(&socket, SocketAddr::new(any, 0))?;
    }
    socket.connect(to)?;
    Ok(socket)
}

/// What sending some copies over one socket takes.
struct Run<'a> {
    socket: &'a UdpSocket,
    all: &'a Copies,
    slab: &'a [u8],
    counts: &'a mut Counts,
}

impl Run<'_> {
    fn send(&mut self, mut copies: &[Copy], join: &mut bool) -> std::io::Result<()> {
        while !copies.is_empty() {
            let (front, rest) = copies.split_at(if *join { equal(copies) } else { 1 });
            if front.len() > 1 {
                // What the device or the kernel can't do now, it can't later.
                *join = self.joined(front);
                copies = if *join { rest } else { copies };
                continue;
            }
            let (front, rest) = copies.split_at(self.singles(copies, *join));
            self.apart(front)?;
            copies = rest;
        }
        Ok(())
    }

    /// How many copies to send apart before some that could be joined.
    fn singles(&self, copies: &[Copy], join: bool) -> usize {
        let pair = |pair: &[Copy]| pair.first().map(Copy::payload_length) == pair.last().map(Copy::payload_length);
        let stop = copies.windows(2).position(pair).filter(|_| join);
        stop.unwrap_or(copies.len()).max(1)
    }

    /// Send each copy as a datagram of its own.
    fn apart(&mut self, mut copies: &[Copy]) -> std::io::Result<()> {
        let mut tries = 0;
        while !copies.is_empty() {
            let done = match send_many(self.socket, self.all, copies, self.slab) {
                Ok(count) => {
                    copies.iter().take(count).for_each(|copy| self.counts.sent(copy));
                    tries = 0;
                    count
                }
                Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => {
                    self.counts.too_large += 1;
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

    /// Send copies of one size (the last may be shorter) as one; false where that can't be.
    fn joined(&mut self, copies: &[Copy]) -> bool {
        for _ in 0..TRIES {
            match send_joined(self.socket, self.all, copies, self.slab) {
                Ok(()) => {
                    copies.iter().for_each(|copy| self.counts.sent(copy));
                    return true;
                }
                Err(error) if self.passes(&error) => {}
                Err(_) => return false,
            }
        }
        false
    }

    /// Whether the same datagram may go through the next time.
    fn passes(&mut self, error: &std::io::Error) -> bool {
        match error.kind() {
            ErrorKind::Interrupted => true,
            // Of an earlier datagram: an ICMP message came back.
            ErrorKind::ConnectionRefused => {
                self.counts.refused += 1;
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
}

/// How many of the first copies have one length, the last perhaps a shorter one, and fit together.
fn equal(copies: &[Copy]) -> usize {
    let size = copies.first().map_or(0, Copy::payload_length);
    let most = (MOST_JOINED / size.max(1)).clamp(1, RUN);
    let same = copies.iter().take(most).take_while(|copy| copy.payload_length() == size).count();
    let shorter = copies.get(same).is_some_and(|copy| copy.payload_length() < size);
    if same < most && same > 1 && shorter { same + 1 } else { same }
}

/// A head and a body, as sendmsg(2) gathers them.
fn vectors(all: &Copies, copy: &Copy, slab: &[u8]) -> [libc::iovec; 2] {
    [all.payload(copy), copy.body(slab)]
        .map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() })
}

/// sendmmsg(2): gives how many were sent, at least one.
#[allow(unsafe_code)]
fn send_many(socket: &UdpSocket, all: &Copies, copies: &[Copy], slab: &[u8]) -> std::io::Result<usize> {
    let none = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
    let mut parts = [[none; 2]; RUN];
    // SAFETY: plain numbers and pointers, for which all zeros are valid (and mean "none").
    let mut messages: [libc::mmsghdr; RUN] = unsafe { std::mem::zeroed() };
    for ((message, parts), copy) in messages.iter_mut().zip(&mut parts).zip(copies) {
        *parts = vectors(all, copy, slab);
        message.msg_hdr.msg_iov = parts.as_mut_ptr();
        message.msg_hdr.msg_iovlen = 2;
    }
    let count = copies.len().min(RUN) as u32;
    // SAFETY: the first `count` headers point to vectors in this frame, and those to heads and a slab that outlive the
    // call; the kernel only reads them.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), count, 0) };
    usize::try_from(sent).map_err(|_| std::io::Error::last_os_error())
}

/// A control message with the length of each datagram, aligned as the kernel reads it.
#[repr(C, align(8))]
struct Segment {
    header: libc::cmsghdr,
    size: u16,
}

/// sendmsg(2) with UDP_SEGMENT: the kernel takes the bytes apart into datagrams of the first copy's length.
#[allow(unsafe_code)]
fn send_joined(socket: &UdpSocket, all: &Copies, copies: &[Copy], slab: &[u8]) -> std::io::Result<()> {
    let mut parts: Vec<libc::iovec> = copies.iter().flat_map(|copy| vectors(all, copy, slab)).collect();
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
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) };
    if sent < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}
