//! `asn1`: lengths and encodings that decoders of ASN.1 (X.690) have been broken with.

use super::Known;
use super::text::Text;
use crate::detect::truth::Truth;
use crate::plan;

/// Elements that are looked at.
const MOST: usize = 256;
/// Digits of a REAL that a buffer has room for.
const REAL_DIGITS: u64 = 256;

const CONSTRUCTED: u8 = 0x20;
/// Identifiers of universal types with contents of their own.
const BIT_STRING: u8 = 3;
const REAL: u8 = 9;
/// The number follows (8.1.2.4).
const LONG_TAG: u8 = 0x1f;
/// The length has so many bytes; of none, it is where contents of their own length end (8.1.3.5, 8.1.3.6).
const LONG_LENGTH: u8 = 0x80;
/// Bytes of the longest header that is read: an identifier of six, and the longest length.
const LONGEST_HEADER: usize = 6 + 1 + 127;

/// An element's header: its identifier's first byte, the length of its contents, and where they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Element {
    identifier: u8,
    length: u64,
    start: usize,
}

impl Element {
    /// Where its contents end.
    fn end(&self) -> usize {
        self.start.saturating_add(usize::try_from(self.length).unwrap_or(usize::MAX))
    }
}

/// Whether an element from `start` on is what the keyword looks for. Those within an element follow it, as they do in the
/// bytes.
///
/// # Errors
/// Unknown where missing bytes may hold one.
pub(super) fn holds(keyword: &plan::Asn1, text: &Text<'_>, start: usize) -> Known<bool> {
    let bytes = text.bytes(false);
    let mut at = start;
    for _ in 0..MOST {
        let Some(element) = element(bytes, at) else {
            // Unless the bytes end here, what stands here is no element.
            let cut = text.is_cut() && bytes.len().saturating_sub(at) < LONGEST_HEADER;
            return if cut && at < text.original { Err(Truth::Unknown) } else { Ok(false) };
        };
        // What ends behind the buffer's end is no element.
        if element.end() > text.original {
            return Ok(false);
        }
        let first = bytes.get(element.start).copied();
        if keyword.oversize_length.is_some_and(|most| element.length > u64::from(most))
            || first.is_some_and(|first| is_odd(keyword, &element, first))
        {
            return Ok(true);
        }
        at = if element.identifier & CONSTRUCTED == 0 { element.end() } else { element.start };
    }
    Ok(false)
}

/// Whether an element's contents, of which `first` is the first byte, are encoded as they can't be.
fn is_odd(keyword: &plan::Asn1, element: &Element, first: u8) -> bool {
    let Some(rest) = element.length.checked_sub(1) else { return false };
    match element.identifier {
        // More bits are unused than there are (8.6.2.2).
        BIT_STRING => keyword.bitstring_overflow && u64::from(first) > rest.saturating_mul(8),
        // A decimal encoding (8.5.8).
        REAL => keyword.double_overflow && first & 0xc0 == 0 && rest > REAL_DIGITS,
        _ => false,
    }
}

