"""IPv4 and IPv6 with their options and extension headers."""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them
from __future__ import annotations

from typing import Literal

from tmrx.reference.checksum import ones_sum, verdict
from tmrx.reference.options import (
    DESTINATION,
    FRAGMENT,
    HOME_ADDRESS,
    HOP_BY_HOP,
    JUMBO,
    ROUTING,
    SEGMENT_ROUTING,
    extension_anomalies,
    ipv4_options,
    ipv6_options,
)
from tmrx.reference.packet import (
    ARP,
    AUTHENTICATION,
    IPV4,
    IPV6,
    Packet,
    Stop,
    header,
    malformed,
    mapped,
    need,
    room,
    take,
    trim,
)
from tmrx.reference.transport import has_checksum, ip_payload

EXTENSIONS = (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION, 135, 139, 140)
MAX_EXTENSIONS = 8
MAX_DATAGRAM, MAX_JUMBOGRAM = 65_535, 1 << 24
# How often an extension header may stand there, and what is said of more (RFC 8200, section 4.1).
MOST = {
    HOP_BY_HOP: (1, "ipv6.hop_by_hop_twice"),
    ROUTING: (1, "ipv6.routing_twice"),
    FRAGMENT: (1, "ipv6.fragment_twice"),
    DESTINATION: (2, "ipv6.destination_thrice"),
    AUTHENTICATION: (1, "ah.twice"),
}


def network(p: Packet, ethertype: int) -> None:
    """What the EtherType announces."""
    p.l3 = p.at
    {IPV4: ipv4, ARP: arp, IPV6: ipv6}[ethertype](p, p.at)


def raw_ip(p: Packet) -> None:
    """IP without a link header: the version nibble tells which."""
    p.l3 = 0
    version = need(p, 0, 1)[0] >> 4
    if version == 4:
        ipv4(p, 0)
    elif version == 6:
        ipv6(p, 0)
    else:
        raise malformed(p, "ip.unknown_version")


def _fixed(p: Packet, at: int, size: int, short: str) -> bytes:
    """A network header's fixed part, which a link header announced."""
    p.at = at
    if size > room(p):
        p.l3_checksum = "absent"
    return take(p, size, short, peek=True)


def arp(p: Packet, at: int) -> None:
    """RFC 826, over Ethernet and for IPv4; operations 3 and 4 are RARP's (RFC 903)."""
    found = header("arp.ARP", _fixed(p, at, 28, "arp.too_short"))
    p.layer = "arp"
    for wrong, name in (
        (found.hrd != 1, "hardware"),
        (found.pro != IPV4, "protocol"),
        (found.hln != 6, "hardware_length"),
        (found.pln != 4, "protocol_length"),
        (found.op not in (1, 2, 3, 4), "operation"),
    ):
        if wrong:
            raise malformed(p, f"arp.{name}")


def _ends_at(
    p: Packet, end: int, source: Literal["ipv4_total_length", "ipv6_payload_length", "ipv6_jumbogram"]
) -> None:
    """The IP header says where the packet ends: what follows is padding (decision 4)."""
    p.length_source = source
    trim(p, end)


def ipv4(p: Packet, at: int) -> None:
    p.l3_checksum = _ipv4_checksum(p, at)
    head = header("ip.IP", _fixed(p, at, 20, "ipv4.too_short"))
    if head.v != 4:
        p.l3_checksum = "absent"
        raise malformed(p, "ipv4.version")
    p.layer, p.ip = "ipv4", 4
    p.src, p.dst, p.proto, p.ttl = mapped(head.src), mapped(head.dst), head.p, head.ttl
    size, length = head.hl * 4, head.len
    if size < 20:
        raise malformed(p, "ipv4.header_length")
    if length == 0:
        p.anomalies.add("ipv4.total_length_zero")
        length = p.original - at
    if length < size:
        raise malformed(p, "ipv4.total_length")
    if head.len:
        _ends_at(p, at + length, "ipv4_total_length")
    if has_checksum(p):
        p.l4_checksum = "unverifiable"
    p.anomalies |= ipv4_options(need(p, at, size)[20:])
    if head.rf:
        p.anomalies.add("ipv4.reserved_flag")
    offset = head.offset * 8
    p.fragment = bool(head.mf) or offset > 0
    if p.fragment and offset + length > MAX_DATAGRAM:
        p.anomalies.add("ipv4.fragment_too_large")
    _ipv4_payload(p, at + size, offset, head.src + head.dst)


def _ipv4_payload(p: Packet, at: int, offset: int, addresses: bytes) -> None:
    if p.proto == AUTHENTICATION and not offset:
        at = _authentication(p, at)
    if has_checksum(p):
        p.l4_checksum = "unverifiable"
    need(p, at, 0)
    ip_payload(p, at, offset, addresses)


