from __future__ import annotations

import pytest

from tmrx.errors import ConfigError
from tmrx.rules.classification import SHIPPED, Class, parse


def test_parse() -> None:
    text = "# a comment\n\nconfig classification: Web-Attack,Attack on the web, 1\nconfig classification:x,,3\n"
    assert parse(text, "f") == {"web-attack": Class("Attack on the web", 1), "x": Class("", 3)}


def test_every_wrong_line_is_said() -> None:
    with pytest.raises(ConfigError) as error:
        parse("config classification: a,b\nconfig classification: a,b,1\nhello\n", "f")
    hint = "(config classification: short-name,description,priority)"
    assert error.value.lines() == [
        f"f:1: 'config classification: a,b' is no classification {hint}",
        f"f:3: 'hello' is no classification {hint}",
    ]


def test_ours_has_a_category_and_a_priority_for_each() -> None:
    classes = parse(SHIPPED.read_text(), "ours")
    assert len(classes) > 40
    assert all(one.category and 1 <= one.priority <= 4 for one in classes.values())
