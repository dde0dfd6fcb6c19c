//! Which literal of a rule is looked for first, and how far from the buffer's start it can be.

use super::prefilter::{Literal, rarity};
use crate::plan::{Check, Content, Match, Number, Op};

/// The shortest literal that is worth looking for: a single byte is in nearly every payload.
const SHORTEST: usize = 2;
/// Rarer than so many bits, literals are as good as each other: the longer one says more.
const RARE: u32 = 40;
/// What it is worth, in bits, that a literal can only be near the start.
const NEAR: u32 = 6;

/// The literal without which these matches of a buffer can't hold: the one that the rule's author chose, unless it is in
/// nearly every payload, else the one that traffic holds least.
pub(super) fn best<'a>(matches: impl Iterator<Item = &'a Match>) -> Option<Literal<'a>> {
    let (mut best, mut place) = (None, Place::default());
    for entry in matches {
        let Match::Content(content) = entry else {
            // It may leave its position anywhere.
            place = Place::default();
            continue;
        };
        if content.negated {
            continue;
        }
        place = place.then(content);
        let literal =
            Literal { pattern: searched(content), from: place.from, reach: place.reach.unwrap_or(usize::MAX) };
        if literal.pattern.len() < SHORTEST {
            continue;
        }
        let is_strong = literal.is_near() || literal.is_strong();
        let worth = (is_strong, content.fast_pattern, worth(&literal), literal.pattern.len());
        if best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, literal));
        }
    }
    best.map(|(_, literal)| literal)
}

/// The longest payload that a rule's checks allow.
pub(super) fn longest(checks: &[Check]) -> usize {
    let most = |check: &Check| match check {
        Check::Dsize { number: Number { op: Op::Eq | Op::Le, a, .. }, negated: false } => usize::try_from(*a).ok(),
        Check::Dsize { number: Number { op: Op::Lt, a, .. }, negated: false } => {
            usize::try_from(a.saturating_sub(1)).ok()
        }
        Check::Dsize { number: Number { op: Op::Between, b, .. }, negated: false } => {
            usize::try_from(b.saturating_sub(1)).ok()
        }
        _ => None,
    };
    checks.iter().filter_map(most).min().unwrap_or(usize::MAX)
}

/// How much a literal says: the bits that keep it out of traffic.
pub(super) fn worth(literal: &Literal<'_>) -> u32 {
    let near = if literal.is_near() { NEAR } else { 0 };
    (rarity(literal.pattern) + near).min(RARE)
}

/// Where a content can be.
#[derive(Clone, Copy, Default)]
struct Place {
    /// It begins no nearer to the buffer's start.
    from: usize,
    /// It ends no further from it; none where nothing says so.
    reach: Option<usize>,
    /// Where it ends at the earliest.
    end: usize,
}

impl Place {
    /// The place of the content that comes after the one here.
    fn then(self, content: &Content) -> Self {
        let length = content.pattern.len();
        if content.startswith {
            return Self { from: 0, reach: Some(length), end: length };
        }
        let (base, far, shift, size) = if content.relative {
            (self.end, self.reach, content.distance.number(), content.within)
        } else {
            (0, Some(0), content.offset.number(), content.depth)
        };
        let from = shift.and_then(|shift| after(base, shift)).unwrap_or_default();
        let reach = || after(far?, shift?.checked_add(size?.number()?)?);
        Self { from, reach: reach(), end: from.saturating_add(length) }
    }
}

/// A place so many bytes further on; none where it can't be.
fn after(place: usize, by: i64) -> Option<usize> {
    let place = i64::try_from(place).ok()?.checked_add(by)?;
    usize::try_from(place.max(0)).ok()
}

