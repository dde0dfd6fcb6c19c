"""PCRE2 itself, asked whether it takes a pattern: only the core has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tmrx.rules import supported

# Given a pattern and the plan's flags: what is wrong and at which byte, or None.
Check = Callable[[bytes, str], tuple[str, int] | None]


def take(_pattern: bytes, _flags: str) -> None:
    """Without a core no rule runs either; it asks PCRE2 again when it takes the plan."""


@cache
def check() -> Check:
    """The core's check."""
    core = supported.core()
    return take if core is None else core.pcre_error
