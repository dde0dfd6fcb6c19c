//! Numbers as they stand in a buffer: binary in either byte order, or text.

use super::Known;
use super::text::Text;
use crate::detect::Truth;
use crate::plan;

/// The most bytes that a number in binary has.
const MOST_BYTES: usize = 8;
/// The most bytes that a number in text has: 2^64 in octal.
const MOST_DIGITS: usize = 23;

/// A number, and the position behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) value: u64,
    pub(super) end: usize,
}

/// Read the number of `count` bytes at `at`. Of text, `count` 0 stands for as many digits as there are.
pub(super) fn read(text: &Text<'_>, digits: plan::Digits, at: i64, count: u64) -> Known<Found> {
    let start = usize::try_from(at).map_err(|_| Truth::False)?;
    let left = text.original.checked_sub(start).ok_or(Truth::False)?;
    let count = usize::try_from(count).map_err(|_| Truth::False)?;
    if digits.text {
        let count = if count == 0 { left.min(MOST_DIGITS) } else { count };
        return if count <= left.min(MOST_DIGITS) {
            textual(text, digits.base, start, count)
        } else {
            Err(Truth::False)
        };
    }
    if count > left.min(MOST_BYTES) {
        return Err(Truth::False);
    }
    let end = start + count;
    let bytes = text.bytes(false).get(start..end).ok_or(Truth::Unknown)?;
    let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    let value = if digits.little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) };
    Ok(Found { value, end })
}

/// Blanks, then digits up to the first byte that is none, of at most `count` bytes.
fn textual(text: &Text<'_>, base: u8, start: usize, count: usize) -> Known<Found> {
    let end = start + count;
    let there = text.bytes(false);
    let bytes = there.get(start..end.min(there.len())).unwrap_or_default();
    let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
    let (base, prefix) = based(base, bytes.get(blank..).unwrap_or_default());
    let (value, length) = number(bytes.get(blank + prefix..).unwrap_or_default(), base);
    match (value, blank + prefix + length) {
        (_, seen) if seen == bytes.len() && end > there.len() => Err(Truth::Unknown),
        // A prefix without a digit behind it is the digit 0.
        _ if length == 0 && prefix > 0 => Ok(Found { value: 0, end: start + blank + 1 }),
        (Some(value), seen) if length > 0 => Ok(Found { value, end: start + seen }),
        _ => Err(Truth::False),
    }
}

/// The base that digits are in, and the bytes of the prefix that says so.
fn based(base: u8, bytes: &[u8]) -> (u32, usize) {
    match (base, bytes) {
        (0 | 16, [b'0', b'x' | b'X', ..]) => (16, 2),
        (0, [b'0', ..]) => (8, 0),
        (0, _) => (10, 0),
        _ => (u32::from(base), 0),
    }
}

/// The number that the digits at the start make, none where it does not fit, and how many they are.
fn number(bytes: &[u8], base: u32) -> (Option<u64>, usize) {
    let digits = || bytes.iter().map_while(|byte| char::from(*byte).to_digit(base));
    let value = digits().try_fold(0_u64, |value, digit| value.checked_mul(base.into())?.checked_add(digit.into()));
    (value, digits().count())
}