def _ipv4_checksum(p: Packet, at: int) -> str:
    """The verdict on an IPv4 header, cut or whole; none where it has no length."""
    size = (p.data[at] & 15) * 4 if len(p.data) > at else 20
    if size < 20:
        return "absent"
    found = p.data[at : at + size]
    return verdict(ones_sum(found) == 0xFFFF, len(found) == size, len(found) >= 12 and found[10:12] == b"\0\0")


def ipv6(p: Packet, at: int) -> None:
    head = header("ip6.IP6", _fixed(p, at, 40, "ipv6.too_short"))
    if head.v != 6:
        raise malformed(p, "ipv6.version")
    p.layer, p.ip = "ipv6", 6
    p.src, p.dst, p.proto, p.ttl = head.src, head.dst, head.nxt, head.hlim
    jumbo = _jumbo(p, at + 40) if not head.plen and head.nxt == HOP_BY_HOP else 0
    if jumbo:
        _ends_at(p, at + 40 + jumbo, "ipv6_jumbogram")
    else:
        _ends_at(p, at + 40 + head.plen, "ipv6_payload_length")
    src, dst, offset = head.src, head.dst, 0
    at += 40
    met: list[int] = []
    while p.proto in EXTENSIONS and not offset:
        if len(met) == MAX_EXTENSIONS:
            p.anomalies.add("ipv6.extensions_too_many")
            raise Stop("unknown")
        kind, extension, size = _extension(p, at)
        at += size
        met.append(kind)
        if kind in MOST and met.count(kind) > MOST[kind][0]:
            p.anomalies.add(MOST[kind][1])
        p.anomalies |= extension_anomalies(kind, extension, size, bool(jumbo))
        if kind == ROUTING:
            dst = _final_destination(extension) or dst
        elif kind == DESTINATION:
            src = _home_address(extension) or src
        elif kind == FRAGMENT:
            offset = _ipv6_fragment(p, extension, at)
    if has_checksum(p):
        p.l4_checksum = "unverifiable"
    need(p, at, 0)
    ip_payload(p, at, offset, src + dst)


def _authentication(p: Packet, at: int) -> int:
    """Where what an authentication header over IPv4 protects begins (RFC 4302, section 2.2); until then it is `l4`."""
    p.l4 = at
    fixed = p.data[at : min(at + 12, p.captured)]
    size = (fixed[1] + 2) * 4 if len(fixed) == 12 else 12
    if at + size > p.original:
        raise malformed(p, "ah.length")
    following = need(p, at, size)[0]
    if following == AUTHENTICATION:
        raise malformed(p, "ah.twice")
    p.proto = following
    return at + size


def _extension(p: Packet, at: int) -> tuple[int, bytes, int]:
    """The extension header at `at`: its kind, its bytes as captured, its length; `proto` becomes what follows it.

    RFC 8200, section 4; authentication: RFC 4302, section 2.2.
    """
    kind = p.proto
    if at + 8 > p.original:
        raise malformed(p, "ipv6.extension_length")
    following, units = need(p, at, 8)[:2]
    size = {FRAGMENT: 8, AUTHENTICATION: (units + 2) * 4}.get(kind, (units + 1) * 8)
    if at + size > p.original:
        raise malformed(p, "ipv6.extension_length")
    extension = p.data[at : min(at + size, p.captured)]
    p.proto = following
    return kind, extension, size


def _jumbo(p: Packet, at: int) -> int:
    """The payload length that a jumbo payload option gives, 0 where none does (RFC 2675, section 2).

    Where the header with the option is cut, the packet's length is not known. No interface has an MTU beyond 16 MiB.
    """
    p.at = at
    if room(p) < 8:
        return 0
    size = (need(p, at, 8)[1] + 1) * 8
    if room(p) < size:
        return 0
    options = need(p, at, size)
    for kind, data in ipv6_options(options):
        if kind == JUMBO:
            length = int.from_bytes(data) if len(data) == 4 else 0
            return length if MAX_DATAGRAM < length <= MAX_JUMBOGRAM else 0
    return 0


def _final_destination(routing: bytes) -> bytes | None:
    """Where a routing header with segments left ends (decision 9)."""
    if routing[3] == 0 or len(routing) < 24:
        return None
    return routing[8:24] if routing[2] == SEGMENT_ROUTING else routing[-16:]


def _home_address(destination: bytes) -> bytes | None:
    """The home address option, which stands for the source (RFC 6275, section 6.3)."""
    return next((data for kind, data in ipv6_options(destination) if kind == HOME_ADDRESS and len(data) == 16), None)


def _ipv6_fragment(p: Packet, extension: bytes, at: int) -> int:
    head = header("ip6.IP6FragmentHeader", extension)
    offset = int(head.frag_off) * 8
    p.fragment = p.fragment or bool(head.m_flag) or offset > 0
    if p.length_source != "ipv6_jumbogram" and offset + p.original - at > MAX_DATAGRAM:
        p.anomalies.add("ipv6.fragment_too_large")
    return offset
