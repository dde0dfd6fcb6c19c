#!/usr/bin/env python3
"""Make the sample captures of this folder, always the same bytes.

    make.py [--check] [NAME...]

`--check` writes nothing and exits with 1 where a file differs from what would be written. MANIFEST.md says what each
file is. Packets are built with scapy, tunnels by hand: scapy's GENEVE options lose their reserved bits.
"""

# ruff: noqa: PLR0913, PLR0917, PLR2004 - headers have many fields, and numbers stand as the RFCs write them
from __future__ import annotations

import argparse
import random
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NS,
    IPv6,
    IPv6ExtHdrFragment,
    fragment6,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Packet, Raw

sys.path.insert(0, str(Path(__file__).parent))
import arrivals
import attack as attacks
import malformed as anomalies
import malformed_arrivals as more

HERE = Path(__file__).parent
START_US = 1_700_000_000_000_000  # 2023-11-14T22:13:20Z
STEP_US = 1_000

CLIENT_MAC, SERVER_MAC = "02:00:0a:01:00:0a", "02:00:0a:01:00:14"
TARGET_MAC, ROUTER_MAC = "02:00:0a:ff:00:01", "02:00:0a:ff:00:fe"
CLIENT, SERVER, ROUTER = "10.0.1.10", "10.0.1.20", "10.0.1.30"
CLIENT6, SERVER6 = "2001:db8:1::10", "2001:db8:1::20"
TARGET, TARGET6 = "10.0.9.9", "2001:db8:9::9"
GWLB, APPLIANCE = "10.9.0.5", "10.9.0.9"
ENDPOINT, ATTACHMENT = 0x0123456789ABCDEF, 0x0FEDCBA987654321


@dataclass(frozen=True)
class Record:
    """One record of a capture: its bytes, its length on the wire, and when, in µs after the record before."""

    data: bytes
    original: int
    wait_us: int = STEP_US


Sample = Callable[[], Iterator[Record]]
SAMPLES: dict[str, Sample] = {}
LINKS: dict[str, int] = {}  # of captures that are not Ethernet


def sample(function: Sample) -> Sample:
    """Register a sample under its function's name, underscores as hyphens."""
    SAMPLES[function.__name__.replace("_", "-")] = function
    return function


def record(frame: Packet | bytes, snaplen: int = 65535, wait_us: int = STEP_US) -> Record:
    data = bytes(frame)
    return Record(data[:snaplen], len(data), wait_us)


# ---------------------------------------------------------------------------------------------------------- tunnels


def vxlan_header(vni: int, flags: int = 0x08, reserved: int = 0, last: int = 0) -> bytes:
    """RFC 7348, section 5."""
    return struct.pack(">II", flags << 24 | reserved, vni << 8 | last)


