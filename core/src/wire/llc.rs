//! Logical link control (IEEE 802.2) with the subnetwork access protocol (RFC 1042).

use super::{be16, view};

view! {
    /// LLC's shortest header: service access points and control.
    Llc[3]
}

impl Llc<'_> {
    /// SNAP's header follows: both access points are its, in an unnumbered information frame.
    pub fn is_snap(&self) -> bool {
        *self.0 == [0xaa, 0xaa, 0x03]
    }
}

view! {
    /// SNAP's header: organisation and its protocol number.
    Snap[5]
}

impl Snap<'_> {
    /// The protocol number, where it is an EtherType: of RFC 1042, or of 802.1H's bridge tunnel.
    pub fn ethertype(&self) -> Option<u16> {
        matches!(self.0, [0, 0, 0 | 0xf8, ..]).then_some(be16!(self.0, 3))
    }
}
