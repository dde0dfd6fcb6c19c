"""Sets of numbers as disjoint ascending ranges, both ends included."""

from __future__ import annotations

from collections.abc import Iterable

Range = tuple[int, int]
Ranges = tuple[Range, ...]


def union(ranges: Iterable[Range]) -> Ranges:
    """The ranges, in any order and overlapping, as disjoint ascending ones; neighbours are joined."""
    out: list[Range] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return tuple(out)


def subtract(whole: Ranges, less: Ranges) -> Ranges:
    """What is in `whole` and not in `less`; both disjoint and ascending. Linear in their number."""
    out: list[Range] = []
    skip = 0
    for start, high in whole:
        low = start
        while skip < len(less) and less[skip][1] < low:
            skip += 1
        at = skip
        while low <= high and at < len(less) and less[at][0] <= high:
            if less[at][0] > low:
                out.append((low, less[at][0] - 1))
            low = less[at][1] + 1
            at += 1
        if low <= high:
            out.append((low, high))
    return tuple(out)
