//! Kleene's three truth values.

/// What is known of a condition. `Unknown` arises from missing bytes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It does not hold, whatever the missing bytes are.
    False,
    /// The missing bytes decide.
    Unknown,
    /// It holds, whatever the missing bytes are.
    True,
}

impl Truth {
    /// Both.
    #[inline]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either.
    #[inline]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// The negation where `negated` is set.
    #[inline]
    pub fn negate_if(self, negated: bool) -> Self {
        match (self, negated) {
            (Self::True, true) => Self::False,
            (Self::False, true) => Self::True,
            _ => self,
        }
    }
}

impl From<bool> for Truth {
    #[inline]
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{False, True, Unknown};

    #[test]
    fn tables() {
        let all = [False, Unknown, True];
        assert_eq!(all.map(|v| False.and(v)), [False, False, False]);
        assert_eq!(all.map(|v| Unknown.and(v)), [False, Unknown, Unknown]);
        assert_eq!(all.map(|v| True.or(v)), [True, True, True]);
        assert_eq!(all.map(|v| Unknown.or(v)), [Unknown, Unknown, True]);
        assert_eq!(all.map(|v| v.negate_if(true)), [True, Unknown, False]);
        assert_eq!(all.map(|v| v.negate_if(false)), all);
    }
}
