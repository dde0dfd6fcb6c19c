//! The engine for Python: one crossing a batch.

use super::errors::UsageError;
use super::source::with_source;
use super::table::Table;
use crate::engine::{self, Output};
use crate::error::Result;
use crate::files::Then;
use crate::frame::Link;
use crate::io::driver::{self, Limits, Ran};
use crate::plan::{self, Plan};
use crate::table::json::hex;
use crate::table::summary::{Captured, Sources};
use arrow_array::RecordBatch;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest that `run` keeps the caller: long enough to cost nothing, short enough for a progress bar and a signal.
const MAX_RUN: Duration = Duration::from_millis(100);

/// How frames may begin, as Python names it.
const LINKS: [(&str, Link); 9] = [
    ("ethernet", Link::Ethernet),
    ("ip", Link::Ip),
    ("null", Link::Null),
    ("sll", Link::Sll),
    ("sll2", Link::Sll2),
    ("ppp", Link::Ppp),
    ("chdlc", Link::Chdlc),
    ("wifi", Link::Wifi),
    ("radiotap", Link::Radiotap),
];

/// The engine: frames in, tables and events out. One thread owns it at a time.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Engine {
    engine: engine::Engine,
    tables: Vec<plan::Table>,
    workers: usize,
    busy: AtomicBool,
}

/// What came of a call.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Batch {
    /// Frames taken in by the call.
    #[pyo3(get)]
    frames: u64,
    /// Alerts raised.
    #[pyo3(get)]
    alerts: u64,
    /// The source is at its end.
    #[pyo3(get)]
    ended: bool,
    /// The source has no more for now.
    #[pyo3(get)]
    idle: bool,
    /// EVE lines, of each section that the plan asks for.
    #[pyo3(get)]
    eve: Vec<Py<PyBytes>>,
    /// fast.log lines.
    #[pyo3(get)]
    fast: Py<PyBytes>,
    /// The table of Suricata's counters, at the end of the run.
    #[pyo3(get)]
    stats_log: Py<PyBytes>,
    /// The next piece of a capture of the innermost packets.
    #[pyo3(get)]
    pcap: Py<PyBytes>,
    /// Where in `pcap` files begin, and the time of their first packet in nanoseconds.
    #[pyo3(get)]
    pcap_files: Vec<(usize, i64)>,
    /// Lines of packets.
    #[pyo3(get)]
    lines: Py<PyBytes>,
    /// Packets that have had a line in the run so far.
    #[pyo3(get)]
    shown: u64,
    /// Pieces of stored files: number, bytes, SHA-256, and whether it ended; without SHA-256 it can't be stored.
    #[pyo3(get)]
    files: Vec<(u64, Py<PyBytes>, String, bool)>,
    /// A pcap of the frames that made the core panic; empty on every good day.
    #[pyo3(get)]
    quarantine: Py<PyBytes>,
    tables: Vec<(&'static str, RecordBatch)>,
}

#[pymethods]
impl Batch {
    /// A table's rows; KeyError for one that the plan did not ask for.
    fn table(&self, name: &str) -> PyResult<Table> {
        let found = self.tables.iter().find(|(table, _)| *table == name);
        found.map(|(_, batch)| Table::new(batch.clone())).ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }
}

/// A digest in hex.
fn digits(digest: &[u8]) -> String {
    let mut out = Vec::new();
    digest.iter().for_each(|byte| hex(&mut out, u64::from(*byte), 2));
    String::from_utf8_lossy(&out).into_owned()
}

