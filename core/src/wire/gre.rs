//! GRE: version 0 (RFC 2784, RFC 2890; source routes: RFC 1701) and version 1, PPTP's (RFC 2637, section 4.1).

use super::be16;

/// Bytes of the fixed header.
pub const LEN: usize = 4;
/// Protocol type of ERSPAN's types I and II (draft-foschiano-erspan-03).
pub const ERSPAN: u16 = 0x88be;
/// Protocol type of ERSPAN's type III.
pub const ERSPAN3: u16 = 0x22eb;
/// Protocol type of PPP (RFC 2637).
pub const PPP: u16 = 0x880b;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const STRICT_ROUTE: u16 = 0x0800;
const RECURSION: u16 = 0x0700;
/// Version 1's A bit: an acknowledgment is there.
const ACKNOWLEDGMENT: u16 = 0x0080;
const RESERVED: u16 = 0x00f8;

/// Source route entries that are followed.
const MAX_ROUTES: usize = 32;

/// The fixed header and all bytes from it on.
#[derive(Clone, Copy)]
pub struct Gre<'a> {
    head: &'a [u8; LEN],
    bytes: &'a [u8],
}

impl<'a> Gre<'a> {
    /// The header at the start of `bytes`.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { head: bytes.first_chunk()?, bytes })
    }

    #[inline]
    fn flags(&self) -> u16 {
        be16!(self.head, 0)
    }

    #[inline]
    fn has(&self, flags: u16) -> bool {
        self.flags() & flags != 0
    }

    /// 0, or 1 for PPTP.
    pub fn version(&self) -> u8 {
        self.head[1] & 7
    }

    /// EtherType of the payload, or one of its own.
    pub fn protocol(&self) -> u16 {
        be16!(self.head, 2)
    }

    /// The C bit.
    pub fn has_checksum(&self) -> bool {
        self.has(CHECKSUM)
    }

    /// The R bit: source route entries are there.
    pub fn has_routing(&self) -> bool {
        self.has(ROUTING)
    }

    /// The K bit.
    pub fn has_key(&self) -> bool {
        self.has(KEY)
    }

    /// The S bit.
    pub fn has_sequence(&self) -> bool {
        self.has(SEQUENCE)
    }

    /// The s bit: a strict source route (RFC 1701).
    pub fn has_strict_route(&self) -> bool {
        self.has(STRICT_ROUTE)
    }

    /// The recursion control is not 0.
    pub fn has_recursion(&self) -> bool {
        self.has(RECURSION)
    }

    /// Flags that the version does not define.
    pub fn has_reserved(&self) -> bool {
        self.has(if self.version() == 1 { RESERVED & !ACKNOWLEDGMENT } else { RESERVED })
    }

    fn has_acknowledgment(&self) -> bool {
        self.version() == 1 && self.has(ACKNOWLEDGMENT)
    }

    /// Where the key is, were it there.
    fn key_at(&self) -> usize {
        LEN + if self.has(CHECKSUM | ROUTING) { 4 } else { 0 }
    }

    fn sequence_at(&self) -> usize {
        self.key_at() + if self.has_key() { 4 } else { 0 }
    }

    fn acknowledgment_at(&self) -> usize {
        self.sequence_at() + if self.has_sequence() { 4 } else { 0 }
    }

    /// Bytes of the header without source route entries.
    pub fn header_len(&self) -> usize {
        self.acknowledgment_at() + if self.has_acknowledgment() { 4 } else { 0 }
    }

    /// Bytes of the header with its source route entries; `None` where they do not end within the bytes.
    pub fn routed_len(&self) -> Option<usize> {
        let mut at = self.header_len();
        if !self.has_routing() || self.version() == 1 {
            return Some(at);
        }
        for _ in 0..MAX_ROUTES {
            let entry: &[u8; 4] = self.bytes.get(at..)?.first_chunk()?;
            at += 4 + usize::from(entry[3]);
            // The list ends with an entry of address family 0 and length 0.
            if entry[..2] == [0, 0] && entry[3] == 0 {
                return Some(at);
            }
        }
        None
    }

    fn word(&self, at: usize) -> Option<u32> {
        self.bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// The key: 32 bits of the tunnel's own (RFC 2890, section 2.1).
    pub fn key(&self) -> Option<u32> {
        if self.has_key() { self.word(self.key_at()) } else { None }
    }

    /// PPTP's call, the receiver's number of it: the key's lower half.
    pub fn call(&self) -> Option<u32> {
        self.key().map(|key| key & 0xffff)
    }

    /// The sequence number.
    pub fn sequence(&self) -> Option<u32> {
        if self.has_sequence() { self.word(self.sequence_at()) } else { None }
    }

    /// PPTP's acknowledgment number.
    pub fn acknowledgment(&self) -> Option<u32> {
        if self.has_acknowledgment() { self.word(self.acknowledgment_at()) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_header() {
        let gre = Gre::parse(&[0, 0, 8, 0, 0x45]).unwrap();
        assert_eq!((gre.version(), gre.protocol(), gre.header_len(), gre.routed_len()), (0, 0x0800, 4, Some(4)));
        assert_eq!((gre.key(), gre.sequence(), gre.acknowledgment()), (None, None, None));
        assert!(Gre::parse(&[0, 0, 8]).is_none());
    }

    #[test]
    fn checksum_key_and_sequence() {
        let bytes = [0xb0, 0, 0x65, 0x58, 0x12, 0x34, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9];
        let gre = Gre::parse(&bytes).unwrap();
        assert!(gre.has_checksum() && !gre.has_reserved());
        assert_eq!((gre.header_len(), gre.key(), gre.sequence()), (16, Some(7), Some(9)));
        assert_eq!(Gre::parse(&bytes[..10]).unwrap().key(), None);
    }

    #[test]
    fn source_routes_are_followed_within_bounds() {
        // One entry of IPv4 (family 0x0800) with four bytes, then the end.
        let mut bytes = vec![0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 10, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(Gre::parse(&bytes).unwrap().routed_len(), Some(20));
        bytes[11] = 200;
        assert_eq!(Gre::parse(&bytes).unwrap().routed_len(), None);
        let endless = [[0x40, 0, 8, 0].repeat(2), [8, 0, 0, 0].repeat(40)].concat();
        assert_eq!(Gre::parse(&endless).unwrap().routed_len(), None);
    }

    #[test]
    fn pptp() {
        let bytes = [0x30, 0x81, 0x88, 0x0b, 0, 12, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2];
        let gre = Gre::parse(&bytes).unwrap();
        assert_eq!((gre.version(), gre.protocol(), gre.call(), gre.header_len()), (1, PPP, Some(5), 16));
        assert_eq!((gre.sequence(), gre.acknowledgment(), gre.has_reserved()), (Some(1), Some(2), false));
    }
}
