"""IPv6: neighbour discovery, ping, DNS, HTTP, and packets with extension headers (RFC 8200)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrHopByHop,
    PadN,
    RouterAlert,
)
from scapy.packet import Packet, Raw

from tmrx.interop.line import Line
from tmrx.interop.scenarios.dns import Lookup, lookup, record
from tmrx.interop.scenarios.http import converse, pages
from tmrx.interop.scenarios.icmp_ping import ping
from tmrx.interop.scene import Party, Scene, Timed, together

NEVER_ROUTED = 255
NAME = "six.example.com"


def play(scene: Scene) -> Iterator[Timed]:
    """The source finds its peer, looks it up, and fetches pages from it."""
    look = Lookup(NAME, "AAAA", [record(NAME, "AAAA", scene.peer.ipv6)])
    return together(
        neighbours(scene, scene.source, scene.peer),
        ping(scene.later(0.1), scene.peer, (56, 56), ipv6=True),
        lookup(scene.later(2), scene.resolver, look, ipv6=True),
        converse(Line(scene.later(2.1), scene.source, scene.peer, ipv6=True), list(pages("/", "/six"))),
        extended(scene.later(4)),
    )


def neighbours(scene: Scene, asks: Party, asked: Party) -> Iterator[Timed]:
    """Who has this address? (RFC 4861, sections 4.3, 4.4), to the multicast group that its last 3 bytes name."""
    line = Line(scene, asks, asked, ipv6=True)
    last = ipaddress.IPv6Address(asked.ipv6).packed[-3:]
    group = ipaddress.IPv6Address(ipaddress.IPv6Address("ff02::1:ff00:0").packed[:13] + last)
    question = line.ip(asks, asked, ttl=NEVER_ROUTED)
    question.dst = str(group)
    solicit = question / ICMPv6ND_NS(tgt=asked.ipv6) / ICMPv6NDOptSrcLLAddr(lladdr=asks.mac)
    yield line.put(asks, solicit, "33:33:ff:" + last.hex(":"))
    advert = ICMPv6ND_NA(tgt=asked.ipv6, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=asked.mac)
    yield line.put(asked, line.ip(asked, asks, ttl=NEVER_ROUTED) / advert, asks.mac)


def extended(scene: Scene) -> Iterator[Timed]:
    """Extension headers before UDP and TCP: what stands first in the packet is not its protocol."""
    line = Line(scene, scene.source, scene.peer, ipv6=True)
    hops = IPv6ExtHdrHopByHop(options=[RouterAlert()])
    options = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])
    datagram = UDP(sport=scene.port(), dport=5001) / Raw(b"after two extension headers")
    syn = TCP(sport=scene.port(), dport=443, seq=scene.chance.getrandbits(32), flags="S", window=64800)
    reset: Packet = TCP(sport=443, dport=syn.sport, ack=(syn.seq + 1) % 2**32, flags="RA", window=0)
    yield line.send(True, hops / options / datagram)
    yield line.send(False, options / UDP(sport=5001, dport=datagram.sport) / Raw(b"after one"))
    yield line.send(True, options / syn)
    yield line.send(False, reset)
