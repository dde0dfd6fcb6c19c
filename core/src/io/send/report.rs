//! What became of the frames: sums, and on request the truth about each.

use crate::frame::Frame;
use crate::mirror::{Copy, Counts, Fate, Mirror, Outcome, Reason, truth};
use crate::packet::{Causes, NONE};
use crate::plan::mirror::MirrorPlan;
use crate::table::json::{self, Json};
use std::collections::BTreeMap;

/// Bytes of truth that are gathered before they have to be taken.
const MOST_TRUTH: usize = 4 << 20;

/// What went out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Copies.
    pub copies: u64,
    /// Bytes of them, outer headers included.
    pub bytes: u64,
    /// Copies that the system would not take for their size, although they looked as if it would.
    pub too_large: u64,
    /// Times that the receiver's host said that nothing listens there.
    pub refused: u64,
}

impl Sent {
    #[inline]
    pub(super) fn add(&mut self, copy: &Copy) {
        self.copies += 1;
        self.bytes += copy.frame_length() as u64;
    }
}

/// Everything that is told at the end, or meanwhile.
#[derive(Debug)]
pub(super) struct Report {
    /// Frames read.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
    pub outcomes: Counts,
    pub sent: Sent,
    /// Copies that the interface's MTU did not let go.
    pub too_large: u64,
    truth: Option<Vec<u8>>,
    /// The source of each session.
    sources: Vec<u32>,
}

impl Report {
    /// `truth`: a line is wanted for each outcome.
    pub fn new(plan: &MirrorPlan, truth: bool) -> Self {
        let mut sources = vec![NONE; plan.sessions.len()];
        for (index, source) in (0u32..).zip(&plan.sources) {
            for session in &source.sessions {
                if let Some(place) = sources.get_mut(*session as usize) {
                    *place = index;
                }
            }
        }
        Self {
            frames: 0,
            bytes: 0,
            outcomes: Counts::default(),
            sent: Sent::default(),
            too_large: 0,
            truth: truth.then(Vec::new),
            sources,
        }
    }

    #[inline]
    pub fn frame(&mut self, frame: &Frame) {
        self.frames += 1;
        self.bytes += u64::from(frame.captured);
    }

    #[inline]
    pub fn add(&mut self, mirror: &Mirror, outcome: &Outcome) {
        self.outcomes.add(outcome);
        if let Some(lines) = &mut self.truth {
            truth::line(mirror, outcome, lines);
        }
    }

    /// Whether the truth has to be taken before more is gathered.
    pub fn is_full(&self) -> bool {
        self.truth.as_ref().is_some_and(|lines| lines.len() >= MOST_TRUTH)
    }

    /// The truth since this was last asked: JSON lines.
    pub fn take_truth(&mut self) -> Vec<u8> {
        self.truth.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The sums as JSON. `live`: frames that a live interface lost, and those it gave otherwise than on the wire.
    pub fn json(&self, mirror: &Mirror, live: (u64, u64)) -> Vec<u8> {
        let mut out = Vec::new();
        let mut json = Json(&mut out);
        json.begin();
        json.number("frames", self.frames);
        json.number("bytes", self.bytes);
        self.fates(&mut json, mirror);
        self.copies(&mut json);
        let causes = self.outcomes.causes().filter(|(name, _)| *name != Causes::NAMES[3]);
        numbers(&mut json, "truncated", causes);
        numbers(&mut json, "checksum", self.outcomes.checksums());
        self.sessions(&mut json, mirror);
        numbers(&mut json, "live", [("dropped", live.0), ("uncut", live.1)]);
        json.end();
        out
    }

    /// Of packets at sources: their sum is `outcomes`.
    fn fates(&self, json: &mut Json<'_>, mirror: &Mirror) {
        let counts = &self.outcomes;
        let reasons = |fate| Reason::of(fate).iter().map(move |why| (why.name(), counts.reason(fate, *why)));
        json.number("outcomes", counts.outcomes);
        json.number("mirrored", counts.fate(Fate::Mirrored));
        numbers(json, "rejected", reasons(Fate::Rejected));
        numbers(json, "excluded", reasons(Fate::Excluded));
        let mut inactive = BTreeMap::new();
        for (source, count) in counts.inactive() {
            *inactive.entry(mirror.inactive(source)).or_insert(0) += count;
        }
        numbers(json, "no_session", inactive);
        json.number("not_at_source", counts.fate(Fate::NotAtSource));
        numbers(json, "skipped", reasons(Fate::Skipped));
    }

    fn copies(&self, json: &mut Json<'_>) {
        let sent = [("sent", self.sent.copies), ("bytes", self.sent.bytes)];
        let failed = [("too_large", self.sent.too_large), ("refused", self.sent.refused)];
        numbers(json, "copies", sent.into_iter().chain(self.outcomes.impairments()).chain(failed));
    }

    fn sessions(&self, json: &mut Json<'_>, mirror: &Mirror) {
        json.list("sessions");
        for (index, source) in (0u32..).zip(&self.sources) {
            let Some((id, vni)) = mirror.session(index) else { continue };
            let counts = self.outcomes.sessions.get(index as usize).copied().unwrap_or_default();
            json.begin();
            text(json, "session", id);
            json.number("vni", vni);
            text(json, "source", mirror.interface(*source).unwrap_or_default());
            json.number("packets", counts.packets);
            json.number("copies", counts.copies);
            json.number("bytes", counts.bytes);
            json.number("truncated", counts.truncated);
            json.end();
        }
        json.end_list();
    }
}

/// A string, null where there is none.
fn text(json: &mut Json<'_>, key: &'static str, value: &str) {
    if value.is_empty() { json.null(key) } else { json.text(key, value) }
}

fn numbers<'a>(json: &mut Json<'_>, key: &'static str, counts: impl IntoIterator<Item = (&'a str, u64)>) {
    json.object(key);
    for (name, count) in counts {
        json.name(name);
        json::number(json.0, count);
    }
    json.end();
}
