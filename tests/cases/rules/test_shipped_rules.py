"""Each rule that tmrx ships, on packets that it must match and on near misses: rules/cases.toml, through the engine."""

from __future__ import annotations

import codecs
import json
import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tmrx import plan
from tmrx.rules import load

_core = pytest.importorskip("tmrx._core", reason="the core is not built")

RULES = Path(__file__).parents[3] / "rules"
CASES = tomllib.loads((RULES / "cases.toml").read_text())["case"]

CLIENT, SERVER, SOURCE, TARGET = (bytes([10, 0, 0, host]) for host in (1, 2, 3, 4))
VNI = 7
ETHERNET = bytes(12) + b"\x08\x00"
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17}
FLAGS = {letter: 1 << bit for bit, letter in enumerate("FSRPAUEC")}
VXLAN_OVERHEAD = 20 + 8 + 8


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(protocol: int, ends: tuple[bytes, bytes], body: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, protocol, 0) + b"".join(ends)
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + body


def payload(case: dict[str, Any]) -> bytes:
    if "payload_hex" in case:
        return bytes.fromhex(case["payload_hex"])
    return codecs.decode(case.get("payload", ""), "unicode_escape").encode("latin-1") * case.get("repeat", 1)


def transport(case: dict[str, Any], ends: tuple[bytes, bytes], ports: tuple[int, int], data: bytes) -> bytes:
    """The inner datagram's transport part, its checksum as the case wants it."""
    name = case.get("proto", "tcp")
    if name == "icmp":
        body, at, pseudo = struct.pack("!BBHI", case.get("itype", 8), case.get("icode", 0), 0, 1) + data, 2, b""
    elif name == "udp":
        body, at = struct.pack("!HHHH", *ports, 8 + len(data), 0) + data, 6
    else:
        flags = sum(FLAGS[letter] for letter in case.get("flags", "PA"))
        body, at = struct.pack("!HHIIBBHHH", *ports, 1000, 2000, 0x50, flags, 8192, 0, 0) + data, 16
    if name != "icmp":
        pseudo = b"".join(ends) + struct.pack("!HH", PROTOCOLS[name], len(body))
    right = checksum(pseudo + body)
    value = {"valid": right, "bad": right ^ 0x1111, "zero": 0}[case.get("checksum", "valid")]
    return body[:at] + value.to_bytes(2, "big") + body[at + 2 :]


def inner(case: dict[str, Any], reply: bool, data: bytes) -> bytes:
    ends = (SERVER, CLIENT) if reply else (CLIENT, SERVER)
    ports = case.get("sport", 40_000), case.get("dport", 50_000)
    protocol = PROTOCOLS[case.get("proto", "tcp")]
    return ETHERNET + ipv4(protocol, ends, transport(case, ends, ports, data))


def mirrored(frame: bytes) -> bytes:
    vxlan = struct.pack("!II", 0x0800_0000, VNI << 8) + frame
    udp = struct.pack("!HHHH", 65_408, 4789, 8 + len(vxlan), 0) + vxlan
    return ETHERNET + ipv4(PROTOCOLS["udp"], (SOURCE, TARGET), udp)


def identity(case: dict[str, Any]) -> plan.Identity:
    """The session as the receiver is told of it: what cut the packet, if it is to know."""
    cut = case.get("cut", 0)
    cut_by = case.get("cut_by", "packet_length")
    return plan.Identity(
        vni=VNI,
        domain=1,
        packet_length=cut if cut_by == "packet_length" else plan.NO_LIMIT,
        target_mtu=cut + VXLAN_OVERHEAD if cut_by == "mtu" else plan.NO_LIMIT,
    )


def frames(case: dict[str, Any]) -> list[bytes]:
    reply = case.get("reply", False)
    packet = mirrored(inner(case, reply, payload(case))[: case.get("cut")])
    if not reply:
        return [packet]
    asked = {"sport": case.get("dport", 50_000), "dport": case["sport"]}
    return [mirrored(inner(asked, False, b"GET / HTTP/1.1\r\n\r\n")), packet]


def alerts(case: dict[str, Any]) -> set[int]:
    """The sids that alert."""
    told = plan.Plan(
        identity=plan.IdentitySettings(known=(identity(case),)),
        rules=load([RULES]).plan(),
        outputs=plan.Outputs(eve=(plan.EVERYTHING,)),
    )
    engine = _core.Engine(told.encode())
    batch = engine.push([(second * 10**9, frame, len(frame)) for second, frame in enumerate(frames(case), 1)])
    records = [json.loads(line) for line in (batch.eve[0] + engine.finish().eve[0]).splitlines()]
    return {record["alert"]["signature_id"] for record in records if record["event_type"] == "alert"}


@pytest.mark.parametrize("case", CASES, ids=[f"{case['sid']}: {case['why']}" for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    assert (case["sid"] in alerts(case)) == case["matches"]


def test_every_rule_has_a_match_and_a_near_miss() -> None:
    sids = {rule.compiled.sid for rule in load([RULES], strict=True).rules}
    assert {case["sid"] for case in CASES if case["matches"]} == sids
    assert {case["sid"] for case in CASES if not case["matches"]} == sids


def test_our_rules_say_what_they_are() -> None:
    found = load([RULES])
    assert found.diagnostics == ()
    for rule in found.rules:
        assert rule.compiled.msg.startswith("TMRX ")
        assert rule.compiled.category
        assert rule.compiled.rev
        assert rule.compiled.metadata
        assert rule.compiled.sid > 9_000_000
