"""Frames of headers in any order: the same each time, and of every kind."""

from __future__ import annotations

import pytest

pytest.importorskip("scapy", reason="scapy is not installed")
from scapy.layers.inet import IP
from scapy.layers.l2 import GRE, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN

from tmrx.interop.nestings import Nestings


def test_repeatable() -> None:
    assert list(Nestings(1).frames(20)) == list(Nestings(1).frames(20)) != list(Nestings(2).frames(20))


def test_every_kind() -> None:
    frames = [Ether(frame) for frame in Nestings(1).frames(200)]
    for layer in (Dot1Q, GRE, VXLAN):
        assert any(layer in frame for frame in frames)
    assert any(IP in frame and frame[IP].frag for frame in frames)
