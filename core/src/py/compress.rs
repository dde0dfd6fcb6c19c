//! Compression for Python's sinks.

use super::errors::InternalError;
use crate::io::compress::{self, Form};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

type Stream = compress::Compressor<Vec<u8>>;

/// Compresses an output: one stream of gzip or zstd.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Compressor {
    form: Form,
    /// None before a stream's first bytes.
    stream: Mutex<Option<Stream>>,
}

impl Compressor {
    /// What a step on the stream gives, which is begun where there is none.
    fn with<'py>(
        &self,
        py: Python<'py>,
        step: impl FnOnce(&mut Option<Stream>) -> std::io::Result<Vec<u8>> + Send,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let done = py.detach(|| {
            let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
            if stream.is_none() {
                *stream = Some(Stream::new(self.form, Vec::new())?);
            }
            step(&mut stream)
        });
        let bytes = done.map_err(|error| InternalError::new_err(("compression", error.to_string(), "")))?;
        Ok(PyBytes::new(py, &bytes))
    }
}

#[pymethods]
impl Compressor {
    #[new]
    fn new(form: &str) -> PyResult<Self> {
        let form = match form {
            "gzip" => Form::Gzip,
            "zstd" => Form::Zstd,
            _ => return Err(PyValueError::new_err(format!("form {form:?} is neither \"gzip\" nor \"zstd\""))),
        };
        Ok(Self { form, stream: Mutex::default() })
    }

    /// The stream's next bytes; with them and those before, all that was given so far can be read.
    fn compress<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        self.with(py, |stream| {
            let Some(stream) = stream else { return Ok(Vec::new()) };
            stream.write_all(data)?;
            stream.flush()?;
            Ok(std::mem::take(stream.get_mut()))
        })
    }

    /// The stream's end. What is given afterwards begins another stream.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(py, |stream| {
            let Some(mut stream) = stream.take() else { return Ok(Vec::new()) };
            stream.finish()?;
            Ok(std::mem::take(stream.get_mut()))
        })
    }
}
