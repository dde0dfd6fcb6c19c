//! Which few bytes of a pattern to look for.

/// Bits that a gram's and a fragment's bytes are folded by: letters lose their case, some other bytes fall together.
pub(super) const FOLD: u64 = 0x2020_2020_2020_2020;

/// The `width` (at most 8) bytes of the pattern that are the least common in traffic, folded, the first lowest; and none
/// where the pattern is shorter.
pub(super) fn rarest(pattern: &[u8], width: usize) -> Option<u64> {
    let windows = pattern.windows(width);
    windows.min_by_key(|window| commonness(window)).map(|window| word(window) | (FOLD & mask(width)))
}

/// The lowest `bytes` bytes of a word.
pub(super) const fn mask(bytes: usize) -> u64 {
    if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 }
}

/// Up to 8 bytes as a little-endian word.
pub(super) fn word(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// A rough rank of how often such bytes are seen; runs of one byte are the padding of everything.
fn commonness(window: &[u8]) -> u32 {
    let bytes: u32 = window.iter().map(|byte| rank(*byte)).sum();
    let runs = window.windows(2).filter(|pair| matches!(pair, [a, b] if a == b)).count() as u32;
    bytes + 8 * runs
}

const fn rank(byte: u8) -> u32 {
    match byte {
        0 | b' ' => 12,
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 10,
        b'a'..=b'z' | b'\r' | b'\n' | 0xff => 8,
        b'/' | b'.' | b':' | b'-' | b'=' | b'0'..=b'9' | 1 => 7,
        b'A'..=b'Z' => 6,
        b'!'..=b'~' => 4,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_bytes_are_chosen() {
        let folded = |text: &[u8]| Some(word(text) | (FOLD & mask(text.len())));
        assert_eq!(rarest(b"GET /x%{z} HTTP", 4), folded(b"%{z}"));
        assert_eq!(rarest(b"\0\0\0\0SMBr", 4), folded(b"SMBr"));
        assert_eq!(rarest(b"abc", 4), None);
        assert_eq!(word(b"ab"), 0x6261);
    }
}
