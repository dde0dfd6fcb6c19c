"""suricata.yaml's text: scalars, includes, what `--set` changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmrx.errors import ConfigError
from tmrx.suricata import document
from tmrx.suricata.document import Text

HEAD = "%YAML 1.1\n---\n"


def load(folder: Path, text: str, **others: str) -> dict[str, document.Node]:
    for name, body in others.items():
        (folder / f"{name}.yaml").write_text(HEAD + body)
    (folder / "suricata.yaml").write_text(HEAD + text)
    return document.load(folder / "suricata.yaml")


def test_scalars_stay_text_and_know_their_place(tmp_path: Path) -> None:
    found = load(tmp_path, "stats:\n  enabled: yes\nempty:\n")
    assert found == {"stats": {"enabled": "yes"}, "empty": ""}
    enabled = found["stats"]["enabled"]  # type: ignore[index,call-overload]
    assert isinstance(enabled, Text)
    assert enabled.place == f"{tmp_path / 'suricata.yaml'}:4"


def test_what_comes_later_replaces_what_is_included(tmp_path: Path) -> None:
    found = load(tmp_path, "include: more.yaml\na: 1\n", more="a: {b: 2}\nc: 3\n")
    assert found == {"a": "1", "c": "3"}


def test_includes_may_be_a_list_and_stand_anywhere(tmp_path: Path) -> None:
    found = load(tmp_path, "include: [one.yaml, two.yaml]\nin: !include one.yaml\n", one="x: 1\n", two="x: 2\n")
    assert found == {"x": "2", "in": {"x": "1"}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "is not YAML"),
        ("- a\n", "no mapping"),
        ("a: &x 1\nb: *x\n", "alias"),
        ("include: suricata.yaml\n", "includes itself"),
        ("include: missing.yaml\n", "no such file"),
        ("a: " + "[" * 80 + "]" * 80, "nested deeper"),
        ("? [a]\n: b\n", "a key is no text"),
    ],
)
def test_what_can_not_be_taken_is_said(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load(tmp_path, text)


def test_the_first_line_is_required(tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text("a: 1\n")
    with pytest.raises(ConfigError, match="does not begin with %YAML"):
        document.load(tmp_path / "plain.yaml")


def test_a_file_without_settings(tmp_path: Path) -> None:
    assert load(tmp_path, "") == {}


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("stream.midstream=true", {"outputs": [{"fast": ""}], "stream": {"midstream": "true"}}),
        ("outputs.0.fast.enabled=yes", {"outputs": [{"fast": {"enabled": "yes"}}]}),
        ("outputs.1.stats=no", {"outputs": [{"fast": ""}, {"stats": "no"}]}),
        ("outputs = none", {"outputs": "none"}),
    ],
)
def test_an_option_changes_one_value(option: str, expected: dict[str, object]) -> None:
    found: dict[str, document.Node] = {"outputs": [{"fast": Text("", "")}]}
    document.override(found, option)
    assert found == expected


@pytest.mark.parametrize("option", ["stream.midstream", "=1", "outputs.7.fast=1", "outputs.x=1"])
def test_an_option_that_can_not_be(option: str) -> None:
    with pytest.raises(ConfigError):
        document.override({"outputs": []}, option)


def test_every_setting_has_a_line(tmp_path: Path) -> None:
    found = load(tmp_path, "a:\n  - b: 1\n  - c\n")
    assert list(document.lines(found)) == ["a = (null)", "a.0 = (null)", "a.0.b = 1", "a.1 = c"]
