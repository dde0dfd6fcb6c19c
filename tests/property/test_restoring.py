"""Core and reference put any fragments together alike: overlapping, cut, late, under each policy, in any batches."""

from __future__ import annotations

import struct
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from tests.differential.rows import core_rows, differences
from tests.property.strategies import h
from tmrx.plan import FragmentPolicy, FragmentSettings, Plan
from tmrx.reference import Frame

ESP = 50  # nothing inside that could be wrong
WAITS = st.sampled_from([1, 1, 1, 1_000_000_000, 61_000_000_000])


@st.composite
def fragments(draw: st.DrawFn) -> list[Frame]:
    """Fragments of one datagram in units of 8 bytes, each of a letter of its own; some cut."""
    v6, total, now = draw(st.booleans()), draw(st.integers(3, 8)), 0
    frames = []
    for letter in b"ABCDEFGH"[: draw(st.integers(2, 8))]:
        start = draw(st.integers(0, total - 1))
        end = min(total, start + draw(st.integers(1, 3)))
        more = (end < total) != (draw(st.integers(0, 15)) == 0)
        data, now = bytes([letter]) * 8 * (end - start), now + draw(WAITS)
        if v6:
            packet = h.ip(struct.pack(">BBHI", ESP, 0, start * 8 | more, 9) + data, 44, h.SRC6, h.DST6)
        else:
            packet = h.ip(data, ESP, number=9, fragment=more << 13 | start)
        frame = h.eth(packet, h.version(packet))
        length = draw(st.one_of(st.just(len(frame)), st.integers(40, len(frame))))
        frames.append(Frame(now, frame[:length], len(frame)))
    return frames


@given(frames=fragments(), policy=st.sampled_from(get_args(FragmentPolicy)), data=st.data())
def test_core_and_reference_agree_on_any_fragments(
    frames: list[Frame], policy: FragmentPolicy, data: st.DataObject
) -> None:
    plan = Plan(fragments=FragmentSettings(policy=policy))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(frames) - 1), max_size=2)))
    assert differences(plan, frames, core_rows(plan, frames, cuts)) == []
