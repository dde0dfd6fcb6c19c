//! GENEVE, and what clouds say in its options.

use super::{Carried, Found, Header, Note, NoteKind, refuse};
use crate::anomaly::Anomaly;
use crate::frame::Link;
use crate::packet::{Encapsulation, Wrap};
use crate::wire::ethernet::ethertype;
use crate::wire::geneve::{self, Geneve, GeneveOption, LEN};

pub(super) fn header(carried: &Carried<'_>, found: &mut Found) -> Option<Header> {
    let Some((head, rest)) = Geneve::parse(carried.payload) else {
        return if carried.sent < LEN { refuse(found, Anomaly::GeneveTooShort) } else { None };
    };
    let length = LEN + head.options_len();
    let link = match head.protocol() {
        ethertype::BRIDGING => Link::Ethernet,
        ethertype::IPV4 | ethertype::IPV6 => Link::Ip,
        _ => return refuse(found, Anomaly::GenevePayload),
    };
    if head.version() != 0 {
        return refuse(found, Anomaly::GeneveVersion);
    }
    if length > carried.sent {
        return refuse(found, Anomaly::GeneveOptions);
    }
    if head.has_reserved() {
        found.anomalies.add(Anomaly::GeneveReserved);
    }
    // Where the capture ends inside the options there is nothing further in.
    let options = rest.get(..head.options_len())?;
    let note = Note { kind: NoteKind::GeneveOptions, start: (carried.at + LEN) as u32, length: options.len() as u32 };
    // Those of the hosts' own tunnels are nothing to the mirror.
    let note = (found.depth == 0 && read_options(options, found)).then_some(note);
    Some(Header { kind: Encapsulation::Geneve, number: head.vni(), length, link, note })
}

/// AWS's options by name; true when there are others, which is an anomaly where they are critical and not known either.
fn read_options(mut options: &[u8], found: &mut Found) -> bool {
    let mut others = false;
    while !options.is_empty() {
        let Some((option, rest)) = GeneveOption::parse(options) else {
            found.anomalies.add(Anomaly::GeneveOptions);
            break;
        };
        if option.is_aws() {
            read_aws(&option, &mut found.wrap);
        } else {
            others = true;
            if option.critical && !option.is_google() {
                found.anomalies.add(Anomaly::GeneveCritical);
            }
        }
        options = rest;
    }
    others
}

fn read_aws(option: &GeneveOption<'_>, wrap: &mut Wrap) {
    match (option.kind, option.number8(), option.number4()) {
        (geneve::AWS_ENDPOINT, Some(id), _) => wrap.endpoint = id,
        (geneve::AWS_ATTACHMENT, Some(id), _) => wrap.attachment = id,
        (_, _, Some(cookie)) => (wrap.flow_cookie, wrap.has_cookie) = (cookie, true),
        _ => {}
    }
}
