//! Thin safe wrappers around C libraries: with `io` and `py` the only places where `unsafe` may stand.

pub mod pcre2;
pub mod prefetch;
