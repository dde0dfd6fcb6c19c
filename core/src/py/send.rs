//! The sender for Python: driven in steps, so that progress is shown and signals are taken between them.

use super::errors::UsageError;
use super::listen::ip;
use crate::io::send::{self, Options, Pace, To};
use crate::plan::mirror::MirrorPlan;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sends a capture, or what a live interface sees, as the sources of a mirror would.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Sender(Mutex<send::Sender>);

impl Sender {
    fn lock(&self) -> MutexGuard<'_, send::Sender> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Sender {
    /// Open the source, then where copies go.
    #[new]
    #[pyo3(signature = (source, to, *, plan, pace = ("captured".to_owned(), 1.0), loops = 1, truth = false))]
    fn new(
        source: &str,
        to: (String, String, u16),
        plan: &[u8],
        pace: (String, f64),
        loops: u64,
        truth: bool,
    ) -> PyResult<Self> {
        let options = Options { plan: MirrorPlan::decode(plan)?, pace: parse(&pace)?, loops, truth };
        Ok(Self(Mutex::new(send::Sender::open(source, &target(to)?, &options)?)))
    }

    /// Send what is due within 100 ms, at most so many frames unless 0; False when all was sent and written.
    #[pyo3(signature = (max_frames = 0))]
    fn step(&self, py: Python<'_>, max_frames: u64) -> PyResult<bool> {
        Ok(py.detach(|| self.lock().step(max_frames))?)
    }

    /// Send what is held back, where the sender is left before its end.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        Ok(py.detach(|| self.lock().finish())?)
    }

    /// The truth since this was last asked: JSON lines.
    fn truth<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.lock().take_truth())
    }

    /// What became of the frames so far: JSON.
    fn stats<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.lock().stats())
    }

    /// Frames read.
    #[getter]
    fn frames(&self) -> u64 {
        self.lock().frames()
    }

    /// Bytes in the capture; None for a pipe and an interface.
    #[getter]
    fn size(&self) -> Option<u64> {
        self.lock().source().size()
    }

    /// Bytes of the source read in this round.
    #[getter]
    fn position(&self) -> u64 {
        self.lock().source().position()
    }

    /// What the user should know: a damaged tail of the capture, frames lost, copies too large for the interface.
    #[getter]
    fn warning(&self) -> Option<String> {
        self.lock().warning()
    }
}

/// Where copies go: a kind, what it is called, and a port.
fn target((kind, name, port): (String, String, u16)) -> PyResult<To> {
    match (kind.as_str(), name.as_str()) {
        ("udp", "") => Ok(To::Targets),
        ("udp", address) => Ok(To::Socket(SocketAddr::new(ip(address)?, port))),
        ("pcap", _) => Ok(To::File(name)),
        ("raw", _) => Ok(To::Raw(name)),
        ("none", _) => Ok(To::Nowhere),
        _ => Err(UsageError::new_err((kind, "is no place to send to", "udp, pcap, raw or none"))),
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
