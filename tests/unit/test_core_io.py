"""The core's edges as Python sees them: captures, the listener, the sender."""

from __future__ import annotations

import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tmrx._core import Capture, Listener, Sender
from tmrx.errors import InputError, OutputError, TmrxError, UsageError

PCAP_HEADER = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
VXLAN_HEADER = struct.pack(">II", 0x08000000, 7 << 8)
OUTER = 50


def frame(number: int) -> bytes:
    return bytes(12) + b"\x88\xb5" + number.to_bytes(2, "big") * 40


@pytest.fixture
def capture(tmp_path: Path) -> str:
    """Thirty frames, 20 ms apart."""
    path = tmp_path / "in.pcap"
    rows = [struct.pack("<IIII", 1000, n * 20_000, 94, 94) + frame(n) for n in range(30)]
    path.write_bytes(PCAP_HEADER + b"".join(rows))
    return str(path)


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
        sender = finish(Sender(capture, receiver.getsockname(), vni=7, pace=("flat-out", 0.0)))
        assert [receiver.recv(2000) for _ in range(30)] == [VXLAN_HEADER + frame(n) for n in range(30)]
    assert (sender.frames, sender.sent, sender.cut, sender.too_large, sender.refused) == (30, 30, 0, 0, 0)
    assert sender.position == sender.size


def test_a_file_gets_the_outer_frames(capture: str, tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    sender = finish(Sender(capture, str(out), vni=7, packet_length=64, loops=2, outer=("2001:db8::1", "2001:db8::2")))
    assert (sender.sent, sender.cut) == (60, 60)
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
            sender = Sender(capture, receiver.getsockname(), vni=7, pace=("captured", 0.01))
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(Stop):
                finish(sender)
        assert 0 < sender.sent < 30
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda _: Capture("/nowhere/a.pcap"), InputError, "no such file"),
        (lambda _: Capture("/"), InputError, "is a folder"),
        (lambda _: Capture(__file__), InputError, "is not a capture"),
        (lambda _: Listener([("vxlan", "192.0.2.1", 4789)]), InputError, "no such address"),
        (lambda _: Listener([("gre", "127.0.0.1", 0)]), UsageError, "vxlan or geneve"),
        (lambda _: Listener([("vxlan", "localhost", 0)]), UsageError, "is no IP address"),
        (lambda _: Listener([]), UsageError, "no address"),
        (lambda path: Sender(path, "/nowhere/o.pcap", vni=1), OutputError, "no such file"),
        (lambda path: Sender(path, path, vni=1), UsageError, "is the capture that is read"),
        (lambda path: Sender(path, "/dev/null", vni=1 << 24), UsageError, "16777215"),
        (lambda path: Sender(path, "/dev/null", vni=1, encap="gre"), UsageError, "vxlan or geneve"),  # type: ignore[arg-type]
        (lambda path: Sender(path, "/dev/null", vni=1, pace=("slow", 1.0)), UsageError, "is no pace"),  # type: ignore[arg-type]
        (lambda path: finish(Sender(path, "/dev/full", vni=1)), OutputError, "no space left"),
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
