"""A copy of the reference source: what the mirror puts around it (specification, sections 5 and 7).

What AWS leaves to a hash (the outer source port, the receiver behind a load balancer, the flow cookie) is an argument.
"""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them

from __future__ import annotations

import struct
from dataclasses import dataclass

from tmrx.plan import Copies
from tmrx.reference.checksum import ones_sum
from tmrx.reference.packet import IPV4, IPV6, UDP, mapped
from tmrx.reference.tunnel import AWS_CLASS

# What identifies a flow from either side: protocol, and both ends in order.
Flow = tuple[int, tuple[tuple[bytes, int], ...]]

VXLAN_PORT, GENEVE_PORT = 4789, 6081
MAX_IP = 65_535


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy: its session's outer headers, and `inner`, the bytes after the VXLAN header.

    `flow` is the same for both directions; `answers`: it is an answer of the VPC's resolver.
    """

    copies: Copies
    inner: bytes
    flow: Flow | None
    answers: bool

    def frame(self, sport: int, receiver: bytes, cookie: int = 0) -> bytes:
        """The outer frame, given what is left to a hash: source port, outermost destination, GENEVE flow cookie."""
        outer, gateway = self.copies, self.copies.gateway
        to = outer.dst[0] if gateway else receiver
        data = _datagram(outer.src, to, sport, VXLAN_PORT, _vxlan(outer.vni) + self.inner)
        first = outer.src
        if gateway:
            options = _option(1, gateway.endpoint, 8) + _option(2, gateway.attachment, 8) + _option(3, cookie, 4)
            header = struct.pack(">BBHI", len(options) // 4, 0, _ethertype(outer.src), 0) + options
            data, first = _datagram(gateway.src, receiver, sport, GENEVE_PORT, header + data), gateway.src
        return outer.macs + struct.pack(">H", _ethertype(first)) + data

    def fits(self) -> bool:
        """Whether an IP packet can be that long: IPv4's total length, IPv6's payload length."""
        data = self.frame(0, (self.copies.gateway or self.copies).dst[0])[14:]
        return len(data) - (0 if data[0] >> 4 == 4 else 40) <= MAX_IP


def _v4(address: bytes) -> bool:
    return address.startswith(mapped(bytes(4))[:12])


def _ethertype(address: bytes) -> int:
    return IPV4 if _v4(address) else IPV6


def _datagram(src: bytes, dst: bytes, sport: int, dport: int, payload: bytes) -> bytes:
    """IP and UDP as the mirror sends them (specification, section 5): TTL 255, no UDP checksum."""
    size = 8 + len(payload)
    udp = struct.pack(">HHHH", sport, dport, min(size, MAX_IP), 0) + payload
    if not _v4(src):
        return struct.pack(">BBHHBB", 0x60, 0, 0, min(size, MAX_IP), UDP, 255) + src + dst + udp
    ends = src[12:] + dst[12:]
    fixed = struct.pack(">BBHHHBB", 0x45, 0, min(20 + size, MAX_IP), 0, 0, 255, UDP)
    return fixed + struct.pack(">H", 0xFFFF ^ ones_sum(fixed, ends)) + ends + udp


def _vxlan(vni: int) -> bytes:
    return struct.pack(">BxxxI", 0x08, vni << 8)


def _option(kind: int, value: int, size: int) -> bytes:
    return struct.pack(">HBB", AWS_CLASS, kind, size // 4) + value.to_bytes(size, "big")
