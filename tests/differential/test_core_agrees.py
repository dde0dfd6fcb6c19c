"""The core and the reference say the same of every packet, field by field."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.differential.rows import differences
from tests.support import SHARED, known_sessions, read_pcap, sample, sample_names
from tmrx.plan import DecapSettings, IdentitySettings, Plan

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
    "no tunnels": Plan(decap=DecapSettings(vxlan_ports=(), geneve_ports=())),
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
