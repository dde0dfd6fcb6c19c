//! The listener: one poll for all sockets, then a batch from each in turn.

use super::On;
use super::receive;
use crate::error::{Error, Fault, Result};
use crate::frame::{Addr, Batch};
use crate::io::ring::Ring;
use crate::io::{Fill, SLAB, Source, WAIT, clock, fault, socket};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

/// UDP sockets on the mirror's ports.
#[derive(Debug)]
pub struct Listener {
    ports: Vec<Port>,
    ring: Ring,
    /// The socket that is first in the next fill, so that a busy one starves no other.
    turn: usize,
    position: u64,
    warning: Option<String>,
}

#[derive(Debug)]
struct Port {
    on: On,
    socket: UdpSocket,
    /// The kernel's count of lost datagrams when last seen, which wraps.
    seen: u32,
    lost: u64,
}

impl Listener {
    /// Bind a socket for each.
    ///
    /// # Errors
    /// `Error::Input` for a port in use, a port that takes more rights, an address that is not this machine's.
    pub fn open(on: &[On], receive_buffer: usize) -> Result<Self> {
        let mut ports = Vec::new();
        let mut warning = None;
        for one in on {
            match Port::open(*one, receive_buffer) {
                Ok(port) => ports.push(port),
                // A machine without IPv6 has nothing to receive at [::].
                Err(error) if one.address.ip() == IpAddr::from([0u16; 8]) && without_ipv6(&error) => {
                    warning = Some(format!("{}: not listened on: this machine has no IPv6", one.address));
                }
                Err(error) => return Err(Error::Input(refused(one.address, &error))),
            }
        }
        if ports.is_empty() {
            return Err(Error::Usage(Fault::new("listen", "there is no address to listen on", "name one with --on")));
        }
        Ok(Self { ports, ring: Ring::new(receive::ROOM), turn: 0, position: 0, warning })
    }

    /// What is listened on, with the ports as bound.
    pub fn on(&self) -> Vec<On> {
        self.ports.iter().map(|port| port.on).collect()
    }

    /// Datagrams lost so far because a socket's buffer was full (SO_RXQ_OVFL).
    pub fn overflowed(&mut self) -> u64 {
        self.ports.iter_mut().map(Port::overflowed).sum()
    }

    /// Bytes of the smallest receive buffer that the kernel gave.
    pub fn receive_buffer(&self) -> usize {
        self.ports.iter().map(Port::receive_buffer).min().unwrap_or(0)
    }

    /// The sockets with something to read, from the one whose turn it is.
    fn readable(&mut self) -> Vec<usize> {
        let poll = |port: &Port| libc::pollfd { fd: port.socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let mut polls: Vec<_> = self.ports.iter().map(poll).collect();
        if !socket::readable(&mut polls, WAIT.as_millis() as i32) {
            return Vec::new();
        }
        let count = polls.len();
        let turn = self.turn % count;
        self.turn = turn + 1;
        let ready = |index: &usize| polls.get(*index).is_some_and(|poll| poll.revents != 0);
        (turn..count).chain(0..turn).filter(ready).collect()
    }

    /// Append what one socket has to the batch.
    fn receive(&mut self, index: usize, batch: &mut Batch) -> Result<()> {
        let Some(port) = self.ports.get_mut(index) else { return Ok(()) };
        let count = match self.ring.receive(&port.socket) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock || error.kind() == ErrorKind::Interrupted => 0,
            Err(error) => return Err(Error::Input(fault::of(&port.on.address.to_string(), &error))),
        };
        if let Some(lost) = receive::take(&mut self.ring, count, port.local(), clock::wall(), batch) {
            port.lose(lost);
        }
        Ok(())
    }
}

impl Port {
    fn open(on: On, receive_buffer: usize) -> std::io::Result<Self> {
        // An IPv4 address in mapped form is an IPv4 address: the sockets for IPv6 take nothing else.
        let address = SocketAddr::new(on.address.ip().to_canonical(), on.address.port());
        let socket = socket::open(address.ip())?;
        socket::enlarge(&socket, receive_buffer);
        let info = if address.is_ipv4() {
            (libc::IPPROTO_IP, libc::IP_PKTINFO)
        } else {
            // A mirror's UDP checksum is 0, which IPv6 takes only where asked to (RFC 6935).
            let _ = socket::set(&socket, libc::SOL_UDP, libc::UDP_NO_CHECK6_RX, 1);
            (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)
        };
        // What an older kernel does not know has a fallback: the clock, the bound address, whole datagrams.
        for (level, option) in [
            info,
            (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS),
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL),
            (libc::SOL_UDP, libc::UDP_GRO),
        ] {
            let _ = socket::set(&socket, level, option, 1);
        }
        socket::bind(&socket, address)?;
        let on = On { kind: on.kind, address: socket.local_addr()? };
        Ok(Self { on, socket, seen: 0, lost: 0 })
    }

    fn local(&self) -> (Addr, u16) {
        let addr = match self.on.address.ip() {
            IpAddr::V4(ip) => Addr::v4(ip.octets()),
            IpAddr::V6(ip) => Addr(ip.octets()),
        };
        (addr, self.on.address.port())
    }

    /// Take in the kernel's count.
    fn lose(&mut self, count: u32) {
        self.lost += u64::from(count.wrapping_sub(self.seen));
        self.seen = count;
    }

    fn overflowed(&mut self) -> u64 {
        // SK_MEMINFO_DROPS, the ninth: the same counter, without waiting for a datagram to bring it.
        if let Ok([.., drops]) = socket::get::<9>(&self.socket, libc::SOL_SOCKET, SO_MEMINFO) {
            self.lose(drops);
        }
        self.lost
    }

    fn receive_buffer(&self) -> usize {
        socket::get::<1>(&self.socket, libc::SOL_SOCKET, libc::SO_RCVBUF).map_or(0, |[bytes]| bytes as usize)
    }
}

/// linux/asm-generic/socket.h; libc has it for some systems only.
const SO_MEMINFO: i32 = 55;

fn without_ipv6(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}

fn refused(address: SocketAddr, error: &std::io::Error) -> Fault {
    let mut fault = fault::of(&address.to_string(), error);
    if error.kind() == ErrorKind::PermissionDenied {
        fault.hint = "a port below 1024 needs more rights; the mirror's 4789 and 6081 do not".into();
    }
    fault
}

impl Source for Listener {
    fn fill(&mut self, batch: &mut Batch) -> Result<Fill> {
        batch.clear();
        for index in self.readable() {
            self.receive(index, batch)?;
            if batch.slab.len() >= SLAB {
                break;
            }
        }
        self.position += batch.slab.len() as u64;
        Ok(if batch.frames.is_empty() { Fill::Idle } else { Fill::More })
    }

    fn is_live(&self) -> bool {
        true
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }
}

#[cfg(test)]
#[path = "linux_tests.rs"]
mod tests;
