"""`tmrx packets`, and -f and -Y of the other commands."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import SAMPLES
from tmrx.cli import run

ATTACK, MIRROR = str(SAMPLES / "attack.pcap"), str(SAMPLES / "mirror.json")
TRUNCATED = str(SAMPLES / "truncated-128.pcap")


def lines(capfd: pytest.CaptureFixture[str], *args: str) -> list[str]:
    """What a command line prints."""
    assert run(args) == 0
    return capfd.readouterr().out.splitlines()


def test_a_line_for_each_packet(capfd: pytest.CaptureFixture[str]) -> None:
    found = lines(capfd, "packets", ATTACK)
    assert len(found) == 277
    assert found[0] == "22:13:20.012825 203.0.113.66:61000 > 10.0.1.10:21 tcp [S] 54 bytes, 0 payload"
    assert lines(capfd, "packets", ATTACK, "--count", "3") == found[:3]
    shown = lines(capfd, "packets", ATTACK, "-Y", "tcp_flags == 2")
    assert shown == [line for line in found if "[S]" in line]


def test_captures_are_filtered_alike(capfd: pytest.CaptureFixture[str]) -> None:
    command = ["packets", TRUNCATED, "--columns", "frame,src,dport,truncated"]
    by_filter = lines(capfd, *command, "-f", "src port 80 and tcp")
    assert by_filter == lines(capfd, *command, "-Y", "sport == 80 and layer == tcp") != []
    assert any(line.endswith("unknown") for line in by_filter)


def test_sessions_are_named(capfd: pytest.CaptureFixture[str]) -> None:
    rows = lines(capfd, "packets", TRUNCATED, "--mirror", MIRROR, "-q", "--columns", "session", "--format", "csv")
    assert rows[0] == "session"
    assert set(rows[1:]) == {rows[1]}
    assert rows[1].startswith("tms-")
    assert lines(capfd, "packets", TRUNCATED, "--mirror", MIRROR, "-q", "-Y", f"session != {rows[1]}") == []


def test_forms(capfd: pytest.CaptureFixture[str]) -> None:
    objects = [json.loads(line) for line in lines(capfd, "packets", ATTACK, "--format", "json", "--count", "9")]
    table = list(csv.DictReader(io.StringIO("\n".join(lines(capfd, "packets", ATTACK, "--format", "csv")))))
    assert len(table) == 277
    for record, row in zip(objects, table, strict=False):
        assert {name: str(value) for name, value in record.items() if not isinstance(value, bool)} == {
            name: value for name, value in row.items() if value and value not in ("true", "false")
        }
    heading, first, *_ = lines(capfd, "packets", ATTACK, "--columns", "frame, dst,dport")
    assert heading.split() == ["frame", "dst", "dport"]
    assert first.split() == ["1", "10.0.1.10", "21"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-Y", "vin == 7"], 'tmrx: error: -Y: no column "vin" (did you mean vni?)\n    vin == 7\n    ^\n'),
        (["--columns", "tim"], 'tmrx: error: --columns: no column "tim" (did you mean time?)\n'),
    ],
)
def test_what_is_wrong_is_said(options: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["packets", ATTACK, *options]) == 2
    assert capfd.readouterr().err == said


def test_only_what_is_shown_is_written(tmp_path: Path) -> None:
    everything, some = tmp_path / "all.json", tmp_path / "some.json"
    rules = tmp_path / "all.rules"
    rules.write_text("alert ip any any -> any any (sid:1;)\n")
    for path, options in ((everything, []), (some, ["-Y", "dport == 80"])):
        assert (
            run(["analyze", ATTACK, "-q", "-S", str(rules), "--eve", str(path), "--stats", f"{path}.stats", *options])
            == 0
        )
    events = {path: [json.loads(line) for line in path.read_text().splitlines()] for path in (everything, some)}
    alerts = {path: [event for event in events[path] if event["event_type"] == "alert"] for path in events}
    assert alerts[some] == [event for event in alerts[everything] if event.get("dest_port") == 80]
    assert 0 < len(alerts[some]) < len(alerts[everything])
    kinds = {path: [event["event_type"] for event in events[path]].count("flow") for path in events}
    assert kinds[some] == kinds[everything]
    assert Path(f"{some}.stats").read_text() == Path(f"{everything}.stats").read_text()


def test_a_closed_pipe_ends_quietly() -> None:
    program = [sys.executable, "-m", "tmrx", "packets", *[ATTACK] * 40]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert b"tcp [S]" in running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0
