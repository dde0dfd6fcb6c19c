from __future__ import annotations

import pytest

from tmrx.rules.diagnostics import Fault
from tmrx.rules.requires import unmet

SUPPORTED = {"content"}


@pytest.mark.parametrize(
    "value",
    [
        "version >= 9",
        "version >= 9.0.0",
        "version  >= 8.0.5",
        "version > 8 < 9.0.1",
        "version >= 7.0.3 < 8 | >= 8.0.1",
        "keyword content",
        "version >= 8, keyword content",
    ],
)
def test_met(value: str) -> None:
    assert unmet(value, SUPPORTED) == ""


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        ("version >= 10", "version >= 10"),
        ("version >= 7 < 8", "version >= 7 < 8"),
        ("version >= 7.0.3 < 8 | >= 9.0.99", "version >= 7.0.3 < 8 | >= 9.0.99"),
        ("feature ja4", "feature ja4"),
        ("version >= 8, keyword foobar", "keyword foobar"),
        ("foo bar", "foo bar"),
    ],
)
def test_unmet(value: str, missing: str) -> None:
    assert unmet(value, SUPPORTED) == missing


@pytest.mark.parametrize(
    "value", ["", "version", "version 8", "version >= x", "version >= 9 |", "version >= 8, version >= 9", "feature,"]
)
def test_malformed(value: str) -> None:
    with pytest.raises(Fault):
        unmet(value, SUPPORTED)
