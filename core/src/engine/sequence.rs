//! The ordered stage after parsing: what depends on all that came before, batch after batch.
//!
//! Identities are learned in the order of the frames, the clock is the largest time seen, every frame gets its fate.

use super::merge::is_unidentified;
use super::parsed::Parsed;
use super::replay::Tools;
use crate::anomaly::Anomaly;
use crate::identify::{Identified, Identities, Limits, name_causes};
use crate::packet::{NONE, Packet, Wrap};
use crate::plan::FragmentSettings;
use crate::restore::Restorer;
use crate::table::counters::Counters;
use crate::table::fate::{Fate, Rejection};
use crate::time::{Nanos, SECOND};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// The most that one frame moves the clock: a single wrong timestamp must not end every flow. Where the next frame is of
/// that time too, it is the time.
const MAX_STEP: Nanos = 3600 * SECOND;

/// State of the ordered stage.
#[derive(Debug)]
pub struct Sequencer {
    /// Frames so far.
    frames: u64,
    /// The largest time seen; `None` before the first frame.
    pub(super) clock: Option<Nanos>,
    /// The last frame's time, where that was further ahead than one frame moves the clock.
    ahead: Option<Nanos>,
    /// The datagrams that wait for fragments.
    pub(super) restorer: Restorer,
    /// The frames' fates.
    pub counters: Counters,
    /// What is known of the batch's wraps, by their number.
    resolved: Vec<Option<Resolved>>,
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
    /// From the plan.
    pub fn new(settings: &FragmentSettings) -> Self {
        Self {
            frames: 0,
            clock: None,
            ahead: None,
            restorer: Restorer::new(settings),
            counters: Counters::default(),
            resolved: Vec::new(),
        }
    }

    /// The clock: the largest time seen.
    pub fn clock(&self) -> Option<Nanos> {
        self.clock
    }

    /// Move the clock to `time` where that is later; gives where it stands.
    #[inline]
    pub fn advance(&mut self, time: Nanos) -> Nanos {
        let clock = self.clock.unwrap_or(time);
        let most = clock.saturating_add(MAX_STEP);
        let ahead = (time > most).then_some(time);
        // The packets of one frame are of one time.
        let confirms = |before: &Nanos| *before != time && before.abs_diff(time) <= MAX_STEP.unsigned_abs();
        let is_so = ahead.is_some() && self.ahead.as_ref().is_some_and(confirms);
        let clock = if is_so { time } else { clock.max(time.min(most)) };
        (self.clock, self.ahead) = (Some(clock), ahead);
        clock
    }

    /// Order a batch.
    pub(super) fn apply(&mut self, parsed: &mut Parsed, tools: Tools<'_>) {
        parsed.frames_before = self.frames;
        self.frames += parsed.batch.frames.len() as u64;
        self.resolved.clear();
        let replayed = self.must_replay(parsed);
        if replayed {
            self.replay(parsed, tools);
        } else {
            self.place_all(parsed, tools.identities);
        }
        // What was put together of earlier frames can be refused without a fate of this batch.
        if replayed || !parsed.fates.is_empty() {
            refuse_enclosing(&mut parsed.packets);
        }
        self.counters.frames.add(&parsed.batch.frames, parsed.fates.iter().map(|(_, fate)| *fate));
    }

    /// Order what becomes of held fragments without a batch: of those whose time is over, or of all at the end of a run.
    pub(super) fn release(&mut self, parsed: &mut Parsed, tools: Tools<'_>, ends: bool) {
        parsed.reset();
        parsed.frames_before = self.frames;
        self.resolved.clear();
        if ends {
            self.end(parsed, tools);
        } else {
            self.expire(parsed, tools);
        }
        refuse_enclosing(&mut parsed.packets);
        parsed.sort();
    }

