"""What is taken in and what is shown (`core/src/plan/filters.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import Struct

FilterLink = Literal["ethernet", "ip", "sll", "sll2", "chdlc", "wifi", "radiotap"]


class Program(Struct, frozen=True, kw_only=True):
    """Classic BPF for frames that begin with `link`: rows of operation, jump if true, jump if false, constant."""

    link: FilterLink
    code: tuple[tuple[int, int, int, int], ...]


class There(Struct, frozen=True, kw_only=True, tag="there"):
    """The cell is there, and does not say that nothing is."""


class Numbers(Struct, frozen=True, kw_only=True, tag="numbers"):
    """A number, under the mask, is in one of `ranges`: ends included, 16 bytes each.

    A time is nanoseconds since 1970 and 2**63, an address its 16 bytes, a flag 0 or 1.
    """

    ranges: tuple[tuple[bytes, bytes], ...]
    mask: int | None = None


class Words(Struct, frozen=True, kw_only=True, tag="words"):
    """One of these texts."""

    words: tuple[str, ...]


class Part(Struct, frozen=True, kw_only=True, tag="part"):
    """A text that holds this one."""

    text: str


class Step(Struct, frozen=True, kw_only=True):
    """A test of a packet's cell, and what follows: the verdict, or the number of a later step.

    It does not hold for a cell that is absent. `negated`: there is a value, and the test holds for none.
    """

    column: str
    test: There | Numbers | Words | Part
    negated: bool = False
    yes: bool | int
    no: bool | int
