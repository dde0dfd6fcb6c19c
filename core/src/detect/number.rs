//! Suricata's tests on numbers.

use crate::plan::{Number, Op};

/// Whether a number passes the test; ranges exclude both ends.
#[inline]
pub(super) fn compare(number: Number, value: u64) -> bool {
    let Number { op, a, b } = number;
    ordered(op, a, b, value).unwrap_or_else(|| (value & a == b) == (op == Op::MaskEq))
}

/// The same on a number that is not whole; masks mean nothing there.
pub(super) fn compare_real(op: Op, a: f64, b: f64, value: f64) -> bool {
    ordered(op, a, b, value).unwrap_or_default()
}

/// What the test comes to, unless it is about bits.
#[inline]
fn ordered<T: PartialOrd>(op: Op, a: T, b: T, value: T) -> Option<bool> {
    Some(match op {
        Op::Eq => value == a,
        Op::Ne => value != a,
        Op::Lt => value < a,
        Op::Le => value <= a,
        Op::Gt => value > a,
        Op::Ge => value >= a,
        Op::Between => a < value && value < b,
        Op::Outside => value <= a || value >= b,
        Op::MaskEq | Op::MaskNe => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_ranges() {
        let rows = [
            (Op::Eq, 5, 0, [false, true, false]),
            (Op::Ne, 5, 0, [true, false, true]),
            (Op::Lt, 5, 0, [true, false, false]),
            (Op::Le, 5, 0, [true, true, false]),
            (Op::Gt, 5, 0, [false, false, true]),
            (Op::Ge, 5, 0, [false, true, true]),
            (Op::Between, 4, 6, [false, true, false]),
            (Op::Outside, 4, 6, [true, false, true]),
        ];
        for (op, a, b, expected) in rows {
            assert_eq!([4, 5, 6].map(|value| compare(Number { op, a, b }, value)), expected, "{op:?}");
            let (a, b) = (a as f64, b as f64);
            assert_eq!([4.0, 5.0, 6.0].map(|value| compare_real(op, a, b, value)), expected, "{op:?}");
        }
    }

    #[test]
    fn masks() {
        let masked = |op| [0x12, 0x13].map(|value| compare(Number { op, a: 0x0f, b: 2 }, value));
        assert_eq!(masked(Op::MaskEq), [true, false]);
        assert_eq!(masked(Op::MaskNe), [false, true]);
        assert!(!compare_real(Op::MaskEq, 0.0, 0.0, 0.0));
    }
}
