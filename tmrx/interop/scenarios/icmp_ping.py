"""Ping: echo requests of the source and the peer's answers, in several sizes, one unanswered; both families."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scapy.layers.inet import ICMP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest
from scapy.packet import Packet, Raw

from tmrx.interop.line import Line
from tmrx.interop.scene import SECOND, US, Party, Scene, Timed, together

# Bytes of data: ping's 56, and the largest that Ethernet takes whole.
SIZES = (56, 56, 56, 120, 1472)
LOST = 2


def play(scene: Scene) -> Iterator[Timed]:
    """The source pings the peer."""
    return together(
        ping(scene, scene.peer, SIZES, lost=LOST),
        ping(scene.later(len(SIZES) + 1), scene.peer, SIZES[:2], ipv6=True),
    )


def ping(
    scene: Scene, host: Party, sizes: tuple[int, ...] = (56,), *, lost: int | None = None, ipv6: bool = False
) -> Iterator[Timed]:
    """One echo request a second, each answered but for one."""
    identifier = scene.chance.getrandbits(16)
    line = Line(scene, scene.source, host, ipv6=ipv6)
    for number, size in enumerate(sizes):
        line.now = max(line.now, scene.start + number * SECOND)
        data = _data(line.now, size)
        yield line.send(True, _echo(ipv6, True, identifier, number + 1) / Raw(data), after_us=0)
        if number != lost:
            yield line.send(False, _echo(ipv6, False, identifier, number + 1) / Raw(data), df=False)


def _echo(ipv6: bool, asks: bool, identifier: int, number: int) -> Packet:
    if ipv6:
        kind = ICMPv6EchoRequest if asks else ICMPv6EchoReply
        return kind(id=identifier, seq=number)
    return ICMP(type=8 if asks else 0, id=identifier, seq=number)


def _data(now: int, size: int) -> bytes:
    """As Linux's ping fills it: the time, then bytes that count up."""
    seconds, rest = divmod(now, SECOND)
    return struct.pack("<QQ", seconds, rest // US) + bytes(i % 256 for i in range(16, size))
