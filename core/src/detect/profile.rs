//! What rules cost, where that is asked for.

use super::truth::Truth;
use crate::ffi::stopwatch::Stopwatch;

/// What one rule cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How often it was asked.
    pub checks: u64,
    /// How often it matched.
    pub matches: u64,
    /// Nanoseconds in all.
    pub nanos: u64,
}

impl Cost {
    /// Add another share's.
    pub fn merge(&mut self, other: &Self) {
        self.checks += other.checks;
        self.matches += other.matches;
        self.nanos = self.nanos.saturating_add(other.nanos);
    }
}

/// The costs of all rules; of none where they are not asked for.
#[derive(Debug, Default)]
pub(super) struct Costs(pub(super) Vec<Cost>);

impl Costs {
    /// A rule is about to be asked.
    #[inline]
    pub(super) fn begin(&self) -> Option<Stopwatch> {
        (!self.0.is_empty()).then(Stopwatch::start)
    }

    /// It has answered.
    #[inline]
    pub(super) fn end(&mut self, rule: u32, begun: Option<Stopwatch>, truth: Truth) {
        if let (Some(begun), Some(cost)) = (begun, self.0.get_mut(rule as usize)) {
            let matches = u64::from(truth == Truth::True);
            cost.merge(&Cost { checks: 1, matches, nanos: begun.nanos() });
        }
    }
}
