//! Copies as UDP datagrams: one socket for each outer source address and port, so that they tell the mirror and the flow
//! as at AWS. Linux.

use super::joined::join;
use super::message::{Parts, Run};
use super::{Copies, Copy, Sent, local};
use crate::error::{Error, Result};
use crate::frame::Addr;
use crate::io::{OWN_MARK, fault, socket};
use hashbrown::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Sockets that are open at once, at most.
const MOST_OPEN: usize = 1024;
/// Files that are left for others to open.
const OTHERS: usize = 256;
/// The largest payloads of UDP over IPv4 and IPv6.
const LARGEST: [usize; 2] = [65_507, 65_527];

/// What tells one socket from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// The session's outer source.
    src: Addr,
    sport: u16,
    /// Whom for; blank where all copies go to one address.
    dst: Addr,
    dport: u16,
}

/// Sockets, opened when first needed; beyond `most`, the oldest is closed for a new one.
#[derive(Debug)]
pub(super) struct Pool {
    /// Where all copies go; `None`: each to its own target.
    to: Option<SocketAddr>,
    /// Outer sources, by session.
    sources: Vec<Addr>,
    open: Vec<(Key, UdpSocket)>,
    places: HashMap<Key, u32>,
    most: usize,
    oldest: usize,
    /// Speed goes first: copies are grouped by socket, in each flow's order, and handed to the kernel joined where it
    /// takes them so (UDP_SEGMENT), which takes the checksum along: such datagrams have one.
    flat_out: bool,
    /// The kernel joins, as far as is known.
    joins: bool,
    /// Socket and row of copies that wait to be sent.
    order: Vec<(u32, u32)>,
    run: Vec<Copy>,
}

impl Pool {
    /// A pool that sends to this address, or to each copy's own.
    pub fn new(to: Option<SocketAddr>, sources: Vec<Addr>, flat_out: bool) -> Result<Self> {
        let to = to.map(|to| SocketAddr::new(to.ip().to_canonical(), to.port()));
        if let Some(to) = to {
            // What is wrong with the address shows before the first frame is read.
            open(sources.first().copied().unwrap_or_default(), 0, to, flat_out).map_err(|error| refused(to, &error))?;
        }
        let files = socket::most_files();
        let most = MOST_OPEN.min(files.saturating_sub(OTHERS).max(files / 2)).max(1);
        Ok(Self {
            to,
            sources,
            open: Vec::new(),
            places: HashMap::new(),
            most,
            oldest: 0,
            flat_out,
            joins: flat_out,
            order: Vec::new(),
            run: Vec::new(),
        })
    }

    /// Whether a datagram can hold the copy.
    pub fn fits(&self, copy: &Copy) -> bool {
        let length = copy.payload_length();
        let [v4, v6] = LARGEST;
        length <= v4 || length <= v6 && self.target(copy).is_ipv6()
    }

    /// Send the copies of frames in the slab: in order, but flat out, where only each flow's are.
    pub fn send(&mut self, copies: &Copies, slab: &[u8], sent: &mut Sent) -> Result<()> {
        let parts = Parts { copies, slab, whole: false };
        for (index, copy) in (0u32..).zip(&copies.rows) {
            let key = self.key(copy);
            let place = match self.places.get(&key) {
                Some(place) => *place,
                None => {
                    if self.open.len() >= self.most {
                        // Those that wait may need the socket that is closed.
                        self.flush(parts, sent)?;
                    }
                    self.add(key, self.target(copy))?
                }
            };
            self.order.push((place, index));
        }
        self.flush(parts, sent)
    }

    /// Send those that wait.
    fn flush(&mut self, parts: Parts<'_>, sent: &mut Sent) -> Result<()> {
        if self.flat_out {
            // By socket, and of each socket in order.
            self.order.sort_unstable();
        }
        for group in self.order.chunk_by(|a, b| a.0 == b.0) {
            let socket = group.first().and_then(|(place, _)| self.open.get(*place as usize));
            self.run.clear();
            self.run.extend(group.iter().filter_map(|(_, index)| parts.copies.rows.get(*index as usize)));
            let (Some((_, socket)), Some(first)) = (socket, self.run.first()) else { continue };
            let mut run = Run::new(socket, parts, sent);
            let done = if self.joins { join(&mut run, &self.run, &mut self.joins) } else { run.apart(&self.run) };
            done.map_err(|error| refused(self.target(first), &error))?;
        }
        self.order.clear();
        Ok(())
    }

    #[inline]
    fn key(&self, copy: &Copy) -> Key {
        let src = self.sources.get(copy.session as usize).copied().unwrap_or_default();
        let (dst, dport) = if self.to.is_some() { Default::default() } else { (copy.dst, copy.dport) };
        Key { src, sport: copy.sport, dst, dport }
    }

