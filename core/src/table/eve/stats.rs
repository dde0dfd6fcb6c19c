//! The stats event: Suricata's counters, as far as tmrx has them, and the summary under `mirror`.

use crate::identify::Identities;
use crate::plan::StatsEvents;
use crate::table::json::Json;
use crate::table::stats::{Group, groups, nested};
use crate::table::summary::Summary;

/// The threads' counters under one name: what is counted does not depend on how many there are.
const ALL_THREADS: &str = "all";

pub(super) fn write(
    json: &mut Json<'_>,
    uptime: u64,
    summary: &Summary<'_>,
    options: &StatsEvents,
    identities: Option<&Identities>,
) {
    let groups = groups(summary);
    json.object("stats");
    json.number("uptime", uptime);
    if options.totals {
        tree(json, summary, &groups, options.deltas);
    }
    if options.threads {
        json.object("threads");
        json.object(ALL_THREADS);
        tree(json, summary, &groups, options.deltas);
        json.end();
        json.end();
    }
    if let Some(identities) = identities {
        json.key("mirror");
        summary.write(json.0, identities);
    }
    json.end();
}

fn tree(json: &mut Json<'_>, summary: &Summary<'_>, groups: &[Group], deltas: bool) {
    for group in groups {
        json.object(group.name);
        if group.name == "detect" {
            engines(json, summary);
        }
        nested(json, &group.counters, deltas);
        json.end();
    }
}

fn engines(json: &mut Json<'_>, summary: &Summary<'_>) {
    let [failed, skipped] = summary.left_out;
    json.list("engines");
    json.begin();
    json.number("id", 0);
    json.number("rules_loaded", summary.rules.map_or(0, |rules| rules.rules.len()));
    json.number("rules_failed", failed);
    json.number("rules_skipped", skipped);
    json.end();
    json.end_list();
}