def geneve_option(kind: int, data: bytes, option_class: int = 0x0108, reserved: int = 0) -> bytes:
    """RFC 8926, section 3.5; a critical type has the high bit set."""
    return struct.pack(">HBB", option_class, kind, reserved << 5 | len(data) // 4) + data


def geneve_header(options: bytes, protocol: int, vni: int = 0, version: int = 0, bits: int = 0, last: int = 0) -> bytes:
    """RFC 8926, section 3.4."""
    return struct.pack(">BBHI", version << 6 | len(options) // 4, bits, protocol, vni << 8 | last) + options


def aws_options(cookie: int = 0x5EED) -> bytes:
    """The 32 bytes that AWS's Gateway Load Balancer adds."""
    return (
        geneve_option(1, ENDPOINT.to_bytes(8, "big"))
        + geneve_option(2, ATTACHMENT.to_bytes(8, "big"))
        + geneve_option(3, cookie.to_bytes(4, "big"))
    )


def outer_port(inner: bytes) -> int:
    """A source port in the range that AWS uses, the same for both directions of a flow."""
    ends = inner[26:34] + inner[34:38]
    return 65409 + sum(ends) % 127


def ip(src: str, dst: str) -> Packet:
    """The outer IP header as AWS fills it in: TTL 255, DF 0, id 0."""
    return IPv6(src=src, dst=dst, hlim=255) if ":" in src else IP(src=src, dst=dst, ttl=255, id=0, flags=0)


def carry(payload: bytes, src: str, dst: str, dport: int, sport: int = 65409, link: Packet | None = None) -> Packet:
    """A tunnel's datagram, without UDP checksum."""
    link = link or Ether(src=ROUTER_MAC, dst=TARGET_MAC)
    return link / ip(src, dst) / UDP(sport=sport, dport=dport, chksum=0) / Raw(payload)


def vxlan(inner: Packet | bytes, vni: int = 101, src: str = CLIENT, length: int | None = None, **header: int) -> bytes:
    """A mirrored copy, of which the mirror sends `length` bytes."""
    frame = bytes(inner)
    dst = TARGET6 if ":" in src else TARGET
    return bytes(carry(vxlan_header(vni, **header) + frame[:length], src, dst, 4789, outer_port(frame)))


def geneve_vxlan(inner: Packet | bytes, vni: int = 101, src: str = CLIENT, options: bytes | None = None) -> bytes:
    """A mirrored copy that a Gateway Load Balancer handed on."""
    frame = bytes(inner)
    copy = carry(vxlan_header(vni) + frame, src, TARGET, 4789, outer_port(frame))
    options = aws_options() if options is None else options
    payload = geneve_header(options, 0x0800) + bytes(copy[IP])
    return bytes(carry(payload, GWLB, APPLIANCE, 6081, outer_port(frame)))


# ------------------------------------------------------------------------------------------------------ conversations


def ethernet(to_server: bool = True) -> Packet:
    return Ether(src=CLIENT_MAC, dst=SERVER_MAC) if to_server else Ether(src=SERVER_MAC, dst=CLIENT_MAC)


def network(to_server: bool, client: str = CLIENT, server: str = SERVER, ttl: int = 64) -> Packet:
    src, dst = (client, server) if to_server else (server, client)
    return IPv6(src=src, dst=dst, hlim=ttl) if ":" in src else IP(src=src, dst=dst, ttl=ttl)


@dataclass
class Conversation:
    """A TCP conversation whose sequence numbers are right."""

    sport: int = 40000
    dport: int = 80
    client: str = CLIENT
    server: str = SERVER
    seq: int = 1000
    ack: int = 5000
    ttl: int = 64

    def segment(self, to_server: bool, flags: str, data: bytes = b"") -> Packet:
        """The next segment, as a frame."""
        seq, ack = (self.seq, self.ack) if to_server else (self.ack, self.seq)
        ports = (self.sport, self.dport) if to_server else (self.dport, self.sport)
        options = [("MSS", 8961), ("SAckOK", b""), ("WScale", 7)] if "S" in flags else []
        options += [("NOP", None), ("NOP", None), ("Timestamp", (self.seq, self.ack))]
        tcp = TCP(sport=ports[0], dport=ports[1], seq=seq, ack=ack if "A" in flags else 0, flags=flags, options=options)
        used = len(data) + ("S" in flags) + ("F" in flags)
        if to_server:
            self.seq += used
        else:
            self.ack += used
        frame = ethernet(to_server) / network(to_server, self.client, self.server, self.ttl) / tcp
        return frame / Raw(data) if data else frame

    def whole(self, *messages: bytes) -> Iterator[Packet]:
        """Handshake, messages of the client and the server in turn, both ends' FIN."""
        yield self.segment(True, "S")
        yield self.segment(False, "SA")
        yield self.segment(True, "A")
        for number, message in enumerate(messages):
            yield self.segment(number % 2 == 0, "PA", message)
            yield self.segment(number % 2 == 1, "A")
        yield self.segment(True, "FA")
        yield self.segment(False, "FA")
        yield self.segment(True, "A")


REQUEST = b"GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: sample/1.0\r\n\r\n"
PAGE = b"<html><body>" + b"All quiet on the mirrored front. " * 20 + b"</body></html>"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE


def http(**ends: object) -> list[Packet]:
    return list(Conversation(**ends).whole(REQUEST, ANSWER))  # type: ignore[arg-type]


def dns(client: str = CLIENT, server: str = SERVER) -> list[Packet]:
    question = DNS(id=7, rd=1, qd=DNSQR(qname="www.example.com"))
    answer = DNS(id=7, qr=1, rd=1, ra=1, rcode=3, qd=DNSQR(qname="www.example.com"))
    return [
        ethernet() / network(True, client, server) / UDP(sport=40053, dport=53) / question,
        ethernet(False) / network(False, client, server) / UDP(sport=53, dport=40053) / answer,
    ]


def ping(client: str = CLIENT, server: str = SERVER, size: int = 56) -> list[Packet]:
    data = Raw(bytes(i & 0xFF for i in range(size)))
    if ":" in client:
        request, reply = ICMPv6EchoRequest(id=7, seq=1), ICMPv6EchoReply(id=7, seq=1)
    else:
        request, reply = ICMP(type=8, id=7, seq=1), ICMP(type=0, id=7, seq=1)
    return [
        ethernet() / network(True, client, server) / request / data,
        ethernet(False) / network(False, client, server) / reply / data,
    ]


def everyday() -> list[Packet]:
    return http() + dns() + ping()


def everyday6() -> list[Packet]:
    ends = {"client": CLIENT6, "server": SERVER6}
    return http(**ends) + dns(**ends) + ping(**ends)


# ----------------------------------------------------------------------------------------------------------- samples


@sample
def vxlan_ipv4() -> Iterator[Record]:
    """HTTP, DNS and ping over both families, through one session."""
    yield from (record(vxlan(inner)) for inner in everyday() + everyday6())


@sample
def ipv6_outer() -> Iterator[Record]:
    yield from (record(vxlan(inner, vni=106, src=CLIENT6)) for inner in everyday() + everyday6())


@sample
def geneve_vxlan_aws() -> Iterator[Record]:
    yield from (record(geneve_vxlan(inner)) for inner in everyday() + everyday6())


@sample
def geneve() -> Iterator[Record]:
    """GENEVE alone: an Ethernet frame inside, then IPv4 and IPv6 without one."""
    for inner in everyday():
        payload = geneve_header(b"", 0x6558, vni=700) + bytes(inner)
        yield record(carry(payload, GWLB, APPLIANCE, 6081))
    for inner in everyday():
        yield record(carry(geneve_header(aws_options(), 0x0800) + bytes(inner[IP]), GWLB, APPLIANCE, 6081))
    for inner in everyday6():
        yield record(carry(geneve_header(aws_options(), 0x86DD) + bytes(inner[IPv6]), GWLB, APPLIANCE, 6081))


def truncated(length: int, src: str) -> Iterator[Record]:
    big = list(Conversation(sport=40001).whole(REQUEST, ANSWER + bytes(i % 251 for i in range(4000))))
    for inner in everyday() + everyday6() + big:
        yield record(vxlan(inner, vni=120_000 + length, src=src, length=length))


# A source has three sessions at most: the client has two others, so a router on the path has these.
for _length, _src in ((20, ROUTER), (64, ROUTER), (128, CLIENT), (1500, ROUTER)):
    SAMPLES[f"truncated-{_length}"] = lambda length=_length, src=_src: truncated(length, src)  # type: ignore[misc]


@sample
def truncated_otherwise() -> Iterator[Record]:
    """Cut by the target's MTU (byte-exact and documented reading), by a snaplen, by both, and by nothing known."""
    big = bytes(list(Conversation().whole(REQUEST, bytes(9400)))[5])
    for mtu in (9001, 8997, 8500):
        yield record(vxlan(big, vni=109, length=mtu - 36))
    for inner in everyday():
        yield record(vxlan(inner), snaplen=120)
    yield record(vxlan(big, vni=109, length=9001 - 36), snaplen=200)
    yield record(vxlan(big, vni=109, length=500))


@sample
def checksums() -> Iterator[Record]:
    """Each verdict: valid, 0, the pseudo-header's sum, wrong, cut, none."""
    for frame in everyday() + everyday6():
        yield from (record(vxlan(broken)) for broken in with_checksums(bytes(frame)))


def pseudo_sum(frame: bytes) -> int:
    """The folded sum of the pseudo-header, as transmit offload leaves it in the field."""
    v4 = frame[12:14] == b"\x08\x00"
    addresses, length = (frame[26:34], len(frame) - 34) if v4 else (frame[22:54], len(frame) - 54)
    proto = frame[23] if v4 else frame[20]
    words = struct.unpack(f">{len(addresses) // 2}H", addresses)
    total = sum(words) + length + proto
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def with_checksums(frame: bytes) -> Iterator[bytes]:
    v4 = frame[12:14] == b"\x08\x00"
    at, proto = (34, frame[23]) if v4 else (54, frame[20])
    field = at + {6: 16, 17: 6, 1: 2, 58: 2}[proto]
    right = int.from_bytes(frame[field : field + 2], "big")
    values = [right, 0, pseudo_sum(frame), right ^ 0x0101]
    for value in values:
        yield frame[:field] + value.to_bytes(2, "big") + frame[field + 2 :]
    if v4:
        for l3 in (b"\0\0", bytes([frame[24] ^ 1, frame[25]])):
            yield frame[:24] + l3 + frame[26:]


@sample
def two_sessions() -> Iterator[Record]:
    """One flow mirrored at both ends, routed in between: another VNI, other MACs, a TTL lower by one."""
    for near, far in zip(http(), http(ttl=63), strict=True):
        far[Ether].src, far[Ether].dst = ROUTER_MAC, SERVER_MAC
        yield record(vxlan(near, vni=101, src=CLIENT))
        yield record(vxlan(far, vni=102, src=SERVER), wait_us=20)


@sample
def two_vpcs() -> Iterator[Record]:
    """The same addresses and ports at the same time in two VPCs."""
    other = Conversation(seq=77_000, ack=99_000).whole(b"GET /other HTTP/1.1\r\nHost: b\r\n\r\n", ANSWER)
    for one, two in zip(http(), other, strict=True):
        yield record(vxlan(one, vni=101))
        yield record(vxlan(two, vni=201), wait_us=20)


@sample
def vlan() -> Iterator[Record]:
    """Tags inside and outside, one and two."""
    for inner in everyday() + everyday6():
        yield record(vxlan(ethernet() / Dot1Q(vlan=10) / inner.payload))
        yield record(vxlan(Ether(src=CLIENT_MAC, dst=SERVER_MAC, type=0x88A8) / qinq(inner.payload)))
    for link in (Ether(src=ROUTER_MAC, dst=TARGET_MAC) / Dot1Q(vlan=30), outer_qinq()):
        for inner in everyday():
            yield record(carry(vxlan_header(101) + bytes(inner), CLIENT, TARGET, 4789, link=link))


def qinq(payload: Packet) -> Packet:
    return Dot1Q(vlan=20, type=0x8100) / Dot1Q(vlan=21) / payload


def outer_qinq() -> Packet:
    return Ether(src=ROUTER_MAC, dst=TARGET_MAC, type=0x88A8) / Dot1Q(vlan=31, type=0x8100) / Dot1Q(vlan=32)


@sample
def fragments() -> Iterator[Record]:
    """A datagram, a segment and an echo in fragments, over both families, and an atomic fragment."""
    data = Raw(bytes(i % 251 for i in range(2600)))
    echo = ping(size=2600)[0]
    v4 = [network(True) / UDP(sport=5000, dport=5001) / data, network(True) / TCP(sport=5000, dport=5001) / data]
    for number, packet in enumerate([*v4, echo[IP]]):
        packet.id = 100 + number
        yield from (record(vxlan(ethernet() / piece)) for piece in fragment(packet, fragsize=1200))
    header = IPv6ExtHdrFragment(id=7)
    v6 = IPv6(src=CLIENT6, dst=SERVER6) / header
    for upper in (UDP(sport=5000, dport=5001) / data, TCP(sport=5000, dport=5001) / data):
        yield from (record(vxlan(ethernet() / piece)) for piece in fragment6(v6 / upper, 1280))
    yield record(vxlan(ethernet() / v6 / UDP(sport=5000, dport=5001) / Raw(b"atomic")))


@sample
def icmp_arp() -> Iterator[Record]:
    """Without a mirror: ping, an ICMP error, neighbour discovery, ARP."""
    yield from (record(frame) for frame in ping() + ping(CLIENT6, SERVER6))
    yield record(ethernet(False) / network(False) / ICMP(type=3, code=3) / dns()[0][IP])
    yield record(ethernet() / IPv6(src=CLIENT6, dst="ff02::1:ff00:20") / ICMPv6ND_NS(tgt=SERVER6))
    yield record(arp())


def arp() -> Packet:
    who = ARP(hwsrc=CLIENT_MAC, psrc=CLIENT, pdst=SERVER, hwdst="00:00:00:00:00:00")
    return Ether(src=CLIENT_MAC, dst="ff:ff:ff:ff:ff:ff") / who / Raw(bytes(18))


@sample
def excluded() -> Iterator[Record]:
    """What a mirror never copies, each in a mirror's clothes."""
    yield from (record(vxlan(frame)) for frame in excluded_frames())


def excluded_frames() -> Iterator[Packet]:
    yield arp()
    discover = BOOTP(chaddr=bytes.fromhex(CLIENT_MAC.replace(":", "")), xid=7) / DHCP(
        options=[("message-type", 1), "end"]
    )
    yield ethernet() / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) / discover  # noqa: S104
    yield ethernet() / IPv6(src="fe80::1", dst="ff02::1:2") / UDP(sport=546, dport=547) / Raw(bytes(8))
    for service in ("169.254.169.254", "fd00:ec2::254"):
        client = CLIENT6 if ":" in service else CLIENT
        yield from http(client=client, server=service)[:4]
    for service in ("169.254.169.123", "fd00:ec2::123"):
        client = CLIENT6 if ":" in service else CLIENT
        yield ethernet() / network(True, client, service) / UDP(sport=123, dport=123) / Raw(b"\x23" + bytes(47))
    for service in ("169.254.169.250", "169.254.169.251", "fd00:ec2::250"):
        client = CLIENT6 if ":" in service else CLIENT
        yield ethernet() / network(True, client, service) / TCP(sport=40000, dport=1688, flags="S")


@sample
def identities() -> Iterator[Record]:
    """Four sessions that no configuration knows, by VNI, outer source and GENEVE endpoint."""
    (request, answer) = dns()
    for inner in (request, answer):
        yield record(vxlan(inner, vni=900_001))
        yield record(vxlan(inner, vni=900_002))
        yield record(vxlan(inner, vni=900_001, src=SERVER))
        yield record(geneve_vxlan(inner, vni=900_001))


@sample
def overlay() -> Iterator[Record]:
    """A mirrored host's own VXLAN, whole and cut by the mirror, and more tunnels in one another than are followed."""
    for inner in everyday():
        own = carry(vxlan_header(5) + bytes(inner), CLIENT, SERVER, 4789, link=ethernet())
        yield record(vxlan(own))
        yield record(vxlan(own, vni=120_128, length=128))
    frame = bytes(dns()[0])
    for vni in range(6):
        frame = bytes(carry(vxlan_header(vni) + frame, CLIENT, SERVER, 4789, link=ethernet()))
    yield record(frame)


@sample
def malformed() -> Iterator[Record]:
    """What it takes to show each anomaly but those of other link headers."""
    yield from (record(frame) for frame in anomalies.FRAMES.values())
    yield from (record(frame) for one in more.SHOWN.values() if one.link == "ethernet" for frame in one.frames)


def malformed_link(link: str) -> Iterator[Record]:
    yield from (record(frame) for one in more.SHOWN.values() if one.link == link for frame in one.frames)


for _name, _link in (
    ("null", arrivals.NULL),
    ("sll", arrivals.SLL),
    ("sll2", arrivals.SLL2),
    ("chdlc", arrivals.CHDLC),
    ("wifi", arrivals.WIFI),
    ("radiotap", arrivals.RADIOTAP),
):
    SAMPLES[f"malformed-{_name}"] = lambda name=_name: malformed_link(name)  # type: ignore[misc]
    LINKS[f"malformed-{_name}"] = _link


ATTACKER, VICTIM = "203.0.113.66", "10.0.1.10"
# Everyday conversations between the attacks.
QUIET = 12


@sample
def attack() -> Iterator[Record]:
    """Not mirrored: an attacker's afternoon amid everyday traffic, to be sent through a mirror."""
    chance = random.Random(44228)  # noqa: S311 - the same bytes each time are the point
    parts: list[list[Packet]] = [scan(flags, ports) for _, flags, ports in attacks.SCANS]
    for number, (_, port, messages) in enumerate(attacks.CONVERSATIONS):
        ends = Conversation(41000 + number, port, ATTACKER, VICTIM, seq=number * 1000, ack=number * 5000)
        parts.append(list(ends.whole(*messages)))
    parts += [ping(ATTACKER, VICTIM, size) for size in attacks.ICMP_TUNNEL]
    quiet = [list(Conversation(50000 + i, 80, f"10.0.2.{i + 1}", VICTIM).whole(REQUEST, ANSWER)) for i in range(QUIET)]
    quiet.append(dns())
    while parts or quiet:
        source = parts if parts and (not quiet or chance.random() < 0.5) else quiet
        for frame in source.pop(0):
            yield record(frame, wait_us=chance.randrange(100, 20_000))


def scan(flags: str, ports: tuple[int, ...]) -> list[Packet]:
    """Probes, and what the victim answers to a SYN."""
    frames = []
    for port in ports:
        probe = Conversation(61000, port, ATTACKER, VICTIM, seq=31337)
        frames.append(
            ethernet() / network(True, ATTACKER, VICTIM) / TCP(sport=61000, dport=port, seq=31337, flags=flags)
        )
        if flags == "S":
            probe.seq += 1
            frames.append(probe.segment(False, "RA"))
    return frames


def small(client: str = CLIENT, server: str = SERVER) -> list[bytes]:
    """A question and its answer, a ping and its answer."""
    return [bytes(frame) for frame in dns(client, server) + ping(client, server)]


for _name, _link, _rows in arrivals.samples(small(), small(CLIENT6, SERVER6)):
    SAMPLES[_name] = lambda rows=_rows: iter(  # type: ignore[misc]
        [Record(row.data, max(row.original, len(row.data)), row.wait_us) for row in rows]
    )
    LINKS[_name] = _link


# ------------------------------------------------------------------------------------------------------------- files


def pcap(records: Iterator[Record], link: int = 1) -> bytes:
    """A classic pcap, little endian, microseconds; its link type is Ethernet unless given."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)]
    now = START_US
    for row in records:
        now += row.wait_us
        out.append(struct.pack("<IIII", now // 1_000_000, now % 1_000_000, len(row.data), row.original) + row.data)
    return b"".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SAMPLES)}; all without")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a file differs")
    arguments = parser.parse_args()
    differs = False
    for name in arguments.names or SAMPLES:
        path, data = HERE / f"{name}.pcap", pcap(SAMPLES[name](), LINKS.get(name, 1))
        if not arguments.check:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            print(f"{path.name} differs", file=sys.stderr)
            differs = True
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
