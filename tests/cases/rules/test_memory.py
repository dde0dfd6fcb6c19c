"""What rules remember of a flow, from one packet to the next: captured texts, and what is not to be logged."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from tests.packets import ethernet, ip, udp
from tmrx.cli import run

PAYLOADS = (b"user=alice id=7", b"again")
WHOLE = "alert udp any any -> any any"


def events(folder: Path, *rules: str) -> list[dict[str, Any]]:
    """What rules make of a flow of two datagrams."""
    frames = [ethernet(bytes(6), bytes(6), ip("10.0.0.1", "10.0.0.2", 17, udp(1000, 2000, data))) for data in PAYLOADS]
    records = (struct.pack("<IIII", 1_700_000_000, 0, len(frame), len(frame)) + frame for frame in frames)
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    (folder / "two.pcap").write_bytes(header + b"".join(records))
    (folder / "t.rules").write_text("\n".join(rules) + "\n")
    eve = folder / "eve.json"
    options = ["--quiet", "--strict", "-S", str(folder / "t.rules"), "--eve", str(eve)]
    assert run(["analyze", str(folder / "two.pcap"), *options]) == 0
    return [json.loads(line) for line in eve.read_text().splitlines()]


def alerts(folder: Path, *rules: str) -> list[tuple[int, int]]:
    """The packets that rules alerted on, from 1, each with the rule's sid."""
    found = events(folder, *rules)
    return [(e["pcap_cnt"], e["alert"]["signature_id"]) for e in found if e["event_type"] == "alert"]


def test_captured_texts_are_the_flows_or_the_packets(tmp_path: Path) -> None:
    rules = (
        f'{WHOLE} (pcre:"/(user)=(?P<flow_user>[a-z]+) id=(?P<pkt_id>[0-9])/"; noalert; sid:1;)',
        f'{WHOLE} (flowvar:user,"lic"; sid:2;)',
        f'{WHOLE} (flowvar:user,"bob"; sid:3;)',
        f'{WHOLE} (pktvar:id,"7"; sid:4;)',
    )
    assert alerts(tmp_path, *rules) == [(1, 2), (1, 4), (2, 2)]


def test_a_pass_rule_can_alert(tmp_path: Path) -> None:
    rules = (
        'pass udp any any -> any any (content:"user"; sid:1;)',
        'pass udp any any -> any any (content:"again"; alert; sid:2;)',
        f"{WHOLE} (dsize:>0; sid:3;)",
    )
    assert alerts(tmp_path, *rules) == [(2, 2)]


def test_a_flow_that_is_not_logged(tmp_path: Path) -> None:
    config = "config udp any any -> any any (dsize:{}; config:logging disable, type flow, scope flow; sid:1;)"

    def kinds(size: int) -> set[str]:
        return {event["event_type"] for event in events(tmp_path, config.format(size))}

    assert kinds(6) - kinds(5) == {"flow", "netflow"}
