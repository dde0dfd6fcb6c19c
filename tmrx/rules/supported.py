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
    """The applications that it knows; in rules, HTTP/1 is http or http1."""
    known = _names("applications", ())
    return known | {"http1"} if "http" in known else known


@cache
def events() -> frozenset[str]:
    """What it can find odd about transactions, with the protocol in front; and about what flows speak."""
    return _names("application_events", ()) | {f"applayer_{name}" for name in _DETECTION}


@cache
def values() -> frozenset[str]:
    """The numbers of transactions that it can test."""
    return _names("rule_values", ())


# Events of protocol detection.
_DETECTION = (
    "detect_protocol_only_one_direction",
    "mismatch_protocol_both_directions",
    "unexpected_protocol",
    "no_tls_after_starttls",
    "wrong_direction_first_data",
    "proto_detection_skipped",
)


def _names(function: str, otherwise: Iterable[str]) -> frozenset[str]:
    ask = getattr(core(), function, None)
    return frozenset(otherwise if ask is None else ask())
