//! IP directly in IP (RFC 2003, RFC 4213, RFC 2473), and what other tunnels ask of IP inside.

use super::{Carried, Found, Header, malformed};
use crate::anomaly::Anomaly;
use crate::frame::Link;
use crate::packet::{Encapsulation, proto};
use crate::wire::ethernet::ethertype;
use crate::wire::{ipv4, ipv6};

pub(super) fn header(carried: &Carried<'_>, found: &mut Found) -> Option<Header> {
    let (kind, inside) = match (carried.is_v6, carried.protocol) {
        (false, proto::IPV4) => (Encapsulation::Ipip, ethertype::IPV4),
        (false, _) => (Encapsulation::SixInFour, ethertype::IPV6),
        (true, proto::IPV4) => (Encapsulation::FourInSix, ethertype::IPV4),
        (true, _) => (Encapsulation::SixInSix, ethertype::IPV6),
    };
    let link = Link::Type(inside);
    fits(carried, 0, link, found)?;
    Some(Header { kind, number: 0, length: 0, link, note: None })
}

/// Something where what is inside, behind so many bytes of headers, can be the IP version that was announced, or where
/// none was.
pub(super) fn fits(carried: &Carried<'_>, header: usize, link: Link, found: &mut Found) -> Option<()> {
    let (version, shortest) = match link {
        Link::Type(ethertype::IPV4) => (4, ipv4::LEN),
        Link::Type(ethertype::IPV6) => (6, ipv6::LEN),
        _ => return Some(()),
    };
    let directly = carried.is_v6 && matches!(carried.protocol, proto::IPV4 | proto::IPV6);
    if carried.sent < header + shortest {
        return malformed(found, too_short(directly, version));
    }
    let nibble = carried.payload.get(header).map(|byte| byte >> 4);
    if nibble.is_none_or(|nibble| nibble == version) {
        return Some(());
    }
    malformed(found, wrong_version(directly, version))
}

/// Directly in IPv6 has names of its own.
fn too_short(directly: bool, version: u8) -> Anomaly {
    match (directly, version) {
        (true, 4) => Anomaly::Ipv4InIpv6TooShort,
        (true, _) => Anomaly::Ipv6InIpv6TooShort,
        _ => Anomaly::IpInsideTooShort,
    }
}

fn wrong_version(directly: bool, version: u8) -> Anomaly {
    match (directly, version) {
        (true, 4) => Anomaly::Ipv4InIpv6Version,
        (true, _) => Anomaly::Ipv6InIpv6Version,
        (_, 4) => Anomaly::Ipv4Version,
        _ => Anomaly::Ipv6Version,
    }
}
