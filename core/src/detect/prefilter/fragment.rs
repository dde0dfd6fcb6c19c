//! Which few bytes of a pattern to look for.

use std::cmp::Reverse;

/// Bits that a gram's and a fragment's bytes are folded by: letters lose their case, some other bytes fall together.
const FOLD: u64 = 0x2020_2020_2020_2020;

/// A few bytes of a pattern, folded, and what stands around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    /// The bytes, the first one lowest.
    pub(super) word: u64,
    /// Up to 8 bytes of the pattern with the fragment in them.
    pub(super) around: Around,
}

/// A second look at where a fragment was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Around {
    /// How many bytes before the fragment it begins.
    pub(super) before: usize,
    /// What is to be found there, folded.
    pub(super) word: u64,
    /// The bytes of `word` that count.
    pub(super) mask: u64,
}

impl Fragment {
    /// The `width` (at most 8) bytes of the pattern whose grams are the least common in traffic; none where it is
    /// shorter.
    pub(super) fn rarest(pattern: &[u8], width: usize, gram: usize) -> Option<Self> {
        let rank = |at, window: &[u8]| (commonest(window, gram), bits(window), Reverse(at));
        let (at, bytes) = pattern.windows(width).enumerate().max_by_key(|(at, window)| rank(*at, window))?;
        let begin = at.min(pattern.len().saturating_sub(8));
        let around = pattern.get(begin..).unwrap_or_default();
        Some(Self { word: folded_bytes(bytes, width), around: Around::new(at - begin, around, around.len().min(8)) })
    }

    /// The first `width` bytes of the pattern, which has as many.
    pub(super) fn first(pattern: &[u8], width: usize) -> Self {
        Self { word: folded_bytes(pattern, width), around: Around::new(0, pattern, pattern.len().min(8)) }
    }
}

impl Around {
    fn new(before: usize, bytes: &[u8], length: usize) -> Self {
        Self { before, word: folded_bytes(bytes, length), mask: mask(length) }
    }

    /// Nothing but a fragment itself.
    pub(super) fn alone(fragment: u64, width: usize) -> Self {
        Self { before: 0, word: fragment, mask: mask(width) }
    }
}

fn folded_bytes(bytes: &[u8], length: usize) -> u64 {
    (word(bytes) | FOLD) & mask(length)
}

/// The 8 bytes at `at`, folded; zeros after the end.
#[inline]
pub(super) fn folded(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.first_chunk::<8>().map_or_else(|| word(rest), |bytes| u64::from_le_bytes(*bytes)) | FOLD
}

/// The lowest `bytes` bytes of a word.
pub(super) const fn mask(bytes: usize) -> u64 {
    if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 }
}

/// Up to 8 bytes as a little-endian word.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// How rare at least the grams of a literal's best fragment are in traffic, in bits; 0 where it is shorter.
pub(super) fn weakest(pattern: &[u8], width: usize, gram: usize) -> u32 {
    pattern.windows(width).map(|window| commonest(window, gram)).max().unwrap_or_default()
}

fn commonest(window: &[u8], gram: usize) -> u32 {
    window.windows(gram).map(bits).min().unwrap_or_default()
}

/// How rare the rarest bytes of a literal are in traffic, in bits: up to 8 bytes of it are looked at together.
pub fn rarity(pattern: &[u8]) -> u32 {
    pattern.windows(pattern.len().clamp(1, 8)).map(bits).max().unwrap_or_default()
}

/// A rough estimate of how rarely such bytes are seen; runs of one byte are the padding of everything.
fn bits(window: &[u8]) -> u32 {
    let bytes: u32 = window.iter().map(|byte| bits_of(*byte)).sum();
    let runs = window.windows(2).filter_map(|pair| match pair {
        [a, b] if a == b => Some(bits_of(*a) - 1),
        _ => None,
    });
    bytes - runs.sum::<u32>()
}

const fn bits_of(byte: u8) -> u32 {
    match byte {
        0 | b' ' => 2,
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 4,
        b'a'..=b'z' | b'\r' | b'\n' | 0xff => 5,
        b'/' | b'.' | b':' | b'-' | b'=' | b'0'..=b'9' | b'A'..=b'Z' | 1 => 6,
        b'!'..=b'~' => 7,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around() {
        let around = |pattern, width| Fragment::rarest(pattern, width, 3).unwrap().around;
        assert_eq!(around(b"eeeeZ%{z", 4), Around { before: 4, word: folded_bytes(b"eeeeZ%{z", 8), mask: u64::MAX });
        assert_eq!(
            around(b"Z%{zeeeeeeee", 4),
            Around { before: 0, word: folded_bytes(b"Z%{zeeee", 8), mask: u64::MAX }
        );
        assert_eq!(around(b"Z%{ze", 4), Around { before: 0, word: folded_bytes(b"Z%{ze", 5), mask: mask(5) });
    }

    #[test]
    fn rare_bytes_are_chosen() {
        let rarest = |pattern, width| Fragment::rarest(pattern, width, 3).map(|fragment| fragment.word);
        assert_eq!(rarest(b"GET /x%{z} HTTP", 4), Some(folded_bytes(b"%{z}", 4)));
        assert_eq!(rarest(b"\0\0\0\0SMBr", 4), Some(folded_bytes(b"SMBr", 4)));
        assert_eq!(rarest(b"abc", 4), None);
        assert_eq!(word(b"ab"), 0x6261);
    }
}
