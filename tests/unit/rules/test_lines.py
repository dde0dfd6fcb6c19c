from __future__ import annotations

import re

import pytest

from tmrx.errors import ConfigError
from tmrx.rules.lines import matched, told

NUMBERED = re.compile(r"(\w+) (\d+)")


def test_lines_that_say_something_have_their_numbers() -> None:
    assert list(told("# a\n\n  b 1\t\n#\nc 2")) == [(3, "b 1"), (5, "c 2")]


def test_every_line_is_an_entry() -> None:
    assert [entry.groups() for entry in matched("# a\n b 1\nc 2\n", "f", NUMBERED, "pair", "NAME NUMBER")] == [
        ("b", "1"),
        ("c", "2"),
    ]
    with pytest.raises(ConfigError) as caught:
        matched("b\nc 2\n3", "f", NUMBERED, "pair", "NAME NUMBER")
    assert list(caught.value.lines()) == ["f:1: 'b' is no pair (NAME NUMBER)", "f:3: '3' is no pair (NAME NUMBER)"]
