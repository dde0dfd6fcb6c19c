//! How long something takes. For measurements that are asked for: results never depend on it.
#![allow(clippy::disallowed_methods)]

use std::time::Instant;

/// A moment to count from.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begin.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since then.
    pub fn nanos(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
