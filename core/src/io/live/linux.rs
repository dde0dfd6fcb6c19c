//! The interface as a source: its frames, cut and completed, into a batch.

use super::{PREFIX, interface, packet};
use crate::error::{Error, Fault, Result};
use crate::frame::{Batch, Frame, Link};
use crate::io::ring::{COUNT, Ring, controls, time};
use crate::io::{Fill, SLAB, Source, WAIT, clock, fault, socket};
use crate::offload::{VnetHeader, segment};
use crate::time::Nanos;
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

/// Room for each: the most that the kernel makes of one frame (GSO_MAX_SIZE), and headers. Little of it is ever used.
const ROOM: usize = (8 << 16) + 4096;
/// Calls to the kernel in one fill, so that each fill ends.
const CALLS: usize = 64;
/// Hardware without a link header (linux/if_arp.h); libc has one for some systems only.
const ARPHRD_RAWIP: u16 = 519;

/// The frames of one interface, both directions.
#[derive(Debug)]
pub struct Live {
    name: String,
    socket: OwnedFd,
    link: Link,
    ring: Ring,
    position: u64,
    dropped: u64,
    uncut: u64,
    state: State,
    /// How long a fill waits for frames.
    wait: Duration,
    warning: Option<String>,
}

/// Whether there is something to wait for.
#[derive(Debug, PartialEq)]
enum State {
    Up,
    /// It went away; frames from before may still be there.
    Gone,
    /// That was said.
    Ended,
}

impl Live {
    /// Open an interface by its name.
    ///
    /// # Errors
    /// `Error::Input` without the right to capture, for a name that is not known, an interface that is down or is of a
    /// kind that is not read.
    pub fn open(name: &str) -> Result<Self> {
        let index = interface::index(name).ok_or_else(|| Error::Input(unknown(name)))?;
        let refuse = |error| Error::Input(refused(name, &error));
        let socket = packet::open(index).map_err(refuse)?;
        let link = match packet::hardware(&socket).map_err(refuse)? {
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Link::Ethernet,
            libc::ARPHRD_NONE | ARPHRD_RAWIP => Link::Ip,
            kind => {
                let why = format!("frames of this kind of interface (hardware type {kind}) are not read");
                return Err(Error::Input(Fault::new(source(name), why, "name one with Ethernet or bare IP frames")));
            }
        };
        Ok(Self {
            name: name.into(),
            socket,
            link,
            ring: Ring::new(ROOM),
            position: 0,
            dropped: 0,
            uncut: 0,
            state: State::Up,
            wait: WAIT,
            warning: None,
        })
    }

    /// How long a fill waits for frames; `WAIT` unless said.
    pub fn wait_at_most(&mut self, time: Duration) {
        self.wait = time;
    }

    /// The names of the machine's interfaces.
    pub fn interfaces() -> Vec<String> {
        interface::names()
    }

    /// Frames lost so far: they found the socket's buffer full, or the kernel could not hand them out.
    pub fn dropped(&mut self) -> u64 {
        self.dropped += u64::from(packet::take_drops(&self.socket));
        self.dropped
    }

    /// Frames so far that are not as on the wire: the kernel left work to the card that only the card can do.
    pub fn uncut(&self) -> u64 {
        self.uncut
    }

    /// One call to the kernel; false when there is no more for now.
    fn receive(&mut self, batch: &mut Batch) -> Result<bool> {
        let error = match self.ring.receive(&self.socket) {
            Ok(count) => {
                self.take(count, batch);
                return Ok(count == COUNT);
            }
            Err(error) => error,
        };
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EINTR) => return Ok(false),
            Some(libc::ENETDOWN | libc::ENODEV | libc::ENXIO) => self.state = State::Gone,
            // A frame that is to be cut in a way that the header beside it has no word for. It is gone.
            Some(libc::EINVAL) => {
                self.dropped += 1;
                self.warn("frames that wait for a kind of segmentation offload that can't be told are lost");
            }
            _ => return Err(Error::Input(fault::of(&source(&self.name), &error))),
        }
        Ok(true)
    }

    /// Append what came to the batch.
    fn take(&mut self, count: usize, batch: &mut Batch) {
        let (now, mut uncut) = (clock::wall(), 0);
        for arrival in self.ring.taken(count) {
            let stamp = controls(arrival.control)
                .find(|(level, kind, _)| (*level, *kind) == (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS));
            let time = stamp.map_or(now, |(_, _, data)| time(data));
            let Some((header, frame)) = arrival.bytes.split_first_chunk_mut() else { continue };
            let original = arrival.length.saturating_sub(VnetHeader::LEN);
            if frame.len() < original {
                append(batch, self.link, time, [frame, &[]], original);
                uncut += 1;
            } else if !segment(frame, self.link, &VnetHeader::parse(header), |head, payload| {
                append(batch, self.link, time, [head, payload], head.len() + payload.len());
            }) {
                uncut += 1;
            }
        }
        self.uncut += uncut;
        if uncut > 0 {
            self.warn("frames that only the card can cut, or sum up, are passed on as they are");
        }
    }

    fn warn(&mut self, text: &str) {
        self.warning
            .get_or_insert_with(|| format!("{}: {text}; turn its offloads off (ethtool -K)", source(&self.name)));
    }

    /// Wait for frames, where some may come.
    fn wait(&self) -> bool {
        let mut polls = [libc::pollfd { fd: self.socket.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
        self.state == State::Gone || socket::readable(&mut polls, self.wait.as_millis() as i32)
    }
}

fn append(batch: &mut Batch, link: Link, time: Nanos, parts: [&[u8]; 2], original: usize) {
    let offset = batch.slab.len();
    for part in parts {
        batch.slab.extend_from_slice(part);
    }
    let captured = batch.slab.len() - offset;
    let original = original as u32;
    batch.frames.push(Frame { time, offset: offset as u32, captured: captured as u32, original, outer: 0, link });
}

fn source(name: &str) -> String {
    format!("{PREFIX}{name}")
}

fn unknown(name: &str) -> Fault {
    let hint = format!("there are {}", interface::names().join(", "));
    Fault::new(source(name), "no such interface", hint)
}

fn refused(name: &str, error: &std::io::Error) -> Fault {
    let (why, hint) = match error.raw_os_error() {
        _ if error.kind() == ErrorKind::PermissionDenied => (
            "capturing needs root or CAP_NET_RAW",
            "run as root, or give it to the Python that runs tmrx: setcap cap_net_raw+ep".into(),
        ),
        Some(libc::ENETDOWN) => ("the interface is down", format!("ip link set {name} up")),
        _ => return fault::of(&source(name), error),
    };
    Fault::new(source(name), why, hint)
}

impl Source for Live {
    fn fill(&mut self, batch: &mut Batch) -> Result<Fill> {
        batch.clear();
        if self.state == State::Ended {
            return Ok(Fill::End);
        }
        if self.wait() {
            for _ in 0..CALLS {
                if !self.receive(batch)? || batch.slab.len() >= SLAB {
                    break;
                }
            }
        }
        self.position += batch.slab.len() as u64;
        match (batch.frames.is_empty(), &self.state) {
            (false, _) => Ok(Fill::More),
            (true, State::Gone) => {
                self.state = State::Ended;
                let hint = "frames until then were read";
                Err(Error::Input(Fault::new(source(&self.name), "the interface went down or is gone", hint)))
            }
            _ => Ok(Fill::Idle),
        }
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
