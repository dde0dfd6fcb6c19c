"""What ICMP errors quote (RFC 792, RFC 4443)."""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them
from __future__ import annotations

import struct

from tmrx.reference.packet import SCTP, TCP, UDP, Packet, Quoted, mapped

# Unreachable, source quench, redirect, time exceeded, parameter problem; too big is ICMPv6's alone.
ERRORS = {4: (3, 4, 5, 11, 12), 6: (1, 2, 3, 4)}


def icmp(p: Packet, at: int, end: int) -> None:
    """The packet that an error at `at` quotes, as far as the bytes go."""
    if p.sport not in ERRORS[p.ip] or p.fragment:
        return
    quoted = p.data[at + 8 : end]
    found = _ipv4(quoted) if p.ip == 4 else _ipv6(quoted)
    if found is not None:
        addresses, proto, segment = found
        ports = struct.unpack(">HH", segment[:4]) if proto in (TCP, UDP, SCTP) and len(segment) >= 4 else (None, None)
        half = len(addresses) // 2
        p.quoted = Quoted(mapped(addresses[:half]), mapped(addresses[half:]), proto, *ports)


def _ipv4(data: bytes) -> tuple[bytes, int, bytes] | None:
    """Addresses, protocol, and what of the payload is there; none of it in a later fragment."""
    if len(data) < 20 or data[0] >> 4 != 4 or data[0] & 15 < 5:
        return None
    first = int.from_bytes(data[6:8]) & 0x1FFF == 0
    return data[12:20], data[9], data[(data[0] & 15) * 4 :] if first else b""


def _ipv6(data: bytes) -> tuple[bytes, int, bytes] | None:
    if len(data) < 40 or data[0] >> 4 != 6:
        return None
    return data[8:40], data[6], data[40:]
