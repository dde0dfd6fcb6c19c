"""What the core can do: a rule that needs more is refused by name."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache
from types import ModuleType


@cache
def core() -> ModuleType | None:
    """The core, where it is built."""
    try:
        return importlib.import_module("tmrx._core")
    except ImportError:
        return None


@cache
def buffers() -> frozenset[str]:
    """The buffers that it can look into, by name."""
    return _names("rule_buffers", ("payload",))


@cache
def applications() -> frozenset[str]:
    """The applications that it knows."""
    return _names("applications", ())


def _names(function: str, otherwise: Iterable[str]) -> frozenset[str]:
    ask = getattr(core(), function, None)
    return frozenset(otherwise if ask is None else ask())
