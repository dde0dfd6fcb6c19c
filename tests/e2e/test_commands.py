"""The commands on real input: what they print, write and end with."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import ENV, ROOT, Listening, Run, command

SHARED = Path(os.environ.get("TMRX_SHARED", ROOT.parent / "shared"))
AWS = SHARED / "captures" / "aws-mirror-2019.pcap"
SAMPLES = ROOT / "sample_pcaps"
ATTACK = SAMPLES / "attack.pcap"

needs_aws = pytest.mark.skipif(not AWS.exists(), reason="the real capture is not beside the checkout")


def stats_of(tmrx: Run, *args: str | Path) -> dict[str, Any]:
    done = tmrx("analyze", *args, "--format", "json", "--quiet")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def fates(frames: dict[str, Any]) -> int:
    kept = sum(frames[fate] for fate in ("decoded", "merged", "duplicate", "held"))
    return kept + sum(frames["rejected"].values()) + sum(frames["dropped"].values())


@needs_aws
def test_the_real_capture(tmrx: Run) -> None:
    stats = stats_of(tmrx, AWS)
    assert stats["frames"]["received"] == fates(stats["frames"]) == 100
    assert (stats["packets"]["tcp"], stats["packets"]["udp"]) == (82, 18)
    assert stats["packets"]["checksum"]["l4"]["valid"] == 100
    assert set(stats["anomalies"]) == {"mirror.unknown_identity"}
    (session,) = stats["sessions"]
    assert (session["vni"], session["outer_src"], session["known"]) == (5569041, "172.31.0.238", False)


@needs_aws
def test_decap_gives_the_frames_inside(tmrx: Run) -> None:
    done = tmrx("decap", AWS, "-w", "-")
    assert done.returncode == 0
    assert done.stderr == b""
    again = tmrx("analyze", "-", "--format", "json", stdin=done.stdout)
    packets = json.loads(again.stdout)["packets"]
    assert (packets["total"], packets["tcp"], packets["udp"]) == (100, 82, 18)


@needs_aws
def test_sessions_in_every_form(tmrx: Run) -> None:
    table, as_json, as_csv = (tmrx("sessions", AWS, "--format", form).stdout for form in ("table", "json", "csv"))
    assert b"5569041" in table
    assert [session["vni"] for session in json.loads(as_json)] == [5569041]
    assert [row["outer_src"] for row in csv.DictReader(io.StringIO(as_csv.decode()))] == ["172.31.0.238"]


@needs_aws
def test_a_known_session_is_named(tmrx: Run, tmp_path: Path) -> None:
    session = {
        "TrafficMirrorSessionId": "tms-1",
        "VirtualNetworkId": 5569041,
        "Tags": [{"Key": "Name", "Value": "web"}],
    }
    (tmp_path / "m.json").write_text(json.dumps({"TrafficMirrorSessions": [session]}))
    (found,) = json.loads(tmrx("sessions", AWS, "--mirror", "m.json", "--format", "json").stdout)
    assert (found["session"], found["name"], found["known"]) == ("tms-1", "web", True)


@needs_aws
def test_unknown_sessions_can_be_refused(tmrx: Run) -> None:
    frames = stats_of(tmrx, AWS, "--set", "unknown=refuse")["frames"]
    assert (frames["decoded"], fates(frames)) == (0, 100)


@needs_aws
def test_outputs(tmrx: Run, tmp_path: Path) -> None:
    done = tmrx("analyze", AWS, "--eve", "eve.json", "-w", "in.pcap", "--stats", "stats.json", "--workers", "2")
    assert done.returncode == 0
    assert done.stdout == b""
    assert b"mirror sessions" in done.stderr
    events = [json.loads(line) for line in (tmp_path / "eve.json").read_text().splitlines()]
    assert {"flow", "stats"} <= {event["event_type"] for event in events}
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["frames"]["received"] == 100
    assert stats["flows"]["total"] == sum(event["event_type"] == "flow" for event in events)


@needs_aws
def test_several_captures_are_one(tmrx: Run, tmp_path: Path) -> None:
    for name in ("a.pcap", "b.pcap"):
        shutil.copy(AWS, tmp_path / name)
    assert stats_of(tmrx, tmp_path)["frames"]["received"] == 200


@needs_aws
def test_a_damaged_tail_is_a_warning(tmrx: Run, tmp_path: Path) -> None:
    (tmp_path / "cut.pcap").write_bytes(AWS.read_bytes()[:-10])
    done = tmrx("analyze", "cut.pcap", "--format", "json")
    assert done.returncode == 0
    assert done.stderr.startswith(b"tmrx: warning: cut.pcap: ")
    assert json.loads(done.stdout)["frames"]["received"] == 99


EMPTY_PCAP = bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000")


def test_a_capture_without_packets_is_no_fault(tmrx: Run, tmp_path: Path) -> None:
    (tmp_path / "none.pcap").write_bytes(EMPTY_PCAP)
    done = tmrx("decap", "none.pcap", "-w", "-")
    assert done.returncode == 0
    assert len(done.stdout) == len(EMPTY_PCAP)


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["analyze", "text.pcap"], b"text.pcap: "),
        (["analyze", "zero.pcap"], b"zero.pcap: "),
        (["analyze", "missing.pcap"], b"missing.pcap: "),
        (["analyze", "folder"], b"folder: is a folder without captures ("),
        (["decap", "text.pcap", "-w", "out.pcap"], b"text.pcap: "),
        (["analyze", "none.pcap", "--mirror", "text.pcap"], b"text.pcap: is neither JSON nor TOML"),
        (["analyze", "none.pcap", "--eve", "/dev/full"], b"/dev/full: can't be written: no space left on device ("),
        (["decap", "none.pcap", "-w", "/dev/full"], b"/dev/full: can't be written: no space left on device ("),
        (["analyze", "none.pcap", "--eve", "folder"], b"folder: can't be written: is a directory ("),
        (["analyze", "none.pcap", "-w", "none.pcap"], b"none.pcap: is also 'none.pcap', and would be overwritten ("),
        (["analyze", "none.pcap", "--set", "max_flows=1"], b"--set max_flows: 1 is below 1024 ("),
        (["analyze", "none.pcap", "-S", "bad.rules", "--strict"], b"bad.rules:1:"),
        (["decap", "none.pcap", "-w", "gone/x.pcapng.zst"], b"gone/x.pcapng.zst: can't be written: no such file"),
        (["decap", "none.pcap", "-w", "gone/x.pcap", "--rotate-size", "1M"], b"gone/x.pcap: can't be written: no such"),
        (["decap", "none.pcap", "-w", "-", "--rotate-size", "1M"], b"--rotate-size: standard output is one stream ("),
        (["decap", "none.pcap", "-w", "x.pcap", "--rotate-time", "0"], b"--rotate-time: 0 is no end at all ("),
        (["decap", "none.pcap", "-w", "x.pcap", "--keep", "2"], b"--keep: there is one file only ("),
        (["analyze", "none.pcap", "--rotate-time", "1m"], b"--rotate-time: there is no capture to write ("),
        (["listen", "--on", "192.0.2.1:4789"], b"192.0.2.1:4789: "),
    ],
)
def test_bad_input_is_one_line(tmrx: Run, tmp_path: Path, args: list[str], what: bytes) -> None:
    (tmp_path / "text.pcap").write_text("this is no capture, and no configuration either\n")
    (tmp_path / "zero.pcap").write_bytes(b"")
    (tmp_path / "none.pcap").write_bytes(EMPTY_PCAP)
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.rules").write_text("alert ip any any -> any any (nonsense; sid:1;)\n")
    (tmp_path / "out.pcap").write_bytes(b"precious")
    done = tmrx(*args)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"tmrx: error: " + what)
    assert done.stderr.count(b"\n") == 1
    assert (tmp_path / "out.pcap").read_bytes() == b"precious"
    assert (tmp_path / "none.pcap").read_bytes() == EMPTY_PCAP


@needs_aws
def test_live_is_as_offline(tmrx: Run, tmp_path: Path) -> None:
    assert tmrx("decap", AWS, "-w", "in.pcap").returncode == 0
    with Listening(tmp_path, "--count", "100", "--stats", "live.json", "-w", "live.pcap") as live:
        sent = tmrx("send", "in.pcap", "--to", f"127.0.0.1:{live.port}", "--vni", "5569041", "--flat-out")
        assert sent.returncode == 0, sent.stderr
        code, out, err = live.result()
    assert (code, out) == (0, b"")
    assert b"mirror sessions" in err
    offline, online = stats_of(tmrx, AWS), json.loads((tmp_path / "live.json").read_text())
    for part in ("packets", "flows", "anomalies"):
        assert online[part] == offline[part]
    assert stats_of(tmrx, "live.pcap")["packets"] == offline["packets"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_run_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with Listening(tmp_path, "--stats", "stats.json", "-w", "in.pcap") as live:
        live.process.send_signal(number)
        code, _, err = live.result()
    assert code == 0
    assert b"frames" in err
    assert json.loads((tmp_path / "stats.json").read_text())["frames"]["received"] == 0
    assert len((tmp_path / "in.pcap").read_bytes()) == len(EMPTY_PCAP)


def test_a_signal_asks_for_the_summary_document(tmp_path: Path) -> None:
    with Listening(tmp_path, "--stats", "stats.json") as live:
        live.process.send_signal(signal.SIGUSR1)
        until = time.monotonic() + 10
        while not (tmp_path / "stats.json").read_bytes() and time.monotonic() < until:
            time.sleep(0.02)
        assert json.loads((tmp_path / "stats.json").read_text())["frames"]["received"] == 0
        assert live.process.poll() is None


def test_a_time_ends_a_run(tmrx: Run) -> None:
    done = tmrx("listen", "--on", "127.0.0.1:0", "--duration", "200ms", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_port_in_use(tmrx: Run, tmp_path: Path) -> None:
    with Listening(tmp_path) as live:
        done = tmrx("listen", "--on", f"127.0.0.1:{live.port}", "--quiet")
    assert done.returncode == 2
    assert done.stderr.startswith(b"tmrx: error: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(("option", "code"), [((), 1), (("--strict",), 2)])
def test_a_refused_rule_is_in_the_exit_code(tmrx: Run, tmp_path: Path, option: tuple[str, ...], code: int) -> None:
    rules = tmp_path / "local.rules"
    rules.write_text('alert tcp any any -> any any (msg:"typo"; contnet:"a"; sid:1;)\n')
    assert tmrx("rules", "check", *option, rules).returncode == code
    rules.write_text('alert tcp any any -> any any (msg:"right"; content:"a"; sid:1;)\n')
    assert tmrx("rules", "check", *option, rules).returncode == 0


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command("decap", ATTACK, "-w", "-"), stdout=pipe, stderr=pipe, cwd=tmp_path, env=ENV
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_demo(tmrx: Run) -> None:
    done = tmrx("demo")
    assert done.returncode == 0, done.stderr
    assert b"Live and offline agree" in done.stdout
    assert b"packet length" in done.stdout
