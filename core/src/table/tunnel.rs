//! What the mirror's own headers say beyond the identity: objects of the mirror object.

use crate::decap::NoteKind;
use crate::packet::{Encapsulation, Family, Wrap};
use crate::table::json::{Json, hex};
use crate::wire::erspan::{Common, Erspan2, Erspan3};
use crate::wire::geneve::GeneveOption;
use crate::wire::gre::Gre;
use crate::wire::vxlan::Vxlan;

/// Units of ERSPAN's timestamp, by its granularity.
const GRANULARITIES: [&str; 4] = ["100us", "100ns", "ieee1588", "other"];
/// What type III says of a frame that is not whole and sound, by its two bits.
const FRAME_FAULTS: [&str; 4] = ["", "short", "oversized", "bad"];

/// A header of the mirror's, as the engine noted it.
pub type Noted<'a> = Option<(NoteKind, &'a [u8])>;

/// The objects of a packet's mirror object, or of a flow's, which has no note.
pub(super) fn objects(json: &mut Json<'_>, wrap: &Wrap, note: Noted<'_>) {
    match (wrap.encapsulation.family(), note) {
        (Family::Vni, Some((NoteKind::Vxlan, bytes))) => group_policy(json, bytes),
        (Family::Vni, Some((NoteKind::GeneveOptions, bytes))) => options(json, bytes),
        (Family::Vni | Family::Ip, _) => {}
        (Family::Gre, note) => gre(json, wrap, note.and_then(|(_, bytes)| Gre::parse(bytes))),
        (Family::Erspan, note) => erspan(json, wrap, note.map(|(_, bytes)| bytes)),
    }
}

fn group_policy(json: &mut Json<'_>, bytes: &[u8]) {
    let Some((head, _)) = Vxlan::parse(bytes) else { return };
    json.object("vxlan");
    json.number("group_policy", head.group_policy());
    flag_if(json, "dont_learn", head.is_not_to_be_learnt());
    flag_if(json, "policy_applied", head.is_policy_applied());
    json.end();
}

fn gre(json: &mut Json<'_>, wrap: &Wrap, head: Option<Gre<'_>>) {
    let is_pptp = wrap.encapsulation == Encapsulation::Pptp;
    let number = head.map_or(wrap.gre_key(), |head| if is_pptp { head.call() } else { head.key() });
    if number.is_none() && head.is_none() {
        return;
    }
    json.object("gre");
    number_if(json, if is_pptp { "call" } else { "key" }, number);
    number_if(json, "sequence", head.and_then(|head| head.sequence()));
    number_if(json, "acknowledgment", head.and_then(|head| head.acknowledgment()));
    if let Some(head) = head {
        json.plain("protocol", |out| {
            out.extend_from_slice(b"0x");
            hex(out, u64::from(head.protocol()), 4);
        });
    }
    json.end();
}

/// ERSPAN's object; `bytes` begin with GRE's header. Type I has nothing to say.
fn erspan(json: &mut Json<'_>, wrap: &Wrap, bytes: Option<&[u8]>) {
    let Some(session) = wrap.erspan_session() else { return };
    json.object("erspan");
    json.number("session_id", session);
    let gre = bytes.and_then(Gre::parse);
    number_if(json, "sequence", gre.and_then(|gre| gre.sequence()));
    let own = gre.and_then(|gre| bytes?.get(gre.routed_len()?..));
    if let Some((bytes, common)) = own.and_then(|own| Some((own, Common::parse(own)?))) {
        let (vlan, cos) = (common.vlan(), common.cos());
        number_if(json, "vlan", (vlan != 0).then_some(u32::from(vlan)));
        number_if(json, "cos", (cos != 0).then_some(u32::from(cos)));
        flag_if(json, "truncated", common.is_truncated());
        match wrap.encapsulation {
            Encapsulation::Erspan2 => number_if(json, "index", Erspan2::parse(bytes).map(|head| head.index())),
            _ => type3(json, bytes, &common),
        }
    }
    json.end();
}

