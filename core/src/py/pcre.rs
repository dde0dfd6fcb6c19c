//! What the core makes of rules, for the rule compiler and for people.

use crate::plan::Rule;
use pyo3::prelude::*;

/// What is wrong with a pattern, and at which byte; None where PCRE2 takes it. `flags` as in the plan.
#[pyfunction]
pub fn pcre_error(pattern: &[u8], flags: &str) -> Option<(String, usize)> {
    crate::detect::pcre_error(pattern, flags).map(|error| (error.message, error.offset))
}

/// What is searched for before a rule is asked: the buffer's name and the literal; None where nothing is. The rule is
/// encoded as in the plan.
#[pyfunction]
pub fn rule_literal(rule: &[u8]) -> PyResult<Option<(String, Vec<u8>)>> {
    let rule = Rule::decode(rule)?;
    Ok(crate::detect::literal_of(&rule).map(|(buffer, literal)| (buffer.to_owned(), literal.to_vec())))
}
