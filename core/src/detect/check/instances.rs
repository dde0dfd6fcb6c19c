//! Numbers of which a packet has several.

use crate::detect::number::compare;
use crate::plan::{Instances, Number, Which};

/// Whether the instances that are asked for pass the test.
pub(super) fn hold<T: Copy + Into<u64>>(instances: Instances, number: Number, values: &[T]) -> bool {
    let values = part(instances, values);
    let passes = |value: T| compare(number, value.into());
    let at = || {
        usize::try_from(instances.index).map_or_else(
            |_| values.iter().nth_back((instances.index.unsigned_abs() - 1) as usize),
            |index| values.get(index),
        )
    };
    match instances.which {
        Which::Any => values.iter().copied().any(passes),
        Which::All => !values.is_empty() && values.iter().copied().all(passes),
        Which::AllOrAbsent => values.iter().copied().all(passes),
        Which::OrAbsent => values.is_empty() || values.iter().copied().any(passes),
        Which::Some => {
            let passing = values.iter().filter(|&&value| passes(value)).count();
            instances.number.is_some_and(|number| compare(number, passing as u64))
        }
        Which::Count => compare(number, values.len() as u64),
        Which::At => at().is_some_and(|&value| passes(value)),
        Which::AtOr => at().is_none_or(|&value| passes(value)),
    }
}

/// Those that are looked at.
fn part<T>(instances: Instances, values: &[T]) -> &[T] {
    let place = |place: i32| {
        let from_end = place.unsigned_abs() as usize;
        let place = if place < 0 { values.len().saturating_sub(from_end) } else { from_end };
        place.min(values.len())
    };
    values.get(place(instances.first)..instances.end.map_or(values.len(), place)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Op;

    fn ask(which: Which, index: i32, values: &[u16]) -> bool {
        let number = |a| Number { op: Op::Eq, a, b: 0 };
        hold(Instances { which, index, number: Some(number(2)), first: 0, end: None }, number(5), values)
    }

    #[test]
    fn every_way_to_ask() {
        let rows = [
            (Which::Any, [false, true, true, true]),
            (Which::All, [false, true, false, true]),
            (Which::AllOrAbsent, [true, true, false, true]),
            (Which::OrAbsent, [true, true, true, true]),
            (Which::Some, [false, false, false, true]),
        ];
        for (which, expected) in rows {
            let found = [[].as_slice(), &[5], &[4, 5], &[5, 5]].map(|values| ask(which, 0, values));
            assert_eq!(found, expected, "{which:?}");
        }
        assert!(ask(Which::Count, 0, &[1, 1, 1, 1, 1]) && !ask(Which::Count, 0, &[5]));
    }

    #[test]
    fn a_part_of_them() {
        let rows =
            [((0, None), 5), ((1, None), 4), ((0, Some(2)), 2), ((-2, None), 2), ((1, Some(-1)), 3), ((3, Some(1)), 0)];
        for ((first, end), count) in rows {
            let number = Number { op: Op::Eq, a: count, b: 0 };
            let instances = Instances { which: Which::Count, index: 0, number: None, first, end };
            assert!(hold(instances, number, &[0_u16; 5]), "{first}:{end:?}");
        }
    }

    #[test]
    fn one_by_its_place() {
        let places = |which| [-4, -3, -1, 0, 1, 3].map(|index| ask(which, index, &[5, 4, 5]));
        assert_eq!(places(Which::At), [false, true, true, true, false, false]);
        assert_eq!(places(Which::AtOr), [true, true, true, true, false, true]);
    }
}
