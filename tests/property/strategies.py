"""Frames to try: those of the samples and of the given suite, cut and with bits flipped."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.support import SHARED, read_pcap, sample, sample_names
from tmrx.reference import Frame

SUITE = SHARED / "conformance" / "suite"
EVERY = 40  # captures of the suite that are drawn from
FIRST = 60  # frames of each


@cache
def corpus() -> tuple[Frame, ...]:
    """Whole frames: all samples, and the beginning of some captures of the suite."""
    frames = [frame for name in sample_names() for frame in sample(name)]
    for path in sorted(SUITE.rglob("*.pcap*"))[::EVERY] if SUITE.exists() else []:
        frames += (read_pcap(path) or [])[:FIRST]
    return tuple(frame for frame in frames if frame.data)


def cut(frame: Frame, length: int) -> Frame:
    """The frame as a snaplen leaves it."""
    return Frame(frame.time, frame.data[:length], frame.original, frame.link)


def flipped(frame: Frame, bits: list[int]) -> Frame:
    """The frame with bits turned over."""
    data = bytearray(frame.data)
    for bit in bits:
        data[bit // 8 % len(data)] ^= 1 << bit % 8
    return Frame(frame.time, bytes(data), frame.original, frame.link)


def whole() -> st.SearchStrategy[Frame]:
    return st.integers(0, len(corpus()) - 1).map(lambda index: corpus()[index])


@st.composite
def damaged(draw: st.DrawFn) -> Frame:
    """A frame cut anywhere, with up to four bits flipped, mostly in its headers."""
    frame = draw(whole())
    bits = st.one_of(st.integers(0, 8 * 150), st.integers(0, 8 * len(frame.data)))
    frame = flipped(frame, draw(st.lists(bits, max_size=4)))
    if draw(st.booleans()):
        frame = cut(frame, draw(st.integers(1, len(frame.data))))
    return frame
