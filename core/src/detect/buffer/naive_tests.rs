//! The algorithm of the specification written down as it stands there: slow, for whole buffers, and without `pcre`.

use crate::plan::{ByteExtract, ByteJump, ByteMath, ByteOp, ByteTest, Content, Digits, IsDataAt, JumpBase};
use crate::plan::{Match, MathOp, Number, Op, Place, Variable};

/// How an evaluation ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Match,
    /// An earlier content is tried again where it has to be.
    Retry,
    Fail,
}

fn fail(retry: bool) -> End {
    if retry { End::Retry } else { End::Fail }
}

struct Naive<'a> {
    list: &'a [Match],
    bytes: &'a [u8],
    variables: [u64; 8],
    /// For each entry the variables that are set in its chain before it.
    open: Vec<Vec<u8>>,
}

/// Whether a whole buffer satisfies the list.
pub(super) fn holds(list: &[Match], bytes: &[u8]) -> bool {
    let mut naive = Naive { list, bytes, variables: [0; 8], open: open(list) };
    naive.from(0, 0) == End::Match
}

fn open(list: &[Match]) -> Vec<Vec<u8>> {
    let mut sets: Vec<u8> = Vec::new();
    list.iter()
        .map(|entry| {
            let begins = matches!(
                entry,
                Match::Content(Content { negated: false, relative: false, .. })
                    | Match::ByteJump(ByteJump { relative: false, .. })
                    | Match::ByteExtract(ByteExtract { relative: false, .. })
                    | Match::ByteMath(ByteMath { relative: false, .. })
            );
            if begins {
                sets.clear();
            }
            let before = sets.clone();
            match entry {
                Match::ByteExtract(extract) => sets.push(extract.var),
                Match::ByteMath(math) => sets.push(math.var),
                _ => {}
            }
            before
        })
        .collect()
}

