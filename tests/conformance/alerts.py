"""Alerts of real rules on real captures against Suricata's own: `python -m tests.conformance.alerts`.

The reference is what Suricata says with ET Open on the suite's captures (`../shared/reference`). Compared are the rules
that loaded, by capture, rule and number of alerts; `--packets` compares the packets that they came on too. Differences
that are understood are in alerts.toml, each with its reason; any other makes the test fail.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.conformance.replay import events
from tests.conformance.score import shared
from tmrx import plan, rules
from tmrx.suricata import document, engine
from tmrx.suricata.ruleset import variables
from tmrx.suricata.settings import STOCK, Configuration

EXPLAINED = Path(__file__).with_name("alerts.toml")
ANY = ("vars.address-groups.HOME_NET=any", "vars.address-groups.EXTERNAL_NET=any")

# Capture, rule, packet (0 where none is compared).
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Difference:
    """How often a rule matched, with Suricata and here."""

    capture: str
    sid: int
    packet: int
    theirs: int
    ours: int

    def __str__(self) -> str:
        at = f" packet {self.packet}" if self.packet else ""
        return f"{self.capture}: {self.sid}{at}: Suricata {self.theirs}, tmrx {self.ours}"


def reference() -> Iterator[tuple[str, list[list[Any]]]]:
    """Each capture of the suite and Suricata's alerts on it."""
    with gzip.open(shared() / "reference" / "alerts-et-open.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["capture"], row["alerts"]


@cache
def prepared() -> tuple[bytes, frozenset[int]]:
    """The plan with all of ET Open, as the reference had it, and the rules that loaded."""
    found = document.load(STOCK)
    for option in ANY:
        document.override(found, option)
    configuration = Configuration(found)
    settings = rules.Settings(variables=variables(configuration))
    loaded = rules.load([shared() / "rulesets" / "et-open" / "emerging-all.rules"], settings)
    whole = plan.Plan(
        decap=engine.decap(configuration, variables(configuration)),
        fragments=engine.fragments(configuration),
        flow=engine.flow(configuration),
        streams=engine.streams(configuration, inline=False, checksums=False),
        outputs=plan.Outputs(eve=(plan.Eve(alert=plan.AlertEvents()),)),
        inspect_outer=True,
        truncated_is_invalid=True,
        ignore_checksums=True,
    )
    return whole.encode(rules=loaded.encoded), frozenset(rule.compiled.sid for rule in loaded.rules)


def alerts(capture: str) -> list[tuple[int, int]]:
    """Rule and packet of each alert on a capture; 0 for an alert without a packet."""
    found = events(prepared()[0], capture)
    return [(event["alert"]["signature_id"], event.get("pcap_cnt", 0)) for event in found]


def compare(*, packets: bool, jobs: int) -> list[Difference]:
    """What differs among the rules that loaded."""
    _, loaded = prepared()
    theirs: Counter[Key] = Counter()
    captures = []
    for capture, found in reference():
        captures.append(capture)
        theirs.update((capture, sid, (packet or 0) * packets) for packet, sid, *_ in found if sid in loaded)
    ours: Counter[Key] = Counter()
    with ProcessPoolExecutor(jobs) as pool:
        for capture, pairs in zip(captures, pool.map(alerts, captures, chunksize=16), strict=True):
            ours.update((capture, sid, packet * packets) for sid, packet in pairs)
    keys = sorted(theirs.keys() | ours.keys())
    return [Difference(*key, theirs[key], ours[key]) for key in keys if theirs[key] != ours[key]]


def explained() -> dict[tuple[str, int], str]:
    """Why a rule differs on a capture."""
    found = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
    return {(entry["capture"], entry["sid"]): entry["why"] for entry in found.get("difference", ())}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--packets", action="store_true", help="also compare the packets that alerts came on")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not (shared() / "reference").is_dir():
        print(f"no {shared()}: alerts are not compared", file=sys.stderr)
        return 0
    differences = compare(packets=options.packets, jobs=options.jobs)
    known = explained()
    for difference in differences:
        print(f"{difference}: {known.get((difference.capture, difference.sid), 'NOT EXPLAINED')}")
    print(f"{len(differences)} differences among {len(prepared()[1]):,} rules", file=sys.stderr)
    return 0 if all((found.capture, found.sid) in known for found in differences) else 1


if __name__ == "__main__":
    sys.exit(main())
