from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tmrx.rules.ranges import subtract, union

SPACE = 60
RANGES = st.lists(st.tuples(st.integers(0, SPACE), st.integers(0, SPACE)).map(lambda pair: (min(pair), max(pair))))


def numbers(ranges) -> set[int]:
    return {number for low, high in ranges for number in range(low, high + 1)}


def assert_disjoint_and_ascending(ranges) -> None:
    assert all(low <= high for low, high in ranges)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(ranges))


@given(RANGES)
def test_union_holds_the_same_numbers(ranges) -> None:
    joined = union(ranges)
    assert_disjoint_and_ascending(joined)
    assert numbers(joined) == numbers(ranges)


@given(RANGES, RANGES)
def test_subtract_leaves_what_is_not_taken(whole, less) -> None:
    rest = subtract(union(whole), union(less))
    assert_disjoint_and_ascending(rest)
    assert numbers(rest) == numbers(whole) - numbers(less)
