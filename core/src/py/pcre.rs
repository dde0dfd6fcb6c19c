//! PCRE2's opinion of a pattern, for the rule compiler.

use pyo3::prelude::*;

/// What is wrong with a pattern, and at which byte; None where PCRE2 takes it. `flags` as in the plan.
#[pyfunction]
pub fn pcre_error(pattern: &[u8], flags: &str) -> Option<(String, usize)> {
    crate::detect::pcre_error(pattern, flags).map(|error| (error.message, error.offset))
}
