//! The numbers that a rule takes out of buffers, and the places that are counted in them.

use super::Known;
use crate::detect::Truth;
use crate::plan;

/// A rule's variables during one evaluation, 0 before they are set; one that only missing bytes know is none.
#[derive(Debug, Default)]
pub(super) struct Variables {
    values: Vec<Option<u64>>,
}

impl Variables {
    /// Begin an evaluation with so many variables.
    #[inline]
    pub(super) fn reset(&mut self, count: usize) {
        self.values.clear();
        self.values.resize(count, Some(0));
    }

    pub(super) fn set(&mut self, variable: u8, value: Option<u64>) {
        if let Some(slot) = self.values.get_mut(usize::from(variable)) {
            *slot = value;
        }
    }

    fn get(&self, variable: u8) -> Known<u64> {
        self.values.get(usize::from(variable)).copied().unwrap_or(Some(0)).ok_or(Truth::Unknown)
    }
}

/// A number in a rule: written there, or a variable's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Fixed(i64),
    Large(u64),
    Variable(u8),
}

impl Amount {
    pub(super) fn new(place: plan::Place) -> Self {
        match place {
            plan::Place::Number(number) => Self::Fixed(number),
            plan::Place::Large(number) => Self::Large(number),
            plan::Place::Variable(plan::Variable { var }) => Self::Variable(var),
        }
    }

    /// As a distance in bytes; what no buffer is long enough for is the largest number.
    #[inline]
    pub(super) fn bytes(self, variables: &Variables) -> Known<i64> {
        match self {
            Self::Fixed(number) => Ok(number),
            Self::Large(number) => Ok(i64::try_from(number).unwrap_or(i64::MAX)),
            Self::Variable(variable) => Ok(i64::try_from(variables.get(variable)?).unwrap_or(i64::MAX)),
        }
    }

    /// As a value; a negative number's is its two's complement.
    #[inline]
    pub(super) fn value(self, variables: &Variables) -> Known<u64> {
        match self {
            Self::Fixed(number) => Ok(number as u64),
            Self::Large(number) => Ok(number),
            Self::Variable(variable) => variables.get(variable),
        }
    }

    pub(super) fn variable(self) -> Option<u8> {
        match self {
            Self::Variable(variable) => Some(variable),
            _ => None,
        }
    }
}