/// What of a content is searched for.
fn searched(content: &Content) -> &[u8] {
    let chopped = content.chop.and_then(|(offset, length)| {
        let start = usize::from(offset);
        content.pattern.get(start..start + usize::from(length)).filter(|part| !part.is_empty())
    });
    chopped.unwrap_or(content.pattern.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Place;

    fn content(pattern: &[u8]) -> Content {
        Content { pattern: pattern.to_vec().into(), ..Content::default() }
    }

    fn chosen(contents: Vec<Content>) -> Option<(Vec<u8>, usize)> {
        let matches: Vec<_> = contents.into_iter().map(Match::Content).collect();
        best(matches.iter()).map(|literal| (literal.pattern.to_vec(), literal.reach))
    }

    #[test]
    fn the_authors_choice_then_the_rarest_then_the_longest() {
        let wanted = Content { fast_pattern: true, ..content(b"\0\0") };
        let rows: [(Vec<Content>, &[u8]); 6] = [
            (vec![wanted.clone(), content(b"Z%{z|~^_")], b"Z%{z|~^_"),
            (vec![Content { startswith: true, ..wanted }, content(b"Z%{z|~^_")], b"\0\0"),
            (vec![content(b"\0\0\0\0\0\0"), content(b"\x01\x86\xe4")], b"\x01\x86\xe4"),
            (vec![content(b"abcdefghijkl"), content(b"mnopqrstuvwxyz")], b"mnopqrstuvwxyz"),
            (vec![Content { negated: true, ..content(b"Z%{z|~^_") }, content(b"abc")], b"abc"),
            (vec![Content { chop: Some((1, 2)), fast_pattern: true, ..content(b"abcd") }], b"bc"),
        ];
        for (contents, expected) in rows {
            assert_eq!(chosen(contents).unwrap().0, expected);
        }
        let first = Content { startswith: true, ..content(b"d") };
        assert_eq!(chosen(vec![first, content(b"P7")]).unwrap().0, b"P7", "a byte near the start is no literal");
        assert_eq!(chosen(vec![content(b"a")]), None);
        assert_eq!(chosen(Vec::new()), None);
    }

    #[test]
    fn how_far_a_literal_can_be() {
        let at = |offset, depth| Content {
            offset: Place::Number(offset),
            depth: Some(Place::Number(depth)),
            ..content(b"ab")
        };
        let after = |distance, within| Content {
            relative: true,
            distance: Place::Number(distance),
            within,
            fast_pattern: true,
            ..content(b"cd%{")
        };
        let reach = |contents| chosen(contents).unwrap().1;
        assert_eq!(reach(vec![at(4, 10)]), 14);
        assert_eq!(reach(vec![Content { startswith: true, ..content(b"abc") }]), 3);
        assert_eq!(reach(vec![content(b"abc")]), usize::MAX);
        assert_eq!(reach(vec![at(0, 3), after(1, Some(Place::Number(3)))]), 7);
        assert_eq!(reach(vec![at(0, 3), after(-9, Some(Place::Number(3)))]), 0);
        assert_eq!(reach(vec![at(0, 3), after(1, None)]), usize::MAX);
        assert_eq!(reach(vec![content(b"ab"), after(1, Some(Place::Number(3)))]), usize::MAX);
        assert_eq!(reach(vec![at(0, 3), after(1, None), after(1, Some(Place::Number(3)))]), usize::MAX);
    }

    #[test]
    fn what_stands_between_may_be_anywhere() {
        let first = Content { startswith: true, ..content(b"abc") };
        let second = Content { relative: true, within: Some(Place::Number(4)), fast_pattern: true, ..content(b"defg") };
        let pcre = Match::Pcre(crate::plan::Pcre { pattern: b"x+".to_vec().into(), ..crate::plan::Pcre::default() });
        let matches = [Match::Content(first), pcre, Match::Content(second)];
        assert_eq!(best(matches.iter()).unwrap().reach, usize::MAX);
    }

    #[test]
    fn the_longest_payload() {
        let dsize = |op, a, b| Check::Dsize { number: Number { op, a, b }, negated: false };
        assert_eq!(longest(&[dsize(Op::Lt, 30, 0)]), 29);
        assert_eq!(longest(&[dsize(Op::Le, 30, 0), dsize(Op::Between, 4, 20)]), 19);
        assert_eq!(longest(&[dsize(Op::Gt, 30, 0)]), usize::MAX);
        assert_eq!(longest(&[]), usize::MAX);
    }
}
