//! The sender for Python: driven in steps, so that progress is shown and signals are taken between them.

use super::errors::UsageError;
use super::listen::ip;
use crate::encap::{Ends, GENEVE_PORT, Gateway, Profile, VXLAN_PORT};
use crate::frame::Addr;
use crate::io::Source;
use crate::io::send::{self, Counts, Options, Pace, To};
use pyo3::prelude::*;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The load balancer's node and the appliance in outer headers that only a file shows (RFC 5737).
const GATEWAY: (Addr, Addr) = (Addr::v4([192, 0, 2, 3]), Addr::v4([192, 0, 2, 4]));
/// The endpoint's and the attachment's id behind which a load balancer's copies come.
const ENDPOINT: u64 = 0x0123_4567_89ab_cdef;
const ATTACHMENT: u64 = 1;

/// Where copies go: a receiver's address and port, or a capture file.
#[derive(FromPyObject)]
enum Target {
    Socket(String, u16),
    File(String),
}

/// Sends a capture as the mirror would.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Sender(Mutex<send::Sender>);

impl Sender {
    fn lock(&self) -> MutexGuard<'_, send::Sender> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> Counts {
        self.lock().counts()
    }
}

#[pymethods]
impl Sender {
    /// Open the capture, then the socket or the file.
    #[new]
    #[pyo3(signature = (capture, to, *, vni, packet_length = None, encap = "vxlan", pace = ("captured".to_owned(), 1.0),
                        loops = 1, outer = ("192.0.2.1".to_owned(), "192.0.2.2".to_owned())))]
    #[allow(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        capture: &str,
        to: Target,
        vni: u32,
        packet_length: Option<u32>,
        encap: &str,
        pace: (String, f64),
        loops: u64,
        outer: (String, String),
    ) -> PyResult<Self> {
        let mirror = Ends { src: addr(ip(&outer.0)?), dst: addr(ip(&outer.1)?), dport: VXLAN_PORT };
        let profile = Profile { vni, mirror, gateway: gateway(encap)? };
        let options = Options { profile, packet_length, pace: parse(&pace)?, loops };
        let to = match to {
            Target::Socket(address, port) => To::Socket(SocketAddr::new(ip(&address)?, port)),
            Target::File(path) => To::File(path),
        };
        Ok(Self(Mutex::new(send::Sender::open(capture, &to, options)?)))
    }

    /// Send what is due within 100 ms; False when all was sent and written.
    fn step(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(py.detach(|| self.lock().step())?)
    }

    /// Write what is still in memory, where the sender is left before its end.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        Ok(py.detach(|| self.lock().finish())?)
    }

    /// Frames read.
    #[getter]
    fn frames(&self) -> u64 {
        self.counts().frames
    }

    /// Copies sent.
    #[getter]
    fn sent(&self) -> u64 {
        self.counts().sent
    }

    /// Bytes of the copies, outer headers included.
    #[getter]
    fn bytes(&self) -> u64 {
        self.counts().bytes
    }

    /// Copies that the packet length cut.
    #[getter]
    fn cut(&self) -> u64 {
        self.counts().cut
    }

    /// Frames that fit in no datagram and were left out.
    #[getter]
    fn too_large(&self) -> u64 {
        self.counts().too_large
    }

    /// Times that the receiver's host said that nothing listens there.
    #[getter]
    fn refused(&self) -> u64 {
        self.counts().refused
    }

    /// Bytes in the capture; None for a pipe.
    #[getter]
    fn size(&self) -> Option<u64> {
        self.lock().source().size()
    }

    /// Bytes of the capture read in this round.
    #[getter]
    fn position(&self) -> u64 {
        self.lock().source().position()
    }

    /// A damaged tail of the capture: where, and how many bytes were left.
    #[getter]
    fn warning(&self) -> Option<String> {
        self.lock().source().warning().map(str::to_owned)
    }
}

fn addr(ip: IpAddr) -> Addr {
    match ip {
        IpAddr::V4(ip) => Addr::v4(ip.octets()),
        IpAddr::V6(ip) => Addr(ip.octets()),
    }
}

fn gateway(encap: &str) -> PyResult<Option<Gateway>> {
    let ends = Ends { src: GATEWAY.0, dst: GATEWAY.1, dport: GENEVE_PORT };
    match encap {
        "vxlan" => Ok(None),
        "geneve+vxlan" => Ok(Some(Gateway { ends, endpoint: ENDPOINT, attachment: ATTACHMENT })),
        other => Err(UsageError::new_err((other.to_owned(), "is no encapsulation", "vxlan or geneve+vxlan"))),
    }
}

fn parse((kind, rate): &(String, f64)) -> PyResult<Pace> {
    match kind.as_str() {
        "captured" => Ok(Pace::Captured(*rate)),
        "pps" => Ok(Pace::Packets(*rate)),
        "bps" => Ok(Pace::Bits(*rate)),
        "flat-out" => Ok(Pace::FlatOut),
        other => Err(UsageError::new_err((other.to_owned(), "is no pace", "captured, pps, bps or flat-out"))),
    }
}
