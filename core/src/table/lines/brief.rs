//! The line that is printed where no columns are asked for.

use super::{listed, printable};
use crate::frame::Addr;
use crate::identify::Identities;
use crate::packet::{Causes, Checksum, Layer, Packet};
use crate::table::eve::Context;
use crate::table::json::number;
use crate::table::known::Known;
use crate::table::names;
use crate::table::text::{self, Clock};

/// Letters of the TCP flags, the lowest bit first, as tcpdump writes them.
const FLAGS: &[u8; 8] = b"FSRP.UEW";

/// Append `06:56:11.304062 web 10.0.0.1:40000 > 10.0.0.2:80 tcp [P.] 66 bytes, 12 payload`.
pub(super) fn line(out: &mut Vec<u8>, clock: &mut Clock, at: &Context<'_>, identities: &Identities) {
    let packet = at.packet;
    clock.of_day(out, packet.time);
    mirror(out, at, identities);
    let vlans = packet.vlans.iter().take(usize::from(packet.vlan_count));
    vlans.for_each(|id| numbered(out, b" vlan ", *id));
    if packet.ip != 0 {
        side(out, packet, b" ", &packet.src, packet.sport);
        side(out, packet, b" > ", &packet.dst, packet.dport);
    }
    protocol(out, packet);
    lengths(out, packet);
    notes(out, packet);
    out.push(b'\n');
}

/// What it came through: the session's name or id, else the network's number, else what was around it.
fn mirror(out: &mut Vec<u8>, at: &Context<'_>, identities: &Identities) {
    let Some(wrap) = at.wrap else { return };
    let known = Known::of(identities, at.packet.identity);
    let label = if known.name.is_empty() { known.session } else { known.name };
    let label = if label.is_empty() { wrap.encapsulation.name() } else { label };
    match wrap.network().filter(|_| !known.known) {
        Some(vni) => numbered(out, b" vni ", vni),
        None => {
            out.push(b' ');
            printable(out, |out| out.extend_from_slice(label.as_bytes()));
        }
    }
}

fn side(out: &mut Vec<u8>, packet: &Packet, before: &[u8], address: &Addr, port: u16) {
    out.extend_from_slice(before);
    let bracketed = packet.has_ports() && packet.ip == 6;
    if bracketed {
        out.push(b'[');
    }
    text::address(out, address, packet.ip);
    if bracketed {
        out.push(b']');
    }
    if packet.has_ports() {
        numbered(out, b":", port);
    }
}

fn protocol(out: &mut Vec<u8>, packet: &Packet) {
    out.push(b' ');
    match packet.layer {
        Layer::Ipv4 | Layer::Ipv6 | Layer::Other => match text::protocol(packet.proto) {
            Some(name) => out.extend(name.bytes().map(|byte| byte.to_ascii_lowercase())),
            None => numbered(out, b"protocol ", packet.proto),
        },
        layer => out.extend_from_slice(names::layer(layer).as_bytes()),
    }
    match packet.layer {
        Layer::Tcp => flags(out, packet.tcp_flags),
        Layer::Icmp | Layer::Icmpv6 => {
            numbered(out, b" type ", packet.sport);
            numbered(out, b" code ", packet.dport);
        }
        _ => {}
    }
    if packet.fragment {
        out.extend_from_slice(b" fragment");
    }
}

fn flags(out: &mut Vec<u8>, flags: u8) {
    out.extend_from_slice(b" [");
    out.extend(FLAGS.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, letter)| *letter));
    out.push(b']');
}

fn lengths(out: &mut Vec<u8>, packet: &Packet) {
    numbered(out, b" ", packet.original);
    out.extend_from_slice(b" bytes");
    if packet.has_ports() {
        numbered(out, b", ", packet.payload_original);
        out.extend_from_slice(b" payload");
    }
    if packet.captured < packet.original {
        numbered(out, b", ", packet.captured);
        out.extend_from_slice(b" captured");
    }
}

/// What is unusual. That a checksum is wrong is an anomaly.
fn notes(out: &mut Vec<u8>, packet: &Packet) {
    if packet.truncated != Causes(0) {
        out.extend_from_slice(b"; cut by ");
        listed(out, packet.truncated.names(), |out, name| out.extend_from_slice(name.as_bytes()));
    }
    if packet.l4_checksum == Checksum::NotCalculated {
        out.extend_from_slice(b"; checksum not calculated");
    }
    if !packet.anomalies.is_empty() {
        out.extend_from_slice(b"; ");
        let names = packet.anomalies.iter().map(|anomaly| anomaly.entry().name);
        listed(out, names, |out, name| out.extend_from_slice(name.as_bytes()));
    }
}

fn numbered(out: &mut Vec<u8>, before: &[u8], value: impl itoa::Integer) {
    out.extend_from_slice(before);
    number(out, value);
}
