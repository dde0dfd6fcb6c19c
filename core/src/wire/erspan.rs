//! ERSPAN's own headers, which follow GRE's (draft-foschiano-erspan-03, section 4).

use super::{be16, be32};

/// Bytes of type II's header.
pub const LEN2: usize = 8;
/// Bytes of type III's header without its platform's part.
pub const LEN3: usize = 12;
/// Bytes of type III's optional, platform-specific part.
pub const PLATFORM_LEN: usize = 8;

/// What types II and III have in common: the first four bytes.
#[derive(Clone, Copy)]
pub struct Common<'a>(&'a [u8; 4]);

impl<'a> Common<'a> {
    /// The header's first four bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        bytes.first_chunk().map(Self)
    }

    /// 1 is type II, 2 is type III.
    pub fn version(&self) -> u8 {
        self.0[0] >> 4
    }

    /// The VLAN of the frame at the switch; 0 is none.
    pub fn vlan(&self) -> u16 {
        be16!(self.0, 0) & 0xfff
    }

    /// Class of service.
    pub fn cos(&self) -> u8 {
        self.0[2] >> 5
    }

    /// Type II: how the VLAN was tagged at the switch's port. Type III: what is wrong with the frame.
    pub fn two_bits(&self) -> u8 {
        self.0[2] >> 3 & 3
    }

    /// The T bit: the switch cut the frame.
    pub fn is_truncated(&self) -> bool {
        self.0[2] & 4 != 0
    }

    /// The session's id, 10 bits.
    pub fn session(&self) -> u32 {
        u32::from(be16!(self.0, 2) & 0x3ff)
    }
}

/// Type II.
#[derive(Clone, Copy)]
pub struct Erspan2<'a>(&'a [u8; LEN2]);

impl<'a> Erspan2<'a> {
    /// The header at the start of `bytes`.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        bytes.first_chunk().map(Self)
    }

    /// Port index, 20 bits, with a meaning to the switch.
    pub fn index(&self) -> u32 {
        be32!(self.0, 4) & 0xf_ffff
    }
}

/// Type III.
#[derive(Clone, Copy)]
pub struct Erspan3<'a>(&'a [u8; LEN3]);

impl<'a> Erspan3<'a> {
    /// The header at the start of `bytes`.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        bytes.first_chunk().map(Self)
    }

    /// When the switch saw the frame, in units of the granularity.
    pub fn timestamp(&self) -> u32 {
        be32!(self.0, 4)
    }

    /// Security group tag.
    pub fn security_group(&self) -> u16 {
        be16!(self.0, 8)
    }

    /// FT: 0 is an Ethernet frame, 2 an IP packet.
    pub fn frame_type(&self) -> u8 {
        self.0[10] >> 2 & 0x1f
    }

    /// The engine within the switch that made the copy.
    pub fn hardware(&self) -> u8 {
        (be16!(self.0, 10) >> 4 & 0x3f) as u8
    }

    /// The D bit: the frame left by the port.
    pub fn is_egress(&self) -> bool {
        self.0[11] & 8 != 0
    }

    /// The timestamp's unit: 0 is 100 microseconds, 1 is 100 nanoseconds, 2 that of IEEE 1588, 3 the user's.
    pub fn granularity(&self) -> u8 {
        self.0[11] >> 1 & 3
    }

    /// Bytes of the header, its platform's part included.
    pub fn header_len(&self) -> usize {
        LEN3 + if self.0[11] & 1 != 0 { PLATFORM_LEN } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_2() {
        // Version 1, VLAN 100, CoS 5, En 3, T, session 7, index 0x12345.
        let bytes = [0x10, 0x64, 0xbc, 0x07, 0x00, 0x01, 0x23, 0x45];
        let common = Common::parse(&bytes).unwrap();
        assert_eq!((common.version(), common.vlan(), common.cos(), common.two_bits()), (1, 100, 5, 3));
        assert_eq!((common.is_truncated(), common.session()), (true, 7));
        assert_eq!(Erspan2::parse(&bytes).unwrap().index(), 0x12345);
        assert!(Erspan2::parse(&bytes[..7]).is_none());
    }

    #[test]
    fn type_3() {
        // Version 2, session 1023, timestamp, SGT 16, P, FT 2, hardware 0x21, egress, granularity 1, a platform's part.
        let bytes = [0x20, 0x00, 0x03, 0xff, 0x01, 0x02, 0x03, 0x04, 0x00, 0x10, 0x8a, 0x1b];
        let (common, head) = (Common::parse(&bytes).unwrap(), Erspan3::parse(&bytes).unwrap());
        assert_eq!((common.version(), common.session(), common.is_truncated()), (2, 1023, false));
        assert_eq!((head.timestamp(), head.security_group(), head.frame_type()), (0x0102_0304, 16, 2));
        assert_eq!((head.hardware(), head.is_egress(), head.granularity()), (0x21, true, 1));
        assert_eq!(head.header_len(), 20);
    }
}
