"""Errors say what, why and what to do, and stand for all faults found."""

from __future__ import annotations

import pytest

from tmrx.errors import ConfigError, InputError, InternalError, OutputError, TmrxError, UsageError


def test_three_parts() -> None:
    error = InputError("a.pcap", "is empty", "name a capture")
    assert str(error) == "a.pcap: is empty (name a capture)"
    assert (error.what, error.why, error.hint) == ("a.pcap", "is empty", "name a capture")
    assert error.lines() == [str(error)]


def test_no_hint_no_parentheses() -> None:
    assert str(UsageError("--count", "is below 1")) == "--count: is below 1"


@pytest.mark.parametrize(
    ("kind", "code"), [(UsageError, 2), (InputError, 2), (OutputError, 2), (ConfigError, 2), (InternalError, 3)]
)
def test_exit_codes(kind: type[TmrxError], code: int) -> None:
    assert issubclass(kind, TmrxError)
    assert kind("x", "y").exit_code == code


def test_one_error_for_several_faults() -> None:
    first, second = ConfigError("a", "is wrong"), ConfigError("b", "is wrong too", "hint")
    error = ConfigError.of([first, second])
    assert str(error) == str(first)
    assert error.lines() == ["a: is wrong", "b: is wrong too (hint)"]
    with pytest.raises(IndexError):
        ConfigError.of([])
