//! The mirror object, which every record of a packet or a flow carries.

use crate::flow::record::FlowRecord;
use crate::identify::Identities;
use crate::packet::{Checksum, Encapsulation, NONE, Packet, Wrap};
use crate::table::json::{Json, hex};
use crate::table::known::Known;
use crate::table::text;
use crate::table::tunnel::{self, Noted};

/// Writes mirror objects. What an identity's packets have in common is kept as text.
#[derive(Debug, Default)]
pub struct Mirrors {
    // By identity: the wrap last seen and its text. The identity table bounds it.
    rendered: Vec<(Wrap, Vec<u8>)>,
}

impl Mirrors {
    /// The object of a packet; `note` is the mirror's header that says something about it.
    pub fn packet(
        &mut self,
        json: &mut Json<'_>,
        packet: &Packet,
        wrap: Option<&Wrap>,
        note: Noted<'_>,
        identities: &Identities,
    ) {
        json.object("mirror");
        self.common(json, packet.identity, wrap, identities);
        if let Some(wrap) = wrap {
            tunnel::objects(json, wrap, note);
        }
        json.number("length", packet.original);
        json.number("captured", packet.captured);
        if packet.truncated.0 != 0 {
            json.list("truncated");
            packet.truncated.names().for_each(|name| json.item(name));
            json.end_list();
        }
        checksum(json, packet.l3_checksum, packet.l4_checksum);
        json.end();
    }

    /// The object of a flow: the keys of its first packet's wrap, and what is told of all its packets.
    pub fn flow(&mut self, json: &mut Json<'_>, flow: &FlowRecord, identities: &Identities) {
        json.object("mirror");
        let first = flow_identities(flow).next().unwrap_or(NONE);
        self.common(json, first, (first != NONE).then_some(&flow.wrap), identities);
        tunnel::objects(json, &flow.wrap, None);
        json.number("packets", flow.packets.iter().fold(0u64, |sum, &n| sum.saturating_add(n)));
        json.number("truncated_packets", flow.truncated_packets);
        if first != NONE {
            json.list("sessions");
            flow_identities(flow).for_each(|identity| json.item(&Known::of(identities, identity).label()));
            json.end_list();
        }
        json.end();
    }

    fn common(&mut self, json: &mut Json<'_>, identity: u32, wrap: Option<&Wrap>, identities: &Identities) {
        let Some(wrap) = wrap.filter(|wrap| wrap.encapsulation != Encapsulation::None && identity != NONE) else {
            return json.text("encapsulation", Encapsulation::None.name());
        };
        let row = identity as usize;
        if row >= self.rendered.len() {
            self.rendered.resize_with(row + 1, Default::default);
        }
        let Some((seen, rendered)) = self.rendered.get_mut(row) else { return };
        if rendered.is_empty() || seen != wrap {
            *seen = *wrap;
            rendered.clear();
            render(&mut Json(rendered), wrap, &Known::of(identities, identity));
        }
        json.0.extend_from_slice(rendered);
    }
}

/// The identities that a flow was seen through, first first.
pub fn flow_identities(flow: &FlowRecord) -> impl Iterator<Item = u32> + '_ {
    flow.identities.iter().copied().take(usize::from(flow.identity_count)).filter(|&identity| identity != NONE)
}

/// The keys that name an identity, after the session's own.
pub(super) fn identity(json: &mut Json<'_>, wrap: &Wrap, known: &Known<'_>) {
    json.text_if("name", known.name);
    json.text_if("interface", known.interface);
    json.text_if("vpc", known.vpc);
    if let Some(vni) = wrap.network() {
        json.number("vni", vni);
    }
    json.plain("outer_src", |out| text::mapped(out, &wrap.outer_src));
    json.plain("outer_dst", |out| text::mapped(out, &wrap.outer_dst));
    json.text("encapsulation", wrap.encapsulation.name());
    if wrap.endpoint != 0 {
        json.plain("endpoint", |out| endpoint(out, wrap.endpoint));
    }
}

fn render(json: &mut Json<'_>, wrap: &Wrap, known: &Known<'_>) {
    json.text_if("session", known.session);
    identity(json, wrap, known);
    if wrap.attachment != 0 {
        json.plain("attachment", |out| hex(out, wrap.attachment, 17));
    }
    if wrap.has_cookie {
        json.plain("flow_cookie", |out| hex(out, u64::from(wrap.flow_cookie), 8));
    }
}

/// Append the id of a Gateway Load Balancer's endpoint.
pub(super) fn endpoint(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(b"vpce-");
    hex(out, number, 17);
}

fn checksum(json: &mut Json<'_>, l3: Checksum, l4: Checksum) {
    json.object("checksum");
    json.text("l3", l3.name());
    json.text("l4", l4.name());
    json.end();
}
