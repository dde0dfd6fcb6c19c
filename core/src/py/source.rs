//! Sources for Python: they are opened there and read by the engine.

use super::listen::Listener;
use crate::io::{self, Source};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A pcap or pcapng file; "-" is standard input.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Capture(Mutex<io::Capture>);

impl Capture {
    fn lock(&self) -> MutexGuard<'_, io::Capture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Capture {
    #[new]
    fn new(path: &str) -> PyResult<Self> {
        Ok(Self(Mutex::new(io::Capture::open(path)?)))
    }

    /// Bytes in it; None for a pipe.
    #[getter]
    fn size(&self) -> Option<u64> {
        self.lock().size()
    }

    /// Bytes read so far.
    #[getter]
    fn position(&self) -> u64 {
        self.lock().position()
    }

    /// A damaged tail: where, and how many bytes were left.
    #[getter]
    fn warning(&self) -> Option<String> {
        self.lock().warning().map(str::to_owned)
    }
}

/// Use the source behind a Python object; the interpreter is released meanwhile.
///
/// # Errors
/// TypeError for an object that is no source.
pub(super) fn with_source<R: Send>(
    object: &Bound<'_, PyAny>,
    use_it: impl FnOnce(&mut dyn Source) -> R + Send,
) -> PyResult<R> {
    if let Ok(listener) = object.cast::<Listener>() {
        let listener = listener.get();
        return Ok(object.py().detach(|| use_it(&mut *listener.lock())));
    }
    let capture = object.cast::<Capture>()?.get();
    Ok(object.py().detach(|| use_it(&mut *capture.lock())))
}
