//! The ordered stage after parsing: what depends on all that came before, batch after batch.
//!
//! Identities are learned in the order of the frames, the clock is the largest time seen, every frame gets its fate.

use super::merge::is_refused;
use super::parsed::Parsed;
use crate::anomaly::Anomaly;
use crate::identify::{Identified, Identities, Limits, name_causes};
use crate::packet::{NONE, Packet, Wrap};
use crate::table::counters::Counters;
use crate::table::fate::{Fate, Rejection};
use crate::time::{Nanos, SECOND};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// The most that one frame moves the clock: a single wrong timestamp must not end every flow.
const MAX_STEP: Nanos = 3600 * SECOND;

/// State of the ordered stage.
#[derive(Debug, Default)]
pub struct Sequencer {
    /// Frames so far.
    frames: u64,
    /// The largest time seen; `None` before the first frame.
    clock: Option<Nanos>,
    /// The frames' fates.
    pub counters: Counters,
    /// What is known of the batch's wraps, by their number.
    resolved: Vec<Resolved>,
}

/// What is known of a wrap.
#[derive(Debug, Clone, Copy)]
struct Resolved {
    /// The identity's row; `NONE` where it was refused.
    identity: u32,
    domain: u32,
    limits: Limits,
    /// Its first packet has yet to say that it is new.
    is_new: bool,
}

impl Sequencer {
    /// The clock: the largest time seen.
    pub fn clock(&self) -> Option<Nanos> {
        self.clock
    }

    /// Move the clock to `time` where that is later; gives where it stands.
    #[inline]
    pub fn advance(&mut self, time: Nanos) -> Nanos {
        let clock = later(self.clock, time);
        self.clock = Some(clock);
        clock
    }

    /// Order a batch.
    pub fn apply(&mut self, parsed: &mut Parsed, identities: &RwLock<Identities>) {
        parsed.frames_before = self.frames;
        self.frames += parsed.batch.frames.len() as u64;
        self.resolve(&parsed.wraps, identities);
        self.place(parsed);
        self.counters.frames.add(&parsed.batch.frames, parsed.fates.iter().map(|(_, fate)| *fate));
    }

    /// Give every packet its place in time, every wrapped one its identity and domain; name what cut it.
    fn place(&mut self, parsed: &mut Parsed) {
        let Parsed { packets, fates, cuts, clocks, .. } = parsed;
        let mut cuts = cuts.iter().peekable();
        let mut clock = self.clock;
        for (index, packet) in packets.iter_mut().enumerate() {
            let now = later(clock, packet.time);
            clock = Some(now);
            clocks.push(now);
            let cut = cuts.next_if(|cut| cut.packet == index as u32).map(|cut| (cut.copy, cut.carrier));
            let Some(resolved) = self.resolved.get_mut(packet.wrap as usize) else {
                name_causes(packet, Limits::default(), None);
                continue;
            };
            (packet.identity, packet.domain) = (resolved.identity, resolved.domain);
            if resolved.identity == NONE {
                fates.push((packet.frame, Fate::Rejected(Rejection::UnknownIdentity)));
            } else if std::mem::take(&mut resolved.is_new) {
                packet.anomalies.add(Anomaly::UnknownIdentity);
            }
            name_causes(packet, resolved.limits, cut);
        }
        self.clock = clock;
        if !fates.is_empty() {
            refuse_enclosing(packets);
        }
    }

    /// Look the wraps up. Most were seen before: readers are held up only where there is something to learn.
    fn resolve(&mut self, wraps: &[Wrap], identities: &RwLock<Identities>) {
        self.resolved.clear();
        let seen = read(identities);
        self.resolved.extend(wraps.iter().map_while(|wrap| seen.find(wrap).map(|row| resolved(&seen, row, false))));
        drop(seen);
        for wrap in wraps.iter().skip(self.resolved.len()) {
            let seen = read(identities).find(wrap).map(Identified::Known);
            // A panic under a lock was caught and said; the identities are whole all the same.
            let found =
                seen.unwrap_or_else(|| identities.write().unwrap_or_else(PoisonError::into_inner).identify(wrap));
            self.resolved.push(match found {
                Identified::Known(row) => resolved(&read(identities), row, false),
                Identified::Learned(row) => resolved(&read(identities), row, true),
                Identified::Refused => Resolved { identity: NONE, domain: 0, limits: Limits::default(), is_new: false },
            });
        }
    }
}

/// Where the clock stands after `time`.
#[inline]
fn later(clock: Option<Nanos>, time: Nanos) -> Nanos {
    clock.map_or(time, |clock| clock.max(time.min(clock.saturating_add(MAX_STEP))))
}

/// A refused frame is refused whole: what encloses a refused packet is marked like it.
fn refuse_enclosing(packets: &mut [Packet]) {
    for inner in (0..packets.len()).rev() {
        let Some(packet) = packets.get(inner).copied().filter(is_refused) else { continue };
        if let Some(outer) = packets.get_mut(packet.parent as usize) {
            outer.wrap = packet.wrap;
        }
    }
}

fn read(identities: &RwLock<Identities>) -> RwLockReadGuard<'_, Identities> {
    identities.read().unwrap_or_else(PoisonError::into_inner)
}

fn resolved(identities: &Identities, identity: u32, is_new: bool) -> Resolved {
    let row = identities.rows().get(identity as usize);
    let (domain, limits) = row.map_or_else(Default::default, |row| (row.domain, row.limits));
    Resolved { identity, domain, limits, is_new }
}
