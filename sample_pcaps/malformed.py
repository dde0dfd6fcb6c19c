"""One frame for each anomaly of mirrors, IP and transports, by hand; the others are in `malformed_arrivals.py`.

Every frame shows its anomaly and no other. Checksums are right unless they are what is wrong.
"""

# ruff: noqa: PLR0913, PLR0917, PLR2004 - every field may be the one that is wrong
from __future__ import annotations

import struct

ETHERNET = bytes.fromhex("02000a010014 02000a01000a".replace(" ", ""))
SRC4, DST4 = bytes([10, 0, 1, 10]), bytes([10, 0, 1, 20])
SRC6, DST6 = bytes.fromhex("20010db8000100000000000000000010"), bytes.fromhex("20010db8000100000000000000000020")
TARGET4 = bytes([10, 0, 9, 9])
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION, MOBILITY = 0, 43, 44, 60, 135
KNOWN_VNI, UNKNOWN_VNI = 101, 999_999


def checksum(data: bytes) -> bytes:
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", total ^ 0xFFFF)


def eth(payload: bytes, ethertype: int = 0x0800) -> bytes:
    return ETHERNET + struct.pack(">H", ethertype) + payload


def eth6(payload: bytes) -> bytes:
    return eth(payload, 0x86DD)


def ip4(
    payload: bytes,
    proto: int = UDP,
    dst: bytes = DST4,
    version: int = 4,
    words: int | None = None,
    length: int | None = None,
    flags_offset: int = 0,
    options: bytes = b"",
    wrong: int = 0,
) -> bytes:
    words = 5 + len(options) // 4 if words is None else words
    length = 20 + len(options) + len(payload) if length is None else length
    head = struct.pack(">BBHHHBB", version << 4 | words, 0, length, 7, flags_offset, 64, proto)
    right = int.from_bytes(checksum(head + b"\0\0" + SRC4 + dst + options), "big")
    return head + struct.pack(">H", right ^ wrong) + SRC4 + dst + options + payload


def ip6(payload: bytes, proto: int = UDP, version: int = 6, length: int | None = None) -> bytes:
    length = len(payload) if length is None else length
    return struct.pack(">IHBB", version << 28, length, proto, 64) + SRC6 + DST6 + payload


def pseudo(proto: int, length: int, v6: bool = False) -> bytes:
    return (SRC6 + DST6 if v6 else SRC4 + DST4) + struct.pack(">IHBB", length, 0, 0, proto)


def udp(
    payload: bytes = b"sample", dport: int = 5001, length: int | None = None, v6: bool = False, wrong: int = 0
) -> bytes:
    """The checksum covers what `length` says, of the bytes that are there."""
    length = 8 + len(payload) if length is None else length
    head = struct.pack(">HHH", 5000, dport, length)
    covered = (head + b"\0\0" + payload)[:length]
    right = int.from_bytes(checksum(pseudo(UDP, length, v6) + covered), "big")
    return head + struct.pack(">H", right ^ wrong) + payload


def tcp(
    payload: bytes = b"", flags: int = 0x10, words: int | None = None, options: bytes = b"", wrong: int = 0
) -> bytes:
    words = 5 + len(options) // 4 if words is None else words
    head = struct.pack(">HHIIBBH", 5000, 80, 1, 2, words << 4, flags, 1024)
    whole = head + b"\0\0\0\0" + options + payload
    right = int.from_bytes(checksum(pseudo(TCP, len(whole)) + whole), "big")
    return head + struct.pack(">HH", right ^ wrong, 0) + options + payload


def icmp(kind: int = 8, v6: bool = False, wrong: int = 0) -> bytes:
    rest = b"\0\x07\0\x01sample"
    covered = bytes([kind, 0, 0, 0]) + rest
    before = pseudo(ICMPV6, len(covered), v6) if v6 else b""
    right = int.from_bytes(checksum(before + covered), "big")
    return bytes([kind, 0]) + struct.pack(">H", right ^ wrong) + rest


def extension(following: int, units: int = 0, body: bytes = b"\x01\x04\0\0\0\0") -> bytes:
    return bytes([following, units]) + body


def outer(payload: bytes, dport: int = 4789) -> bytes:
    """The mirror's datagram, without UDP checksum."""
    datagram = struct.pack(">HHHH", 65409, dport, 8 + len(payload), 0) + payload
    return eth(ip4(datagram, dst=TARGET4))


def vxlan(inner: bytes, vni: int = KNOWN_VNI, flags: int = 8, last: int = 0) -> bytes:
    return outer(struct.pack(">II", flags << 24, vni << 8 | last) + inner)


def geneve(inner: bytes, options: bytes = b"", protocol: int = 0x6558, words: int | None = None, **bits: int) -> bytes:
    words = len(options) // 4 if words is None else words
    first = bits.get("version", 0) << 6 | words
    return outer(struct.pack(">BBHI", first, bits.get("flags", 0), protocol, KNOWN_VNI << 8) + options + inner, 6081)


