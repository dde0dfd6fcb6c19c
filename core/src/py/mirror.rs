//! The mirror for Python, without I/O: frames in, outer frames and the truth out.

use super::source::with_source;
use crate::frame::{Batch, Link};
use crate::io::Fill;
use crate::mirror::{Copies, Mirror, Outcome, check_links, explain, truth};
use crate::plan::mirror::MirrorPlan;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What sources do with packets.
#[pyclass(frozen, module = "tmrx._core", name = "Mirror")]
pub struct PyMirror(Mutex<Mirror>);

#[pymethods]
impl PyMirror {
    /// From an encoded plan.
    #[new]
    fn new(plan: &[u8]) -> PyResult<Self> {
        Ok(Self(Mutex::new(Mirror::new(&MirrorPlan::decode(plan)?)?)))
    }

    /// Decide on frames; gives the copies' outer frames, and the truth as JSON lines.
    #[pyo3(signature = (frames, link = "ethernet"))]
    fn push<'py>(
        &self,
        py: Python<'py>,
        frames: Vec<(i64, Vec<u8>, u32)>,
        link: &str,
    ) -> PyResult<(Vec<Bound<'py, PyBytes>>, Bound<'py, PyBytes>)> {
        let link = if link == "ip" { Link::Ip } else { Link::Ethernet };
        let mut mirror = self.lock();
        let (mut batch, mut copies, mut outcomes) = (Batch::default(), Copies::default(), Vec::new());
        for (time, bytes, original) in &frames {
            batch.push(*time, bytes, *original, link);
        }
        for frame in &batch.frames {
            mirror.frame(&batch, frame, &mut copies, &mut outcomes);
        }
        let mut lines = Vec::new();
        outcomes.iter().for_each(|outcome| truth::line(&mirror, outcome, &mut lines));
        let whole = |copy| PyBytes::new(py, &[copies.head(copy), copy.body(&batch.slab)].concat());
        Ok((copies.rows.iter().map(whole).collect(), PyBytes::new(py, &lines)))
    }

    /// Decide on what a capture has next, and say why: a JSON line a frame; None at its end.
    fn explain<'py>(&self, source: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let mut batch = Batch::default();
        if with_source(source, |source| source.fill(&mut batch))?? == Fill::End {
            return Ok(None);
        }
        check_links(&batch, "the capture")?;
        let lines = source.py().detach(|| explained(&mut self.lock(), &batch));
        Ok(Some(PyBytes::new(source.py(), &lines)))
    }
}

impl PyMirror {
    fn lock(&self) -> MutexGuard<'_, Mirror> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn explained(mirror: &mut Mirror, batch: &Batch) -> Vec<u8> {
    let (mut copies, mut outcomes, mut lines) = (Copies::default(), Vec::<Outcome>::new(), Vec::new());
    for frame in &batch.frames {
        outcomes.clear();
        mirror.frame(batch, frame, &mut copies, &mut outcomes);
        explain::line(mirror, batch, frame, &outcomes, &mut lines);
    }
    lines
}
