//! Thin safe wrappers around what only `unsafe` can reach: with `io` and `py` the only places where `unsafe` may stand.

pub mod memory;
pub mod pcre2;
pub mod prefetch;
pub mod stopwatch;
