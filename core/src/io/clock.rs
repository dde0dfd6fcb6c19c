//! The clocks. Nothing outside `io/` reads one.
#![allow(clippy::disallowed_methods)]

use crate::time::Nanos;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The time of day.
pub(super) fn wall() -> Nanos {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| Nanos::try_from(d.as_nanos()).unwrap_or(Nanos::MAX))
}

/// The steady clock.
pub(super) fn steady() -> Instant {
    Instant::now()
}
