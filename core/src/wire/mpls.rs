//! MPLS label stack entries (RFC 3032, section 2.1).

use super::{be32, view};

view! {
    /// One entry of a label stack.
    Label[4]
}

impl Label<'_> {
    /// The label, 20 bits.
    pub fn label(&self) -> u32 {
        be32!(self.0, 0) >> 12
    }

    /// The bottom of the stack.
    pub fn is_last(&self) -> bool {
        self.0[2] & 1 != 0
    }
}

/// Labels with a meaning of their own (RFC 3032, section 2.1; RFC 7274).
pub mod label {
    #![allow(missing_docs)]
    pub const IPV4_EXPLICIT_NULL: u32 = 0;
    pub const ROUTER_ALERT: u32 = 1;
    pub const IPV6_EXPLICIT_NULL: u32 = 2;
    pub const IMPLICIT_NULL: u32 = 3;
    /// The first that is not special.
    pub const FIRST: u32 = 16;
}

/// Bytes of a pseudowire's control word (RFC 4448, section 4.6): its first nibble is 0, so that it is no IP header.
pub const CONTROL_WORD_LEN: usize = 4;
