//! Base64 (RFC 4648, section 4) as lenient as its readers are.

/// What is done at a byte that is none of the alphabet's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    /// It ends the decoding.
    Stop,
    /// Blanks and line ends are skipped, others end the decoding.
    SkipBlanks,
    /// It is skipped (RFC 2045, section 6.8).
    Skip,
    /// Nothing is decoded.
    Strict,
}

/// Decode into `out`; whether all of `bytes` was looked at, so that more of them could give more. Padding ends it.
pub(super) fn decode(bytes: &[u8], mode: Mode, out: &mut Vec<u8>) -> bool {
    out.clear();
    let (mut word, mut count, mut end) = (0_u32, 0_u32, None);
    for (at, byte) in bytes.iter().enumerate() {
        match value(*byte) {
            Some(value) => (word, count) = (word << 6 | value, count + 1),
            None if mode.skips(*byte) => continue,
            None => {
                end = bytes.get(at..);
                break;
            }
        }
        if count == 4 {
            flush(word, count, out);
            (word, count) = (0, 0);
        }
    }
    if mode == Mode::Strict && !closes(count, end.unwrap_or_default()) {
        out.clear();
    } else {
        flush(word, count, out);
    }
    end.is_none()
}

impl Mode {
    fn skips(self, byte: u8) -> bool {
        match self {
            Self::Stop | Self::Strict => false,
            Self::SkipBlanks => matches!(byte, b' ' | b'\t' | b'\r' | b'\n'),
            Self::Skip => byte != b'=',
        }
    }
}

/// Whether a last group of so many digits may have this behind it.
fn closes(count: u32, end: &[u8]) -> bool {
    match count {
        0 => end.is_empty(),
        2 => end == b"==",
        3 => end == b"=",
        _ => false,
    }
}

/// The whole bytes of a group of digits.
fn flush(word: u32, count: u32, out: &mut Vec<u8>) {
    let bytes = (word << (6 * (4 - count.min(4)))).to_be_bytes();
    out.extend(bytes.iter().skip(1).take((count as usize * 6) / 8));
}

fn value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        let rows: [(&[u8], [&[u8]; 4]); 10] = [
            (b"SGVsbG8=", [b"Hello", b"Hello", b"Hello", b"Hello"]),
            (b"SGVs bG8=", [b"Hel", b"Hello", b"Hello", b""]),
            (b"SGVs!bG8=", [b"Hel", b"Hel", b"Hello", b""]),
            (b"SGVsbG8", [b"Hello", b"Hello", b"Hello", b""]),
            (b"SGVsbG8=SGVs", [b"Hello", b"Hello", b"Hello", b""]),
            (b"SGVsbA==", [b"Hell", b"Hell", b"Hell", b"Hell"]),
            (b"SGVsbA", [b"Hell", b"Hell", b"Hell", b""]),
            (b"abcd", [b"i\xb7\x1d"; 4]),
            (b"S", [b""; 4]),
            (b"", [b""; 4]),
        ];
        for (bytes, expected) in rows {
            let modes = [Mode::Stop, Mode::SkipBlanks, Mode::Skip, Mode::Strict];
            for (mode, expected) in modes.into_iter().zip(expected) {
                let mut out = b"old".to_vec();
                decode(bytes, mode, &mut out);
                assert_eq!(out, expected, "{bytes:?} {mode:?}");
            }
        }
    }

    #[test]
    fn what_more_bytes_could_add_to() {
        let mut out = Vec::new();
        assert!(decode(b"SGVs", Mode::Stop, &mut out));
        assert!(!decode(b"SGVs ", Mode::Stop, &mut out));
        assert!(decode(b"SGVs ", Mode::SkipBlanks, &mut out));
        assert!(!decode(b"SGVsbG8=", Mode::Stop, &mut out));
    }
}