fn type3(json: &mut Json<'_>, bytes: &[u8], common: &Common<'_>) {
    let Some(head) = Erspan3::parse(bytes) else { return };
    let named = |names: [&'static str; 4], number: u8| names.get(usize::from(number)).copied().unwrap_or_default();
    json.text("direction", if head.is_egress() { "egress" } else { "ingress" });
    json.number("timestamp", head.timestamp());
    json.text("granularity", named(GRANULARITIES, head.granularity()));
    json.number("hardware", head.hardware());
    number_if(json, "security_group", (head.security_group() != 0).then_some(u32::from(head.security_group())));
    json.text_if("frame", named(FRAME_FAULTS, common.two_bits()));
}

/// Google's options by name, then those without a meaning to tmrx as they stand on the wire, in hexadecimal digits.
fn options(json: &mut Json<'_>, bytes: &[u8]) {
    if each(bytes).any(|(_, option)| option.is_google()) {
        google(json, bytes);
    }
    let is_raw = |option: &GeneveOption<'_>| !option.is_aws() && !option.is_google();
    if each(bytes).any(|(_, option)| is_raw(&option)) {
        json.list("geneve_options");
        each(bytes).filter(|(_, option)| is_raw(option)).for_each(|(raw, _)| json.item(&digits(raw)));
        json.end_list();
    }
}

/// Each option and its bytes.
fn each(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8], GeneveOption<'_>)> {
    std::iter::from_fn(move || {
        let (option, rest) = GeneveOption::parse(bytes)?;
        let raw = bytes.get(..bytes.len() - rest.len())?;
        bytes = rest;
        Some((raw, option))
    })
}

/// Google's network (28 bits) and direction (the lowest bit: it left the instance), endpoint and profile.
fn google(json: &mut Json<'_>, bytes: &[u8]) {
    json.object("gcp");
    // An option of a kind that was there before would be a key twice.
    let mut seen = [false; 4];
    for (_, option) in each(bytes).filter(|(_, option)| option.is_google()) {
        match seen.get_mut(usize::from(option.kind)) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        match (option.kind, option.number4(), option.number8()) {
            (1, Some(word), _) => {
                json.plain("cookie", |out| hex(out, u64::from(word >> 4), 7));
                json.text("direction", if word & 1 == 1 { "egress" } else { "ingress" });
            }
            (3, _, Some(profile)) => json.number("profile", profile),
            _ => json.plain("endpoint", |out| out.extend_from_slice(digits(option.data).as_bytes())),
        }
    }
    json.end();
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number_if(json: &mut Json<'_>, key: &'static str, value: Option<u32>) {
    if let Some(value) = value {
        json.number(key, value);
    }
}

fn flag_if(json: &mut Json<'_>, key: &'static str, value: bool) {
    if value {
        json.flag(key, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(encapsulation: Encapsulation, number: u32, note: Noted<'_>) -> Value {
        let wrap = Wrap { encapsulation, vni: number, ..Wrap::default() };
        let mut out = b"{".to_vec();
        objects(&mut Json(&mut out), &wrap, note);
        out.push(b'}');
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_flow_has_what_names_its_session() {
        assert_eq!(told(Encapsulation::Erspan3, 7, None), json!({"erspan": {"session_id": 7}}));
        assert_eq!(told(Encapsulation::Gre, 5, None), json!({"gre": {"key": 5}}));
        assert_eq!(told(Encapsulation::Pptp, 5, None), json!({"gre": {"call": 5}}));
        for none in [Encapsulation::Gre, Encapsulation::Erspan1, Encapsulation::Vxlan, Encapsulation::Ipip] {
            assert_eq!(told(none, 0, None), json!({}));
        }
    }

    #[test]
    fn a_key_of_0_is_told_where_it_is_there() {
        let bare = [0, 0, 0x65, 0x58];
        let zero = [0x20, 0, 0x65, 0x58, 0, 0, 0, 0];
        let gre = |bytes| told(Encapsulation::Gre, 0, Some((NoteKind::Gre, bytes)));
        assert_eq!(gre(&bare), json!({"gre": {"protocol": "0x6558"}}));
        assert_eq!(gre(&zero), json!({"gre": {"key": 0, "protocol": "0x6558"}}));
    }

    #[test]
    fn what_type_3_says_of_the_frame() {
        // GRE with a sequence number; the frame was short, seen on ingress.
        let bytes = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 9, 0x20, 0, 0x08, 7, 0, 0, 0, 1, 0, 0, 0x80, 0];
        let erspan = json!({"session_id": 7, "sequence": 9, "direction": "ingress", "timestamp": 1,
            "granularity": "100us", "hardware": 0, "frame": "short"});
        let got = told(Encapsulation::Erspan3, 7, Some((NoteKind::Gre, &bytes)));
        assert_eq!(got, json!({"erspan": erspan}));
    }

    #[test]
    fn an_option_that_comes_twice_is_told_once() {
        let mut bytes = [1, 0x32, 1, 1, 0, 0, 0, 0x10].repeat(2);
        bytes.extend([1, 0x67, 1, 0]);
        let got = told(Encapsulation::Geneve, 0, Some((NoteKind::GeneveOptions, &bytes)));
        let google = json!({"cookie": "0000001", "direction": "ingress"});
        assert_eq!(got, json!({"gcp": google, "geneve_options": ["01670100"]}));
    }
}
