"""ICMP's messages (RFC 792, RFC 4443), and the packets that its errors quote."""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them
from __future__ import annotations

import struct

from tmrx.reference.options import FRAGMENT
from tmrx.reference.packet import AUTHENTICATION, ICMP, ICMPV6, SCTP, TCP, UDP, Packet, Quoted, mapped

# Unreachable, source quench, redirect, time exceeded, parameter problem; too big is ICMPv6's alone.
ERRORS = {4: (3, 4, 5, 11, 12), 6: (1, 2, 3, 4)}
# The highest code of each type (IANA's registries).
CODES4 = {3: 15, 5: 3, 9: 16, 11: 1, 12: 2, **dict.fromkeys((0, 4, 8, 10, 13, 14, 15, 16, 17, 18), 0)}
CODES6 = {
    1: 8, 2: 0, 3: 1, 4: 10, **dict.fromkeys((*range(128, 138), *range(141, 154)), 0), 138: 255, 139: 2, 140: 2,
    155: 255, 157: 255, 158: 255, 159: 255,
}  # fmt: skip
# Bytes behind the first eight: timestamps, address masks.
BODIES = {13: 12, 14: 12, 17: 4, 18: 4}
LISTENER_DISCOVERY = (130, 131, 132)
EXTENSIONS = (0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140)
MAX_EXTENSIONS = 8


def icmp_message(p: Packet) -> set[str]:
    """What is wrong with type and code."""
    kind, code = p.sport, p.dport
    if p.ip == 4:
        found = set()
        if kind not in CODES4:
            found.add("icmp.unknown_type")
        elif code > CODES4[kind]:
            found.add("icmp.unknown_code")
        if not p.fragment and BODIES.get(kind, 0) > p.payload_original:
            found.add("icmp.quote_too_short")
        return found
    if kind in CODES6:
        if code > CODES6[kind]:
            return {"icmpv6.unknown_code"}
        return {"icmpv6.mld_hop_limit"} if kind in LISTENER_DISCOVERY and p.ttl != 1 else set()
    if kind in (100, 101, 200, 201):
        return {"icmpv6.experiment"}
    unassigned = 5 <= kind < 100 or 102 <= kind < 127 or 160 <= kind < 200 or kind >= 202
    return {"icmpv6.unassigned_type" if unassigned else "icmpv6.unknown_type"}


def icmp_quote(p: Packet) -> set[str]:
    """Note the packet that an error quotes, as far as its bytes go; what is wrong with it."""
    if p.sport not in ERRORS[p.ip]:
        return set()
    data = p.bytes_of_payload()
    found = {4: _ipv4, 6: _ipv6}.get(data[0] >> 4 if data else 0, lambda _: None)(data)
    if found is not None:
        addresses, proto, segment = found
        half = len(addresses) // 2
        p.quoted = Quoted(mapped(addresses[:half]), mapped(addresses[half:]), proto, *_ports(proto, segment))
    if p.anomalies & {"icmp.unknown_code", "icmpv6.unknown_code"}:
        return set()  # what such a message holds is not known either
    layer, version, size = ("icmp", 4, 20) if p.ip == 4 else ("icmpv6", 6, 40)
    if p.payload_original < size:
        return {f"{layer}.quote_too_short"}
    return {f"{layer}.quote_version"} if data and data[0] >> 4 != version else set()


def _ports(proto: int, segment: bytes) -> tuple[int, int] | tuple[None, None]:
    """Ports, of ICMP type and code; none where the quote ends before them."""
    if len(segment) < 4:
        return None, None
    if proto in (ICMP, ICMPV6):
        return segment[0], segment[1]
    return struct.unpack(">HH", segment[:4]) if proto in (TCP, UDP, SCTP) else (None, None)


def _ipv4(data: bytes) -> tuple[bytes, int, bytes] | None:
    """Addresses, protocol, and what of the payload is there; none of it in a later fragment."""
    if len(data) < 20:
        return None
    first = int.from_bytes(data[6:8]) & 0x1FFF == 0
    return data[12:20], data[9], data[(data[0] & 15) * 4 :] if first else b""


def _ipv6(data: bytes) -> tuple[bytes, int, bytes] | None:
    """As of IPv4, behind the extension headers."""
    if len(data) < 40:
        return None
    kind, rest = data[6], data[40:]
    for _ in range(MAX_EXTENSIONS):
        if kind not in EXTENSIONS or len(rest) < 8:
            break
        later = kind == FRAGMENT and int.from_bytes(rest[2:4]) & 0xFFF8
        size = {FRAGMENT: 8, AUTHENTICATION: (rest[1] + 2) * 4}.get(kind, (rest[1] + 1) * 8)
        kind, rest = rest[0], b"" if later else rest[size:]
    return data[8:40], kind, rest
