//! What becomes of a frame: every frame has one fate, and they sum to what was received.

/// A frame's fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its packets were decoded.
    Decoded,
    /// A fragment that went into its datagram.
    Merged,
    /// A copy of one that was already there.
    Duplicate,
    /// Not taken, by a rule that says so.
    Rejected(Rejection),
    /// Lost, by a fault or a limit.
    Dropped(Drop),
    /// Waiting, until its datagram or its turn is there.
    Held,
}

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rejection {
    /// Its identity is unknown, and unknown ones are refused.
    UnknownIdentity,
    /// A datagram to one of our sockets without a mirrored frame in it.
    NotEncapsulated,
    /// The filter (`-f`) does not take it in.
    Filtered,
}

impl Rejection {
    /// The names in the summary, by number.
    pub const NAMES: [&'static str; 3] = ["unknown_identity", "not_encapsulated", "filtered"];
}

/// Why a frame was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Drop {
    /// A panic was caught while it was processed.
    Panic,
}

impl Drop {
    /// The names in the summary, by number.
    pub const NAMES: [&'static str; 1] = ["panic"];
}
