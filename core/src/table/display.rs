//! What is shown (`-Y`): an expression on a packet's cells, compiled by Python to tests that name what follows them.
//!
//! A comparison with a cell that is absent does not hold, whatever it is; of several values one is enough. A negated
//! test holds where there is a value and the test holds for none of them.

use super::cell::{Cell, Column};
use super::eve::Context;
use crate::error::{Error, Fault, Result};
use crate::identify::Identities;
use crate::plan::{self, Next};

/// What stands for nothing in a column of words: such a cell is not there.
const NOTHING: [&str; 2] = ["none", "absent"];
/// Added to times, so that all are above zero.
const EPOCH: i128 = 1 << 63;

/// An expression that was checked.
#[derive(Debug, Clone)]
pub struct Display(Vec<Step>);

#[derive(Debug, Clone)]
struct Step {
    column: Column,
    test: Test,
    negated: bool,
    yes: Next,
    no: Next,
}

#[derive(Debug, Clone)]
enum Test {
    There,
    /// Ranges, ends included, of what is left under the mask.
    Numbers {
        ranges: Vec<(u128, u128)>,
        mask: u128,
    },
    Words(Vec<String>),
    Part(String),
}

impl Display {
    /// From the plan; `None` where everything is shown.
    ///
    /// # Errors
    /// `Error::Config` for a column that is none, a bound that is not 16 bytes, or a step that does not lead forward.
    pub fn new(steps: &[plan::Step]) -> Result<Option<Self>> {
        let steps = steps.iter().enumerate().map(|(at, step)| {
            let column = Column::named(&step.column).ok_or_else(|| fault(&step.column, "is no column"))?;
            let forward = |next: &Next| match next {
                Next::Step(to) => (at + 1..steps.len()).contains(&(*to as usize)),
                Next::Verdict(_) => true,
            };
            if !forward(&step.yes) || !forward(&step.no) {
                return Err(fault(&step.column, "leads to no later step"));
            }
            Ok(Step { column, test: test(&step.test)?, negated: step.negated, yes: step.yes, no: step.no })
        });
        let steps = steps.collect::<Result<Vec<_>>>()?;
        Ok((!steps.is_empty()).then_some(Self(steps)))
    }

    /// Whether a packet is shown.
    pub fn shows(&self, at: &Context<'_>, identities: &Identities) -> bool {
        let mut place = 0;
        while let Some(step) = self.0.get(place) {
            let holds = step.holds(&step.column.cell(at, identities));
            match if holds { step.yes } else { step.no } {
                Next::Step(to) => place = to as usize,
                Next::Verdict(verdict) => return verdict,
            }
        }
        false
    }
}

fn fault(what: &str, why: &str) -> Error {
    Error::Config(Fault::new(format!("plan: display: {what}"), why, ""))
}

fn test(test: &plan::Test) -> Result<Test> {
    Ok(match test {
        plan::Test::There => Test::There,
        plan::Test::Numbers { ranges, mask } => Test::Numbers {
            ranges: ranges.iter().map(|(low, high)| Ok((number(low)?, number(high)?))).collect::<Result<_>>()?,
            mask: mask.map_or(u128::MAX, u128::from),
        },
        plan::Test::Words { words } => Test::Words(words.clone()),
        plan::Test::Part { text } => Test::Part(text.clone()),
    })
}

fn number(bytes: &[u8]) -> Result<u128> {
    bytes.try_into().map(u128::from_be_bytes).map_err(|_| fault("a bound", "is not 16 bytes"))
}

impl Step {
    fn holds(&self, cell: &Cell<'_>) -> bool {
        if matches!(cell, Cell::Absent) {
            return false;
        }
        self.any(cell) != self.negated
    }

    /// Whether the test holds for one of a cell's values.
    fn any(&self, cell: &Cell<'_>) -> bool {
        let number = |value: u128| self.test.number(value);
        let word = |value: &str| self.test.word(value);
        match cell {
            Cell::Absent => false,
            Cell::Number(value) => number(u128::from(*value)),
            Cell::Time(time) => number((i128::from(*time) + EPOCH).unsigned_abs()),
            Cell::Address(address) => number(address.number()),
            Cell::Flag(flag) => number(u128::from(*flag)),
            Cell::Word(name) => word(name),
            Cell::Session(id, name) => word(id) || word(name),
            Cell::Vlans(ids, count) => ids.iter().take(usize::from(*count)).any(|id| number(u128::from(*id))),
            Cell::Causes(causes) => causes.names().any(word),
            Cell::Anomalies(anomalies) => anomalies.iter().any(|anomaly| word(anomaly.entry().name)),
        }
    }
}

impl Test {
    fn number(&self, value: u128) -> bool {
        match self {
            Self::Numbers { ranges, mask } => ranges.iter().any(|(low, high)| (low..=high).contains(&&(value & mask))),
            Self::There => true,
            Self::Words(_) | Self::Part(_) => false,
        }
    }

    fn word(&self, value: &str) -> bool {
        match self {
            Self::Words(words) => words.iter().any(|word| word == value),
            Self::Part(part) => value.contains(part.as_str()),
            Self::There => !NOTHING.contains(&value),
            Self::Numbers { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
