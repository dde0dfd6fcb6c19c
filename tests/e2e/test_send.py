"""`tmrx send` to `tmrx listen` with one configuration, as two processes; and what ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import ENV, Listening, Run, command
from tests.unit.cli import sends

WEB, SSH, OTHER = sends.into(80, 40), sends.into(22), sends.into(443)
FRAMES = (*[WEB] * 20, *[SSH] * 10, *[OTHER] * 30)


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """A capture of 60 packets, and a mirror that copies 50 of them."""
    return [sends.capture(tmp_path / "in.pcap", *FRAMES), "--mirror", sends.mirror(tmp_path)]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def by_session(stats: dict[str, Any], count: str) -> dict[str, tuple[int, int, int]]:
    return {one["session"]: (one[count], one["bytes"], one["truncated"]) for one in stats["sessions"]}


def test_the_receiver_tells_the_senders_sessions_apart(tmrx: Run, tmp_path: Path, given: list[str]) -> None:
    with Listening(tmp_path, *given[1:], "--count", "50", "--duration", "20s", "--stats", "got.json") as live:
        to = ["--to", f"127.0.0.1:{live.port}", "--rate", "2kpps"]
        sent = tmrx("send", *given, *to, "--truth", "truth.jsonl", "--stats", "sent.json")
        assert (sent.returncode, sent.stdout) == (0, b"")
        code, _, err = live.result()
        assert code == 0, err
    truth, got, stats = (
        lines(tmp_path / "truth.jsonl"),
        read(tmp_path / "got.json"),
        read(tmp_path / "sent.json"),
    )
    assert Counter((line["session"], line["fate"]) for line in truth) == {
        ("tms-1", "mirrored"): 20,
        ("tms-2", "rejected"): 10,
        ("tms-2", "mirrored"): 30,
    }
    assert by_session(got, "frames") == by_session(stats, "copies") == {"tms-1": (20, 1200, 20), "tms-2": (30, 1620, 0)}
    assert got["packets"]["truncated"]["packet_length"] == sum(line["cut"] > 0 for line in truth)


def test_each_copy_to_its_own_target(tmrx: Run, tmp_path: Path, given: list[str]) -> None:
    # An address that no other test listens on.
    target = f"127.77.{os.getpid() >> 8 & 0xFF}.{os.getpid() & 0xFF or 1}"
    interfaces = [sends.TABLES["NetworkInterfaces"][0], sends.interface("eni-t", PrivateIpAddress=target)]
    config = sends.mirror(tmp_path, NetworkInterfaces=interfaces)
    args = ["--on", f"{target}:4789", "--mirror", config, "--count", "50", "--duration", "20s", "--stats", "got.json"]
    with Listening(tmp_path, *args) as live:
        sent = tmrx("send", given[0], "--mirror", config, "--to", "targets", "--flat-out")
        assert sent.returncode == 0, sent.stderr
        assert live.result()[0] == 0
    assert read(tmp_path / "got.json")["frames"]["received"] == 50


def test_the_same_seed_gives_the_same_bytes(tmrx: Run, tmp_path: Path, given: list[str]) -> None:
    way = ["--loss", "10%", "--duplicate", "0.1", "--reorder", "10%", "--reorder-depth", "2", "--delay", "1ms"]
    way += ["--jitter", "500ms", "--corrupt", "10%"]
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        args = ["-w", f"{name}.pcap", "--truth", f"{name}.jsonl", "--seed", seed]
        done = tmrx("send", *given, *way, *args)
        assert done.returncode == 0, done.stderr
    captures = [(tmp_path / f"{name}.pcap").read_bytes() for name in "abc"]
    assert captures[0] == captures[1] != captures[2]
    befell = Counter(what for line in lines(tmp_path / "a.jsonl") for what in line["impairment"])
    assert set(befell) == {"lost", "duplicated", "reordered", "delayed", "corrupted"}


def test_a_scenario_is_mirrored_at_the_configurations_source(tmrx: Run, tmp_path: Path, given: list[str]) -> None:
    pytest.importorskip("scapy")
    done = tmrx("send", "--scenario", "port-scan", *given[1:], "-w", "out.pcap", "--truth", "truth.jsonl")
    assert done.returncode == 0, done.stderr
    truth = lines(tmp_path / "truth.jsonl")
    assert {line["source"] for line in truth} == {"eni-1"}
    assert {"mirrored", "rejected"} <= {line["fate"] for line in truth}


def test_from_a_pipe_to_a_pipe(tmrx: Run, given: list[str]) -> None:
    sent = tmrx("send", "-", *given[1:], "-w", "-", "-q", stdin=Path(given[0]).read_bytes())
    assert (sent.returncode, sent.stderr) == (0, b"")
    got = tmrx("analyze", "-", *given[1:], "--format", "json", stdin=sent.stdout)
    assert by_session(json.loads(got.stdout), "frames") == {"tms-1": (20, 1200, 20), "tms-2": (30, 1620, 0)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_run_cleanly(tmp_path: Path, given: list[str], number: signal.Signals) -> None:
    args = ["--to", "127.0.0.1:9", "--rate", "20pps", "--truth", "truth.jsonl", "--stats", "sent.json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command("send", *given, *args), stderr=pipe, cwd=tmp_path, env=ENV) as process:
        truth, until = tmp_path / "truth.jsonl", time.monotonic() + 20
        while not (truth.exists() and truth.read_bytes()) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"mirror sessions" in err
    assert 0 < len(lines(truth)) == read(tmp_path / "sent.json")["outcomes"] < 60


def test_a_time_ends_a_run(tmrx: Run, given: list[str]) -> None:
    done = tmrx("send", *given, "--to", "127.0.0.1:9", "--rate", "1pps", "--duration", "300ms", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_reader_that_leaves_an_explanation_is_no_error(tmp_path: Path, given: list[str]) -> None:
    capture = sends.capture(tmp_path / "long.pcap", *FRAMES * 200)
    program = command("mirror", "explain", capture, *given[1:], "-q")
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"1  22:13:20")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
