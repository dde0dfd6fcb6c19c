//! Sequence numbers: compared modulo 2^32 (RFC 9293, section 3.4).

/// `a` comes before `b`.
#[inline]
pub(super) fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// `a` comes after `b`.
#[inline]
pub(super) fn after(a: u32, b: u32) -> bool {
    before(b, a)
}

/// The later of two.
#[inline]
pub(super) fn latest(a: u32, b: u32) -> u32 {
    if before(a, b) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap() {
        assert!(before(u32::MAX, 0) && after(5, u32::MAX - 5) && !before(7, 7) && !after(7, 7));
        assert_eq!((latest(u32::MAX, 3), latest(4, 3)), (3, 4));
    }
}
