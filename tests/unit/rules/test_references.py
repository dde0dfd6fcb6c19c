"""reference.config."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmrx.errors import ConfigError
from tmrx.rules import references

TEXT = "# types\nconfig reference: CVE  https://cve.example/\n\n config reference:url http://\n"


def test_types_of_references() -> None:
    assert references.parse(TEXT, "r") == {"cve": "https://cve.example/", "url": "http://"}


def test_what_is_wrong_is_said_with_its_place() -> None:
    with pytest.raises(ConfigError) as error:
        references.parse("config reference: a\nconfig reference: b c\nreference: c d", "r")
    assert error.value.lines() == [
        "r:1: 'config reference: a' is no type of reference (config reference: type prefix)",
        "r:3: 'reference: c d' is no type of reference (config reference: type prefix)",
    ]


def test_rules_lead_where_the_file_says(rules, tmp_path: Path) -> None:
    (tmp_path / "reference.config").write_text(TEXT)
    found = rules(
        "alert ip any any -> any any (reference:cve,1; reference:bid,2; sid:1;)",
        references=str(tmp_path / "reference.config"),
    )
    assert found.rules[0].compiled.references == ("https://cve.example/1",)
    assert [one.why for one in found.diagnostics] == ["unknown reference type 'bid'"]
