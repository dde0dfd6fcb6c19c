//! Teredo: IPv6 in UDP (RFC 4380).

use super::{Carried, Header};
use crate::frame::Link;
use crate::packet::Encapsulation;
use crate::wire::ethernet::ethertype;
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::teredo::indications_len;

/// What is in front of IPv6, where the payload is an IPv6 packet of the very length; anything else is plain UDP.
pub(super) fn header(carried: &Carried<'_>) -> Option<Header> {
    let length = indications_len(carried.payload)?;
    let (ip, _) = Ipv6::parse(carried.payload.get(length..)?)?;
    let fits = ip.version() == 6 && length + ipv6::LEN + usize::from(ip.payload_length()) == carried.sent;
    let link = Link::Type(ethertype::IPV6);
    fits.then_some(Header { kind: Encapsulation::Teredo, number: 0, length, link, note: None })
}
