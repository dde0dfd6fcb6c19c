"""What capture tools write, as they write it: compressed, rotated, growing, several at once."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import ENV, ROOT, Run, command

SAMPLES = ROOT / "sample_pcaps"
ATTACK = SAMPLES / "attack.pcap"
RULES = ROOT / "rules"
TOOLS = {"gzip": ".gz", "zstd": ".zst", "lz4": ".lz4"}


def summary(tmrx: Run, *args: str | Path, stdin: bytes | None = None) -> dict[str, Any]:
    done = tmrx("analyze", *args, "--format", "json", stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def needs(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"needs {tool}")
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_compressed_by_its_own_tool(tmrx: Run, tmp_path: Path, tool: str) -> None:
    data = ATTACK.read_bytes()
    data += data[24:] * 20
    packed = subprocess.run([needs(tool), "-c"], input=data, capture_output=True, check=True).stdout
    path = tmp_path / "named-as-something-else"
    path.write_bytes(packed)
    plain = summary(tmrx, "-", stdin=data)
    assert summary(tmrx, path) == plain
    assert summary(tmrx, "-", stdin=packed) == plain
    path.write_bytes(packed[:-5])
    done = tmrx("analyze", path)
    assert done.returncode == 0
    assert b"data is cut; 0 bytes left unread" in done.stderr


def test_members_of_a_gzip_file(tmrx: Run, tmp_path: Path) -> None:
    data = ATTACK.read_bytes()
    path = tmp_path / "members.gz"
    path.write_bytes(b"".join(gzip.compress(data[at : at + 1000]) for at in range(0, len(data), 1000)))
    assert summary(tmrx, path) == summary(tmrx, ATTACK)


def test_what_is_sent_may_be_compressed(tmrx: Run, tmp_path: Path) -> None:
    path = tmp_path / "plain.gz"
    path.write_bytes(gzip.compress((SAMPLES / "attack.pcap").read_bytes()))
    for source, out in ((path, "a.pcap"), (ATTACK, "b.pcap")):
        assert tmrx("send", source, "-w", out, "--vni", "7").returncode == 0
    assert (tmp_path / "a.pcap").read_bytes() == (tmp_path / "b.pcap").read_bytes()


def test_several_are_merged_as_mergecap_does(tmrx: Run, tmp_path: Path) -> None:
    parts = [SAMPLES / "attack.pcap", SAMPLES / "two-sessions.pcap", SAMPLES / "vlan.pcap"]
    merged = tmp_path / "merged.pcapng"
    subprocess.run([needs("mergecap"), "-w", merged, *parts], check=True)
    for source, out in (([merged], "one.pcap"), (parts, "several.pcap")):
        assert tmrx("analyze", *source, "-w", out, "-q").returncode == 0
    one, several = ((tmp_path / name).read_bytes() for name in ("one.pcap", "several.pcap"))
    assert len(one) == len(several)


def test_a_folder_and_a_pattern(tmrx: Run, tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "a.pcap.gz").write_bytes(gzip.compress(ATTACK.read_bytes()))
    shutil.copy(ATTACK, folder / "b.pcap1")
    (folder / "README").write_text("about these captures")
    frames = summary(tmrx, ATTACK)["frames"]["received"]
    assert summary(tmrx, folder)["frames"]["received"] == 2 * frames
    assert summary(tmrx, "captures/*.gz")["frames"]["received"] == frames
    done = tmrx("analyze", "captures/*.zst")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"tmrx: error: captures/*.zst: matches no capture (")


def test_what_the_capture_lost(tmrx: Run, tmp_path: Path) -> None:
    counts = (4, 100), (5, 3), (7, 4)
    options = b"".join(code.to_bytes(2, "little") + b"\x08\0" + n.to_bytes(8, "little") for code, n in counts)
    blocks = [
        (0x0A0D0D0A, bytes.fromhex("4d3c2b1a01000000ffffffffffffffff")),
        (1, bytes.fromhex("0100000000000000")),
        (5, bytes(12) + options),
    ]
    data = b"".join(
        kind.to_bytes(4, "little")
        + (len(body) + 12).to_bytes(4, "little")
        + body
        + (len(body) + 12).to_bytes(4, "little")
        for kind, body in blocks
    )
    (tmp_path / "lossy.pcapng").write_bytes(data)
    done = tmrx("analyze", "lossy.pcapng", ATTACK, "--format", "json")
    assert json.loads(done.stdout)["capture"] == {"received": 100, "dropped": 7}
    assert done.stderr == b"tmrx: warning: the capture itself lost 7 packets\n"


class Follow:
    """`tmrx analyze --follow`, once it follows."""

    def __init__(self, folder: Path, *args: str | Path) -> None:
        program = command("analyze", *args, "--follow", "--stats", folder / "stats.json", "--format", "json")
        self.process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=ENV)
        self._stats = folder / "stats.json"
        assert self.process.stderr is not None
        assert self.process.stderr.readline().startswith(b"tmrx: following ")

    def frames(self) -> int:
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(0.15)
        try:
            return int(json.loads(self._stats.read_text())["frames"]["received"])
        except (OSError, ValueError):
            return -1

    def end(self) -> tuple[dict[str, Any], str]:
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, err
        return json.loads(out), err.decode()


@contextmanager
def following(folder: Path, *args: str | Path) -> Iterator[Follow]:
    follow = Follow(folder, *args)
    try:
        yield follow
    finally:
        follow.process.kill()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_events_come_as_a_capture_grows(tmp_path: Path) -> None:
    data = ATTACK.read_bytes()
    path, fast = tmp_path / "growing.pcap", tmp_path / "fast.log"
    path.write_bytes(data[: len(data) // 2])
    with following(tmp_path, path, "-S", RULES, "--fast", fast) as follow:
        until(lambda: follow.frames() > 100)
        before = fast.stat().st_size
        with path.open("ab") as file:
            file.write(data[len(data) // 2 :])
        until(lambda: follow.frames() == 277)
        assert fast.stat().st_size > before
        document, err = follow.end()
    assert (document["frames"]["decoded"], err) == (277, "")


def test_a_limit_ends_it(tmrx: Run) -> None:
    assert summary(tmrx, ATTACK, "--follow", "--quiet", "--count", "10")["frames"]["received"] == 10
    assert summary(tmrx, ATTACK, "--follow", "--quiet", "--duration", "1s")["frames"]["received"] == 277


@contextmanager
def capturing(program: list[str], port: int) -> Iterator[Callable[[int], None]]:
    """A capture tool on the loopback interface; gives what sends datagrams that it sees."""
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    while line and "apturing on" not in line and "listening on" not in line:
        line = process.stderr.readline()
    if not line:
        pytest.skip(f"{program[0]} can't capture here")
    time.sleep(0.3)

    def send(count: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for _ in range(count):
                out.sendto(bytes(900), ("127.0.0.1", port))
                time.sleep(0.001)

    try:
        yield send
    finally:
        process.terminate()
        process.communicate()


@pytest.mark.skipif(os.geteuid() != 0, reason="capturing needs root")
@pytest.mark.parametrize("tool", ["tcpdump", "dumpcap"])
def test_a_rotating_capture(tmp_path: Path, tool: str) -> None:
    folder, port = tmp_path / "captures", 4799
    folder.mkdir()
    folder.chmod(0o777)
    only = f"udp dst port {port}"
    programs = {
        "tcpdump": ["-i", "lo", "-n", "-U", "-Z", "root", "-C", "1", "-w", f"{folder}/x.pcap", only],
        "dumpcap": ["-i", "lo", "-f", only, "-b", "filesize:200", "-w", f"{folder}/x.pcapng"],
    }
    with capturing([needs(tool), *programs[tool]], port) as send, following(tmp_path, folder) as follow:
        send(1500)
        until(lambda: follow.frames() == 1500)
        send(1500)
        until(lambda: follow.frames() == 3000)
        document, err = follow.end()
    assert len(list(folder.iterdir())) > 1
    assert (document["frames"]["received"], "tmrx: warning" in err) == (3000, False)
