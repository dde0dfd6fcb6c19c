//! VXLAN, with and without its generic protocol extension.

use super::{Carried, Found, Header, Note, NoteKind, ip, refuse};
use crate::anomaly::Anomaly;
use crate::frame::Link;
use crate::packet::Encapsulation;
use crate::wire::ethernet::ethertype;
use crate::wire::vxlan::{Gpe, LEN, Vxlan};

#[inline]
pub(super) fn header(carried: &Carried<'_>, strict: bool, found: &mut Found) -> Option<Header> {
    let Some((head, _)) = Vxlan::parse(carried.payload) else { return cut(carried, found) };
    if strict && (head.has_reserved() || head.has_group_policy()) {
        return None;
    }
    if !head.has_vni() {
        return refuse(found, Anomaly::VxlanNoVni);
    }
    if head.has_reserved() {
        found.anomalies.add(Anomaly::VxlanReserved);
    }
    let note = Note { kind: NoteKind::Vxlan, start: carried.at as u32, length: LEN as u32 };
    let note = head.has_group_policy().then_some(note);
    Some(Header { kind: Encapsulation::Vxlan, number: head.vni(), length: LEN, link: Link::Ethernet, note })
}

/// With the generic protocol extension (draft-ietf-nvo3-vxlan-gpe-13, section 3).
pub(super) fn gpe_header(carried: &Carried<'_>, found: &mut Found) -> Option<Header> {
    let Some((head, _)) = Gpe::parse(carried.payload) else { return cut(carried, found) };
    if head.version() != 0 {
        return refuse(found, Anomaly::VxlanGpeVersion);
    }
    if !head.has_vni() {
        return refuse(found, Anomaly::VxlanNoVni);
    }
    let link = match head.next_protocol() {
        1 => Link::Type(ethertype::IPV4),
        2 => Link::Type(ethertype::IPV6),
        3 => Link::Ethernet,
        4 => Link::Type(ethertype::NSH),
        5 => Link::Type(ethertype::MPLS),
        _ => return refuse(found, Anomaly::VxlanPayload),
    };
    ip::fits(carried, LEN, link, found)?;
    if head.has_reserved() {
        found.anomalies.add(Anomaly::VxlanReserved);
    }
    Some(Header { kind: Encapsulation::VxlanGpe, number: head.vni(), length: LEN, link, note: None })
}

#[cold]
fn cut(carried: &Carried<'_>, found: &mut Found) -> Option<Header> {
    if carried.sent < LEN { refuse(found, Anomaly::VxlanTooShort) } else { None }
}
