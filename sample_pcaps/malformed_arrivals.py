"""One frame, or as many as it takes, for each anomaly that `malformed.py` has not: links, tunnels, options, fragments.

Each shows its anomaly and no other. Those of a link header other than Ethernet's have its name.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import headers as h
from malformed import (
    ARP,
    DST6,
    ETHERNET,
    ICMP,
    ICMPV6,
    PLAIN,
    SRC4,
    SRC6,
    TCP,
    UDP,
    eth,
    eth6,
    icmp,
    ip4,
    ip6,
    tcp,
    udp,
)
from malformed import vxlan as copy


@dataclass(frozen=True)
class Shown:
    """The frames, and how they begin."""

    frames: tuple[bytes, ...]
    link: str = "ethernet"


INNER = PLAIN[14:]
HOST6 = bytes.fromhex("20010db8000100000000000000000020")
GROUP = bytes([239, 1, 2, 3])


def one(frame: bytes, link: str = "ethernet") -> Shown:
    return Shown((frame,), link)


def gre(bits: int, protocol: int = 0x0800, rest: bytes = INNER) -> Shown:
    """GRE of any flags, in a copy of the known session."""
    return one(copy(eth(ip4(struct.pack(">HH", bits, protocol) + rest, 47))))


def inside6(payload: bytes, proto: int) -> Shown:
    return one(copy(eth6(ip6(payload, proto))))


def options4(options: bytes) -> Shown:
    return one(copy(eth(ip4(udp(), options=options))))


def extended(kind: int, body: bytes, following: int = UDP, rest: bytes | None = None) -> Shown:
    """An IPv6 packet with one extension header, of which `body` lacks the first two bytes."""
    header = bytes([following, (len(body) + 2) // 8 - 1]) + body
    return inside6(header + (udp(v6=True) if rest is None else rest), kind)


def summed(segment: bytes, at: int, proto: int, v6: bool = False) -> bytes:
    """A segment with its checksum filled in."""
    if proto == ICMP:
        return segment[:at] + h.checksum(segment) + segment[at + 2 :]
    return h.summed(segment, at, proto, SRC6 if v6 else SRC4, DST6 if v6 else h.DST4)


def icmp4(kind: int, code: int, rest: bytes = bytes(4)) -> Shown:
    return one(copy(eth(ip4(summed(bytes([kind, code, 0, 0]) + rest, 2, ICMP), ICMP))))


def icmp6(kind: int, code: int, rest: bytes = bytes(4)) -> Shown:
    return inside6(summed(bytes([kind, code, 0, 0]) + rest, 2, ICMPV6, v6=True), ICMPV6)


def segment(options: bytes, words: int | None = None) -> Shown:
    return one(copy(eth(ip4(tcp(options=options, words=words), TCP))))


def sctp(*chunks: bytes, **fields: int) -> Shown:
    return one(copy(eth(ip4(h.sctp(*chunks, **fields), 132))))


def arp(at: int, value: bytes) -> Shown:
    return one(eth(ARP[:at] + value + ARP[at + len(value) :], 0x0806))


def igmp(message: bytes) -> Shown:
    return one(copy(eth(h.ip(message, 2, dst=GROUP))))


def fragment4(payload: bytes, at: int, more: bool, number: int, proto: int = 50) -> bytes:
    return eth(h.ip(payload, proto, number=number, fragment=more << 13 | at // 8))


def fragment6(payload: bytes, at: int, more: bool, number: int, proto: int = 50) -> bytes:
    return eth6(ip6(struct.pack(">BBHI", proto, 0, at | more, number) + payload, 44))


MAC = ETHERNET[:12]
LABEL = h.labels
DATA = struct.pack(">IHHI", 100, 0, 0, 46) + b"sample"
BEGIN = struct.pack(">IIHHI", 0x1111, 65536, 1, 1, 100)
PAD4 = b"\x01\x04\0\0\0\0"
TWICE = bytes([44, 0, 0, 1, 0, 0, 0, 1, UDP, 0, 0, 1, 0, 0, 0, 2])  # two fragment headers
ALERT = b"\x05\x02\0\0\0\0"  # a router alert, and padding
NSH = h.nsh(INNER, 1)

LINKS: dict[str, Shown] = {
    "vlan.too_short": one(MAC + b"\x81\x00\x00"),
    "vlan.unknown_type": one(copy(MAC + b"\x81\x00\x00\x0a\x88\xb5who knows")),
    "service_tag.too_short": one(MAC + b"\x88\xe7" + bytes(17)),
    "vntag.too_short": one(MAC + b"\x89\x26" + bytes(5)),
    "vntag.unknown_type": one(copy(MAC + b"\x89\x26" + bytes(4) + b"\x88\xb5who knows")),
    "etag.too_short": one(MAC + b"\x89\x3f" + bytes(7)),
    "etag.unknown_type": one(copy(MAC + b"\x89\x3f" + bytes(6) + b"\x88\xb5who knows")),
    "dce.too_short": one(MAC + b"\x89\x03\x00"),
    "llc.too_short": one(MAC + b"\x00\x02\xaa\xaa"),
    "sll.too_short": one(h.sll(INNER)[:15], "sll"),
    "sll2.too_short": one(h.sll2(INNER)[:19], "sll2"),
    "loopback.too_short": one(b"\x02\0\0", "null"),
    "loopback.family": one(h.null(INNER, 99), "null"),
    "chdlc.too_short": one(b"\x0f\0\x08", "chdlc"),
    "ppp.too_short": one(MAC + b"\x88\x64\x11\0\0\x07\0\x01\0"),
    "ppp.vj_too_short": one(MAC + b"\x88\x64\x11\0\0\x07\0\x15\0\x2f" + bytes(19)),
    "ppp.ipv4_too_short": one(MAC + b"\x88\x64\x11\0\0\x07\0\x15\0\x21" + INNER[:19]),
    "ppp.ipv6_too_short": one(MAC + b"\x88\x64\x11\0\0\x07\0\x29\0\x57\x60" + bytes(38)),
    "ppp.unknown_protocol": one(MAC + b"\x88\x64\x11\0\0\x07\0\x06\x12\x34what"),
    "ppp.no_decoder": one(MAC + b"\x88\x64\x11\0\0\x07\0\x06\xc0\x21\x09\x01\0\x04"),
    "pppoe.too_short": one(MAC + b"\x88\x64\x11\0\0\x07\0"),
    "pppoe.code": one(MAC + b"\x88\x63\x11\x42\0\0\0\0"),
    "pppoe.tags": one(MAC + b"\x88\x63\x11\x09\0\0\0\x04\x01\x01\0\x09"),
    "mpls.too_short": one(MAC + b"\x88\x47\0\x01\0"),
    "mpls.payload_too_short": one(MAC + b"\x88\x47" + LABEL(16)),
    "mpls.router_alert": one(MAC + b"\x88\x47" + LABEL(1) + INNER),
    "mpls.implicit_null": one(MAC + b"\x88\x47" + LABEL(3) + INNER),
    "mpls.reserved_label": one(MAC + b"\x88\x47" + LABEL(7) + INNER),
    "mpls.unknown_payload": one(MAC + b"\x88\x47" + LABEL(16) + b"\x70what"),
    "nsh.too_short": one(MAC + b"\x89\x4f" + NSH[:7]),
    "nsh.version": one(MAC + b"\x89\x4f\x4f" + NSH[1:]),
    "nsh.header_length": one(MAC + b"\x89\x4f\x0f\xc5" + NSH[2:]),
    "nsh.reserved_type": one(MAC + b"\x89\x4f" + NSH[:2] + b"\x0f" + NSH[3:]),
    "nsh.unknown_type": one(MAC + b"\x89\x4f" + NSH[:2] + b"\x03" + NSH[3:]),
    "nsh.unknown_payload": one(MAC + b"\x89\x4f" + NSH[:3] + b"\x77" + NSH[4:]),
    "wifi.too_short": one(h.wifi(INNER)[:23], "wifi"),
    "wifi.bad_fcs": one(h.radiotap(h.wifi(INNER), fcs=True, bad=True), "radiotap"),
    "wifi.radiotap_length": one(b"\0\0\x07\0" + bytes(40), "radiotap"),
    "link.too_many_layers": one(MAC + (b"\x89\x26" + bytes(4)) * 17 + b"\x08\0" + INNER),
    "arp.too_short": one(eth(ARP[:27], 0x0806)),
    "arp.hardware": arp(0, b"\0\x06"),
    "arp.protocol": arp(2, b"\x86\xdd"),
    "arp.hardware_length": arp(4, b"\x08"),
    "arp.protocol_length": arp(5, b"\x10"),
    "arp.operation": arp(6, b"\0\x09"),
}
TUNNELS: dict[str, Shown] = {
    "vxlan.gpe_version": one(h.datagram(h.vxlan(PLAIN, 101, flags=0x1C, middle=3), 4790)),
    "vxlan.unknown_payload": one(h.datagram(h.vxlan(PLAIN, 101, flags=0x0C, middle=0x77), 4790)),
    "gre.too_short": one(copy(eth(ip4(b"\0\0\x08", 47)))),
    "gre.version": gre(0x0002),
    "gre.recursion": gre(0x0100),
    "gre.reserved_flags": gre(0x0008),
    "gre.header_length": gre(0x2000, rest=b"\0\0\0"),
    "gre.source_route": gre(0x4000, rest=bytes(4) + b"\x08\0\0\xff"),
    "gre.bad_checksum": gre(0x8000, rest=b"\x12\x34\0\0" + INNER),
    "pptp.checksum": gre(0xA001, 0x880B, bytes(20)),
    "pptp.routing": gre(0x6001, 0x880B, bytes(20)),
    "pptp.strict_route": gre(0x2801, 0x880B, bytes(20)),
    "pptp.recursion": gre(0x2101, 0x880B, bytes(20)),
    "pptp.reserved_flags": gre(0x2009, 0x880B, bytes(20)),
    "pptp.protocol": gre(0x2001, 0x0800, bytes(20)),
    "pptp.no_key": gre(0x0001, 0x880B, bytes(20)),
    "pptp.header_length": gre(0x3081, 0x880B, bytes(11)),
    "erspan.too_short": gre(0x1000, 0x88BE, bytes(11)),
    "erspan.version": gre(0x1000, 0x88BE, bytes(4) + b"\x20" + bytes(7) + PLAIN),
    "ipv6.ipv4_inside_too_short": inside6(INNER[:19], 4),
    "ipv6.ipv4_inside_version": inside6(b"\x60" + INNER[1:], 4),
    "ipv6.ipv6_inside_too_short": inside6(b"\x60" + bytes(38), 41),
    "ipv6.ipv6_inside_version": inside6(b"\x40" + bytes(39), 41),
    "ip.inside_too_short": one(copy(eth(ip4(INNER[:19], 4)))),
}
NETWORK: dict[str, Shown] = {
    "ipv4.too_short": one(eth(INNER[:19])),
    "ipv4.option_unknown": options4(b"\x55\x08" + bytes(6)),
    "ipv4.option_malformed": options4(b"\x07\x07\x03" + bytes(5)),
    "ipv4.option_padding": options4(b"\x01" * 4),
    "ipv4.option_end": options4(b"\x01" * 7 + b"\x94"),
    "ipv4.option_twice": options4(b"\x94\x04\0\0" * 2),
    "ipv4.icmpv6": one(copy(eth(ip4(icmp(), ICMPV6)))),
    "ipv4.unknown_protocol": one(copy(eth(ip4(b"who knows", 253)))),
    "ipv6.too_short": one(eth6(ip6(b"")[:39])),
    "ipv6.segment_routing": extended(43, b"\x04\x02\0" + bytes(3) + DST6),
    "ipv6.jumbogram": extended(0, b"\xc2\x04\0\0\0\x64"),
    "ipv6.hop_by_hop_twice": extended(0, ALERT, 0, bytes([UDP, 0]) + ALERT + udp(v6=True)),
    "ipv6.routing_twice": extended(43, b"\x09\0" + bytes(4), 43, bytes([UDP, 0, 9, 0]) + bytes(4) + udp(v6=True)),
    "ipv6.fragment_twice": inside6(TWICE + udp(bytes(8), v6=True), 44),
    "ipv6.destination_thrice": extended(60, ALERT, 60, bytes([60, 0]) + ALERT + bytes([UDP, 0]) + ALERT + udp(v6=True)),
    "ipv6.fragment_useless": inside6(bytes([UDP, 0, 0, 0, 0, 0, 0, 7]) + udp(v6=True), 44),
    "ipv6.fragment_reserved": inside6(bytes([UDP, 9, 0, 1, 0, 0, 0, 7]) + udp(bytes(8), v6=True), 44),
    "ipv6.option_length": extended(60, b"\xc9\x04" + bytes(4)),
    "ipv6.hop_by_hop_option": extended(0, b"\x1e\x04" + bytes(4)),
    "ipv6.hop_by_hop_padding": extended(0, PAD4),
    "ipv6.destination_option": extended(60, b"\x1e\x04" + bytes(4)),
    "ipv6.destination_padding": extended(60, PAD4),
    "ipv6.pad_zero": extended(0, b"\x05\x02\0\0\x01\0"),
    "ipv6.ah_reserved": inside6(bytes([UDP, 1, 0, 9]) + bytes(8) + udp(v6=True), 51),
    "ipv6.data_after_none": inside6(b"tail", 59),
    "ipv6.unknown_next_header": inside6(b"who knows", 253),
    "ipv6.icmpv4": inside6(icmp(), ICMP),
    "ah.length": one(copy(eth(ip4(bytes([UDP, 9]) + bytes(14), 51)))),
    "ah.twice": one(copy(eth(ip4(bytes([51, 1]) + bytes(10) + bytes(12), 51)))),
    "esp.too_short": one(copy(eth(ip4(bytes(7), 50)))),
}  # fmt: skip
TRANSPORT: dict[str, Shown] = {
    "tcp.data_offset": segment(b"", words=4),
    "tcp.option_twice": segment(b"\x04\x02\x04\x02"),
    "icmp.unknown_type": icmp4(41, 0),
    "icmp.unknown_code": icmp4(8, 1),
    "icmp.quote_too_short": icmp4(3, 1, bytes(4) + INNER[:19]),
    "icmp.quote_version": icmp4(3, 1, bytes(4) + b"\x70" + INNER[1:]),
    "icmpv6.unknown_type": icmp6(154, 0),
    "icmpv6.unknown_code": icmp6(128, 1),
    "icmpv6.unassigned_type": icmp6(50, 0),
    "icmpv6.experiment": icmp6(100, 0),
    "icmpv6.mld_hop_limit": icmp6(131, 0, bytes(20)),
    "icmpv6.quote_too_short": icmp6(1, 0, bytes(4) + b"\x60" + bytes(38)),
    "icmpv6.quote_version": icmp6(1, 0, bytes(4) + b"\x70" + bytes(39)),
    "sctp.too_short": one(copy(eth(ip4(bytes(11), 132)))),
    "sctp.chunk_too_short": sctp(h.chunk(11), b"\x0b\0\0"),
    "sctp.chunk_length": sctp(b"\x0b\0\0\x03"),
    "sctp.init_bundled": sctp(h.chunk(1, BEGIN), h.chunk(11), tag=0),
    "sctp.init_tag": sctp(h.chunk(1, BEGIN)),
    "sctp.data_tag": sctp(h.chunk(0, DATA, 3), tag=0),
    "sctp.too_many_chunks": sctp(*[h.chunk(11)] * 257),
    "sctp.bad_checksum": sctp(h.chunk(11), total=1),
    "igmp.too_short": igmp(bytes(7)),
    "igmp.v3_too_short": igmp(h.igmp(0x22, struct.pack(">HH", 0, 1))),
    "igmp.malformed": igmp(h.igmp(0x42, GROUP)),
    "igmp.bad_checksum": igmp(b"\x16\0\0\x01" + GROUP),
}
# Each of a datagram of its own, of ESP: what is inside has nothing wrong.
FRAGMENTS: dict[str, Shown] = {
    "ipv4.fragment_overlap": Shown((fragment4(bytes(16), 0, True, 71), fragment4(bytes(16), 8, True, 71))),
    "ipv4.fragment_end": Shown((fragment4(bytes(8), 32, False, 72), fragment4(bytes(8), 40, True, 72))),
    "ipv4.tiny_fragment": one(fragment4(tcp()[:16], 0, True, 73, TCP)),
    "ipv6.fragment_overlap": Shown((fragment6(bytes(16), 0, True, 74), fragment6(bytes(16), 8, True, 74))),
    "ipv6.fragment_end": Shown((fragment6(bytes(8), 32, False, 75), fragment6(bytes(8), 40, True, 75))),
    "ipv6.fragment_length": one(fragment6(bytes(17), 0, True, 76)),
    "ipv6.tiny_fragment": one(fragment6(tcp()[:16], 0, True, 77, TCP)),
}
SHOWN = LINKS | TUNNELS | NETWORK | TRANSPORT | FRAGMENTS
