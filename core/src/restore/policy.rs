//! Which bytes stand where fragments overlap: what the operating systems do, by name (Novak, "Target-Based Fragmentation
//! Reassembly", 2005).

use crate::plan::FragmentPolicy;

/// The bytes of its datagram that a fragment covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub start: u32,
    pub end: u32,
}

/// What becomes of a new fragment and of a held one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: look at the next held one.
    Next,
    /// Nothing: look no further.
    Stop,
    /// The new one is not wanted.
    DropNew,
    /// The new one begins behind the held one; look at the next where `on` is set.
    CutNew { on: bool },
    /// The held one begins behind the new one.
    CutHeld,
    /// The held one is not wanted.
    DropHeld,
}

/// Compare a new fragment with a held one; held ones are compared in order of offset.
pub(super) fn decide(policy: FragmentPolicy, new: Extent, held: Extent) -> Step {
    if new.end <= held.start {
        return Step::Stop;
    }
    if held.end <= new.start {
        return Step::Next;
    }
    match policy {
        FragmentPolicy::Bsd => bsd(new, held),
        FragmentPolicy::BsdRight => Step::Stop,
        FragmentPolicy::Linux => linux(new, held),
        FragmentPolicy::First => first(new, held),
        FragmentPolicy::Solaris => solaris(new, held),
        FragmentPolicy::Windows => windows(new, held),
        FragmentPolicy::Last => last(new, held),
    }
}

fn bsd(new: Extent, held: Extent) -> Step {
    match (held.start <= new.start, held.end > new.end) {
        (true, true) => Step::DropNew,
        (true, false) => Step::CutNew { on: false },
        (false, _) => Step::CutHeld,
    }
}

fn linux(new: Extent, held: Extent) -> Step {
    if held.start < new.start {
        Step::CutNew { on: true }
    } else if new.end >= held.end {
        Step::DropHeld
    } else if new.start < held.start {
        Step::CutHeld
    } else {
        Step::Next
    }
}

fn first(new: Extent, held: Extent) -> Step {
    if new.start < held.start {
        Step::Stop
    } else if new.end <= held.end {
        Step::DropNew
    } else {
        Step::CutNew { on: false }
    }
}

fn solaris(new: Extent, held: Extent) -> Step {
    if new.start >= held.start {
        Step::CutNew { on: false }
    } else if new.end >= held.end {
        Step::DropHeld
    } else {
        Step::Stop
    }
}

fn windows(new: Extent, held: Extent) -> Step {
    match (new.start >= held.start, new.end > held.end) {
        (true, false) => Step::DropNew,
        (true, true) => Step::CutNew { on: false },
        (false, true) => Step::DropHeld,
        (false, false) => Step::Next,
    }
}

fn last(new: Extent, held: Extent) -> Step {
    if new.start <= held.start { Step::CutHeld } else { Step::Next }
}