/// The element whose header begins at a place, where all of the header is there.
fn element(bytes: &[u8], at: usize) -> Option<Element> {
    let header = bytes.get(at..)?;
    let header = header.get(..LONGEST_HEADER).unwrap_or(header);
    let (&identifier, mut rest) = header.split_first()?;
    if identifier & LONG_TAG == LONG_TAG {
        // Its number ends with the first byte below 128.
        let end = rest.iter().position(|byte| byte & 0x80 == 0)?;
        rest = rest.get(end + 1..)?;
    }
    let (&first, mut rest) = rest.split_first()?;
    let mut length = u64::from(first);
    if first & LONG_LENGTH != 0 {
        let (digits, behind) = rest.split_at_checked(usize::from(first & !LONG_LENGTH))?;
        let more = |sum: u64, digit: &u8| sum.saturating_mul(256).saturating_add(u64::from(*digit));
        length = digits.iter().fold(0, more);
        rest = behind;
    }
    Some(Element { identifier, length, start: at + header.len() - rest.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::buffer::text::Folded;
    use crate::detect::subject::Buffer;

    const NOTHING: plan::Asn1 = plan::Asn1 {
        bitstring_overflow: false,
        double_overflow: false,
        oversize_length: None,
        offset: 0,
        relative: false,
    };
    const OVERSIZE: plan::Asn1 = plan::Asn1 { oversize_length: Some(200), ..NOTHING };
    const BITS: plan::Asn1 = plan::Asn1 { bitstring_overflow: true, ..NOTHING };
    const DOUBLE: plan::Asn1 = plan::Asn1 { double_overflow: true, ..NOTHING };

    fn ask(keyword: &plan::Asn1, bytes: &[u8], original: usize) -> Truth {
        let mut folded = Folded::default();
        let text = folded.text(Buffer { bytes, original }, false);
        holds(keyword, &text, 0).map_or_else(|truth| truth, Truth::from)
    }

    /// Zeros behind a header.
    fn with(header: &[u8], zeros: usize) -> Vec<u8> {
        [header, &vec![0; zeros]].concat()
    }

    #[test]
    fn lengths() {
        for (header, contents, expected) in [
            (&[4, 127][..], 127, Truth::False),
            (&[4, 0x81, 200], 200, Truth::False),
            (&[4, 0x81, 201], 201, Truth::True),
            (&[4, 0x81, 201], 200, Truth::False),
            (&[4, 0x82, 1, 0], 256, Truth::True),
            (&[0x30, 0x80, 4, 0x82, 1, 0], 256, Truth::True),
            (&[0x30, 0x81, 207, 2, 1, 7, 4, 0x81, 201], 201, Truth::True),
            (&[0x30, 0x81, 207, 2, 1, 7, 4, 0x81, 201], 200, Truth::False),
            (&[0x3f, 0x81, 1, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0], 9, Truth::False),
        ] {
            let bytes = with(header, contents);
            assert_eq!(ask(&OVERSIZE, &bytes, bytes.len()), expected, "{header:?}");
            assert_eq!(ask(&OVERSIZE, header, bytes.len()), expected, "{header:?}, its contents cut off");
            assert_eq!(ask(&NOTHING, &bytes, bytes.len()), Truth::False, "{header:?}");
        }
    }

    #[test]
    fn contents() {
        for (keyword, bytes, expected) in [
            (BITS, with(&[3, 2, 8], 1), Truth::False),
            (BITS, with(&[3, 2, 9], 1), Truth::True),
            (BITS, with(&[3, 1, 1], 0), Truth::True),
            (BITS, with(&[3, 0], 9), Truth::False),
            (BITS, with(&[2, 2, 9], 1), Truth::False),
            (DOUBLE, with(&[9, 0x82, 1, 1, 3], 256), Truth::False),
            (DOUBLE, with(&[9, 0x82, 1, 2, 3], 257), Truth::True),
            (DOUBLE, with(&[9, 0x82, 1, 2, 0x83], 257), Truth::False),
            (DOUBLE, with(&[0x29, 0x82, 1, 2, 3], 257), Truth::False),
        ] {
            assert_eq!(ask(&keyword, &bytes, bytes.len()), expected, "{:?}", bytes.get(..5));
        }
    }

    #[test]
    fn what_is_missing_may_hold_one() {
        assert_eq!(ask(&OVERSIZE, &[4], 9), Truth::Unknown);
        assert_eq!(ask(&OVERSIZE, &[4, 20, 0], 30), Truth::Unknown);
        assert_eq!(ask(&OVERSIZE, &[4, 28, 0], 30), Truth::False, "it ends where the buffer does");
        assert_eq!(ask(&OVERSIZE, &[4, 0x82, 1], 1), Truth::False, "no element");
    }

    #[test]
    fn elements_are_counted() {
        let many = [[5, 0].repeat(MOST), with(&[4, 0x81, 201], 201)].concat();
        assert_eq!(ask(&OVERSIZE, &many, many.len()), Truth::False);
        assert_eq!(ask(&OVERSIZE, many.get(2..).unwrap(), many.len() - 2), Truth::True);
    }
}
