//! The sender for Python: driven in steps, so that progress is shown and signals are taken between them.

use super::errors::UsageError;
use super::listen::ip;
use crate::io::Source;
use crate::io::send::{self, Counts, Options, Pace, To};
use crate::plan::mirror::MirrorPlan;
use pyo3::prelude::*;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    #[pyo3(signature = (capture, to, *, plan, pace = ("captured".to_owned(), 1.0), loops = 1))]
    fn new(capture: &str, to: Target, plan: &[u8], pace: (String, f64), loops: u64) -> PyResult<Self> {
        let options = Options { plan: MirrorPlan::decode(plan)?, pace: parse(&pace)?, loops };
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

fn parse((kind, rate): &(String, f64)) -> PyResult<Pace> {
    match kind.as_str() {
        "captured" => Ok(Pace::Captured(*rate)),
        "pps" => Ok(Pace::Packets(*rate)),
        "bps" => Ok(Pace::Bits(*rate)),
        "flat-out" => Ok(Pace::FlatOut),
        other => Err(UsageError::new_err((other.to_owned(), "is no pace", "captured, pps, bps or flat-out"))),
    }
}
