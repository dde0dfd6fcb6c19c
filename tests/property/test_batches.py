"""Bytes in, tables out: how frames are batched, and how many workers there are, changes nothing that comes out."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import known_sessions, sample, sample_names
from tmrx import _core
from tmrx.plan import (
    EVERYTHING,
    AddressSet,
    BufferTest,
    Content,
    Outputs,
    Plan,
    PortSet,
    Rule,
    Rules,
    StreamSettings,
)
from tmrx.reference import Frame

READY = ("fast", "pcap")
TABLES = ("packets", "flows", "alerts", "anomalies")
ANY = {"src": 0, "sport": 0, "dst": 0, "dport": 0}
RULES = Rules(
    rules=(
        Rule(action="alert", protocol="tcp", sid=1, buffers=(BufferTest(matches=(Content(pattern=b"GET "),)),), **ANY),
        Rule(
            action="alert",
            protocol="ip",
            sid=2,
            buffers=(BufferTest(matches=(Content(pattern=b"\x00", negated=True),)),),
            **ANY,
        ),
    ),
    addresses=(AddressSet(any=True),),
    ports=(PortSet(any=True),),
)
WANTED = Outputs(eve=(EVERYTHING,), fast=True, pcap=True, tables=TABLES)
PLAN = Plan(identity=known_sessions(), rules=RULES, outputs=WANTED, streams=StreamSettings(enabled=True))


def outcome(frames: list[Frame], cuts: list[int], workers: int) -> dict[str, Any]:
    """Everything that a run gives."""
    engine = _core.Engine(PLAN.encode(), workers)
    batches = []
    for start, end in pairwise([0, *cuts, len(frames)]):
        batches.append(engine.push([(f.time, f.data, f.original) for f in frames[start:end]], "ethernet"))
    batches.append(engine.finish())
    out: dict[str, Any] = {name: b"".join(getattr(batch, name) for batch in batches) for name in READY}
    out["eve"] = b"".join(section for batch in batches for section in batch.eve)
    for name in TABLES:
        out[name] = [row for batch in batches for row in pyarrow.table(batch.table(name)).to_pylist()]
    out["frames"] = sum(batch.frames for batch in batches)
    out["stats"] = json.loads(engine.stats())
    return out


FRAMES = [frame for name in sample_names() for frame in sample(name)]
ONE_BATCH = outcome(FRAMES, [], 1)


def same(other: dict[str, Any]) -> None:
    for name, value in ONE_BATCH.items():
        assert other[name] == value, name


@given(cuts=st.lists(st.integers(0, len(FRAMES)), max_size=6).map(sorted))
def test_batches_change_nothing(cuts: list[int]) -> None:
    same(outcome(FRAMES, cuts, 1))


@pytest.mark.parametrize("workers", [2, 3, 8])
def test_workers_change_nothing(workers: int) -> None:
    same(outcome(FRAMES, [1, 100, 101, 400], workers))


def test_every_frame_has_one_fate() -> None:
    fates = ONE_BATCH["stats"]["frames"]
    assert fates["received"] == ONE_BATCH["frames"] == len(FRAMES)
    assert fates["received"] == sum(
        [fates[name] for name in ("decoded", "merged", "duplicate", "held")]
        + [*fates["rejected"].values(), *fates["dropped"].values()]
    )
    assert fates["held"] == 0
    assert fates["bytes"] == sum(len(frame.data) for frame in FRAMES)


def test_there_is_something_to_compare() -> None:
    assert all(len(ONE_BATCH[name]) > 0 for name in (*TABLES, "eve", "fast", "pcap"))
