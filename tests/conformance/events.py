"""Events of applications on real captures against Suricata's own: `python -m tests.conformance.events`.

The reference is what Suricata writes with its stock configuration on the suite's captures (`../shared/reference`).
Compared are all fields but the flow's number, of the types and applications below. Differences that are understood are
in events.toml, each with its reason; any other makes the test fail, and so does a reason that nothing needs any more.
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

from tests.conformance.replay import Event, events
from tests.conformance.score import shared
from tmrx import plan
from tmrx.suricata import applications, document, engine, outputs
from tmrx.suricata.ruleset import variables
from tmrx.suricata.settings import STOCK, Configuration

EXPLAINED = Path(__file__).with_name("events.toml")
TYPES = {"anomaly", "dns", "fileinfo", "ftp", "ftp_data", "http", "llmnr", "mdns", "ssh", "tls"}
APPLICATIONS = {"dns", "doh2", "ftp", "ftp-data", "http", "http2", "llmnr", "mdns", "ssh", "tls"}
# What is only the same within a run.
WITHIN_A_RUN = {"flow_id", "parent_id"}

# A field's path, `http.url`, and its value; a list is a value.
Fields = dict[str, str]


@dataclass(frozen=True, order=True)
class Difference:
    """A field that differs; "event" for an event that only one of the two has. `theirs` and `ours` are examples."""

    capture: str
    type: str
    field: str
    theirs: str
    ours: str

    def __str__(self) -> str:
        return f"{self.capture}: {self.type}: {self.field}: Suricata {self.theirs}, tmrx {self.ours}"


def compared(event: Event) -> bool:
    """Whether an event is of a type and an application that are compared."""
    application = event.get("app_proto") or event.get("anomaly", {}).get("app_proto")
    if event["event_type"] in {"anomaly", "fileinfo"}:
        return application in APPLICATIONS
    return event["event_type"] in TYPES


def flat(event: Event) -> Fields:
    """An event's fields, without what the two can't share."""
    found = {name: value for name, value in fields(event) if name not in WITHIN_A_RUN}
    # The recorded events have the number of the capture's last packet there, the specification (flow.md) none.
    if found.get("pkt_src") == '"stream (flow timeout)"':
        found.pop("pcap_cnt", None)
    return found


def fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Each field's path and value."""
    if not isinstance(value, dict):
        yield path, json.dumps(value, sort_keys=True)
        return
    for name, member in value.items():
        yield from fields(member, f"{path}.{name}" if path else name)


def reference() -> dict[str, list[Event]]:
    """Each capture of the suite and Suricata's events on it."""
    found: dict[str, list[Event]] = {}
    with gzip.open(shared() / "reference" / "eve-stock.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            found.setdefault(row["capture"], []).append(row["event"])
    return found


@cache
def prepared() -> bytes:
    """The plan of Suricata's stock configuration."""
    configuration = Configuration(document.load(STOCK))
    wanted = outputs.read(configuration, Path(), "")
    whole = plan.Plan(
        decap=engine.decap(configuration, variables(configuration)),
        fragments=engine.fragments(configuration),
        flow=engine.flow(configuration),
        streams=engine.streams(configuration, inline=False, checksums=False),
        applications=applications.applications(configuration, (), files=wanted.files.settings),
        outputs=plan.Outputs(eve=tuple(section for _, section in wanted.events)),
        inspect_outer=True,
        truncated_is_invalid=True,
        ignore_checksums=True,
    )
    return whole.encode()


def replayed(capture: str) -> list[Event]:
    """tmrx's events on a capture."""
    return events(prepared(), capture)


def differences(capture: str, theirs: list[Event], ours: list[Event]) -> Iterator[Difference]:
    """What differs on a capture: events that are equal are put aside, the rest paired with the most alike."""
    left = [flat(event) for event in ours if compared(event)]
    odd: list[Fields] = []
    for found in (flat(event) for event in theirs if compared(event)):
        if found in left:
            left.remove(found)
        else:
            odd.append(found)
    for found in odd:
        near = max(left, key=lambda other: alike(found, other), default=None)
        if near is None or not alike(found, near):
            yield Difference(capture, kind(found), "event", whole(found), "none")
            continue
        left.remove(near)
        yield from apart(capture, found, near)
    for other in left:
        yield Difference(capture, kind(other), "event", "none", whole(other))


def kind(event: Fields) -> str:
    """An event's type."""
    return str(json.loads(event["event_type"]))


def whole(event: Fields) -> str:
    """All of an event, for a person."""
    return " ".join(f"{name}={value}" for name, value in event.items())


def alike(one: Fields, other: Fields) -> int:
    """How many fields two events share; 0 where they are not of one type."""
    return len(one.items() & other.items()) if one["event_type"] == other["event_type"] else 0


def apart(capture: str, theirs: Fields, ours: Fields) -> Iterator[Difference]:
    """The fields in which two events differ."""
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            yield Difference(capture, kind(theirs), name, theirs.get(name, "none"), ours.get(name, "none"))


def compare(only: str, jobs: int) -> list[Difference]:
    """What differs on the captures whose names have `only` in them; what is equal is counted on standard error."""
    captures = {capture: found for capture, found in reference().items() if only in capture}
    found: list[Difference] = []
    with ProcessPoolExecutor(jobs) as pool:
        for capture, ours in zip(captures, pool.map(replayed, captures, chunksize=16), strict=True):
            found += differences(capture, captures[capture], ours)
    total = Counter(event["event_type"] for theirs in captures.values() for event in theirs if compared(event))
    print(f"compared: {', '.join(f'{count:,} {name}' for name, count in sorted(total.items()))}", file=sys.stderr)
    return found


def explained() -> dict[tuple[str, str, str], str]:
    """Why a field of events of a type differs on a capture."""
    found = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
    return {
        (capture, entry["type"], name): entry["why"]
        for entry in found.get("difference", ())
        for capture in entry["captures"]
        for name in entry["fields"]
    }


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("capture", nargs="?", default="", help="part of the names of captures; all where none is given")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not (shared() / "reference").is_dir():
        print(f"no {shared()}: events are not compared", file=sys.stderr)
        return 0
    found = compare(options.capture, options.jobs)
    known = explained()
    for difference in found:
        why = known.get((difference.capture, difference.type, difference.field), "NOT EXPLAINED")
        print(f"{str(difference)[:400]}: {why}")
    seen = {(difference.capture, difference.type, difference.field) for difference in found}
    idle = {key for key in known if options.capture in key[0]} - seen
    for key in sorted(idle):
        print(f"{': '.join(key)}: is explained, and equal")
    print(f"{len(found)} fields differ", file=sys.stderr)
    return 1 if idle or not seen <= known.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
