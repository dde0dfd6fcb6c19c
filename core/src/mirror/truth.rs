//! The truth: what became of each packet, a line each (specification of the commands, `--truth`).

use super::{Fate, Mirror, Outcome, Reason, impairment};
use crate::packet::Causes;
use crate::table::json::Json;

/// Append the JSON line of an outcome.
pub fn line(mirror: &Mirror, outcome: &Outcome, out: &mut Vec<u8>) {
    let mut json = Json(out);
    json.begin();
    fields(&mut json, mirror, outcome);
    json.end_line();
}

/// Append what an outcome's object holds.
pub(super) fn fields(json: &mut Json<'_>, mirror: &Mirror, outcome: &Outcome) {
    json.number("packet", outcome.packet);
    text(json, "source", mirror.interface(outcome.source));
    text(json, "direction", outcome.direction.map(super::Direction::name));
    json.text("fate", outcome.fate.name());
    text(json, "reason", reason(mirror, outcome));
    text(json, "session", mirror.session(outcome.session).map(|(id, _)| id));
    text(json, "rule", mirror.rule(outcome));
    json.number("copies", outcome.copies);
    json.number("sent", outcome.sent);
    json.number("cut", outcome.cut);
    names(json, "cut_by", outcome.cut_by, &Causes::NAMES);
    if outcome.fate == Fate::Mirrored {
        json.text("checksum", outcome.checksum.name());
    } else {
        json.null("checksum");
    }
    names(json, "impairment", outcome.impairment, &impairment::NAMES);
}

fn reason<'a>(mirror: &'a Mirror, outcome: &Outcome) -> Option<&'a str> {
    let name = match outcome.reason {
        Reason::Inactive => mirror.inactive(outcome.source),
        reason => reason.name(),
    };
    (!name.is_empty()).then_some(name)
}

/// Append a string, null where there is none.
pub(super) fn text(json: &mut Json<'_>, key: &'static str, value: Option<&str>) {
    match value {
        Some(value) if !value.is_empty() => json.text(key, value),
        _ => json.null(key),
    }
}

fn names(json: &mut Json<'_>, key: &'static str, bits: u8, names: &[&str]) {
    json.list(key);
    for (bit, name) in names.iter().enumerate() {
        if bits >> bit & 1 == 1 {
            json.item(name);
        }
    }
    json.end_list();
}
