//! The Python module `tmrx._core`: a thin binding, no logic.

mod compress;
mod engine;
mod errors;
mod listen;
mod mirror;
mod pcre;
mod send;
mod source;
mod table;

use crate::anomaly::Anomaly;
use crate::stream::StreamEvent;
use crate::table::cell::Column;
use crate::table::names;
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;

/// The catalogue of anomalies: name, layer, severity, meaning, Suricata's event or "".
#[pyfunction]
fn anomalies() -> Vec<(&'static str, &'static str, &'static str, &'static str, &'static str)> {
    Anomaly::ALL
        .iter()
        .map(|anomaly| anomaly.entry())
        .map(|e| (e.name, e.layer, names::severity(e.severity), e.meaning, e.suricata))
        .collect()
}

/// The catalogue of stream events: name, severity, meaning.
#[pyfunction]
fn stream_events() -> Vec<(&'static str, &'static str, &'static str)> {
    let entries = StreamEvent::ALL.iter().map(|event| event.entry());
    entries.map(|e| (e.name, names::severity(e.severity), e.meaning)).collect()
}

/// The columns of packets: name, kind, meaning, and the words that the cells hold, where there is a list of them.
#[pyfunction]
fn columns() -> Vec<(&'static str, &'static str, &'static str, Vec<&'static str>)> {
    let row =
        |column: &Column| (column.entry().name, column.entry().kind.name(), column.entry().meaning, column.words());
    Column::ALL.iter().map(row).collect()
}

/// The buffers that rules can look into, by the names of the keywords that open them.
#[pyfunction]
fn rule_buffers() -> Vec<String> {
    crate::detect::buffers()
}

/// The application protocols that rules can ask for.
#[pyfunction]
fn applications() -> Vec<&'static str> {
    crate::app::Protocol::ALL.iter().map(|protocol| protocol.name()).collect()
}

/// What can be odd about an application's transactions, in lower case with the protocol in front.
#[pyfunction]
fn application_events() -> Vec<String> {
    crate::app::events().map(|(protocol, name)| format!("{}.{}", protocol.name(), name.to_ascii_lowercase())).collect()
}

/// The numbers of transactions that rules can test, by the names of their keywords.
#[pyfunction]
fn rule_values() -> Vec<&'static str> {
    crate::app::values().all().collect()
}

/// A debug build is many times slower: whoever imports one by mistake is told.
fn warn_of_debug_build(py: Python<'_>) -> PyResult<()> {
    let warning = py.get_type::<PyRuntimeWarning>();
    PyErr::warn(py, &warning, c"tmrx._core is a debug build, many times slower than a release build (make build)", 1)
}

/// The per-packet core of tmrx.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("DEBUG", cfg!(debug_assertions))?;
    if cfg!(debug_assertions) {
        warn_of_debug_build(module.py())?;
    }
    module.add_class::<engine::Engine>()?;
    module.add_class::<engine::Batch>()?;
    module.add_class::<compress::Compressor>()?;
    module.add_class::<source::Capture>()?;
    module.add_class::<source::Merged>()?;
    module.add_class::<listen::Listener>()?;
    module.add_class::<send::Sender>()?;
    module.add_class::<mirror::PyMirror>()?;
    module.add_class::<table::Table>()?;
    module.add_function(wrap_pyfunction!(source::is_capture, module)?)?;
    module.add_function(wrap_pyfunction!(source::first_time, module)?)?;
    module.add_function(wrap_pyfunction!(pcre::pcre_error, module)?)?;
    module.add_function(wrap_pyfunction!(pcre::rule_literal, module)?)?;
    module.add_function(wrap_pyfunction!(rule_buffers, module)?)?;
    module.add_function(wrap_pyfunction!(applications, module)?)?;
    module.add_function(wrap_pyfunction!(application_events, module)?)?;
    module.add_function(wrap_pyfunction!(rule_values, module)?)?;
    module.add_function(wrap_pyfunction!(columns, module)?)?;
    module.add_function(wrap_pyfunction!(anomalies, module)?)?;
    module.add_function(wrap_pyfunction!(stream_events, module)?)
}
