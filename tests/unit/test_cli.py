"""The command line: what it prints of commands, faults and records, without a run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import click
import pytest

from tmrx import cli
from tmrx.cli import console, summary
from tmrx.cli.errors import printable

STATS: dict[str, Any] = {
    "frames": {
        "received": 1200,
        "decoded": 1199,
        "merged": 0,
        "duplicate": 0,
        "rejected": {"unknown_identity": 1},
        "dropped": {},
        "held": 0,
        "bytes": 99,
    },
    "packets": {
        "total": 1199, "ipv4": 1199, "ipv6": 0, "tcp": 1000, "udp": 199, "icmp": 0, "other": 0,
        "truncated": {"packet_length": 7, "mtu": 0, "snaplen": 0, "unknown": 0},
        "checksum": {"l3": {"valid": 1199}, "l4": {"valid": 1192, "unverifiable": 7}},
    },
    "flows": {"total": 12, "evicted": 0},
    "alerts": 3,
    "anomalies": {"mirror.unknown_identity": 1, "tcp.reserved": 0},
    "sessions": [
        {
            "session": None, "vni": 5569041, "outer_src": "172.31.0.238", "encapsulation": "vxlan", "known": False,
            "frames": 1199, "bytes": 98, "first": "2019-06-27T15:29:44.000000+0000", "last": None, "truncated": 7,
        }
    ],
}  # fmt: skip


def output(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = cli.run(args)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_line_that_help_prints_is_the_commands_own(name: str) -> None:
    command = cli.cli.get_command(click.Context(cli.cli), name)
    assert command is not None
    assert command.get_short_help_str(200) == cli.COMMANDS[name][1]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["nonsense"], "tmrx: error: tmrx: no such command 'nonsense' (see tmrx --help)"),
        (["analyze"], "tmrx: error: tmrx analyze: missing argument 'CAPTURE...' (see tmrx analyze --help)"),
        (
            ["listen", "--duration", "5x"],
            "tmrx: error: tmrx listen: invalid value for '--duration': '5x' has a unit that is none of ms s m h"
            " (see tmrx listen --help)",
        ),
        (["listen", "--on", "a:1"], "tmrx: error: a:1: has 'a', which is not an IP address"),
        (["analyze", "x", "--inspect", "outer"], "tmrx: error: --inspect: 'outer' is not inner or outer,inner"),
        (
            ["analyze", "x", "--eve", "-", "--format", "json"],
            "tmrx: error: --format json: an output is standard output too (give that output a file)",
        ),
    ],
)
def test_faults_of_usage(capsys: pytest.CaptureFixture[str], args: list[str], line: str) -> None:
    code, out, err = output(capsys, *args)
    assert (code, out) == (2, "")
    assert err.startswith(line)
    assert err.count("\n") == 1


def test_faults_of_tmrx_itself(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(cli.cli, "main", fails)
    code, _, err = output(capsys)
    assert code == 3
    assert err.startswith("tmrx: error: tmrx: ZeroDivisionError: a fault (")


def test_help_is_nowhere_empty(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "--help")
    assert code == 0
    assert all(name in out for name in cli.COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "--version")[:2] == (0, "tmrx, version 0.1.0\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    code, out, _ = output(capsys, "completion", shell)
    assert code == 0
    assert "_TMRX_COMPLETE" in out


def test_a_reader_that_leaves_is_no_error() -> None:
    program = [sys.executable, "-c", "from tmrx.cli import main; main()", "--help"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_nothing_reaches_the_terminal_that_it_would_obey() -> None:
    assert printable("a\x1b[31m\nb\u202eé") == "a\\x1b[31m\\nb\\u202eé"


def test_summary_of_a_run() -> None:
    lines = [click.unstyle(line) for line in summary.lines(STATS)]
    assert lines == [
        "mirror sessions",
        "      vni  outer source  encapsulation  known  frames  bytes  truncated",
        "  5569041  172.31.0.238  vxlan          no      1,199     98          7",
        "",
        "frames        1,200, 99 bytes: 1,199 decoded, 1 rejected unknown identity",
        "packets       1,199: 1,199 ipv4, 1,000 tcp, 199 udp",
        "truncated by  7 packet length",
        "L3 checksums  1,199 valid",
        "L4 checksums  1,192 valid, 7 unverifiable",
        "flows         12, 0 evicted",
        "alerts        3",
        "",
        "anomaly                  packets",
        "mirror.unknown_identity        1",
    ]


def test_the_summary_says_what_the_capture_lost() -> None:
    lines = [click.unstyle(line) for line in summary.lines({**STATS, "capture": {"received": 1_300, "dropped": 100}})]
    assert "captured      1,300, 100 lost there" in lines


def test_a_summary_of_many_sessions_names_the_busiest() -> None:
    sessions = [{**STATS["sessions"][0], "vni": number, "frames": number} for number in range(30)]
    lines = summary.lines({**STATS, "sessions": sessions})
    assert lines[2].split()[0] == "29"
    assert lines[22] == "  … and 10 more, with fewer frames: --format json has them all"


def test_numbers_of_a_summary_by_name() -> None:
    flat = dict(summary.flat(STATS))
    assert flat["frames.rejected.unknown_identity"] == 1
    assert flat["packets.checksum.l4.unverifiable"] == 7
    assert "sessions" not in flat


def test_records_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"a": 1, "b": ["x", "y"]}, {"a": None, "b": "q,r"}]
    columns = {"a": "A", "b": "B"}
    console.records(rows, columns, "json")
    assert json.loads(capsys.readouterr().out) == rows
    console.records(rows, columns, "csv")
    assert capsys.readouterr().out == 'a,b\n1,x y\n,"q,r"\n'
    console.records(rows, columns, "table")
    assert click.unstyle(capsys.readouterr().out) == "A  B\n1  x, y\n   q,r\n"