def nested(depth: int) -> bytes:
    frame = PLAIN
    for _ in range(depth):
        frame = vxlan(frame)
    return frame


PLAIN = eth(ip4(udp()))
ARP = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + ETHERNET[6:] + SRC4 + bytes(6) + DST4
CRITICAL = struct.pack(">HBB", 0x0109, 0x81, 1) + b"what"
OVERRUN = struct.pack(">HBB", 0x0109, 1, 9) + b"no.."
TYPE_0 = bytes([UDP, 2, 0, 1]) + bytes(4) + DST6

FRAMES: dict[str, bytes] = {
    "mirror.unknown_identity": vxlan(PLAIN, vni=UNKNOWN_VNI),
    "mirror.excluded_traffic": vxlan(eth(ARP, 0x0806)),
    "mirror.too_deep": nested(5),
    "vxlan.too_short": outer(b"\x08\0\0\0"),
    "vxlan.no_vni": vxlan(PLAIN, flags=0),
    "vxlan.reserved_bits": vxlan(PLAIN, last=1),
    "geneve.too_short": outer(b"\0\0\x65\x58", 6081),
    "geneve.version": geneve(PLAIN, version=1),
    "geneve.options_overrun": geneve(PLAIN, options=OVERRUN),
    "geneve.unknown_critical": geneve(PLAIN, options=CRITICAL),
    "geneve.reserved_bits": geneve(PLAIN, flags=1),
    "geneve.unknown_payload": geneve(PLAIN, protocol=0x1234),
    "ethernet.too_short": PLAIN[:13],
    "ethernet.unknown_type": vxlan(eth(b"who knows", 0x88B5)),
    "vlan.too_many": vxlan(ETHERNET + bytes.fromhex("81000001810000028100000381000004") + b"\x08\0" + ip4(udp())),
    "ipv4.version": vxlan(eth(ip4(udp(), version=5))),
    "ipv4.header_length": vxlan(eth(ip4(udp(), words=4))),
    "ipv4.total_length": vxlan(eth(ip4(udp(), length=19))),
    "ipv4.total_length_zero": vxlan(eth(ip4(udp(), length=0))),
    "ipv4.options": vxlan(eth(ip4(udp(), options=b"\x44\x09" + bytes(6)))),
    "ipv4.reserved_flag": vxlan(eth(ip4(udp(), flags_offset=0x8000))),
    "ipv4.fragment_too_large": vxlan(eth(ip4(b"sample..", flags_offset=0x1FFF))),
    "ipv4.bad_checksum": vxlan(eth(ip4(udp(), wrong=1))),
    "ipv6.version": vxlan(eth6(ip6(udp(v6=True), version=5))),
    "ipv6.extension_length": vxlan(eth6(ip6(extension(UDP, 9) + udp(v6=True), proto=DESTINATION))),
    "ipv6.extensions_too_many": vxlan(eth6(ip6(extension(MOBILITY) * 9, proto=MOBILITY))),
    "ipv6.routing_type_0": vxlan(eth6(ip6(TYPE_0 + udp(v6=True), proto=ROUTING))),
    "ipv6.fragment_too_large": vxlan(eth6(ip6(bytes([UDP, 0, 0xFF, 0xF8, 0, 0, 0, 7]) + b"sample..", proto=FRAGMENT))),
    "ip.unknown_version": geneve(b"\x70" + bytes(30), protocol=0x0800),
    "tcp.too_short": vxlan(eth(ip4(tcp()[:19], TCP))),
    "tcp.header_length": vxlan(eth(ip4(tcp(words=6), TCP))),
    "tcp.options": vxlan(eth(ip4(tcp(options=b"\x02\x09\0\0"), TCP))),
    "tcp.flags": vxlan(eth(ip4(tcp(flags=0x03), TCP))),
    "tcp.bad_checksum": vxlan(eth(ip4(tcp(b"data", wrong=1), TCP))),
    "udp.too_short": vxlan(eth(ip4(udp()[:7]))),
    "udp.length": vxlan(eth(ip4(udp(length=7)))),
    "udp.length_too_long": vxlan(eth(ip4(udp(length=99)))),
    "udp.length_too_short": vxlan(eth(ip4(udp(length=10)))),
    "udp.bad_checksum": vxlan(eth(ip4(udp(wrong=1)))),
    "icmp.too_short": vxlan(eth(ip4(icmp()[:7], ICMP))),
    "icmp.bad_checksum": vxlan(eth(ip4(icmp(wrong=1), ICMP))),
    "icmpv6.too_short": vxlan(eth6(ip6(icmp(128, v6=True)[:3], ICMPV6))),
    "icmpv6.bad_checksum": vxlan(eth6(ip6(icmp(128, v6=True, wrong=1), ICMPV6))),
}
