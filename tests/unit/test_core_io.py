"""The core's edges as Python sees them: captures, the listener, the sender."""

from __future__ import annotations

import json
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from tmrx._core import Capture, Listener, Sender
from tmrx.errors import ConfigError, InputError, OutputError, TmrxError, UsageError
from tmrx.mirror.source import everything

PCAP_HEADER = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
VXLAN_HEADER = struct.pack(">II", 0x08000000, 7 << 8)
OUTER = 50


ENDS = ("192.0.2.1", "192.0.2.2")
PLAN = everything(7, None, ENDS).encode()


def frame(number: int) -> bytes:
    return bytes(12) + b"\x88\xb5" + number.to_bytes(2, "big") * 40


@pytest.fixture
def capture(tmp_path: Path) -> str:
    """Thirty frames, 20 ms apart."""
    path = tmp_path / "in.pcap"
    rows = [struct.pack("<IIII", 1000, n * 20_000, 94, 94) + frame(n) for n in range(30)]
    path.write_bytes(PCAP_HEADER + b"".join(rows))
    return str(path)


def udp(receiver: socket.socket) -> tuple[Literal["udp"], str, int]:
    return ("udp", *receiver.getsockname())


def finish(sender: Sender) -> Sender:
    while sender.step():
        pass
    return sender


def test_a_capture_knows_its_size(capture: str) -> None:
    assert Capture(capture).size == Path(capture).stat().st_size
    assert Capture(capture).warning is None


def test_a_socket_gets_the_copies(capture: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        sender = finish(Sender(capture, udp(receiver), plan=PLAN, pace=("flat-out", 0.0)))
        assert [receiver.recv(2000) for _ in range(30)] == [VXLAN_HEADER + frame(n) for n in range(30)]
    stats = json.loads(sender.stats())
    assert (sender.frames, stats["outcomes"], stats["mirrored"], stats["copies"]["refused"]) == (30, 30, 30, 0)
    assert sender.position == sender.size


def test_a_file_gets_the_outer_frames(capture: str, tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    plan = everything(7, 64, ("2001:db8::1", "2001:db8::2")).encode()
    sender = finish(Sender(capture, ("pcap", str(out), 0), plan=plan, loops=2, truth=True))
    stats = json.loads(sender.stats())
    assert (stats["copies"]["sent"], stats["truncated"]["packet_length"]) == (60, 60)
    lines = [json.loads(line) for line in sender.truth().splitlines()]
    assert [(line["packet"], line["fate"], line["sent"], line["cut"]) for line in lines] == [
        (number, "mirrored", 64, 30) for number in range(1, 61)
    ]
    assert out.stat().st_size == len(PCAP_HEADER) + 60 * (16 + OUTER + 20 + 64)


def test_a_listener_says_what_it_listens_on() -> None:
    listener = Listener([("vxlan", "127.0.0.1", 0), ("geneve", "127.0.0.1", 0)], receive_buffer=100_000)
    assert [(kind, address) for kind, address, _ in listener.on] == [("vxlan", "127.0.0.1"), ("geneve", "127.0.0.1")]
    assert all(port > 0 for *_, port in listener.on)
    assert (listener.overflowed, listener.position, listener.warning) == (0, 0, None)
    assert listener.receive_buffer > 0


def test_a_signal_is_taken_between_steps(capture: str) -> None:
    class Stop(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            sender = Sender(capture, udp(receiver), plan=PLAN, pace=("captured", 0.01))
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(Stop):
                finish(sender)
        assert 0 < sender.frames < 30
    finally:
        signal.signal(signal.SIGALRM, before)


def sending(source: str, kind: str, name: str, **options: object) -> Sender:
    """A sender to what is called so, with options of any value."""
    return Sender(source, (kind, name, 0), **{"plan": PLAN, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda _: Capture("/nowhere/a.pcap"), InputError, "no such file"),
        (lambda _: Capture("/"), InputError, "is a folder"),
        (lambda _: Capture(__file__), InputError, "is not a capture"),
        (lambda _: Listener([("vxlan", "192.0.2.1", 4789)]), InputError, "no such address"),
        (lambda _: Listener([("gre", "127.0.0.1", 0)]), UsageError, "vxlan, geneve, vxlan-gpe or gre-in-udp"),
        (lambda _: Listener([("vxlan", "localhost", 0)]), UsageError, "is no IP address"),
        (lambda _: Listener([]), UsageError, "no address"),
        (lambda path: sending(path, "pcap", "/nowhere/o.pcap"), OutputError, "no such file"),
        (lambda path: sending(path, "pcap", path), UsageError, "is the capture that is read"),
        (lambda path: sending(path, "tcp", "x"), UsageError, "is no place to send to"),
        (lambda path: sending(path, "udp", "localhost"), UsageError, "is no IP address"),
        (lambda path: sending(path, "raw", "tmrx-none"), OutputError, r"tmrx-none: no such interface \(there are .*lo"),
        (
            lambda path: sending(path, "none", "", plan=everything(1 << 24, None, ENDS).encode()),
            ConfigError,
            "16777215",
        ),
        (lambda path: sending(path, "none", "", pace=("slow", 1.0)), UsageError, "is no pace"),
        (lambda path: sending(path, "none", "", pace=("pps", 0.0)), UsageError, "above 0"),
        (lambda path: sending(path, "none", "", loops=0), UsageError, "at least once"),
        (lambda path: sending("iface:tmrx-none", "none", ""), InputError, "no such interface"),
        (lambda path: finish(sending(path, "pcap", "/dev/full")), OutputError, "no space left"),
    ],
)
def test_faults_have_their_class_and_words(
    capture: str, make: Callable[[str], object], kind: type[TmrxError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        make(capture)


def test_a_port_in_use_is_said_so() -> None:
    [(kind, address, port)] = (held := Listener([("vxlan", "127.0.0.1", 0)])).on
    with pytest.raises(InputError, match=f"127.0.0.1:{port}: the port is in use"):
        Listener([(kind, address, port)])
    assert held.position == 0


def test_what_no_card_sends_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cooked.pcap"
    path.write_bytes(
        struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 113) + struct.pack("<IIII", 1, 0, 9, 9) + bytes(9)
    )
    with pytest.raises(InputError, match="neither Ethernet nor raw IP"):
        finish(sending(str(path), "none", ""))
