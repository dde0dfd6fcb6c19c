//! Strings in Huffman's code (RFC 7541, section 5.2 and appendix B). The code is canonical: how long each symbol's is
//! tells all of them.

use std::sync::LazyLock;

/// The end of a string, which nobody sends.
const END: u16 = 256;
/// Bits of the longest code.
const LONGEST: usize = 30;

/// Bits of each symbol's code.
#[rustfmt::skip]
const BITS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// The codes of one length.
#[derive(Clone, Copy, Default)]
struct Codes {
    /// The least of them.
    first: u32,
    /// The place of its symbol.
    place: usize,
    count: u32,
}

/// By length, the codes; and the symbols in their order.
struct Table {
    codes: [Codes; LONGEST + 1],
    symbols: Vec<u16>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut symbols: Vec<(u8, u16)> = BITS.into_iter().zip(0..).collect();
    symbols.sort_unstable();
    let (mut codes, mut next, mut place) = ([Codes::default(); LONGEST + 1], 0, 0);
    for (bits, codes) in (0..).zip(&mut codes) {
        next <<= 1;
        let count = symbols.iter().filter(|(length, _)| *length == bits).count();
        *codes = Codes { first: next, place, count: count as u32 };
        (next, place) = (next + count as u32, place + count);
    }
    Table { codes, symbols: symbols.into_iter().map(|(_, symbol)| symbol).collect() }
});

/// A string that holds something that is none, or ends in the middle of a symbol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong;

/// Decode a string; one without its end (`is_cut`) as far as it goes.
pub(super) fn decode(bytes: &[u8], is_cut: bool) -> Result<Vec<u8>, Wrong> {
    let table = &*TABLE;
    let mut out = Vec::with_capacity(bytes.len() * 8 / 5);
    let (mut code, mut length, mut is_padding) = (0_u32, 0, true);
    for byte in bytes {
        for shift in (0..8).rev() {
            let bit = u32::from(byte >> shift & 1);
            (code, length, is_padding) = (code << 1 | bit, length + 1, is_padding && bit == 1);
            let Some(codes) = table.codes.get(length) else { return Err(Wrong) };
            let Some(behind) = code.checked_sub(codes.first).filter(|behind| *behind < codes.count) else { continue };
            match table.symbols.get(codes.place + behind as usize) {
                None | Some(&END) => return Err(Wrong),
                Some(symbol) => out.push(*symbol as u8),
            }
            (code, length, is_padding) = (0, 0, true);
        }
    }
    // What is left over is the beginning of the end.
    if is_cut || length < 8 && is_padding { Ok(out) } else { Err(Wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 7541, appendix C.4.
        let host = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(decode(&host, false).unwrap(), b"www.example.com");
        assert_eq!(decode(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], false).unwrap(), b"no-cache");
        assert_eq!(decode(&host[..5], true).unwrap(), b"www.ex");
    }

    #[test]
    fn what_is_no_string() {
        assert_eq!(decode(&[0xff; 4], false), Err(Wrong));
        // A symbol's end is missing.
        assert_eq!(decode(&[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0x00], false), Err(Wrong));
        // A whole byte of padding.
        assert_eq!(decode(&[0xff], false), Err(Wrong));
        assert_eq!(decode(&[], false).unwrap(), b"");
    }
}
