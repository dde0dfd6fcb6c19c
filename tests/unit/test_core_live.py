"""A capture sent to a listener gives the packets that the capture itself gives."""

from __future__ import annotations

import struct
from pathlib import Path

from tmrx import plan
from tmrx._core import Capture, Engine, Listener, Sender
from tmrx.mirror.source import everything


def packet(number: int) -> bytes:
    """Ethernet, IPv4, UDP of one of five flows; the lengths vary."""
    payload = bytes([number]) * (1 + 7 * (number % 9))
    udp = struct.pack(">HHHH", 4000 + number % 5, 80, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    return bytes(12) + b"\x08\0" + ip + udp


def write_capture(path: Path, frames: list[bytes]) -> str:
    rows = [struct.pack("<IIII", 1000 + n, 0, len(frame), len(frame)) + frame for n, frame in enumerate(frames)]
    path.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + b"".join(rows))
    return str(path)


def read_frames(pcap: bytes) -> list[bytes]:
    """The frames of a little-endian pcap."""
    frames, at = [], 24
    while at < len(pcap):
        length = struct.unpack_from("<I", pcap, at + 8)[0]
        frames.append(pcap[at + 16 : at + 16 + length])
        at += 16 + length
    return frames


def engine(vxlan_ports: tuple[int, ...]) -> Engine:
    decap = plan.DecapSettings(vxlan_ports=vxlan_ports)
    return Engine(plan.Plan(decap=decap, outputs=plan.Outputs(pcap=True)).encode())


def run(core: Engine, source: Capture | Listener, frames: int) -> list[bytes]:
    pcap, seen = b"", 0
    for _ in range(50):
        batch = core.run(source)
        pcap, seen = pcap + batch.pcap, seen + batch.frames
        if batch.ended or seen >= frames:
            break
    return read_frames(pcap + core.finish().pcap)


def copied(*, gateway: bool = False) -> bytes:
    return everything(5, None, ("192.0.2.1", "192.0.2.2"), gateway=gateway).encode()


def test_live_is_as_offline(tmp_path: Path) -> None:
    inner = [packet(number) for number in range(150)]
    source = write_capture(tmp_path / "in.pcap", inner)
    for address in ("127.0.0.1", "::1"):
        listener = Listener([("vxlan", address, 0)])
        port = listener.on[0][2]
        sender = Sender(source, ("udp", address, port), plan=copied(), pace=("pps", 1e6))
        while sender.step():
            pass
        assert run(engine((port,)), listener, 150) == inner
    wrapped = str(tmp_path / "wrapped.pcap")
    sender = Sender(source, ("pcap", wrapped, 0), plan=copied(gateway=True))
    while sender.step():
        pass
    assert run(engine((4789,)), Capture(wrapped), 150) == inner
