"""The given suite's decoder cases: packets, flows and decoder counts as each case expects.

A case's rules about decoder events count here as the anomalies that they would alert on, its other rules as the alerts
of those that tmrx takes. What neither gives is left out, each for its reason (`why_not`).
"""

from __future__ import annotations

import importlib.util
import json
import re
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.differential.analysed import Analysed, Event, analyse
from tests.support import SHARED
from tmrx import rules

CONFORMANCE = SHARED / "conformance"
CASES = CONFORMANCE / "suite" / "tests"
INDEX = CONFORMANCE / "suite" / "index.json"
DECODER = [entry for entry in json.loads(INDEX.read_text()) if entry["category"] == "decoder"] if INDEX.exists() else []

Check = tuple[str, dict[str, Any]]  # its kind and what it says

# Suricata's settings that the cases change, and tmrx's for the same.
SETTINGS = {
    "decoder.recursion-level.use-for-tracking=false": ("flow_depth=off",),
    # So in tmrx without being asked.
    "decoder.erspan.typeI.enabled=true": (),
    "decoder.vxlan.enabled=true": (),
    "stats.decoder-events=true": (),
    "stream.midstream=true": (),
    # Of tables that are made otherwise.
    "defrag.hash-size=8": (),
}
# What comes with the application layers and the drop-in command line.
LATER_EVENTS = ("http", "ssh", "fileinfo", "arp")
LATER_KEYS = ("packet", "packet_info.linktype", "packet_info.linktype_name", "sctp.chunk_cnt")

pytestmark = pytest.mark.skipif(not DECODER, reason="../shared is not here")


def runner() -> ModuleType:
    """The suite's own runner: what a match means is its business."""
    spec = importlib.util.spec_from_file_location("conformance_run", CONFORMANCE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Case:
    """A case's folder, read."""

    def __init__(self, name: str) -> None:
        self.folder = CASES / name
        self.test = yaml.safe_load((self.folder / "test.yaml").read_text())
        self.rule_files = sorted(self.folder.glob("*.rules"))
        text = "".join(path.read_text() for path in self.rule_files)
        # By sid: the decoder event that a rule is about, and the protocol that it asks for.
        self.decoder_events = {
            int(sid): (protocol, event)
            for protocol, event, sid in re.findall(r"^alert (\w+) .*?decode-event:([\w.]+);.*?sid:(\d+);", text, re.M)
        }

    def capture(self) -> Path:
        if "pcap" in self.test:
            return self.folder / str(self.test["pcap"])
        return min(path for form in ("*.pcap", "*.pcapng") for path in self.folder.glob(form))

    def settings(self) -> list[str]:
        words = " ".join(map(str, self.test.get("args") or ())).split()
        given = [after for word, after in pairwise(words) if word == "--set"]
        return [ours for theirs in given for ours in SETTINGS[theirs]]

    def checks(self, skipped: list[int]) -> list[Check]:
        numbered = enumerate(self.test["checks"])
        checks = [(number, *next(iter(check.items()))) for number, check in numbered if number not in skipped]
        return [(kind, spec) for _, kind, spec in checks]


def why_not(case: Case, check: Check, known: set[int]) -> str:
    """Why a check can't be made yet; empty where it can. `known`: the rules' sids that tmrx takes."""
    kind, spec = check
    if kind == "stats":
        return ""
    match = spec["match"]
    if match.get("event_type") in LATER_EVENTS:
        return f"{match['event_type']} events come with the application layers"
    sid = match.get("alert.signature_id")
    if sid is None and match.get("event_type") == "alert":
        return "" if known else "no rule of it is one that tmrx takes yet"
    if sid is not None and sid not in known and sid not in case.decoder_events:
        return f"rule {sid} is not one that tmrx takes yet"
    return ""


def as_anomaly(case: Case, match: dict[str, Any]) -> dict[str, Any]:
    """The match on anomalies that stands for one on the alerts of a decoder event's rule."""
    protocol, event = case.decoder_events[match["alert.signature_id"]]
    out = {name: value for name, value in match.items() if not name.startswith("alert.")}
    # Where the ports were not reached an alert has 0, an anomaly nothing.
    out |= {name: None for name in ("src_port", "dest_port") if out.get(name) == 0}
    if protocol in ("tcp", "udp", "sctp"):
        out["proto"] = protocol.upper()
    return out | {"event_type": "anomaly", "anomaly.event": f"decoder.{event}"}


def holds(run: ModuleType, case: Case, check: Check, found: Analysed, known: set[int]) -> str:
    """What is otherwise than the check says; empty where it holds."""
    kind, spec = check
    if kind == "stats":
        stats = found.of("stats")[-1]["stats"]
        differ = {name: run.lookup(stats, name) for name, want in spec.items() if not run.matches(stats, {name: want})}
        return f"want {spec}, got {differ}" if differ else ""
    match = {name: value for name, value in spec["match"].items() if name not in LATER_KEYS}
    sid = match.get("alert.signature_id")
    if sid not in known and sid in case.decoder_events:
        match = as_anomaly(case, match)
    # A packet without ports has ports of 0 in Suricata's mode only.
    match |= {name: None for name in ("src_port", "dest_port") if match.get(name) == 0}
    got = sum(run.matches(event, match) for event in found.events)
    return "" if got == spec["count"] else f"want {spec['count']} events, got {got}: {match}"


@pytest.mark.parametrize("entry", DECODER, ids=lambda entry: entry["name"])
def test_case(entry: Event) -> None:
    run = runner()
    case = Case(entry["name"])
    compiled = rules.load(case.rule_files) if case.rule_files else None
    known = {rule.compiled.sid for rule in compiled.rules} if compiled else set()
    checks = [check for check in case.checks(entry["skip_checks"]) if run.requirements_met(check[1].get("requires"))]
    left_out = {why for check in checks if (why := why_not(case, check, known))}
    made = [check for check in checks if not why_not(case, check, known)]
    if not made:
        pytest.skip("; ".join(sorted(left_out)))
    plan = compiled.plan() if compiled else None
    found = analyse(case.capture(), outer=True, settings=case.settings(), rules=plan)
    assert list(filter(None, (holds(run, case, check, found, known) for check in made))) == []
