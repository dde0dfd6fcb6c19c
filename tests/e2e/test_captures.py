"""Captures that the commands write: pcapng, compressed, in rotation, and after a signal."""

from __future__ import annotations

import json
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, Listening, Run

SAMPLES = ROOT / "sample_pcaps"
VXLAN, GENEVE = SAMPLES / "vxlan-ipv4.pcap", SAMPLES / "geneve.pcap"
FRAMES = 28
SESSION = {
    "TrafficMirrorSessionId": "tms-1", "VirtualNetworkId": 101, "NetworkInterfaceId": "eni-1", "Description": "all",
    "Tags": [{"Key": "Name", "Value": "web"}],
}  # fmt: skip

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
needs_zstd = pytest.mark.skipif(shutil.which("zstd") is None, reason="zstd is not installed")


def frames(tmrx: Run, path: Path) -> int:
    """Frames in a capture, as tmrx itself reads it, which has nothing against it."""
    done = tmrx("analyze", path, "--format", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    received: int = json.loads(done.stdout)["frames"]["received"]
    return received


def fields(path: Path, *names: str) -> list[list[str]]:
    """tshark's fields of each frame."""
    wanted = [part for name in names for part in ("-e", name)]
    done = subprocess.run(["tshark", "-r", path, "-T", "fields", *wanted], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


@needs_tshark
def test_wireshark_tells_sessions_apart(tmrx: Run, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"TrafficMirrorSessions": [SESSION]}))
    done = tmrx("analyze", VXLAN, GENEVE, SAMPLES / "attack.pcap", "--mirror", "m.json", "-w", "in.pcapng")
    assert done.returncode == 0
    found = fields(tmp_path / "in.pcapng", "frame.interface_name", "frame.interface_description", "frame.encap_type")
    counts = {name: sum(row[0] == name for row in found) for name, _, _ in found}
    assert counts == {"web": 28, "0@10.9.0.5": 28, "700@10.9.0.5": 14, "none": 277}
    about = {name: text for name, text, _ in found}
    assert about["web"] == "session tms-1, interface eni-1, vxlan 101 from 10.0.1.10"
    ethernet, raw = "1", "7"
    assert {link for name, _, link in found if name in {"web", "none"}} == {ethernet}
    assert raw in {link for name, _, link in found if name == "0@10.9.0.5"}


@needs_tshark
def test_truncated_packets_say_so(tmrx: Run, tmp_path: Path) -> None:
    assert tmrx("decap", SAMPLES / "truncated-64.pcap", "-w", "in.pcapng").returncode == 0
    found = fields(tmp_path / "in.pcapng", "frame.cap_len", "frame.len", "frame.comment")
    assert all(("truncated" in comment) == (int(there) < int(length)) for there, length, comment in found)
    assert any(comment == "tmrx: truncated (unknown)" for _, _, comment in found)


@pytest.mark.parametrize("name", ["in.pcap", "in.pcapng"])
def test_what_is_written_can_be_read(tmrx: Run, tmp_path: Path, name: str) -> None:
    assert tmrx("decap", GENEVE, "-w", name).returncode == 0
    one, other = (json.loads(tmrx("analyze", path, "--format", "json").stdout) for path in (GENEVE, tmp_path / name))
    assert one["packets"] == other["packets"]


@pytest.mark.parametrize("name", ["out.pcap", "out.pcapng"])
@pytest.mark.parametrize("rotation", [("--rotate-size", "1k"), ("--rotate-time", "1ms")])
def test_files_in_rotation_are_whole_captures(tmrx: Run, tmp_path: Path, name: str, rotation: tuple[str, str]) -> None:
    assert tmrx("decap", VXLAN, "-w", name, *rotation).returncode == 0
    files = sorted(tmp_path.iterdir())
    assert len(files) > 2
    assert [int(path.name.split("_")[1]) for path in files] == list(range(1, len(files) + 1))
    assert sum(frames(tmrx, path) for path in files) == FRAMES


def test_rotation_repeats_with_any_number_of_workers(tmrx: Run, tmp_path: Path) -> None:
    for workers in ("1", "4"):
        (tmp_path / workers).mkdir()
        out = f"{workers}/out.pcapng"
        assert tmrx("analyze", VXLAN, "-w", out, "--rotate-size", "1k", "--workers", workers, "-q").returncode == 0
    one, four = ({path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} for folder in "14")
    assert one == four


def test_a_capture_without_packets_is_a_file_in_rotation_too(tmrx: Run, tmp_path: Path) -> None:
    (tmp_path / "none.pcap").write_bytes(bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000"))
    assert tmrx("decap", "none.pcap", "-w", "out.pcapng", "--rotate-size", "1M").returncode == 0
    assert frames(tmrx, tmp_path / "out_00001_19700101000000.pcapng") == 0


@pytest.mark.parametrize("name", ["live.pcapng.zst", "live.pcap.gz", "live.pcapng"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_what_it_wrote(
    tmrx: Run, tmp_path: Path, number: signal.Signals, name: str
) -> None:
    assert tmrx("decap", VXLAN, "-w", "in.pcap").returncode == 0
    path = tmp_path / name
    with Listening(tmp_path, "-w", path) as live:
        assert tmrx("send", "in.pcap", "--to", f"127.0.0.1:{live.port}", "--vni", "7", "--flat-out").returncode == 0
        until = time.monotonic() + 10
        while not path.stat().st_size and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.2)
        live.process.send_signal(number)
        live.result()
    done = tmrx("analyze", path, "--format", "json")
    assert json.loads(done.stdout)["frames"]["received"] == FRAMES
    if number == signal.SIGTERM:
        assert done.stderr == b""


@needs_tshark
def test_packets_keep_their_link_type(tmrx: Run, tmp_path: Path) -> None:
    udp = bytes.fromhex("4500001c000100004011000001020304050607081234567800080000")
    for number, head in ((113, bytes.fromhex("0000 0001 0006 0000000000000000 0800")), (0, bytes.fromhex("02000000"))):
        length = struct.pack("<I", len(head + udp))
        pcap = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, number) + bytes(8) + length * 2 + head + udp
        (tmp_path / f"{number}.pcap").write_bytes(pcap)
    for name in ("out.pcapng", "out.pcap"):
        assert tmrx("analyze", "113.pcap", "0.pcap", "-w", name, "--quiet").returncode == 0
    layers = fields(tmp_path / "out.pcapng", "frame.protocols", "ip.src")
    assert layers == [["sll:ethertype:ip:udp", "1.2.3.4"], ["null:ip:udp", "1.2.3.4"]]
    assert fields(tmp_path / "out.pcap", "frame.protocols", "frame.len") == [["eth:ethertype:ip:udp", "42"]] * 2


@needs_zstd
def test_copies_are_compressed_too(tmrx: Run, tmp_path: Path) -> None:
    for name in ("out.pcap", "out.pcap.zst"):
        assert tmrx("send", VXLAN, "-w", name, "--vni", "1").returncode == 0
    data = subprocess.run(["zstd", "-dcq", tmp_path / "out.pcap.zst"], capture_output=True, check=True).stdout
    assert data == (tmp_path / "out.pcap").read_bytes()
    done = tmrx("send", VXLAN, "-w", "out.pcapng.zst", "--vni", "1")
    assert done.returncode == 2
    assert done.stderr == b"tmrx: error: -w out.pcapng.zst: copies are written as pcap (name it .pcap)\n"
