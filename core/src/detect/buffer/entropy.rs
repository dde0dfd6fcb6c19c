//! `entropy`: how evenly the values of bytes are spread.

use super::Known;
use super::text::Text;
use crate::detect::Truth;
use crate::plan;

/// Shannon's entropy in bits a byte, 0 to 8, summed over the values in order so that it is the same everywhere.
pub(super) fn shannon(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .fold(0.0, |sum, p| sum - p * p.log2())
}

/// The entropy of the bytes that the keyword names.
pub(super) fn measure(text: &Text<'_>, keyword: &plan::Entropy) -> Known<f64> {
    let start = usize::try_from(keyword.offset).map_err(|_| Truth::False)?;
    let size = usize::try_from(keyword.bytes).map_err(|_| Truth::False)?;
    let left = text.original.checked_sub(start).ok_or(Truth::False)?;
    if size > left {
        return Err(Truth::False);
    }
    let end = start + if size == 0 { left } else { size };
    text.bytes(false).get(start..end).map(shannon).ok_or(Truth::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread() {
        assert_eq!(shannon(b""), 0.0);
        assert_eq!(shannon(b"aaaa"), 0.0);
        assert_eq!(shannon(b"abab"), 1.0);
        assert_eq!(shannon(&(0..=255).collect::<Vec<u8>>()), 8.0);
    }
}
