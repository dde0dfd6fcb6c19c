//! Thin safe wrappers around what only `unsafe` can reach.

pub mod memory;
pub mod prefetch;
