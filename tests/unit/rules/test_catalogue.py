from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from tmrx.rules.catalogue import did_you_mean, keywords
from tmrx.rules.options import HANDLERS

SHARED = Path(os.environ.get("TMRX_SHARED", Path(__file__).parents[4] / "shared"))
FACTS = SHARED / "spec" / "suricata-keywords.csv"


def test_names_and_aliases_lead_to_one_keyword() -> None:
    assert keywords()["flags"] is keywords()["tcp.flags"]
    assert keywords()["flags"].name == "tcp.flags"


def test_the_words_of_the_table() -> None:
    table = set(keywords().values())
    assert {keyword.quotes for keyword in table} == {"required", "optional", "no"}
    assert {keyword.kind for keyword in table} == {
        "match", "meta", "flow-state", "post-match", "sticky buffer", "transform", "content modifier", "content option",
    }  # fmt: skip
    assert all(keyword.protocol and keyword.value for keyword in table)


def test_every_supported_keyword_is_in_the_table() -> None:
    assert {name for name in HANDLERS if keywords()[name].name == name} == set(HANDLERS)


@pytest.mark.skipif(not FACTS.exists(), reason="the given facts are not here")
def test_every_keyword_of_the_language_is_in_the_table() -> None:
    with FACTS.open(newline="") as lines:
        for row in csv.DictReader(lines):
            for name in (row["name"], *row["aliases"].split()):
                assert keywords()[name.lower()].name == row["name"]


@pytest.mark.parametrize(
    ("name", "hint"), [("contnet", "did you mean 'content'?"), ("qqqqqqqq", ""), ("x" * 10_000, "")]
)
def test_hints(name: str, hint: str) -> None:
    assert did_you_mean(name, keywords().keys()) == hint


def test_hints_keep_the_names_as_they_are_written() -> None:
    assert did_you_mean("home_nte", ["HOME_NET"]) == "did you mean 'HOME_NET'?"
