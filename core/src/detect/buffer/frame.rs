//! Frames: their bytes come little by little, and are looked into as far as they go.

use super::view::Sight;
use super::{Payload, Tests, Tools, Verdict, Views};
use crate::detect::prefilter::{Candidates, Prefilter};
use crate::detect::rule::Place;
use crate::detect::state::Memory;
use crate::detect::subject::{FrameFacts, Subject};

impl Tests {
    /// What the buffers come to for the subject's frame.
    pub(in crate::detect) fn hold_in_frame(
        &self,
        subject: &Subject<'_>,
        frame: &FrameFacts<'_>,
        memory: &Memory<'_>,
        views: &Views,
        tools: &mut Tools,
    ) -> Verdict {
        Verdict::of(self.holds(subject, PAYLOAD, memory, views, tools), frame.whole)
    }
}

/// Nothing of a frame depends on the payload.
const PAYLOAD: Payload<'static> =
    Payload { bytes: crate::detect::Buffer { bytes: &[], original: 0 }, place: Place::Stream };

impl Tools {
    /// Search a view of the subject's frame for fast patterns.
    pub(in crate::detect) fn search_frame(
        &mut self,
        view: u32,
        prefilter: &dyn Prefilter,
        subject: &Subject<'_>,
        views: &Views,
        found: &mut Candidates,
    ) {
        let sight = self.cache.look(views, (view, 0), subject, PAYLOAD, false, &mut self.bench.matcher);
        if let Sight::There(text) = sight {
            prefilter.scan(text.bytes(false), found);
        }
    }
}
