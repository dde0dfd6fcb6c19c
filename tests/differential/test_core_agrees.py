"""The core and the reference say the same of every packet, field by field."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest

from tests.differential.rows import core_rows, differences
from tests.support import SHARED, known_sessions, read_pcap, sample, sample_names
from tmrx.plan import DecapSettings, IdentitySettings, Plan
from tmrx.reference import Frame

SUITE = SHARED / "conformance" / "suite"
AWS = SHARED / "captures" / "aws-mirror-2019.pcap"
CAPTURES = sorted(path for path in SUITE.rglob("*.pcap*")) if SUITE.exists() else []
FEW = 250  # frames of a capture in the fast subset, which is every eighth capture

PLANS = {
    "known": Plan(identity=known_sessions()),
    "learned": Plan(identity=IdentitySettings(unknown_domain="own")),
    "refused": Plan(identity=msgspec.structs.replace(known_sessions(), unknown="refuse")),
    "outer": Plan(identity=known_sessions(), inspect_outer=True),
    "shallow": Plan(identity=known_sessions(), decap=DecapSettings(max_depth=1)),
    "no tunnels": Plan(decap=DecapSettings(vxlan_ports=(), geneve_ports=(), teredo_ports=(), tunnels=())),
    "all tunnels": Plan(
        identity=known_sessions(),
        inspect_outer=True,
        decap=DecapSettings(
            vxlan_ports=(4789, 8472, 10800, 10801), vxlan_gpe_ports=(4790,), gre_udp_ports=(4754,), max_depth=8
        ),
    ),
    "other ports": Plan(decap=DecapSettings(vxlan_ports=(53, 5001), geneve_ports=(4789,))),
}


@pytest.mark.parametrize("name", sample_names())
@pytest.mark.parametrize("plan", PLANS)
def test_sample(plan: str, name: str) -> None:
    assert differences(PLANS[plan], sample(name)) == []


@pytest.mark.skipif(not AWS.exists(), reason="../shared is not here")
def test_aws_capture() -> None:
    frames = read_pcap(AWS)
    assert frames is not None
    assert differences(Plan(), frames) == []


@pytest.mark.parametrize("layers", [3, 8, 9])
def test_as_deep_as_the_setting_goes(layers: int) -> None:
    """VXLAN in VXLAN, to the most that `max_depth` may be and one beyond."""
    frame = bytes.fromhex("020000000001020000000002 0800 4500001c00000000401166cf0a0000010a000002 03e803e900080000")
    for _ in range(layers):
        inner = b"\x08\0\0\0\0\0\x07\0" + frame
        udp = struct.pack(">4H", 50000, 4789, 8 + len(inner), 0) + inner
        ip = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 255, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
        )
        frame = bytes(6) + bytes(6) + b"\x08\0" + ip + udp
    plan = Plan(decap=DecapSettings(max_depth=8))
    frames = [Frame(1, frame, len(frame))]
    assert differences(plan, frames) == []
    (row,) = core_rows(plan, frames)
    assert (row["dport"], "mirror.too_deep" in row["anomalies"]) == ((4789, True) if layers > 8 else (1001, False))


def agree(path: Path, limit: int | None) -> list[str]:
    frames = read_pcap(path)
    if frames is None:
        pytest.skip("a link type that tmrx does not read")
    return differences(Plan(), frames[:limit]) if frames else []


@pytest.mark.parametrize("path", CAPTURES[::8], ids=lambda p: str(p.relative_to(SUITE)))
def test_some_of_the_suite(path: Path) -> None:
    assert agree(path, FEW) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", CAPTURES, ids=lambda p: str(p.relative_to(SUITE)))
def test_whole_suite(path: Path) -> None:
    assert agree(path, None) == []
