//! Time is in the frames: nanoseconds since the Unix epoch, UTC.

/// Nanoseconds since 1970-01-01T00:00:00Z.
pub type Nanos = i64;

/// Nanoseconds in a second.
pub const SECOND: Nanos = 1_000_000_000;