    fn target(&self, copy: &Copy) -> SocketAddr {
        self.to.unwrap_or_else(|| SocketAddr::new(local::ip(copy.dst), copy.dport))
    }

    /// Open a socket, in the place of the oldest where there are as many as may be.
    fn add(&mut self, key: Key, to: SocketAddr) -> Result<u32> {
        let opened = (key, open(key.src, key.sport, to, self.flat_out).map_err(|error| refused(to, &error))?);
        let place = if self.open.len() < self.most {
            self.open.push(opened);
            self.open.len() - 1
        } else {
            let place = self.oldest;
            self.oldest = (place + 1) % self.most;
            if let Some(old) = self.open.get_mut(place) {
                let (old, _) = std::mem::replace(old, opened);
                self.places.remove(&old);
            }
            place
        } as u32;
        self.places.insert(key, place);
        Ok(place)
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
fn open(src: Addr, port: u16, to: SocketAddr, flat_out: bool) -> std::io::Result<UdpSocket> {
    let socket = socket::open(to.ip())?;
    let (level, ttl, discover) = if to.is_ipv4() {
        (libc::IPPROTO_IP, libc::IP_TTL, libc::IP_MTU_DISCOVER)
    } else {
        (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, libc::IPV6_MTU_DISCOVER)
    };
    socket::set(&socket, level, ttl, 255)?;
    socket::set(&socket, level, discover, libc::IP_PMTUDISC_DONT)?;
    // IPv6 keeps its checksum: a receiver's kernel drops datagrams without one unless told otherwise (RFC 8200).
    if !flat_out && to.is_ipv4() {
        socket::set(&socket, libc::SOL_SOCKET, libc::SO_NO_CHECK, 1)?;
    }
    // Two senders may share a source port.
    socket::set(&socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    // Without the right to, copies go unmarked.
    let _ = socket::set(&socket, libc::SOL_SOCKET, libc::SO_MARK, OWN_MARK as i32);
    bind(&socket, local::source(src, to.ip()), port)?;
    socket.connect(to)?;
    Ok(socket)
}

/// Bind to the address and port, or to as much of both as can be had: an address of another machine gives way to any,
/// and another port than the one that is taken tells the flow as well.
fn bind(socket: &UdpSocket, source: IpAddr, port: u16) -> std::io::Result<()> {
    let any = local::any(source);
    let ends = [(source, port), (source, 0), (any, port)].map(|(ip, port)| SocketAddr::new(ip, port));
    if ends.iter().any(|end| socket::bind(socket, *end).is_ok()) {
        return Ok(());
    }
    socket::bind(socket, SocketAddr::new(any, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::NONE;

    fn copy(sport: u16, head: u32) -> Copy {
        Copy {
            time: 0,
            source: NONE,
            session: 0,
            dst: Addr::default(),
            dport: 4789,
            sport,
            head,
            head_length: 51,
            payload: 42,
            offset: 0,
            length: 0,
        }
    }

    #[test]
    fn at_most_so_many_sockets_are_open_and_every_copy_is_sent_in_its_order() {
        let receiver = socket::open("127.0.0.1".parse().unwrap()).unwrap();
        socket::bind(&receiver, "127.0.0.1:0".parse().unwrap()).unwrap();
        receiver.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        for flat_out in [false, true] {
            let to = receiver.local_addr().unwrap();
            let mut pool = Pool::new(Some(to), vec![Addr::v4([10, 0, 0, 9])], flat_out).unwrap();
            pool.most = 3;
            let mut copies = Copies::default();
            for number in 0..60u32 {
                copies.heads.extend([0; 50].into_iter().chain([number as u8]));
                copies.rows.push(copy(50_000 + (number * number % 7) as u16, number * 51));
            }
            let mut sent = Sent::default();
            pool.send(&copies, &[], &mut sent).unwrap();
            assert_eq!((pool.open.len(), pool.places.len(), sent.copies), (3, 3, 60));
            assert!(pool.places.iter().all(|(key, place)| pool.open[*place as usize].0 == *key));
            let mut seen = [const { Vec::new() }; 7];
            for _ in 0..60 {
                let mut buffer = [0; 100];
                let (length, from) = receiver.recv_from(&mut buffer).unwrap();
                assert_eq!((length, from.ip().to_string().as_str()), (9, "127.0.0.9"));
                seen[usize::from(from.port() - 50_000)].push(buffer[8]);
            }
            assert!(seen.iter().all(|numbers| numbers.is_sorted()), "{seen:?}");
            assert!(flat_out || seen.iter().map(Vec::len).sum::<usize>() == 60);
        }
    }

    #[test]
    fn an_address_of_another_machine_gives_way_to_any() {
        let socket = socket::open("127.0.0.1".parse().unwrap()).unwrap();
        bind(&socket, "192.0.2.77".parse().unwrap(), 0).unwrap();
        assert!(socket.local_addr().unwrap().ip().is_unspecified());
    }
}
