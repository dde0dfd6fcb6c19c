//! VXLAN (RFC 7348, section 5), its group policy (draft-smith-vxlan-group-policy-05) and its generic protocol extension
//! (draft-ietf-nvo3-vxlan-gpe-13).

use super::{be16, be32};

/// Bytes of the header.
pub const LEN: usize = 8;

/// The header.
#[derive(Clone, Copy)]
pub struct Vxlan<'a>(&'a [u8; LEN]);

impl<'a> Vxlan<'a> {
    /// The header and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// The I flag: the VNI is valid.
    #[inline]
    pub fn has_vni(&self) -> bool {
        self.0[0] & 0x08 != 0
    }

    /// Any reserved bit is set; those of a group policy are not reserved where there is one.
    #[inline]
    pub fn has_reserved(&self) -> bool {
        let known = if self.has_group_policy() { 0x8848_ffff } else { 0x0800_0000 };
        be32!(self.0, 0) & !known != 0 || self.0[7] != 0
    }

    /// The G flag: the group policy's id is valid.
    #[inline]
    pub fn has_group_policy(&self) -> bool {
        self.0[0] & 0x80 != 0
    }

    /// The group policy's id.
    pub fn group_policy(&self) -> u16 {
        be16!(self.0, 2)
    }

    /// The D flag of a group policy: the sender's address is not to be learnt.
    pub fn is_not_to_be_learnt(&self) -> bool {
        self.0[1] & 0x40 != 0
    }

    /// The A flag of a group policy: it was applied already.
    pub fn is_policy_applied(&self) -> bool {
        self.0[1] & 0x08 != 0
    }

    /// VXLAN network identifier, 24 bits.
    #[inline]
    pub fn vni(&self) -> u32 {
        be32!(self.0, 4) >> 8
    }
}

/// The header with the generic protocol extension.
#[derive(Clone, Copy)]
pub struct Gpe<'a>(&'a [u8; LEN]);

impl<'a> Gpe<'a> {
    /// The header and what follows it.
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// 0 is the only version.
    pub fn version(&self) -> u8 {
        self.0[0] >> 4 & 3
    }

    /// The I flag: the VNI is valid.
    pub fn has_vni(&self) -> bool {
        self.0[0] & 0x08 != 0
    }

    /// Which protocol follows: Ethernet (3) where the P flag does not say that there is another.
    pub fn next_protocol(&self) -> u8 {
        if self.0[0] & 0x04 != 0 { self.0[3] } else { 3 }
    }

    /// Any reserved bit is set.
    pub fn has_reserved(&self) -> bool {
        be32!(self.0, 0) & 0xc0ff_ff00 != 0 || self.0[7] != 0
    }

    /// VXLAN network identifier, 24 bits.
    pub fn vni(&self) -> u32 {
        be32!(self.0, 4) >> 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_policy_bits_are_not_reserved() {
        let parse = |bytes: &[u8; LEN]| Vxlan::parse(bytes).map(|(head, _)| (head.has_reserved(), head.group_policy()));
        assert_eq!(parse(&[0x88, 0x48, 0x12, 0x34, 0, 0, 7, 0]), Some((false, 0x1234)));
        assert_eq!(parse(&[0x88, 0x01, 0, 1, 0, 0, 7, 0]), Some((true, 1)));
        assert_eq!(parse(&[0x08, 0, 0, 1, 0, 0, 7, 0]), Some((true, 1)));
    }

    #[test]
    fn the_p_flag_names_the_protocol() {
        let next = |first: u8| Gpe::parse(&[first, 0, 0, 4, 0, 0, 7, 0]).unwrap().0.next_protocol();
        assert_eq!((next(0x0c), next(0x08)), (4, 3));
    }
}
