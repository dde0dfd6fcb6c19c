//! The arp event.

use super::{Context, Look};
use crate::packet::{Layer, Stop};
use crate::table::json::{Json, mac, number};
use crate::wire::arp::Arp;

/// The message of an ARP packet, where it has one for Ethernet and IPv4.
pub(super) fn message<'a>(at: &Context<'a>) -> Option<Arp<'a>> {
    if at.packet.layer != Layer::Arp || at.packet.stop != Stop::Complete {
        return None;
    }
    let bytes = at.bytes.get(usize::from(at.packet.l3)..)?;
    Arp::parse(bytes).map(|(message, _)| message)
}

pub(super) fn write(json: &mut Json<'_>, look: Look, message: &Arp<'_>) {
    let [sender, target] = message.ends();
    json.object("arp");
    json.text("hw_type", "ethernet");
    json.text("proto_type", "ipv4");
    match operation(message.operation()) {
        Some(name) => json.text("opcode", name),
        None => json.plain("opcode", |out| number(out, message.operation())),
    }
    json.plain("src_mac", |out| mac(out, &sender.0));
    look.address(json, "src_ip", 4, &sender.1);
    json.plain("dest_mac", |out| mac(out, &target.0));
    look.address(json, "dest_ip", 4, &target.1);
    json.end();
}

/// The operations' names (RFC 826, RFC 903, RFC 2390).
fn operation(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "request",
        2 => "reply",
        3 => "request_reverse",
        4 => "reply_reverse",
        8 => "inverse_request",
        9 => "inverse_reply",
        _ => return None,
    })
}
