"""What holds for any bytes: a cut frame is a prefix, nothing panics, core and reference agree."""

from __future__ import annotations

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from tests.differential.rows import core_rows, differences
from tests.property.strategies import EVERY_TUNNEL, LINKS, corpus, cut, damaged, flipped, nested, whole
from tests.support import known_sessions
from tmrx import _core
from tmrx.plan import EVERYTHING, Outputs, Plan
from tmrx.reference import Frame

# How far in a layer is; all others are transports or have none.
DEPTH = {"none": 0, **dict.fromkeys(("ethernet", "vlan", "link"), 1), **dict.fromkeys(("arp", "ipv4", "ipv6"), 2)}
KNOWN = Plan(identity=known_sessions())
PLAIN = Plan()
WANTED = Outputs(eve=(EVERYTHING,), fast=True, pcap=True, tables=("packets", "flows", "alerts", "anomalies"))
DAMAGED = 1000


@given(frame=whole(), data=st.data())
def test_a_cut_frame_decodes_to_a_prefix_of_its_layers(frame: Frame, data: st.DataObject) -> None:
    """Cut inside its own layers: what is taken for a tunnel in the whole frame may be none in the cut one."""
    plan = Plan(inspect_outer=True)
    part = cut(frame, data.draw(st.integers(0, len(frame.data))))
    (ours, *_), (theirs, *_) = core_rows(plan, [part]), core_rows(plan, [frame])
    assert DEPTH.get(ours["layer"], 3) <= DEPTH.get(theirs["layer"], 3)
    # Cut or not, a field that is told is told the same.
    for name in ("src", "dst", "sport", "dport", "seq", "ack", "ttl", "window", "tcp_flags"):
        assert ours[name] in (theirs[name], None, 0), name
    assert ours["vlan"] == theirs["vlan"][: len(ours["vlan"])]
    assert ours["captured"] <= ours["length"]
    assert part.data == frame.data or ours["stop"] != "complete" or ours["layer"] == theirs["layer"]


@given(frame=damaged())
def test_core_and_reference_agree_on_damaged_frames(frame: Frame) -> None:
    assert differences(KNOWN, [frame]) == []


@given(frames=nested(), outer=st.booleans())
def test_core_and_reference_agree_on_any_nesting(frames: list[Frame], outer: bool) -> None:
    plan = Plan(identity=known_sessions(), decap=EVERY_TUNNEL, inspect_outer=outer)
    assert differences(plan, frames) == []


@given(data=st.binary(max_size=200), link=st.sampled_from(["ethernet", *LINKS]), more=st.integers(0, 100))
def test_core_and_reference_agree_on_random_bytes(data: bytes, link: str, more: int) -> None:
    frame = Frame(0, data, len(data) + more, link)  # type: ignore[arg-type]
    assert differences(PLAIN, [frame]) == []


def damage(frame: Frame, chance: random.Random) -> Frame:
    size = 8 * len(frame.data)
    frame = flipped(frame, [chance.randrange(size) for _ in range(chance.randrange(1, 9))])
    return cut(frame, chance.randrange(1, len(frame.data) + 1)) if chance.random() < 0.5 else frame


def test_a_thousand_cuts_and_flips_are_survived() -> None:
    chance = random.Random(1000)  # noqa: S311 - the same damage each time
    frames = [damage(frame, chance) for frame in chance.choices(corpus(), k=DAMAGED)]
    engine = _core.Engine(Plan(outputs=WANTED).encode(), 1)
    for link in sorted({frame.link for frame in frames}):
        engine.push([(f.time, f.data, f.original) for f in frames if f.link == link], link)
    engine.finish()
    fates = json.loads(engine.stats())["frames"]
    assert fates["received"] == DAMAGED
    assert fates["decoded"] + fates["merged"] == DAMAGED
    assert fates["dropped"] == {}