impl Naive<'_> {
    fn place(&self, place: Place) -> i128 {
        match place {
            Place::Number(number) => number.into(),
            Place::Large(number) => number.into(),
            Place::Variable(Variable { var }) => self.variables[usize::from(var)].into(),
        }
    }

    /// Whether an entry that fails lets an earlier one be tried again.
    fn retries(&self, at: usize, relative: bool, places: &[Place]) -> bool {
        let open = &self.open[at];
        relative || places.iter().any(|place| matches!(place, Place::Variable(v) if open.contains(&v.var)))
    }

    fn from(&mut self, at: usize, position: i128) -> End {
        let Some(entry) = self.list.get(at) else { return End::Match };
        let size = self.bytes.len() as i128;
        match entry.clone() {
            Match::Content(content) => self.content(&content, at, position),
            Match::ByteTest(test) => {
                let retry = self.retries(at, test.relative, &[test.bytes, test.value, test.offset]);
                if self.test(&test, position) { self.from(at + 1, position) } else { fail(retry) }
            }
            Match::ByteJump(jump) => match self.target(&jump, position) {
                Some(target) if (0..=size).contains(&target) => self.from(at + 1, target),
                _ => fail(jump.relative),
            },
            Match::ByteExtract(extract) => {
                let value = self.extract(&extract, position);
                self.go_on(at, extract.relative, extract.var, value)
            }
            Match::ByteMath(math) => {
                let value = self.math(&math, position);
                self.go_on(at, math.relative, math.var, value)
            }
            Match::IsDataAt(IsDataAt { at: place, negated, relative }) => {
                let n = self.place(place);
                let there = if relative { position + n <= size } else { n < size };
                let limited = matches!(place, Place::Variable(_)) && n >= 100_000_000;
                let retry = self.retries(at, relative, &[place]);
                if there != negated && !limited { self.from(at + 1, position) } else { fail(retry) }
            }
            Match::Bsize { number: Number { op: Op::Eq, a, .. } } if size == i128::from(a) => {
                self.from(at + 1, position)
            }
            Match::Bsize { number: Number { op: Op::Gt, a, .. } } if size > i128::from(a) => {
                self.from(at + 1, position)
            }
            Match::Bsize { .. } => End::Fail,
            entry => unreachable!("{entry:?}"),
        }
    }

    /// Keep a value, if there is one, and go on behind its number.
    fn go_on(&mut self, at: usize, relative: bool, var: u8, value: Option<(u64, i128)>) -> End {
        let Some((value, end)) = value else { return fail(relative) };
        self.variables[usize::from(var)] = value;
        self.from(at + 1, end)
    }

    fn test(&self, test: &ByteTest, position: i128) -> bool {
        let ByteTest { bytes, op, negated, value, offset, relative, digits, mask } = *test;
        let wanted = self.place(value) as u64;
        let found = self.number(bytes, offset, relative, digits, mask, position);
        let holds = found.map(|(found, _)| match op {
            ByteOp::Lt => found < wanted,
            ByteOp::Gt => found > wanted,
            ByteOp::Eq => found == wanted,
            ByteOp::Le => found <= wanted,
            ByteOp::Ge => found >= wanted,
            ByteOp::And => found & wanted != 0,
            ByteOp::Or => found ^ wanted != 0,
        });
        holds == Some(!negated)
    }

    fn target(&self, jump: &ByteJump, position: i128) -> Option<i128> {
        let ByteJump { bytes, offset, relative, digits, multiplier, align, base, post_offset, mask } = *jump;
        let (value, end) = self.number(bytes, offset, relative, digits, mask, position)?;
        let mut distance = i128::from(value) * i128::from(multiplier);
        while align && distance % 4 != 0 {
            distance += 1;
        }
        let base = match base {
            JumpBase::Here => end,
            JumpBase::Beginning => 0,
            JumpBase::End => self.bytes.len() as i128,
        };
        Some((base + distance + i128::from(post_offset)).max(0))
    }

    fn extract(&self, extract: &ByteExtract, position: i128) -> Option<(u64, i128)> {
        let ByteExtract { bytes, offset, relative, digits, multiplier, align, .. } = *extract;
        let bytes = Place::Number(bytes.into());
        let (value, end) = self.number(bytes, offset, relative, digits, 0, position)?;
        let mut value = value * u64::from(multiplier);
        while align > 0 && value % u64::from(align) != 0 {
            value += 1;
        }
        Some((value, end))
    }

    fn math(&self, math: &ByteMath, position: i128) -> Option<(u64, i128)> {
        let ByteMath { bytes, offset, oper, operand, relative, digits, mask, .. } = *math;
        let (value, end) = self.number(bytes, offset, relative, digits, mask, position)?;
        let operand = self.place(operand) as u64;
        let value = match oper {
            MathOp::Add => Some(value.wrapping_add(operand)),
            MathOp::Sub => Some(value.wrapping_sub(operand)),
            MathOp::Mul => Some(value.wrapping_mul(operand)),
            MathOp::Div => value.checked_div(operand),
            MathOp::Shl => (operand < 64).then(|| value << operand),
            MathOp::Shr => (operand < 64).then(|| value >> operand),
        }?;
        Some((value, end))
    }

    /// A number and the position behind it.
    fn number(
        &self,
        count: Place,
        offset: Place,
        relative: bool,
        digits: Digits,
        mask: u64,
        position: i128,
    ) -> Option<(u64, i128)> {
        let start = self.place(offset) + if relative { position } else { 0 };
        let count = self.place(count);
        if start < 0 || count > 23 || start + count > self.bytes.len() as i128 {
            return None;
        }
        let (start, count) = (start as usize, count as usize);
        let (value, end) = if digits.text {
            let end = if count == 0 { self.bytes.len().min(start + 23) } else { start + count };
            let text = &self.bytes[start..end];
            let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let word: Vec<u8> = text[blank..].iter().copied().take_while(u8::is_ascii_digit).collect();
            let value = std::str::from_utf8(&word).unwrap().parse().ok()?;
            (value, start + blank + word.len())
        } else {
            let bytes = &self.bytes[start..start + count];
            let mut ordered = if digits.little { bytes.iter().rev().copied().collect() } else { bytes.to_vec() };
            if count > 8 {
                return None;
            }
            while ordered.len() < 8 {
                ordered.insert(0, 0);
            }
            (u64::from_be_bytes(ordered.try_into().unwrap()), start + count)
        };
        let value = if mask == 0 { value } else { (value & mask) >> mask.trailing_zeros() };
        Some((value, end as i128))
    }

    fn content(&mut self, content: &Content, at: usize, position: i128) -> End {
        let size = self.bytes.len() as i128;
        let (start, length) = match content {
            Content { startswith: true, pattern, .. } => (0, Some(pattern.len() as i128)),
            Content { relative: true, distance, within, .. } => {
                (position + self.place(*distance), within.map(|within| self.place(within)))
            }
            Content { offset, depth, .. } => (self.place(*offset), depth.map(|depth| self.place(depth))),
        };
        let end = length.map_or(size, |length| (start + length).min(size));
        let pattern = &content.pattern;
        let is = |place: i128| {
            let there = self.bytes.get(place as usize..place as usize + pattern.len());
            let same =
                |there: &[u8]| if content.nocase { there.eq_ignore_ascii_case(pattern) } else { *there == **pattern };
            there.is_some_and(same)
                && place + pattern.len() as i128 <= end
                && (!content.endswith || place + pattern.len() as i128 == size)
        };
        let places: Vec<i128> = (start.max(0)..end.max(0)).filter(|place| is(*place)).collect();
        let used =
            [content.offset, content.distance, content.depth.unwrap_or_default(), content.within.unwrap_or_default()];
        if content.negated {
            let retry = self.retries(at, content.relative, &used);
            return if places.is_empty() { self.from(at + 1, position) } else { fail(retry) };
        }
        for place in places {
            match self.from(at + 1, place + pattern.len() as i128) {
                End::Retry => {}
                end => return end,
            }
        }
        fail(content.relative)
    }
}
