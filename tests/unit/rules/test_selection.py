"""Selection of rules by suricata-update's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmrx.errors import ConfigError
from tmrx.rules import Settings, load
from tmrx.rules.selection import Selection
from tmrx.rules.sources import Source

RULES = """\
alert tcp any any -> any any (msg:"one"; metadata:deployment Perimeter, x y; sid:1;)
alert udp any any -> any any (msg:"two"; gid:2; sid:2;)
# alert tcp any any -> any any (msg:"off"; sid:3;)
# a comment about alert rules
pass tcp any any -> any any (msg:"four"; sid:4;)
alert tcp any any -> any any (msg:"five"; flowbits:set,ab; flowbits:noalert; sid:5;)
"""


def chosen(**files: str) -> list[str]:
    """What is left of RULES, by the words of `msg`, with a mark for what has become a drop."""
    sources = {name: [Source(f"{name}.conf", text.encode())] for name, text in files.items()}
    lines = Selection(**sources).lines(Source("rules/local-x.rules", RULES.encode()))
    return [line.text.partition('msg:"')[2].partition('"')[0] + "!" * line.text.startswith("drop") for line in lines]


@pytest.mark.parametrize(
    ("matcher", "left"),
    [
        ("", ["one", "two", "four", "five"]),
        ("# 1", ["one", "two", "four", "five"]),
        ("1", ["two", "four", "five"]),
        ("1:1\n2:2", ["four", "five"]),
        ("2", ["one", "two", "four", "five"]),
        ("re:MSG:.(one|two)", ["four", "five"]),
        ("re:^pass", ["one", "two", "five"]),
        ("group:local-x.rules", []),
        ("group:local-x", []),
        ("group:local-*", []),
        ("group:other", ["one", "two", "four", "five"]),
        ("filename:*/local-x.rules", []),
        ("filename:local-x.rules", ["one", "two", "four", "five"]),
        ("metadata:deployment perimeter", ["two", "four", "five"]),
        ("metadata: x  Y ", ["two", "four", "five"]),
        ("metadata:deployment", ["one", "two", "four", "five"]),
        ("*", []),
    ],
)
def test_disable(matcher: str, left: list[str]) -> None:
    assert chosen(disable=matcher) == left


def test_enable_wins_and_reaches_comments() -> None:
    assert chosen(disable="*", enable="1\n3") == ["one", "off"]
    assert chosen(enable="re:comment") == ["one", "two", "four", "five"]


def test_drop_leaves_other_actions_and_noalert_alone() -> None:
    assert chosen(drop="*") == ["one!", "two!", "four", "five"]


def test_modify() -> None:
    assert chosen(modify='1 "one" "eins"\nre:udp "two" "t(w)o"') == ["eins", "t(w)o", "four", "five"]
    assert chosen(modify=r'* "msg:\"(o)(ne)" "msg:\"\\2\\1"') == ["neo", "two", "four", "five"]
    assert chosen(modify='modifysid 1 "one" | "uno"', drop="1") == ["uno!", "two", "four", "five"]


def test_what_is_wrong_is_said_with_its_place() -> None:
    with pytest.raises(ConfigError) as error:
        Selection(
            disable=[Source("d", b"1\nre:(\nfoo\nx:y")], modify=[Source("m", b'1 "a\n1 "(" "b"\n1 "a" "\\\\7"\n')]
        )
    assert [str(fault).split(" (see")[0] for fault in error.value.faults] == [
        "d:2: 're:(': the regular expression '(' is wrong: missing ), unterminated subpattern at position 0",
        "d:3: 'foo': no GID:SID, SID, re:, group:, filename: or metadata:",
        "d:4: 'x:y': 'x' is no kind of matcher",
        """m:1: '1 "a': no MATCHER "REGEX" "REPLACEMENT\"""",
        "m:2: '1 \"(\" \"b\"': the regular expression '(' is wrong: missing ), unterminated subpattern at position 0",
        r"""m:3: '1 "a" "\\7"': the replacement '\7' is wrong: invalid group reference 7 at position 1""",
    ]


def test_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    rules, disable = tmp_path / "a.rules", tmp_path / "disable.conf"
    rules.write_text('alert tcp any any -> any any (msg:"a"; sid:1;)\nalert tcp any any -> any any (msg:"b"; sid:2;)\n')
    disable.write_text("2\n")
    assert [rule.compiled.sid for rule in load([rules], Settings(disable=(str(disable),))).rules] == [1]
