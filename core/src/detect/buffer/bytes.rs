//! `byte_test`, `byte_jump`, `byte_extract` and `byte_math`: numbers in a buffer, compared, followed and kept.

use super::Known;
use super::digits::{self, Found};
use super::text::Text;
use super::variables::{Amount, Variables};
use crate::detect::Truth;
use crate::plan::{self, ByteOp, JumpBase, MathOp};

/// Where a number stands, and what of it counts.
#[derive(Debug)]
pub(super) struct Field {
    count: Amount,
    offset: Amount,
    pub(super) relative: bool,
    digits: plan::Digits,
    /// Bits that count, shifted down to the lowest of them; 0: all.
    mask: u64,
}

impl Field {
    fn new(count: plan::Place, offset: plan::Place, relative: bool, digits: plan::Digits, mask: u64) -> Self {
        Self { count: Amount::new(count), offset: Amount::new(offset), relative, digits, mask }
    }

    fn read(&self, at: &Site<'_>) -> Known<Found> {
        let base = if self.relative { at.position as i64 } else { 0 };
        let start = base.saturating_add(self.offset.bytes(at.variables)?);
        let found = digits::read(at.text, self.digits, start, self.count.value(at.variables)?)?;
        Ok(Found { value: self.masked(found.value), end: found.end })
    }

    fn masked(&self, value: u64) -> u64 {
        if self.mask == 0 { value } else { (value & self.mask) >> self.mask.trailing_zeros() }
    }

    fn variables(&self) -> [Option<u8>; 2] {
        [self.count.variable(), self.offset.variable()]
    }
}

/// Where in an evaluation a keyword is asked.
pub(super) struct Site<'a> {
    pub(super) text: &'a Text<'a>,
    /// The end of the last match.
    pub(super) position: usize,
    pub(super) variables: &'a Variables,
}

/// `byte_test`.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) field: Field,
    op: ByteOp,
    negated: bool,
    value: Amount,
}

impl Test {
    pub(super) fn new(test: &plan::ByteTest) -> Self {
        let plan::ByteTest { bytes, op, negated, value, offset, relative, digits, mask } = *test;
        Self { field: Field::new(bytes, offset, relative, digits, mask), op, negated, value: Amount::new(value) }
    }

    pub(super) fn holds(&self, at: &Site<'_>) -> Known<bool> {
        let found = self.field.read(at)?.value;
        let value = self.value.value(at.variables)?;
        let holds = match self.op {
            ByteOp::Lt => found < value,
            ByteOp::Gt => found > value,
            ByteOp::Eq => found == value,
            ByteOp::Le => found <= value,
            ByteOp::Ge => found >= value,
            ByteOp::And => found & value != 0,
            ByteOp::Or => found ^ value != 0,
        };
        Ok(holds != self.negated)
    }

    pub(super) fn variables(&self) -> [Option<u8>; 3] {
        let [count, offset] = self.field.variables();
        [count, offset, self.value.variable()]
    }
}

/// `byte_jump`.
#[derive(Debug)]
pub(super) struct Jump {
    pub(super) field: Field,
    multiplier: u32,
    align: bool,
    base: JumpBase,
    post_offset: i64,
}

impl Jump {
    pub(super) fn new(jump: &plan::ByteJump) -> Self {
        let plan::ByteJump { bytes, offset, relative, digits, multiplier, align, base, post_offset, mask } = *jump;
        Self { field: Field::new(bytes, offset, relative, digits, mask), multiplier, align, base, post_offset }
    }

    /// The position behind the jump: in the buffer or at its end. One before the buffer is its start.
    pub(super) fn target(&self, at: &Site<'_>) -> Known<usize> {
        let found = self.field.read(at)?;
        let distance = i128::from(found.value) * i128::from(self.multiplier);
        let distance = if self.align { round_up(distance, 4) } else { distance };
        let base = match self.base {
            JumpBase::Here => found.end,
            JumpBase::Beginning => 0,
            JumpBase::End => at.text.original,
        };
        let target = base as i128 + distance + i128::from(self.post_offset);
        let target = usize::try_from(target.max(0)).ok();
        target.filter(|target| *target <= at.text.original).ok_or(Truth::False)
    }
}

/// `byte_extract`.
#[derive(Debug)]
pub(super) struct Extract {
    pub(super) field: Field,
    pub(super) variable: u8,
    multiplier: u32,
    align: u8,
}

impl Extract {
    pub(super) fn new(extract: &plan::ByteExtract) -> Self {
        let plan::ByteExtract { bytes, var, offset, relative, digits, multiplier, align } = *extract;
        let field = Field::new(plan::Place::Number(bytes.into()), offset, relative, digits, 0);
        Self { field, variable: var, multiplier, align }
    }

    /// The variable's value, and the position behind the number.
    pub(super) fn value(&self, at: &Site<'_>) -> Known<Found> {
        let found = self.field.read(at)?;
        let value = round_up(i128::from(found.value) * i128::from(self.multiplier), self.align.into());
        Ok(Found { value: value as u64, end: found.end })
    }
}

/// `byte_math`.
#[derive(Debug)]
pub(super) struct Math {
    pub(super) field: Field,
    pub(super) variable: u8,
    oper: MathOp,
    operand: Amount,
}

impl Math {
    pub(super) fn new(math: &plan::ByteMath) -> Self {
        let plan::ByteMath { bytes, var, offset, oper, operand, relative, digits, mask } = *math;
        let field = Field::new(bytes, offset, relative, digits, mask);
        Self { field, variable: var, oper, operand: Amount::new(operand) }
    }

    /// The variable's value, and the position behind the number.
    pub(super) fn value(&self, at: &Site<'_>) -> Known<Found> {
        let found = self.field.read(at)?;
        let (a, b) = (found.value, self.operand.value(at.variables)?);
        let value = match self.oper {
            MathOp::Add => Some(a.wrapping_add(b)),
            MathOp::Sub => Some(a.wrapping_sub(b)),
            MathOp::Mul => Some(a.wrapping_mul(b)),
            MathOp::Div => a.checked_div(b),
            MathOp::Shl => u32::try_from(b).ok().and_then(|bits| a.checked_shl(bits)),
            MathOp::Shr => u32::try_from(b).ok().and_then(|bits| a.checked_shr(bits)),
        };
        value.map(|value| Found { value, end: found.end }).ok_or(Truth::False)
    }
}

/// The next multiple; `to` 0 stands for any number.
fn round_up(value: i128, to: i128) -> i128 {
    match to {
        0 => value,
        _ => value + (to - value.rem_euclid(to)).rem_euclid(to),
    }
}
