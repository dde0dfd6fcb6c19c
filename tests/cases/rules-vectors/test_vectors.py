"""Options of rules from their text to the alert: one datagram, and what does and does not match in it."""

from __future__ import annotations

import json
import struct
import tomllib
from pathlib import Path

import msgspec
import pytest

from tests import packets
from tmrx import plan
from tmrx.rules import load

_core = pytest.importorskip("tmrx._core", reason="the core is not built")

VECTORS = tomllib.loads((Path(__file__).parent / "vectors.toml").read_text())
PAYLOAD = b"abcdefghij\x01\x02\x03\x04 123 0x1f 077xyz"
MANY = 1000


def frame(payload: bytes) -> bytes:
    """A UDP datagram in IPv4."""
    udp = struct.pack(">HHHH", 1000, 2000, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, packets.UDP, 0)
    addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    return packets.ethernet(bytes(6), bytes(6), head + addresses + udp)


def alerts(bodies: list[str], packet: bytes, path: Path) -> set[str]:
    """Those of the rules' options that alert on a packet."""
    lines = (f"alert ip any any -> any any ({body} sid:{sid};)" for sid, body in enumerate(bodies, 1))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rules = load([path], strict=True).plan()
    settings = msgspec.structs.replace(rules.settings, packet_alert_max=MANY)
    told = plan.Plan(
        rules=msgspec.structs.replace(rules, settings=settings), outputs=plan.Outputs(eve=(plan.EVERYTHING,))
    )
    engine = _core.Engine(told.encode())
    batch = engine.push([(10**9, packet, len(packet))])
    records = [json.loads(line) for line in (batch.eve[0] + engine.finish().eve[0]).splitlines()]
    sids = [record["alert"]["signature_id"] for record in records if record["event_type"] == "alert"]
    return {bodies[sid - 1] for sid in sids}


def test_vectors(tmp_path: Path) -> None:
    matches, fails = VECTORS["matches"], VECTORS["fails"]
    assert alerts(matches + fails, frame(PAYLOAD), tmp_path / "vectors.rules") == set(matches)
