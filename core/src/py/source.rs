//! Sources for Python: they are opened there and read by the engine.

use super::listen::Listener;
use crate::error::Result;
use crate::io::{self, Source};
use crate::table::summary::Captured;
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn counted(captured: Option<Captured>) -> Option<(u64, u64)> {
    captured.map(|captured| (captured.received, captured.dropped))
}

/// A pcap or pcapng file, perhaps compressed; "-" is standard input.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Capture(Mutex<io::Capture>);

#[pymethods]
impl Capture {
    #[new]
    #[pyo3(signature = (path, follow = false))]
    fn new(py: Python<'_>, path: &str, follow: bool) -> PyResult<Self> {
        let open = || if follow { io::Capture::follow(path) } else { io::Capture::open(path) };
        Ok(Self(Mutex::new(py.detach(open)?)))
    }

    /// A file that is followed grows no more: its end is the end.
    fn settle(&self) {
        lock(&self.0).settle();
    }

    /// Bytes in it; None for a pipe.
    #[getter]
    fn size(&self) -> Option<u64> {
        lock(&self.0).size()
    }

    /// Bytes read so far.
    #[getter]
    fn position(&self) -> u64 {
        lock(&self.0).position()
    }

    /// Packets received and dropped where it was made, where it says so.
    #[getter]
    fn captured(&self) -> Option<(u64, u64)> {
        counted(lock(&self.0).captured())
    }

    /// A damaged tail: where, and how many bytes were left.
    #[getter]
    fn warning(&self) -> Option<String> {
        lock(&self.0).warning().map(str::to_owned)
    }
}

/// Captures as one, merged by time.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Merged(Mutex<io::Merged>);

#[pymethods]
impl Merged {
    #[new]
    fn new(py: Python<'_>, paths: Vec<String>) -> PyResult<Self> {
        Ok(Self(Mutex::new(py.detach(|| io::Merged::open(&paths))?)))
    }

    /// Bytes in all; None where one is a pipe.
    #[getter]
    fn size(&self) -> Option<u64> {
        lock(&self.0).size()
    }

    /// Bytes read so far.
    #[getter]
    fn position(&self) -> u64 {
        lock(&self.0).position()
    }

    /// Packets received and dropped where they were made, as far as they say so.
    #[getter]
    fn captured(&self) -> Option<(u64, u64)> {
        counted(lock(&self.0).captured())
    }

    /// Damaged tails: in which capture, where, and how many bytes were left.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        lock(&self.0).warnings().to_vec()
    }
}

/// Whether a file is a capture, by its content.
#[pyfunction]
pub fn is_capture(py: Python<'_>, path: &str) -> PyResult<bool> {
    Ok(py.detach(|| io::Capture::is_at(path))?)
}

/// The time of a capture's first frame in ns; None where it has none.
#[pyfunction]
pub fn first_time(py: Python<'_>, path: &str) -> PyResult<Option<i64>> {
    let time: Result<_> = py.detach(|| io::first_time(io::Capture::open(path)?));
    Ok(time?)
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
    if let Ok(merged) = object.cast::<Merged>() {
        let merged = merged.get();
        return Ok(object.py().detach(|| use_it(&mut *lock(&merged.0))));
    }
    let capture = object.cast::<Capture>()?.get();
    Ok(object.py().detach(|| use_it(&mut *lock(&capture.0))))
}
