"""Packets by hand, for tests: addresses as text, lengths and checksums right."""

# ruff: noqa: PLR0913, PLR0917 - every field may be the one that matters
from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60
IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}
SYN, ACK, PSH_ACK, SYN_ACK = 0x02, 0x10, 0x18, 0x12
VXLAN = 4789


def ones_complement(data: bytes) -> int:
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def ethernet(src: bytes, dst: bytes, payload: bytes, kind: int | None = None, tags: Sequence[int] = ()) -> bytes:
    """A frame; the EtherType is the payload's own version of IP unless given."""
    if kind is None:
        kind = IPV6 if payload[:1] and payload[0] >> 4 == 6 else IPV4
    return dst + src + b"".join(struct.pack(">HH", 0x8100, tag) for tag in tags) + struct.pack(">H", kind) + payload


def tcp(sport: int, dport: int, payload: bytes = b"", flags: int = ACK, seq: int = 1, ack: int = 1) -> bytes:
    return struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 64_240, 0, 0) + payload


def udp(sport: int, dport: int, payload: bytes = b"") -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def icmp(kind: int, code: int = 0, rest: bytes = b"\0\x07\0\x01", payload: bytes = b"") -> bytes:
    return struct.pack(">BBH", kind, code, 0) + rest + payload


def vxlan(vni: int, inner: bytes) -> bytes:
    return struct.pack(">II", 0x08 << 24, vni << 8) + inner


def arp(sender: str, target: str, operation: int = 1) -> bytes:
    ends = bytes(6) + ip_address(sender).packed + bytes(6) + ip_address(target).packed
    return struct.pack(">HHBBH", 1, IPV4, 6, 4, operation) + ends


def ip(
    src: str,
    dst: str,
    proto: int,
    segment: bytes,
    ttl: int = 64,
    fragment: tuple[int, bool] | None = None,
    extensions: Sequence[tuple[int, bytes]] = (),
    options: bytes = b"",
    identification: int = 7,
    checksum: bool = True,
) -> bytes:
    """A packet of the addresses' version; the segment's checksum is filled in, where `checksum`.

    `fragment`: offset in units of 8 bytes, and whether more follow; the segment is then what this fragment carries.
    `extensions`: kind and all bytes but the first, which names the next.
    """
    ends = ip_address(src).packed + ip_address(dst).packed
    if checksum and proto in CHECKSUM_AT and not (fragment and fragment[0]):
        segment = _with_checksum(ends, proto, segment)
    if len(ends) == 8:
        return _ipv4(ends, proto, segment, ttl, fragment or (0, False), options, identification)
    if fragment:
        word = fragment[0] << 3 | fragment[1]
        extensions = [*extensions, (FRAGMENT, struct.pack(">xHI", word, identification))]
    kinds = [*(kind for kind, _ in extensions), proto]
    rest = b"".join(bytes([kind]) + body for kind, (_, body) in zip(kinds[1:], extensions, strict=True)) + segment
    return struct.pack(">IHBB", 6 << 28, len(rest), kinds[0], ttl) + ends + rest


def _ipv4(
    ends: bytes, proto: int, segment: bytes, ttl: int, fragment: tuple[int, bool], options: bytes, identification: int
) -> bytes:
    size = 20 + len(options)
    word = fragment[0] | fragment[1] << 13
    head = struct.pack(">BBHHHBB", 0x40 | size // 4, 0, size + len(segment), identification, word, ttl, proto)
    return head + struct.pack(">H", ones_complement(head + ends + options)) + ends + options + segment


def _with_checksum(ends: bytes, proto: int, segment: bytes) -> bytes:
    pseudo = b"" if proto == ICMP else ends + struct.pack(">IHBB", len(segment), 0, 0, proto)
    at = CHECKSUM_AT[proto]
    right = ones_complement(pseudo + segment)
    return segment[:at] + struct.pack(">H", right or 0xFFFF) + segment[at + 2 :]
