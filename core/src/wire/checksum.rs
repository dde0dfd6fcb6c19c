//! The Internet checksum (RFC 1071): a one's complement sum that does not care for byte order until it is folded.

/// Unfolded sum of the bytes as 16-bit words in the machine's order; an odd last byte is padded with zero.
#[inline]
pub fn sum(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    // Four sums side by side, so that the compiler uses vectors. A packet has far fewer than 2^32 words: none overflows.
    let mut lanes = [0u64; 4];
    for block in blocks {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            let word = u64::from_ne_bytes(*word);
            *lane = lane.wrapping_add(word & 0xffff_ffff).wrapping_add(word >> 32);
        }
    }
    let (words, rest) = rest.as_chunks::<4>();
    let total = lanes.iter().copied().chain(words.iter().map(|word| u64::from(u32::from_ne_bytes(*word))));
    let total = total.fold(0u64, u64::wrapping_add);
    match *rest {
        [a] => total.wrapping_add(u64::from(u16::from_ne_bytes([a, 0]))),
        [a, b] => total.wrapping_add(u64::from(u16::from_ne_bytes([a, b]))),
        [a, b, c] => total.wrapping_add(u64::from(u32::from_ne_bytes([a, b, c, 0]))),
        _ => total,
    }
}

/// The sum as sixteen bits, in the order that the wire has; 0xffff over data with its checksum that is right.
#[inline]
pub fn fold(mut total: u64) -> u16 {
    total = (total & 0xffff_ffff) + (total >> 32);
    total = (total & 0xffff_ffff) + (total >> 32);
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    u16::from_be(((total & 0xffff) + (total >> 16)) as u16)
}

/// A 16-bit number of the header's or pseudo-header's, ready to be added to a sum.
#[inline]
pub fn word(value: u16) -> u64 {
    u64::from(value.to_be())
}

/// CRC32c (RFC 9260, appendix A) over bytes in pieces.
pub fn crc32c<const N: usize>(pieces: [&[u8]; N]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let row = TABLE.get(usize::from(crc as u8 ^ byte)).copied().unwrap_or_default();
        row ^ (crc >> 8)
    };
    !pieces.iter().copied().flatten().fold(!0, step)
}

/// By byte: what it makes of a remainder of 0.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let (mut rest, mut byte): (&mut [u32], u32) = (&mut table, 0);
    while let [row, after @ ..] = rest {
        *row = remainder(byte);
        (rest, byte) = (after, byte + 1);
    }
    table
};

/// Divide a byte by the polynomial, its bits reversed.
const fn remainder(byte: u32) -> u32 {
    let (mut crc, mut bit) = (byte, 0);
    while bit < 8 {
        crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0x82f6_3b78 };
        bit += 1;
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1071_example() {
        assert_eq!(fold(sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])), 0xddf2);
    }

    #[test]
    fn crc32c_of_rfc_3720() {
        assert_eq!(crc32c([&[0; 32]]), 0x8a91_36aa);
        assert_eq!(crc32c([b"1234", b"", b"56789"]), 0xe306_9283);
    }

    #[test]
    fn odd_lengths_are_padded() {
        for len in 0..40 {
            let bytes: Vec<u8> = (0..len).map(|i: u8| i.wrapping_mul(37).wrapping_add(11)).collect();
            let mut padded = bytes.clone();
            padded.resize(bytes.len().next_multiple_of(2), 0);
            let slow = padded.chunks(2).fold(0u32, |t, w| t + u32::from(u16::from_be_bytes([w[0], w[1]])));
            let slow = (slow & 0xffff) + (slow >> 16);
            assert_eq!(u32::from(fold(sum(&bytes))), (slow & 0xffff) + (slow >> 16));
        }
    }
}
