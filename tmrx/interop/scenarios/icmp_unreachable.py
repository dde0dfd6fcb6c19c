"""ICMP errors, each with the packet that it is about: RFC 792, RFC 1191, RFC 4443."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scapy.layers.inet import ICMP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6TimeExceeded
from scapy.packet import Packet, Raw

from tmrx.interop.line import Line
from tmrx.interop.scene import Party, Scene, Timed, stranger, together

# A router quotes no more than makes an IPv6 packet of the least MTU (RFC 4443, section 3), Linux 576 bytes over IPv4.
QUOTE4, QUOTE6 = 548, 1232
TRACEROUTE = 33434
HOPS = 4
PATH_MTU = 1400

# An error's form over IPv4 and over IPv6.
Kinds = tuple[Packet, Packet]
PORT: Kinds = ICMP(type=3, code=3), ICMPv6DestUnreach(code=4)
NO_HOST: Kinds = ICMP(type=3, code=1), ICMPv6DestUnreach(code=3)
FORBIDDEN: Kinds = ICMP(type=3, code=13), ICMPv6DestUnreach(code=1)
TOO_BIG: Kinds = ICMP(type=3, code=4, nexthopmtu=PATH_MTU), ICMPv6PacketTooBig(mtu=PATH_MTU)
EXPIRED: Kinds = ICMP(type=11, code=0), ICMPv6TimeExceeded(code=0)


def play(scene: Scene) -> Iterator[Timed]:
    """The source sends, and hears that it can't be: from the peer, and from routers on the way."""
    later = scene.later(30)
    return together(
        errors(Line(scene, scene.source, scene.peer)), errors(Line(later, scene.source, scene.peer, ipv6=True))
    )


def errors(line: Line) -> Iterator[Timed]:
    """A traceroute, then one error of each kind."""
    for hop in range(1, HOPS):
        yield from refused(line, datagram(line, TRACEROUTE + hop, 8, ttl=hop), _router(hop), EXPIRED)
    yield from refused(line, datagram(line, TRACEROUTE + HOPS, 8), line.server, PORT)
    for dport, size, by, kinds in (
        (7000, 40, line.server, PORT),
        (5201, 1452, _router(2), TOO_BIG),
        (7001, 200, _router(1), NO_HOST),
        (7002, 200, _router(3), FORBIDDEN),
    ):
        line.wait(line.scene.chance.uniform(500, 2000))
        yield from refused(line, datagram(line, dport, size), by, kinds)


def datagram(line: Line, dport: int, size: int, ttl: int = 64) -> Packet:
    """A datagram of the client, of so many bytes of data."""
    udp = UDP(sport=line.scene.port(), dport=dport)
    return line.ip(line.client, line.server, ttl=ttl) / udp / Raw(bytes(0x40 + i % 32 for i in range(size)))


def refused(line: Line, packet: Packet, by: Party, kinds: Kinds) -> Iterator[Timed]:
    """A packet of the client, and someone's error about it, of the line's family."""
    yield line.put(line.client, packet, line.server.mac)
    # As it came there: every hop took one of its TTL.
    ttl = "hlim" if line.ipv6 else "ttl"
    packet.setfieldval(ttl, max(1, packet.getfieldval(ttl) - by.hops))
    quoted = bytes(packet)[: QUOTE6 if line.ipv6 else QUOTE4]
    error = line.ip(by, line.client, df=False) / kinds[line.ipv6].copy() / Raw(quoted)
    yield line.put(by, error, line.client.mac)


def _router(hop: int) -> Party:
    return replace(stranger(f"198.51.100.{hop}", f"2001:db8:f00d::1:{hop}", rtt_us=hop * 1500), hops=hop)
