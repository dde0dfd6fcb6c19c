"""`tmrx rules`: what they print, where, and their exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tmrx import cli
from tmrx.cli.rules import rules
from tmrx.errors import UsageError

GOOD = 'alert tcp any any -> any 80 (msg:"one, \\"two\\""; sid:7; rev:2; classtype:network-scan;)\n'
BAD = 'alert tcp any any -> any any (contnet:"a"; sid:8;)\n'
UNSUPPORTED = "alert modbus any any -> any any (sid:9;)\n"
UNMET = "alert tcp any any -> any any (requires: feature x; sid:10;)\n"
WARNED = "alert tcp any any -> any any (classtype:none; sid:11;)\n"


@pytest.fixture
def run(tmp_path: Path):
    def invoke(command: str, text: str, *arguments: str) -> Result:
        (tmp_path / "t.rules").write_text(text)
        return CliRunner().invoke(rules, [command, str(tmp_path / "t.rules"), *arguments])

    return invoke


@pytest.mark.parametrize(
    ("text", "arguments", "code", "summary"),
    [
        ("", (), 0, "0 rules loaded"),
        (GOOD, (), 0, "1 rule loaded"),
        (GOOD + BAD, (), 1, "1 rule loaded, 1 refused (1 wrong, 0 unsupported)"),
        (GOOD + UNSUPPORTED, (), 1, "1 rule loaded, 1 refused (0 wrong, 1 unsupported)"),
        (GOOD + BAD, ("--strict",), 2, "1 rule loaded, 1 refused (1 wrong, 0 unsupported)"),
        (GOOD + UNMET + WARNED, ("--strict",), 0, "2 rules loaded, 1 skipped, 1 warning"),
    ],
)
def test_check(text: str, arguments: tuple[str, ...], code: int, summary: str, run) -> None:
    result = run("check", text, *arguments)
    assert (result.exit_code, result.stdout) == (code, summary + "\n")


def test_check_shows_the_place(run, tmp_path: Path) -> None:
    result = run("check", GOOD + BAD + UNMET + WARNED)
    where = tmp_path / "t.rules"
    assert result.stderr == (
        f"tmrx: error: {where}:2:31: unknown keyword 'contnet' (did you mean 'content'?)\n"
        f"    {BAD}"
        f"    {' ' * 30}^\n"
        f"tmrx: note: {where}:3:31: missing a required feature: feature x\n"
        f"    {UNMET}"
        f"    {' ' * 30}^\n"
        f"tmrx: warning: {where}:4:41: unknown classtype 'none' (see classification.config)\n"
        f"    {WARNED}"
        f"    {' ' * 40}^\n"
    )
    assert run("check", BAD, "--quiet").stderr == ""


def test_what_a_terminal_would_obey_is_made_visible(run) -> None:
    result = run("check", "alert tcp any any -> any any (a\u009bb; sid:1;)\n")
    assert "\u009b" not in result.stderr
    assert "unknown keyword 'a\\x9bb'" in result.stderr


@pytest.mark.parametrize(("text", "arguments", "code"), [(GOOD, (), 0), (BAD, (), 1), (BAD, ("--strict",), 2)])
def test_exit_code_of_the_whole_command_line(text: str, arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    (tmp_path / "t.rules").write_text(text)
    assert cli.run(["rules", "check", str(tmp_path / "t.rules"), *arguments]) == code


EXPECTED = {
    "sid": 7, "gid": 1, "rev": 2, "action": "alert", "protocol": "tcp", "priority": 3,
    "category": "Network scan", "msg": 'one, "two"', "line": 1,
}  # fmt: skip


def test_list_json(run, tmp_path: Path) -> None:
    result = run("list", GOOD + WARNED, "--format", "json")
    first, second = json.loads(result.stdout)
    assert first == EXPECTED | {"file": str(tmp_path / "t.rules")}
    assert second["sid"] == 11
    assert json.loads(run("list", "", "--format", "json").stdout) == []


def test_list_csv(run) -> None:
    (row,) = csv.DictReader(run("list", GOOD, "--format", "csv").stdout.splitlines())
    assert {name: row[name] for name in EXPECTED} == {name: str(value) for name, value in EXPECTED.items()}


def test_list_says_what_it_leaves_out(run) -> None:
    result = run("list", GOOD + BAD)
    assert result.exit_code == 0
    assert "one" in result.stdout
    assert result.stderr == "tmrx: warning: rules: 1 rule left out (tmrx rules check says why)\n"


CONTENT = 'alert tcp any any -> any 80 (msg:"c"; content:"ab|00|"; flow:to_server; sid:12; gid:3;)\n'


def test_explain_in_words(run, tmp_path: Path) -> None:
    result = run("explain", GOOD + CONTENT, "3:12")
    assert result.stdout == (
        "3:12 rev 0  alert  c\n"
        f"  {tmp_path / 't.rules'}:2\n"
        "  looks at          tcp any port any -> any port 80\n"
        "  inspected on      what TCP carries as a stream, once it is acknowledged; other payloads packet by packet\n"
        '  looked for first  "ab|00|" in payload\n'
        "  if                data to the server\n"
        '  and if            payload: "ab|00|"\n'
    )


def test_explain_shows_what_is_not_evaluated_yet(run) -> None:
    records = json.loads(run("explain", GOOD + UNSUPPORTED, "--format", "json").stdout)
    assert [(record["sid"], record["missing"]) for record in records] == [
        (7, ""),
        (9, "protocol 'modbus' is known, not supported yet"),
    ]


def test_explain_needs_a_rule_and_a_file(run, tmp_path: Path) -> None:
    assert isinstance(run("explain", GOOD, "8").exception, UsageError)
    assert isinstance(CliRunner().invoke(rules, ["explain", "7"]).exception, UsageError)


def test_stats(run) -> None:
    rows = list(csv.DictReader(run("stats", GOOD + CONTENT, "--format", "csv").stdout.splitlines()))
    found = {(row["what"], row["value"]): int(row["rules"]) for row in rows}
    assert found["action", "alert"] == found["protocol", "tcp"] == found["keyword", "sid"] == 2
    assert found["kind", "stream"] == found["kind", "ip_only"] == found["keyword", "content"] == 1
    assert found["class", "Network scan"] == found["class", "none"] == 1


def test_coverage(run) -> None:
    text = GOOD + UNSUPPORTED + UNSUPPORTED.replace("9", "13") + BAD + UNMET
    rows = json.loads(run("coverage", text, "--format", "json").stdout)
    assert [(row["fate"], row["reason"], row["rules"], row["share"]) for row in rows] == [
        ("loaded", "", 1, 20.0),
        ("unsupported", "protocol 'modbus' is known, not supported yet", 2, 40.0),
        ("error", "unknown keyword 'contnet'", 1, 20.0),
        ("skipped", "missing a required feature: feature x", 1, 20.0),
    ]
    assert json.loads(run("coverage", "", "--format", "json").stdout) == [
        {"fate": "loaded", "reason": "", "rules": 0, "share": 0.0}
    ]


def test_rules_are_selected(run, tmp_path: Path) -> None:
    (tmp_path / "off").write_text("7\n")
    result = run("list", GOOD + CONTENT, "--disable", str(tmp_path / "off"), "--format", "json")
    assert [rule["sid"] for rule in json.loads(result.stdout)] == [12]
