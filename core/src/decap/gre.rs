//! GRE of both versions, over IP and in UDP.

use super::{Carried, Found, Header, Note, NoteKind, erspan, ip, malformed};
use crate::anomaly::Anomaly;
use crate::frame::Link;
use crate::packet::{Encapsulation, proto};
use crate::plan::Tunnel;
use crate::wire::checksum::{fold, sum};
use crate::wire::ethernet::{ethertype, is_tag};
use crate::wire::gre::{ERSPAN, ERSPAN3, Gre, LEN, PPP};

/// GRE's header, where its payload is among the tunnels `wanted`.
pub(super) fn header(carried: &Carried<'_>, wanted: &[Tunnel], found: &mut Found) -> Option<Header> {
    let Some(gre) = Gre::parse(carried.payload) else {
        return if carried.sent < LEN { malformed(found, Anomaly::GreTooShort) } else { None };
    };
    let is_erspan = matches!(gre.protocol(), ERSPAN | ERSPAN3);
    if !wanted.contains(if is_erspan { &Tunnel::Erspan } else { &Tunnel::Gre }) {
        return None;
    }
    if let Some(anomaly) = fault(&gre) {
        return malformed(found, anomaly);
    }
    let length = length(&gre, carried, found)?;
    let header = if is_erspan { erspan::header(&gre, length, carried, found)? } else { plain(&gre, length, carried)? };
    // An acknowledgment of PPTP's carries nothing.
    if header.length == carried.sent {
        return None;
    }
    ip::fits(carried, header.length, header.link, found)?;
    // What covers all of the payload can be checked where all of it is there.
    let whole = gre.has_checksum() && carried.payload.len() == carried.sent;
    if whole && fold(sum(carried.payload)) != 0xffff {
        found.anomalies.add(Anomaly::GreBadChecksum);
    }
    let note = Note { kind: NoteKind::Gre, start: carried.at as u32, length: header.length as u32 };
    Some(Header { note: Some(note), ..header })
}

/// What is wrong with the flags.
fn fault(gre: &Gre<'_>) -> Option<Anomaly> {
    match gre.version() {
        0 if gre.has_recursion() => Some(Anomaly::GreRecursion),
        0 if gre.has_reserved() => Some(Anomaly::GreFlags),
        0 => None,
        1 => pptp_fault(gre),
        _ => Some(Anomaly::GreVersion),
    }
}

/// Of version 1 RFC 2637, section 4.1 leaves little open.
fn pptp_fault(gre: &Gre<'_>) -> Option<Anomaly> {
    let faults = [
        (gre.has_checksum(), Anomaly::PptpChecksum),
        (gre.has_routing(), Anomaly::PptpRouting),
        (gre.has_strict_route(), Anomaly::PptpStrictRoute),
        (gre.has_recursion(), Anomaly::PptpRecursion),
        (gre.has_reserved(), Anomaly::PptpFlags),
        (gre.protocol() != PPP, Anomaly::PptpProtocol),
        (!gre.has_key(), Anomaly::PptpNoKey),
    ];
    faults.iter().find(|(is, _)| *is).map(|(_, anomaly)| *anomaly)
}

/// Bytes of the header; `None` where it does not end within what was sent or captured.
fn length(gre: &Gre<'_>, carried: &Carried<'_>, found: &mut Found) -> Option<usize> {
    let is_pptp = gre.version() == 1;
    if gre.header_len() > carried.sent {
        return malformed(found, if is_pptp { Anomaly::PptpHeaderLength } else { Anomaly::GreHeaderLength });
    }
    let is_whole = carried.payload.len() == carried.sent;
    let length = gre.routed_len();
    if length.is_none() && is_whole {
        return malformed(found, Anomaly::GreSourceRoute);
    }
    length.filter(|length| *length <= carried.payload.len())
}

/// What GRE's own header says, where the payload is of a type that has a decoder.
fn plain(gre: &Gre<'_>, length: usize, carried: &Carried<'_>) -> Option<Header> {
    let link = match gre.protocol() {
        ethertype::BRIDGING => Link::Ethernet,
        PPP => Link::Ppp,
        known @ (ethertype::IPV4 | ethertype::IPV6 | ethertype::ARP | ethertype::NSH) => Link::Type(known),
        known @ (ethertype::MPLS | ethertype::MPLS_MULTICAST) => Link::Type(known),
        tag if is_tag(tag) => Link::Type(tag),
        _ => return None,
    };
    let (kind, number) = match (gre.version(), carried.protocol) {
        (1, _) => (Encapsulation::Pptp, gre.call()),
        (_, proto::UDP) => (Encapsulation::GreInUdp, gre.key()),
        _ => (Encapsulation::Gre, gre.key()),
    };
    Some(Header { kind, number: number.unwrap_or(0), length, link, note: None })
}
