"""Fragmented UDP: what a mirror's filter sees of the ports is in the first fragment alone."""

from __future__ import annotations

from collections.abc import Iterator

from scapy.layers.inet import UDP, fragment
from scapy.layers.inet6 import IPv6ExtHdrFragment, fragment6
from scapy.packet import Raw

from tmrx.interop.line import Line
from tmrx.interop.scene import Scene, Timed, together

PORT = 5140
# Bytes of data, and the order of the fragments on the wire; as many as the data needs at an MTU of 1500.
DATAGRAMS = ((1600, (0, 1)), (4000, (0, 1, 2)), (4000, (2, 0, 1)), (9000, (6, 5, 4, 3, 2, 1, 0)))
# Of the IP payload: a multiple of 8, so that with the header it fits 1500 bytes.
PIECE, MTU = 1480, 1500


def play(scene: Scene) -> Iterator[Timed]:
    """The peer sends log lines that are too long, the source answers."""
    later = scene.later(5)
    return together(log(Line(scene, scene.peer, scene.source)), log(Line(later, scene.peer, scene.source, ipv6=True)))


def log(line: Line) -> Iterator[Timed]:
    """The client's datagrams, and the server's answer: one in fragments, one whole."""
    port = line.scene.port()
    for size, order in DATAGRAMS:
        yield from datagram(line, True, (port, PORT), size, order)
        line.wait(line.scene.chance.uniform(200, 900))
    yield from datagram(line, False, (PORT, port), 2000, (0, 1))
    yield line.send(False, UDP(sport=PORT, dport=port) / Raw(b"ok"), df=False)


def datagram(line: Line, by_client: bool, ports: tuple[int, int], size: int, order: tuple[int, ...]) -> Iterator[Timed]:
    """One datagram in fragments, in that order. Raises IndexError where it makes fewer."""
    sender, receiver = (line.client, line.server) if by_client else (line.server, line.client)
    header = line.ip(sender, receiver, df=False)
    body = UDP(sport=ports[0], dport=ports[1]) / Raw(bytes(32 + i % 95 for i in range(size)))
    if line.ipv6:
        pieces = fragment6(  # type: ignore[no-untyped-call]
            header / IPv6ExtHdrFragment(id=line.scene.chance.getrandbits(32)) / body, MTU
        )
    else:
        pieces = fragment(  # type: ignore[no-untyped-call]
            header / body, fragsize=PIECE
        )
    for place in order:
        yield line.put(sender, pieces[place], receiver.mac)
