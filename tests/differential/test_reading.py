"""Every capture of the given suite is read to its end, or refused for its link type, by name."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from tests.differential.test_core_agrees import CAPTURES, SUITE
from tests.support import ORDERS, read_pcap
from tmrx import _core
from tmrx.errors import InputError
from tmrx.plan import EVERYTHING, Outputs, Plan

PLAN = Plan(outputs=Outputs(eve=(EVERYTHING,), fast=True, pcap=True))


def read(path: Path) -> tuple[int, dict[str, int]]:
    """Frames read, and the frames' fates, all of a capture through every output."""
    engine = _core.Engine(PLAN.encode(), 1)
    capture = _core.Capture(str(path))
    frames = 0
    while True:
        batch = engine.run(capture)
        frames += batch.frames
        if batch.ended:
            break
    engine.finish()
    return frames, json.loads(engine.stats())["frames"]


@pytest.mark.skipif(not CAPTURES, reason="../shared is not here")
def test_the_suite_is_read_to_its_end() -> None:
    refused = 0
    for path in CAPTURES:
        frames = read_pcap(path)
        if frames is None:
            order, _ = ORDERS[path.read_bytes()[:4]]
            (number,) = struct.unpack_from(f"{order}I", path.read_bytes(), 20)
            with pytest.raises(InputError, match=str(number)):
                read(path)
            refused += 1
            continue
        count, fates = read(path)
        assert count == fates["received"] == fates["decoded"] + fates["merged"] == len(frames), path.relative_to(SUITE)
        assert fates["bytes"] == sum(len(frame.data) for frame in frames), path.relative_to(SUITE)
    assert refused < len(CAPTURES) / 5