/// Marks the engine as free again, however the call ends.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Engine {
    fn own(&self) -> PyResult<Busy<'_>> {
        if self.busy.swap(true, Ordering::Acquire) {
            return Err(UsageError::new_err((
                "engine",
                "is in use by another thread",
                "give each thread its own engine",
            )));
        }
        Ok(Busy(&self.busy))
    }

    fn batch(&self, py: Python<'_>, ran: Ran) -> PyResult<Batch> {
        let tables = self.tables.iter().map(|&table| Ok((table.name(), self.engine.table(table)?)));
        let tables = tables.collect::<Result<Vec<_>>>()?;
        let Output { alerts, eve, fast, stats_log, capture, lines, shown, files, quarantine } = self.engine.output();
        let bytes = |bytes: Vec<u8>| PyBytes::new(py, &bytes).unbind();
        let eve = eve.into_iter().map(bytes).collect();
        let (fast, stats_log, pcap) = (bytes(fast), bytes(stats_log), bytes(capture.bytes));
        let (lines, quarantine) = (bytes(lines), bytes(quarantine));
        let pcap_files = capture.files;
        let files = files.into_iter().map(|piece| {
            let (digest, ended) = match piece.then {
                Then::More => (String::new(), false),
                Then::Ended(sha256) => (digits(&sha256), true),
                Then::GivenUp => (String::new(), true),
            };
            (piece.id, bytes(piece.bytes), digest, ended)
        });
        let files = files.collect();
        let Ran { frames, ended, idle } = ran;
        Ok(Batch {
            frames,
            alerts,
            ended,
            idle,
            eve,
            fast,
            stats_log,
            pcap,
            pcap_files,
            lines,
            shown,
            files,
            quarantine,
            tables,
        })
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (plan, workers = 1))]
    fn new(plan: &[u8], workers: usize) -> PyResult<Self> {
        let plan = Plan::decode(plan)?;
        let tables = plan.outputs.tables.clone();
        let engine = engine::Engine::new(plan, RandomState::new().build_hasher().finish())?;
        Ok(Self { engine, tables, workers: workers.clamp(1, engine::SHARDS), busy: AtomicBool::new(false) })
    }

    /// Take in frames: (time in ns, bytes, original length) each; `link` is how they begin, by `LINKS`' names.
    #[pyo3(signature = (frames, link = "ethernet"))]
    fn push(&self, py: Python<'_>, frames: Vec<(i64, Vec<u8>, u32)>, link: &str) -> PyResult<Batch> {
        let _busy = self.own()?;
        let named = LINKS.iter().find(|(name, _)| *name == link);
        let (_, link) = *named.ok_or_else(|| PyValueError::new_err(format!("no link is named {link:?}")))?;
        let count = frames.len() as u64;
        py.detach(|| {
            let mut parsed = self.engine.take();
            parsed.batch.clear();
            frames.iter().for_each(|(time, bytes, original)| parsed.batch.push(*time, bytes, *original, link));
            self.engine.push(parsed);
        });
        self.batch(py, Ran { frames: count, ..Ran::default() })
    }

    /// Take in frames of a source until it is idle or at its end, `max_frames` (0: no limit) or the time is reached.
    #[pyo3(signature = (source, max_frames = 0, timeout_ms = 100))]
    fn run(&self, source: &Bound<'_, PyAny>, max_frames: u64, timeout_ms: u64) -> PyResult<Batch> {
        let _busy = self.own()?;
        let frames = if max_frames == 0 { u64::MAX } else { max_frames };
        let limits = Limits { frames, time: Duration::from_millis(timeout_ms).min(MAX_RUN), workers: self.workers };
        let ran = with_source(source, |source| driver::run(&self.engine, source, limits))??;
        self.batch(source.py(), ran)
    }

    /// The end of the run: flows end. Call it until `ended`, as one call gives only so many.
    fn finish(&self, py: Python<'_>) -> PyResult<Batch> {
        let _busy = self.own()?;
        let more = py.detach(|| self.engine.finish());
        self.batch(py, Ran { ended: !more, ..Ran::default() })
    }

    /// The values of a dataset of the rules, in order; empty for one that is not there.
    fn dataset<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let _busy = self.own()?;
        Ok(self.engine.dataset(name).iter().map(|value| PyBytes::new(py, value)).collect())
    }

    /// What each of the plan's rules cost: checks, matches, nanoseconds; empty where the plan does not ask for it.
    fn rule_costs(&self) -> PyResult<Vec<(u64, u64, u64)>> {
        let _busy = self.own()?;
        Ok(self.engine.costs().iter().map(|cost| (cost.checks, cost.matches, cost.nanos)).collect())
    }

    /// The summary document as JSON, where there are such: with the datagrams lost at the sockets, and the packets that
    /// were received and dropped where the captures were made.
    #[pyo3(signature = (overflowed = None, captured = None))]
    fn stats<'py>(
        &self,
        py: Python<'py>,
        overflowed: Option<u64>,
        captured: Option<(u64, u64)>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let _busy = self.own()?;
        let mut out = Vec::new();
        let captured = captured.map(|(received, dropped)| Captured { received, dropped });
        py.detach(|| self.engine.stats(Sources { overflowed, captured }, &mut out));
        Ok(PyBytes::new(py, &out))
    }
}
