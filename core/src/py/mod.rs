//! The Python module `tmrx._core`: a thin binding, no logic.

mod engine;
mod errors;
mod listen;
mod pcre;
mod send;
mod source;
mod table;

use crate::anomaly::Anomaly;
use crate::table::names;
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

/// The per-packet core of tmrx.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("DEBUG", cfg!(debug_assertions))?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<engine::Batch>()?;
    module.add_class::<source::Capture>()?;
    module.add_class::<listen::Listener>()?;
    module.add_class::<send::Sender>()?;
    module.add_class::<table::Table>()?;
    module.add_function(wrap_pyfunction!(pcre::pcre_error, module)?)?;
    module.add_function(wrap_pyfunction!(anomalies, module)?)
}
