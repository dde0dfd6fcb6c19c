"""Run every folder here that has a case.toml: a behaviour each, no code. Those of `kind = "send"`: test_sending.py.

what = "what the case shows"             sample = "NAME"        a capture of sample_pcaps/
mirror = true                            pcap = "FILE"          … beside case.toml
  with sample_pcaps/mirror.json,         shared = "PATH"        … under ../shared; skipped where that is not there
  or the name of a file beside           frames = ["HEX", …]    … of these frames, blanks allowed
rules = ["FILE", …]                      from here, or tmrx's own by "rules/FILE"
files = { "--OPTION" = "FILE" }         … beside case.toml
options = ["--inspect", "outer,inner"]   exit = 0               expected exit code of `tmrx analyze`
[stats]   "packets.tcp" = 82             a dotted path into the --stats document and its value
[[eve]]   count = 3                      how many EVE events have all of
          match = { event_type = "flow", "mirror.vni" = 101 }
          a value stands for itself; in a list it is one of the members; "" is any that is there, "-" that none is
"""

from __future__ import annotations

import json
import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support import REPO, SAMPLES, SHARED
from tmrx import _core
from tmrx.cli import run

HERE = Path(__file__).parent
EVERY = {path.parent.name: tomllib.loads(path.read_text()) for path in sorted(HERE.glob("*/case.toml"))}
CASES = {name: case for name, case in EVERY.items() if case.get("kind", "analyze") == "analyze"}
ABSENT = object()
# Fragments in their thousands and chunks in their dozens: core/src/restore and core/src/decode show them. Truncated
# packets are invalid in Suricata's mode alone: tests/unit/suricata shows them.
NOT_SHOWN = {
    "ipv4.fragment_ignored", "ipv6.fragment_ignored", "ipv4.truncated", "ipv6.truncated", "sctp.many_chunks",
    "sctp.many_data_chunks",
}  # fmt: skip


def capture(folder: Path, case: dict[str, Any], scratch: Path) -> Path:
    """The case's capture."""
    if "sample" in case:
        return SAMPLES / f"{case['sample']}.pcap"
    if "pcap" in case:
        return folder / case["pcap"]
    if "shared" in case:
        if not (SHARED / case["shared"]).exists():
            pytest.skip("../shared is not here")
        return SHARED / case["shared"]
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for second, frame in enumerate(map(bytes.fromhex, case["frames"])):
        out += struct.pack("<IIII", 1_700_000_000 + second, 0, len(frame), len(frame)) + frame
    path = scratch / "frames.pcap"
    path.write_bytes(out)
    return path


def command(folder: Path, case: dict[str, Any], scratch: Path) -> list[str]:
    """The case's command line."""
    args = ["analyze", str(capture(folder, case, scratch)), "--quiet"]
    args += ["--eve", str(scratch / "eve.json"), "--stats", str(scratch / "stats.json")]
    mirror = case.get("mirror")
    if mirror:
        args += ["--mirror", str(SAMPLES / "mirror.json" if mirror is True else folder / mirror)]
    for rules in case.get("rules", []):
        args += ["-S", str(REPO / rules if rules.startswith("rules/") else folder / rules)]
    for option, name in case.get("files", {}).items():
        args += [option, str(folder / name)]
    return args + case.get("options", [])


def at(document: Any, path: str) -> Any:
    """The value at a dotted path: a key of an object, or a place in a list. A key may itself have dots."""
    if not path:
        return document
    if isinstance(document, list):
        place, _, rest = path.partition(".")
        return at(document[int(place)], rest) if int(place) < len(document) else ABSENT
    if not isinstance(document, dict):
        return ABSENT
    for key in sorted(document, key=len, reverse=True):
        if path == key or path.startswith(f"{key}."):
            return at(document[key], path[len(key) + 1 :])
    return ABSENT


def holds(event: dict[str, Any], match: dict[str, Any]) -> bool:
    """Whether an event has all that is asked."""
    for path, wanted in match.items():
        found = at(event, path)
        if wanted in ("", "-"):
            if (found is ABSENT) != (wanted == "-"):
                return False
        elif found != wanted and not (isinstance(found, list) and wanted in found):
            return False
    return True


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    assert run(command(HERE / name, case, tmp_path)) == case.get("exit", 0)
    if case.get("exit", 0):
        return
    stats = json.loads((tmp_path / "stats.json").read_text())
    got = {path: at(stats, path) for path in case.get("stats", {})}
    assert got == case.get("stats", {})
    events = [json.loads(line) for line in (tmp_path / "eve.json").read_text().splitlines()]
    for check in case.get("eve", []):
        found = [event for event in events if holds(event, check["match"])]
        assert len(found) == check["count"], check


def test_every_case_says_what_it_shows_and_checks_something() -> None:
    for name, case in CASES.items():
        assert case["what"], name
        assert case.get("stats") or case.get("eve") or case.get("exit"), name


def matched(path: str) -> set[Any]:
    """Every value that some case counts events of, or statistics, at a path."""
    return {check["match"][path] for case in CASES.values() for check in case.get("eve", []) if path in check["match"]}


def test_every_anomaly_has_a_case() -> None:
    assert matched("anomaly.name") == {name for name, *_ in _core.anomalies()} - NOT_SHOWN
