//! PPP (RFC 1661), its framing (RFC 1662) and PPP over Ethernet (RFC 2516).

use super::{be16, view};

/// PPP protocol numbers (IANA's registry "PPP Numbers").
pub mod protocol {
    #![allow(missing_docs)]
    pub const IPV4: u16 = 0x0021;
    pub const VJ_UNCOMPRESSED: u16 = 0x002f;
    pub const IPV6: u16 = 0x0057;
    pub const MPLS: u16 = 0x0281;
    pub const MPLS_MULTICAST: u16 = 0x0283;

    /// Numbers that are assigned, though what they name has no decoder: network protocols, their control protocols (from
    /// 0x8021), the link's own (from 0xc021).
    pub const WITHOUT_DECODER: &[u16] = &[
        0x0023, 0x0025, 0x0027, 0x0029, 0x002b, 0x002d, 0x002f, 0x0031, 0x0033, 0x0035, 0x003b, 0x003d, 0x003f, 0x0041,
        0x0043, 0x0049, 0x004b, 0x004d, 0x0053, 0x0055, 0x0059, 0x00fb, 0x00fd, 0x0201, 0x0203, 0x0207, 0x8021, 0x8023,
        0x8025, 0x8027, 0x8029, 0x802b, 0x8031, 0x8033, 0x8035, 0x803f, 0x8041, 0x8049, 0x804b, 0x804d, 0x8053, 0x8055,
        0x8057, 0x80fb, 0x80fd, 0x8207, 0x8281, 0xc021, 0xc023, 0xc025, 0xc027, 0xc029, 0xc02b, 0xc02d, 0xc081, 0xc223,
        0xc225, 0xc227,
    ];
}

/// The protocol number and what follows it, behind HDLC's address and control bytes where those are there, and with
/// the number compressed to a byte or not (RFC 1661, section 6.5).
pub fn parse(bytes: &[u8]) -> Option<(u16, &[u8])> {
    match bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes) {
        // The framing, cut.
        [0xff] => None,
        // The last byte of a number is odd, the bytes before it are even.
        [low, rest @ ..] if low & 1 == 1 => Some((u16::from(*low), rest)),
        [high, low, rest @ ..] => Some((u16::from_be_bytes([*high, *low]), rest)),
        _ => None,
    }
}

view! {
    /// The header of PPP over Ethernet (RFC 2516, section 4).
    Pppoe[6]
}

impl Pppoe<'_> {
    /// 0 in the session stage, else the discovery message's kind.
    pub fn code(&self) -> u8 {
        self.0[1]
    }

    /// Bytes of the payload, as it says.
    pub fn length(&self) -> u16 {
        be16!(self.0, 4)
    }
}

/// Whether a discovery message of this code exists: PADI, PADO, PADR, PADS, PADT (RFC 2516, section 5).
pub fn is_discovery(code: u8) -> bool {
    matches!(code, 0x09 | 0x07 | 0x19 | 0x65 | 0xa7)
}

/// Whether each of a discovery message's tags ends within the message (RFC 2516, section 4).
pub fn tags_well_formed(mut tags: &[u8]) -> bool {
    while let [_, _, high, low, rest @ ..] = tags {
        match rest.get(usize::from(u16::from_be_bytes([*high, *low]))..) {
            Some(rest) => tags = rest,
            None => return false,
        }
    }
    tags.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Header;

    #[test]
    fn framing_may_be_compressed() {
        for framing in [&[0xff, 3, 0, 0x21, 9][..], &[0xff, 3, 0x21, 9], &[0, 0x21, 9], &[0x21, 9]] {
            assert_eq!(parse(framing), Some((protocol::IPV4, &[9][..])), "{framing:?}");
        }
        assert_eq!(parse(&[0xc0, 0x21]), Some((0xc021, &[][..])));
        for short in [&[][..], &[0], &[0xff], &[0xff, 3], &[0xff, 3, 0]] {
            assert_eq!(parse(short), None, "{short:?}");
        }
    }

    #[test]
    fn discovery() {
        let (head, tags) = Pppoe::parse(&[0x11, 9, 0, 0, 0, 8, 1, 1, 0, 0, 1, 3, 0, 0]).unwrap();
        assert_eq!((head.code(), head.length()), (9, 8));
        assert!(is_discovery(head.code()) && tags_well_formed(tags) && tags_well_formed(&[]));
        assert!(!tags_well_formed(&[1, 3, 0, 1]) && !tags_well_formed(&[1, 3, 0]));
    }
}
