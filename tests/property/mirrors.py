"""Mirrors and packets to try: random plans of sources, and packets whose addresses, ports and protocols meet them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TypeVar

from hypothesis import strategies as st

from tests.packets import (
    ARP,
    DESTINATION,
    HOP_BY_HOP,
    ICMP,
    ICMPV6,
    ROUTING,
    TCP,
    UDP,
    VXLAN,
    arp,
    ethernet,
    icmp,
    ip,
    tcp,
    udp,
    vxlan,
)  # fmt: skip
from tests.property.strategies import flipped
from tmrx import plan
from tmrx.reference import Frame

MACS = tuple(bytes([2, 0, 0, 0, 1, last]) for last in range(3))
OWN4, OWN6 = ("10.0.0.10", "10.0.0.11", "10.0.1.20"), ("2001:db8:1::10", "2001:db8:1::11")
PEERS4, PEERS6 = ("203.0.113.5", "10.0.1.99"), ("2001:db8:2::20", "::ffff:10.0.0.10")
RESOLVERS = ("10.0.0.2", "169.254.169.253", "fd00:ec2::253")
SERVICES4 = tuple(f"169.254.169.{last}" for last in (123, 250, 251, 254))
SERVICES6 = tuple(f"fd00:ec2::{last}" for last in (123, 250, 254))
ALL4 = (*OWN4, *PEERS4, *SERVICES4, *RESOLVERS[:2])
ALL6 = (*OWN6, *PEERS6, *SERVICES6, RESOLVERS[2])
BLOCKS4 = ("0.0.0.0/0", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.10/32", "169.254.0.0/16")
BLOCKS6 = ("::/0", "2001:db8:1::/64", "2001:db8::/32", "fd00:ec2::/64")
PORTS = (22, 53, 67, 68, 80, 123, 443, 546, 547, 1688, VXLAN, 40_000, 65_535)
PROTOCOLS = (TCP, UDP, ICMP, ICMPV6, 47, 0)
VNIS = (0, 77, 16_777_215)
PAYLOAD = bytes(range(256)) * 36
T = TypeVar("T")
LENGTHS = st.one_of(st.just(plan.NO_LIMIT), st.integers(1, 140), st.sampled_from((100, 1500, 8500, 8951, 9001)))


def seldom(rare: st.SearchStrategy[T], usual: T, one_in: int = 4) -> st.SearchStrategy[T]:
    """Mostly the usual value, else one of the rare ones."""
    return st.integers(1, one_in).flatmap(lambda number: rare if number == 1 else st.just(usual))


def packed(address: str) -> bytes:
    parsed = ip_address(address)
    return bytes(10) + b"\xff\xff" + parsed.packed if parsed.version == 4 else parsed.packed


def ends_of(cidr: str) -> tuple[bytes, bytes]:
    network = ip_network(cidr)
    return packed(str(network[0])), packed(str(network[-1]))


ranges: st.SearchStrategy[tuple[int, int] | None] = st.one_of(
    st.sampled_from(PORTS).map(lambda port: (port, port)),
    st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)).map(lambda pair: (min(pair), max(pair))),
)


@st.composite
def matches(draw: st.DrawFn) -> plan.PacketMatch:
    version = draw(st.sampled_from((0, 0, 4, 6)))
    blocks = st.sampled_from(BLOCKS4 if version == 4 else BLOCKS6).map(ends_of)
    block = st.one_of(st.none(), blocks) if version else st.none()
    return plan.PacketMatch(
        ip=version,
        protocol=draw(seldom(st.sampled_from(PROTOCOLS), None, 3)),
        src=draw(block),
        dst=draw(block),
        sports=draw(seldom(ranges, None, 5)),
        dports=draw(seldom(ranges, None)),
        icmp=draw(seldom(st.sampled_from(((8, 0), (-1, -1), (3, -1), (128, 0))), None, 10)),
    )


rules = st.lists(st.tuples(st.integers(1, 4).map(lambda one: one > 1), matches()), max_size=4).map(
    lambda drawn: tuple(
        plan.FilterRule(id=f"tmfr-{number}", accept=accept, match=match) for number, (accept, match) in enumerate(drawn)
    )
)
filters = st.builds(plan.MirrorFilter, ingress=rules, egress=rules, amazon_dns=st.booleans())
groups = st.one_of(st.none(), st.lists(matches(), max_size=2).map(tuple))
firewalls = st.builds(
    plan.Firewall,
    ingress=groups,
    egress=groups,
    acl=st.one_of(st.none(), rules),
    subnet=st.sampled_from(((), (ends_of("10.0.0.0/24"),))),
)


@st.composite
def copies(draw: st.DrawFn) -> plan.Copies:
    own, node = (OWN4, "10.9.9.") if draw(st.booleans()) else (OWN6, "2001:db8:9::")
    appliances = "10.8.8." if draw(st.booleans()) else "2001:db8:8::"
    many = st.integers(1, 3).map(lambda count: range(1, count + 1))
    gateway = plan.Gateway(
        src=packed(f"{appliances}9"),
        dst=tuple(packed(f"{appliances}{number}") for number in draw(many)),
        endpoint=draw(st.integers(0, 2**64 - 1)),
        attachment=draw(st.integers(0, 2**64 - 1)),
    )
    return plan.Copies(
        vni=draw(st.sampled_from(VNIS)),
        src=packed(draw(st.sampled_from(own))),
        dst=tuple(packed(f"{node}{number}") for number in draw(many)),
        macs=draw(st.binary(min_size=12, max_size=12)),
        gateway=draw(st.sampled_from((None, gateway))),
        packet_length=draw(LENGTHS),
        mtu=draw(LENGTHS),
    )


@st.composite
def mirrors(draw: st.DrawFn) -> plan.MirrorPlan:
    """One to four sources of up to three sessions each."""
    known = draw(st.lists(filters, min_size=1, max_size=3))
    guards = draw(st.lists(firewalls, min_size=1, max_size=2))
    sources, sessions = [], []
    for number in range(draw(st.integers(1, 4))):
        own = draw(st.lists(copies(), min_size=draw(seldom(st.just(0), 1, 6)), max_size=3))
        indices = range(len(sessions), len(sessions) + len(own))
        choose = st.integers(0, len(known) - 1)
        sessions += [
            plan.SourceSession(id=f"tms-{index}", filter=draw(choose), copies=one)
            for index, one in zip(indices, own, strict=True)
        ]
        addresses = draw(st.lists(st.sampled_from((*OWN4, *OWN6)), max_size=3, unique=True))
        sources.append(
            plan.MirrorSource(
                interface=f"eni-{number}",
                mac=draw(st.sampled_from((*MACS, b""))),
                addresses=tuple(packed(address) for address in addresses),
                resolvers=tuple(packed(address) for address in RESOLVERS[: draw(st.integers(0, 3))]),
                offload=draw(st.booleans()),
                sessions=tuple(indices),
                inactive="" if own else draw(st.sampled_from(("", "target_gone"))),
                firewall=draw(seldom(st.integers(0, len(guards) - 1), None)),
            )
        )
    return plan.MirrorPlan(
        everything=bool(sessions) and draw(st.integers(1, 20)) == 1,
        sources=tuple(sources),
        sessions=tuple(sessions),
        filters=tuple(known),
        firewalls=tuple(guards),
        exclude_ntp=draw(st.sampled_from(("amazon", "all", "none"))),
        truncated_checksum=draw(st.sampled_from(("pseudo", "zero", "kept"))),
        first_port=draw(st.sampled_from((65_408, 49_152))),
    )


sizes = st.one_of(st.integers(0, 200), st.sampled_from((1400, 8900, 9001)))


@st.composite
def segments(draw: st.DrawFn, version: int) -> tuple[int, bytes]:
    """Protocol and segment."""
    payload = PAYLOAD[: draw(sizes)]
    port = st.sampled_from(PORTS)
    echo = draw(st.sampled_from((0, 8) if version == 4 else (128, 129)))
    return draw(
        st.sampled_from(
            (
                (TCP, tcp(draw(port), draw(port), payload)),
                (UDP, udp(draw(port), draw(port), payload)),
                (UDP, udp(40_000, VXLAN, vxlan(draw(st.sampled_from(VNIS)), payload))),
                (ICMP if version == 4 else ICMPV6, icmp(echo, payload=payload)),
                (ICMP if version == 4 else ICMPV6, icmp(3, payload=payload)),
                (ICMP if version == 6 else ICMPV6, icmp(8, payload=payload)),
                (47, payload),
            )
        )
    )


@st.composite
def services(draw: st.DrawFn) -> tuple[str, int, int]:
    """What the VPC offers, or nearly: a server's address, the protocol and its port."""
    server, port = draw(
        st.sampled_from(
            (
                *((address, 53) for address in RESOLVERS),
                *((address, 53) for address in RESOLVERS),
                *((address, 1688) for address in (SERVICES4[1], SERVICES4[2], SERVICES6[1])),
                *((address, 123) for address in (SERVICES4[0], SERVICES6[0], PEERS4[0], PEERS6[0])),
                *((address, 80) for address in (SERVICES4[3], SERVICES6[2])),
                *((address, 67) for address in (PEERS4[1], PEERS6[0])),
                *((address, 547) for address in (PEERS4[1], PEERS6[0])),
                *((address, 53) for address in (PEERS4[0], PEERS6[0])),
            )
        )
    )
    proto = TCP if port in (1688, 80) else UDP
    return server, draw(seldom(st.sampled_from((TCP, UDP)), proto)), port


