"""The core's source of mirrored traffic does what the reference says: all of the truth, every byte of the copies."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.property.mirrors import frames, mirrors
from tmrx import _core
from tmrx.plan import MirrorPlan
from tmrx.reference import Frame
from tmrx.reference.copies import Copy
from tmrx.reference.mirror import Mirror

LAST_PORT = 65_535


class Hashed:
    """What the core's hash chose: in range, and the same for both directions of a flow."""

    def __init__(self, plan: MirrorPlan) -> None:
        self.first_port = plan.first_port
        self._chosen: dict[Any, Any] = {}

    def same(self, key: Any, value: Any) -> None:
        """The same value as for that key before."""
        assert self._chosen.setdefault(key, value) == value, key

    def frame(self, copy: Copy, outer: bytes) -> bytes:
        """The reference's frame with the core's choices, which are checked."""
        four = outer[12:14] == b"\x08\x00"
        udp = 34 if four else 54
        sport = int.from_bytes(outer[udp : udp + 2], "big")
        receiver = bytes(10) + b"\xff\xff" + outer[30:34] if four else outer[38:54]
        gateway = copy.copies.gateway
        cookie = int.from_bytes(outer[udp + 44 : udp + 48], "big") if gateway else 0
        if copy.answers:
            assert sport == self.first_port
        else:
            assert self.first_port <= sport <= LAST_PORT
            self.same(("port", copy.flow), sport)
        assert receiver in (gateway or copy.copies).dst
        if gateway:
            self.same((gateway, copy.flow), receiver)
            self.same(("cookie", copy.flow), cookie)
        else:
            self.same((copy.copies, sport), receiver)
        return copy.frame(sport, receiver, cookie)


def disagreements(plan: MirrorPlan, packets: list[Frame]) -> list[str]:
    """What the core does otherwise than the reference, in words; empty where they agree."""
    core, reference, hashed = _core.Mirror(plan.encode()), Mirror(plan), Hashed(plan)
    told = []
    for packet in packets:
        outer, lines = core.push([(packet.time, packet.data, packet.original)], packet.link)
        truth = [json.loads(line) for line in lines.splitlines()]
        outcomes = reference.decide(packet)
        ours = [outcome.truth() for outcome in outcomes]
        if truth != ours:
            told.append(f"{packet}: {truth}, the reference says {ours}")
        copies = [outcome.copy for outcome in outcomes if outcome.copy is not None]
        if len(copies) != len(outer):
            told.append(f"{packet}: {len(outer)} copies, the reference has {len(copies)}")
        for copy, frame in zip(copies, outer, strict=False):
            wanted = hashed.frame(copy, frame)
            if wanted != frame:
                told.append(f"{packet}: {frame.hex()}, the reference says {wanted.hex()}")
    return told


@given(plan=mirrors(), packets=st.lists(frames(), min_size=4, max_size=24))
def test_any_packets_of_any_mirror(plan: MirrorPlan, packets: list[Frame]) -> None:
    assert disagreements(plan, packets) == []
