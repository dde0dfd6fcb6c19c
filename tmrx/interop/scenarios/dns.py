"""DNS: look-ups through the VPC's resolver over UDP and TCP, and one through a resolver elsewhere."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRMX, DNSRROPT, dns_compress
from scapy.packet import Packet

from tmrx.interop.line import Line, Udp
from tmrx.interop.scene import Party, Scene, Timed, stranger, together
from tmrx.interop.tcp import Tcp

PORT = 53
NAME_ERROR = 3
# What fits a datagram (RFC 6891), as resolvers now offer it.
EDNS = 1232
PUBLIC = stranger("198.51.100.53", "2001:db8:f00d::53", rtt_us=9_000)


def record(name: str, kind: str, data: str, ttl: int = 60) -> Packet:
    """A resource record."""
    if kind == "MX":
        return DNSRRMX(rrname=name, ttl=ttl, preference=10, exchange=data)
    return DNSRR(rrname=name, type=kind, ttl=ttl, rdata=data)


@dataclass(frozen=True)
class Lookup:
    """What is asked, and what there is to answer."""

    name: str
    kind: str = "A"
    answers: Sequence[Packet] = ()
    code: int = 0

    def query(self, number: int) -> bytes:
        """The question."""
        return bytes(DNS(id=number, rd=1, qd=self._asked(), ar=[DNSRROPT(rclass=EDNS)]))

    def reply(self, number: int, *, cut: bool = False) -> bytes:
        """A resolver's answer; `cut`: that it does not fit, and without it."""
        found = [] if cut else list(self.answers)
        message = DNS(id=number, qr=1, rd=1, ra=1, tc=int(cut), rcode=self.code)
        message.qd, message.an, message.ar = self._asked(), found, [DNSRROPT(rclass=EDNS)]
        return bytes(dns_compress(message))  # type: ignore[no-untyped-call]

    def _asked(self) -> list[Packet]:
        return [DNSQR(qname=self.name, qtype=self.kind)]


WEB, CDN = "www.example.com", "d111.cdn.example.net"
ALIAS = record(WEB, "CNAME", CDN)
HOST, REVERSE = "ip-10-0-1-20.ec2.internal", "20.1.0.10.in-addr.arpa"
LOOKUPS = (
    Lookup(WEB, "A", [ALIAS, *(record(CDN, "A", f"198.51.100.{last}") for last in range(10, 14))]),
    Lookup(WEB, "AAAA", [ALIAS, record(CDN, "AAAA", "2001:db8:cd::10")]),
    Lookup(HOST, "A", [record(HOST, "A", "10.0.1.20")]),
    Lookup(REVERSE, "PTR", [record(REVERSE, "PTR", HOST)]),
    Lookup("example.com", "MX", [record("example.com", "MX", "mail.example.com")]),
    Lookup("wpad.ec2.internal", code=NAME_ERROR),
)
KEYS = "keys.example.com"
LONG = Lookup(KEYS, "TXT", [record(KEYS, "TXT", f"v=key{number}; " + "k" * 200) for number in range(12)])


def play(scene: Scene) -> Iterator[Timed]:
    """The source asks."""
    return together(
        *(lookup(scene.later(number * 0.4), scene.resolver, look) for number, look in enumerate(LOOKUPS)),
        truncated(scene.later(4), LONG),
        lookup(scene.later(5), PUBLIC, LOOKUPS[0]),
    )


def lookup(scene: Scene, resolver: Party, look: Lookup, *, ipv6: bool = False) -> Iterator[Timed]:
    """A question of the source and its answer, over UDP."""
    number = scene.chance.getrandbits(16)
    talk = Udp(Line(scene, scene.source, resolver, ipv6=ipv6), PORT)
    return talk.exchange(look.query(number), look.reply(number))


def truncated(scene: Scene, look: Lookup) -> Iterator[Timed]:
    """What does not fit is asked for again over TCP (RFC 7766), with a length before each message."""
    line = Line(scene, scene.source, scene.resolver)
    number = scene.chance.getrandbits(16)
    yield from Udp(line, PORT).exchange(look.query(number), look.reply(number, cut=True))
    talk, number = Tcp(line, PORT), scene.chance.getrandbits(16)
    yield from talk.open()
    yield from talk.ask(_framed(look.query(number)))
    yield from talk.answer(_framed(look.reply(number)))
    yield from talk.close()


def _framed(message: bytes) -> bytes:
    return struct.pack(">H", len(message)) + message