@st.composite
def extensions(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    """A few extension headers: options, and a routing header with and without segments left."""
    hop = (HOP_BY_HOP, b"\0\x01\x04\0\0\0\0")
    home = (DESTINATION, bytes([2, 1, 2, 0, 0, 0xC9, 16]) + ip_address(OWN6[0]).packed)
    left = draw(st.integers(0, 1))
    routing = (ROUTING, bytes([2, draw(st.sampled_from((2, 4))), left, 0, 0, 0, 0]) + ip_address(PEERS6[0]).packed)
    return draw(st.lists(st.sampled_from((hop, home, routing)), max_size=3))


@st.composite
def with_services(draw: st.DrawFn) -> bytes:
    """A packet between an instance and what the VPC offers."""
    server, proto, port = draw(services())
    own = draw(st.sampled_from(OWN6 if ":" in server else OWN4))
    src, dst, sport, dport = own, server, 40_000, port
    if draw(st.booleans()):
        src, dst, sport, dport = dst, src, dport, sport
    payload = PAYLOAD[: draw(sizes)]
    return ip(src, dst, proto, tcp(sport, dport, payload) if proto == TCP else udp(sport, dport, payload))


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """An IP packet."""
    if draw(st.integers(1, 4)) == 1:
        return draw(with_services())
    version = draw(st.sampled_from((4, 4, 6)))
    pool = st.sampled_from(ALL4 if version == 4 else ALL6)
    own = st.sampled_from(OWN4 if version == 4 else OWN6)
    peer = draw(st.sampled_from(PEERS4 if version == 4 else PEERS6))
    one, other = draw(own), draw(seldom(pool, peer, 2))
    src, dst = (one, other) if draw(st.booleans()) else (other, one)
    proto, segment = draw(segments(version))
    return ip(
        src,
        dst,
        proto,
        segment,
        fragment=draw(seldom(st.sampled_from(((0, True), (100, True), (100, False))), None)),
        extensions=draw(seldom(extensions(), [], 3)) if version == 6 else (),
        options=draw(seldom(st.just(b"\x01\x01\x01\x00"), b"", 6)) if version == 4 else b"",
        checksum=draw(st.integers(0, 9)) > 0,
    )


@st.composite
def frames(draw: st.DrawFn, damaged: bool = True) -> Frame:
    """A frame: padded, tagged, without a link header, cut by a snaplen or, where `damaged`, with bits flipped."""
    data, link = draw(packets()), "ethernet"
    if draw(st.integers(1, 6)) == 1:
        link = "ip"
    else:
        src, dst = draw(st.sampled_from((*MACS, MACS[0]))), draw(st.sampled_from((*MACS, b"\xff" * 6)))
        kind = draw(seldom(st.sampled_from((ARP, 0x88CC)), None, 10))
        data = arp(OWN4[0], OWN4[1]) if kind == ARP else data
        data = ethernet(src, dst, data, kind, draw(seldom(st.sampled_from(((5,), (5, 6), (5, 6, 7))), (), 8)))
        data += bytes(draw(seldom(st.sampled_from((6, 60)), 0)))
    frame = Frame(draw(st.integers(0, 2**60)), data, len(data), link)  # type: ignore[arg-type]
    if damaged and draw(st.integers(1, 6)) == 1:
        frame = flipped(frame, draw(st.lists(st.integers(0, 8 * 100), max_size=3)))
    if draw(st.integers(1, 6)) == 1:
        frame = Frame(frame.time, frame.data[: draw(st.integers(0, 150))], frame.original, frame.link)
    return frame
