//! Network Service Header (RFC 8300, section 2).

use super::view;

view! {
    /// The base header and the service path header.
    Nsh[8]
}

impl Nsh<'_> {
    /// 0.
    pub fn version(&self) -> u8 {
        self.0[0] >> 6
    }

    /// Bytes of the whole header, as it says.
    pub fn header_len(&self) -> usize {
        usize::from(self.0[1] & 0x3f) * 4
    }

    /// How the context headers are laid out: 1 is 16 bytes, 2 is variable.
    pub fn md_type(&self) -> u8 {
        self.0[2] & 0x0f
    }

    /// What follows (RFC 8300, section 9.1.4).
    pub fn next_protocol(&self) -> u8 {
        self.0[3]
    }
}

/// Bytes of a header of MD type 1.
pub const TYPE_1_LEN: usize = 24;

/// Next protocols.
pub mod next {
    #![allow(missing_docs)]
    pub const IPV4: u8 = 1;
    pub const IPV6: u8 = 2;
    pub const ETHERNET: u8 = 3;
    pub const NSH: u8 = 4;
    pub const MPLS: u8 = 5;
}
