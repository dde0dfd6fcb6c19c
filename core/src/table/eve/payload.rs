//! Bytes in events: payloads, streams, packets.

use super::Context;
use crate::frame::Link;
use crate::packet::Packet;
use crate::plan::AlertEvents;
use crate::table::json::Json;

/// The parts of an alert that show bytes; `stream` is what is stored of the stream that a rule matched in.
pub(super) fn write(json: &mut Json<'_>, at: &Context<'_>, stream: Option<&[u8]>, options: &AlertEvents) {
    let AlertEvents { payload, payload_printable, payload_length, packet: wants_packet, .. } = *options;
    if !(payload || payload_printable || payload_length || wants_packet) {
        return;
    }
    let bytes = stream.unwrap_or_else(|| payload_of(at));
    let bytes = bytes.get(..options.payload_size as usize).unwrap_or(bytes);
    if !bytes.is_empty() {
        if payload {
            json.base64("payload", bytes);
        }
        if payload_printable {
            json.printable("payload_printable", bytes);
        }
        if payload_length {
            json.number("payload_length", bytes.len());
        }
    }
    json.number("stream", u8::from(stream.is_some()));
    if wants_packet {
        packet(json, at, usize::MAX);
    }
}

fn payload_of<'a>(at: &Context<'a>) -> &'a [u8] {
    let start = usize::from(at.packet.payload);
    at.bytes.get(start..start + at.packet.payload_captured() as usize).unwrap_or_default()
}

/// The packet, up to `most` bytes of it.
pub(super) fn packet(json: &mut Json<'_>, at: &Context<'_>, most: usize) {
    json.base64("packet", at.bytes.get(..most).unwrap_or(at.bytes));
    let (number, name) = link_type(at.packet);
    json.object("packet_info");
    json.number("linktype", number);
    json.text("linktype_name", name);
    json.end();
}

/// How the bytes begin, as libpcap numbers and names it; what was taken out of other packets counts as raw.
fn link_type(packet: &Packet) -> (u16, &'static str) {
    if packet.depth > 0 {
        return (12, "RAW");
    }
    match packet.link {
        Link::Ethernet => (1, "EN10MB"),
        Link::Null => (0, "NULL"),
        Link::Sll => (113, "LINUX_SLL"),
        Link::Sll2 => (276, "LINUX_SLL2"),
        Link::Ppp => (9, "PPP"),
        Link::Chdlc => (104, "C_HDLC"),
        Link::Wifi => (105, "IEEE802_11"),
        Link::Radiotap => (127, "IEEE802_11_RADIO"),
        Link::Ipv4 => (228, "IPV4"),
        Link::Ipv6 => (229, "IPV6"),
        Link::Ip | Link::UdpPayload | Link::Type(_) => (12, "RAW"),
    }
}
