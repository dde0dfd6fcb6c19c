"""Jumbo frames: a download in whole 9001-byte packets, and datagrams of the lengths at which mirrors begin to cut.

The lengths are of IP packets: what a target with an MTU of 9001, and a Gateway Load Balancer with 8500, leaves whole
after the copy's own headers (50 or 70 bytes; 54 or 74 as AWS documents it), and one more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scapy.layers.inet import UDP
from scapy.packet import Raw

from tmrx.interop.line import Line
from tmrx.interop.scenarios.http import converse, request, response
from tmrx.interop.scene import JUMBO, Scene, Timed, together

KEPT_WHOLE = (8426, 8430, 8446, 8450, 8927, 8931, 8947, 8951)
LENGTHS = (1500, *(length + more for length in KEPT_WHOLE for more in (0, 1)), JUMBO)
DOWNLOAD = 200_000
PORT = 5201


def play(scene: Scene) -> Iterator[Timed]:
    """The source and a peer in its VPC, whatever the peer's own MTU."""
    scene = replace(scene, source=replace(scene.source, mtu=JUMBO), peer=replace(scene.peer, mtu=JUMBO))
    archive = response(scene.chance.randbytes(DOWNLOAD), "application/octet-stream")
    return together(
        converse(Line(scene, scene.peer, scene.source), [(request("/backup.img"), archive)]),
        ladder(scene.later(1), ipv6=False),
        ladder(scene.later(2), ipv6=True),
    )


def ladder(scene: Scene, *, ipv6: bool) -> Iterator[Timed]:
    """A datagram of each length from the source, and one back."""
    line = Line(scene, scene.source, scene.peer, ipv6=ipv6)
    port, headers = scene.port(), (40 if ipv6 else 20) + 8
    for length in LENGTHS:
        data = bytes(i % 251 for i in range(length - headers))
        yield line.send(True, UDP(sport=port, dport=PORT) / Raw(data))
        yield line.send(False, UDP(sport=PORT, dport=port) / Raw(data))
