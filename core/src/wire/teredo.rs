//! What Teredo puts in front of IPv6 in a UDP datagram (RFC 4380, section 5.1.1).

/// Bytes of the authentication header without its identifier and value.
const AUTHENTICATION: usize = 13;
/// Bytes of the origin indication.
const ORIGIN: usize = 8;

/// Bytes of the authentication header and of the origin indication, as far as there are any, in front of the IPv6
/// packet; `None` where the bytes end inside.
pub fn indications_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    if let [0, 1, client, value, ..] = bytes {
        at = AUTHENTICATION + usize::from(*client) + usize::from(*value);
    }
    if bytes.get(at..)?.starts_with(&[0, 0]) {
        at += ORIGIN;
    }
    (at <= bytes.len()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indications() {
        assert_eq!(indications_len(&[0x60, 0, 0, 0]), Some(0));
        assert_eq!(indications_len(&[0, 0, 1, 2, 3, 4, 5, 6, 0x60]), Some(8));
        let mut both = vec![0, 1, 2, 3];
        both.extend([9; 14]);
        both.extend([0, 0, 1, 2, 3, 4, 5, 6, 0x60]);
        assert_eq!(indications_len(&both), Some(26));
        assert_eq!(indications_len(&both[..20]), None);
        assert_eq!(indications_len(&both[..10]), None);
        assert_eq!(indications_len(&[]), Some(0));
    }
}