    /// Give every packet its place.
    pub(super) fn place_all(&mut self, parsed: &mut Parsed, identities: &RwLock<Identities>) {
        self.resolve_all(&parsed.wraps, identities);
        let Parsed { packets, fates, cuts, clocks, .. } = parsed;
        let mut cuts = cuts.iter().peekable();
        for (index, packet) in packets.iter_mut().enumerate() {
            let cut = cuts.next_if(|cut| cut.packet == index as u32).map(|cut| (cut.copy, cut.carrier));
            clocks.push(self.advance(packet.time));
            if !self.place(packet, cut) {
                fates.push((packet.frame, Fate::Rejected(Rejection::UnknownIdentity)));
            }
        }
    }

    /// Give one packet its place.
    #[inline]
    pub(super) fn place_row(&mut self, parsed: &mut Parsed, row: usize, identities: &RwLock<Identities>) {
        let cut = parsed.cut(row);
        let frames = parsed.batch.frames.len();
        let Parsed { packets, wraps, fates, clocks, .. } = parsed;
        let Some(packet) = packets.get_mut(row) else { return };
        let row = packet.wrap as usize;
        if let Some(wrap) = wraps.get(row)
            && !matches!(self.resolved.get(row), Some(Some(_)))
        {
            self.resolve(row, wrap, identities);
        }
        clocks.push(self.advance(packet.time));
        if !self.place(packet, cut) && (packet.frame as usize) < frames {
            fates.push((packet.frame, Fate::Rejected(Rejection::UnknownIdentity)));
        }
    }

    /// Give a wrapped packet its identity and domain, and name what cut it; false where the identity is refused.
    #[inline]
    fn place(&mut self, packet: &mut Packet, cut: Option<(u32, u32)>) -> bool {
        let Some(Some(resolved)) = self.resolved.get_mut(packet.wrap as usize) else {
            name_causes(packet, Limits::default(), None);
            return true;
        };
        (packet.identity, packet.domain) = (resolved.identity, resolved.domain);
        let is_new = std::mem::take(&mut resolved.is_new);
        if is_new && resolved.identity != NONE {
            packet.anomalies.add(Anomaly::UnknownIdentity);
        }
        name_causes(packet, resolved.limits, cut);
        resolved.identity != NONE
    }

    /// Look those wraps up that were seen before: most.
    pub(super) fn resolve_known(&mut self, wraps: &[Wrap], identities: &RwLock<Identities>) {
        let seen = read(identities);
        self.resolved.extend(wraps.iter().map(|wrap| seen.find(wrap).map(|row| resolved(&seen, row, false))));
    }

    /// Look all wraps up. Readers are held up only where there is something to learn.
    fn resolve_all(&mut self, wraps: &[Wrap], identities: &RwLock<Identities>) {
        self.resolve_known(wraps, identities);
        for (row, wrap) in wraps.iter().enumerate() {
            self.resolve(row, wrap, identities);
        }
    }

    /// Look a wrap up, once in a batch.
    #[inline(never)]
    fn resolve(&mut self, row: usize, wrap: &Wrap, identities: &RwLock<Identities>) {
        if self.resolved.len() <= row {
            self.resolved.resize(row + 1, None);
        }
        let Some(slot) = self.resolved.get_mut(row).filter(|slot| slot.is_none()) else { return };
        let seen = read(identities).find(wrap).map(Identified::Known);
        // A panic under a lock was caught and said; the identities are whole all the same.
        let found = seen.unwrap_or_else(|| identities.write().unwrap_or_else(PoisonError::into_inner).identify(wrap));
        *slot = Some(match found {
            Identified::Known(row) => resolved(&read(identities), row, false),
            Identified::Learned(row) => resolved(&read(identities), row, true),
            Identified::Refused => Resolved { identity: NONE, domain: 0, limits: Limits::default(), is_new: false },
        });
    }
}

/// A refused frame is refused whole: what encloses a refused packet is marked like it.
fn refuse_enclosing(packets: &mut [Packet]) {
    for inner in (0..packets.len()).rev() {
        let Some(packet) = packets.get(inner).copied().filter(is_unidentified) else { continue };
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
