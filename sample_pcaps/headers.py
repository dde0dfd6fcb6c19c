"""Link headers, tags, tunnels and protocols by hand, from their documents: what scapy lacks or fills in its own way.

Each function puts its header in front of the bytes given and returns the whole.
"""

# ruff: noqa: PLR0913, PLR0917, PLR2004 - headers have many fields, and numbers stand as their documents write them
from __future__ import annotations

import struct

from malformed import DST4, DST6, ETHERNET, SRC4, SRC6, checksum

ROUTER4, FAR4 = bytes([10, 0, 1, 30]), bytes([10, 0, 9, 9])
ROUTER6 = bytes.fromhex("20010db8000100000000000000000030")
IPV4, IPV6, BRIDGING = 0x0800, 0x86DD, 0x6558
MAC = bytes.fromhex("02000a01000a")


def version(packet: bytes) -> int:
    """The EtherType of an IP packet."""
    return IPV6 if packet[0] >> 4 == 6 else IPV4


# ------------------------------------------------------------------------------------------------------- link headers


def null(packet: bytes, family: int = 2, order: str = "<") -> bytes:
    """BSD loopback: four bytes of address family."""
    return struct.pack(f"{order}I", family) + packet


def sll(packet: bytes, ethertype: int | None = None, hardware: int = 1) -> bytes:
    """Linux cooked: packet type, hardware type, address, protocol."""
    ethertype = version(packet) if ethertype is None else ethertype
    return struct.pack(">HHH6sxxH", 0, hardware, 6, MAC, ethertype) + packet


def sll2(packet: bytes, ethertype: int | None = None, hardware: int = 1) -> bytes:
    """Linux cooked of version 2: the protocol comes first."""
    ethertype = version(packet) if ethertype is None else ethertype
    return struct.pack(">HHIHBB6sxx", ethertype, 0, 3, hardware, 0, 6, MAC) + packet


def ppp(packet: bytes, protocol: int = 0x0021, framed: bool = True, compressed: bool = False) -> bytes:
    """RFC 1662, section 3.1; the protocol field may be one byte (RFC 1661, section 6.5)."""
    field = bytes([protocol]) if compressed else struct.pack(">H", protocol)
    return b"\xff\x03" * framed + field + packet


def chdlc(packet: bytes, ethertype: int | None = None, address: int = 0x0F) -> bytes:
    """Cisco HDLC: address, control, EtherType."""
    return struct.pack(">BBH", address, 0, version(packet) if ethertype is None else ethertype) + packet


def snap(packet: bytes, ethertype: int | None = None) -> bytes:
    """LLC with SNAP, organisation 0 (RFC 1042)."""
    return b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", version(packet) if ethertype is None else ethertype) + packet


def wifi(packet: bytes, qos: bool = False, ds: int = 1, ht: bool = False, protected: bool = False) -> bytes:
    """An IEEE 802.11 data frame; `ds` has bit 0 to the distribution system, bit 1 from it: both mean four addresses."""
    control = bytes([0x88 if qos else 0x08, ds | 0x80 * ht | 0x40 * protected])
    addresses = DST_MAC + MAC + DST_MAC + b"\x10\0" + MAC * (ds == 3)
    return control + b"\0\0" + addresses + b"\0\0" * qos + bytes(4) * (qos and ht) + snap(packet)


def radiotap(frame: bytes, fcs: bool = False, bad: bool = False) -> bytes:
    """Radiotap of the fields Flags and Rate; `fcs`: four bytes of it follow the frame."""
    flags = 0x10 * fcs | 0x40 * bad
    return struct.pack("<BBHIBB", 0, 0, 10, 0b110, flags, 108) + frame + b"\xde\xad\xbe\xef" * fcs


DST_MAC = ETHERNET[:6]


# --------------------------------------------------------------------------------------------------------------- tags


def eth(payload: bytes, ethertype: int) -> bytes:
    return ETHERNET + struct.pack(">H", ethertype) + payload


def split(frame: bytes) -> tuple[int, bytes]:
    """An Ethernet frame's EtherType and what follows."""
    return int.from_bytes(frame[12:14], "big"), frame[14:]


def vlan(frame: bytes, *tags: int, kind: int = 0x8100) -> bytes:
    """Tags, outermost first."""
    ethertype, rest = split(frame)
    for tag in reversed(tags):
        rest, ethertype = struct.pack(">HH", tag, ethertype) + rest, kind
    return frame[:12] + struct.pack(">H", ethertype) + rest


def vntag(frame: bytes) -> bytes:
    """Cisco's VN-Tag: direction, pointer, destination, source interface."""
    return frame[:12] + b"\x89\x26" + b"\0\x07\0\x09" + frame[12:]


def etag(frame: bytes) -> bytes:
    """IEEE 802.1BR, section 7.5."""
    return frame[:12] + b"\x89\x3f" + b"\0\0\0\x07\0\0" + frame[12:]


def backbone(frame: bytes) -> bytes:
    """IEEE 802.1ah: a service instance tag, then the customer's frame."""
    return eth(b"\0\0\x12\x34" + frame, 0x88E7)


def dce(frame: bytes) -> bytes:
    """Cisco's FabricPath: forwarding tag and TTL, then the frame."""
    return eth(b"\0\x41" + frame, 0x8903)


def pppoe(frame: bytes) -> bytes:
    """An IP packet's frame as PPPoE of a session (RFC 2516, section 4)."""
    ethertype, rest = split(frame)
    inside = struct.pack(">H", 0x0057 if ethertype == IPV6 else 0x0021) + rest
    return frame[:12] + b"\x88\x64" + struct.pack(">BBHH", 0x11, 0, 7, len(inside)) + inside


def labels(*numbers: int) -> bytes:
    """A label stack, the bottom last (RFC 3032, section 2.1)."""
    last = len(numbers) - 1
    return b"".join(struct.pack(">I", n << 12 | (at == last) << 8 | 64) for at, n in enumerate(numbers))


def mpls(frame: bytes, *numbers: int, kind: int = 0x8847) -> bytes:
    return frame[:12] + struct.pack(">H", kind) + labels(*numbers) + frame[14:]


def pseudowire(frame: bytes, *numbers: int) -> bytes:
    """Ethernet over MPLS with a control word (RFC 4448)."""
    return eth(labels(*numbers) + bytes(4) + frame, 0x8847)


def nsh(payload: bytes, following: int) -> bytes:
    """RFC 8300, section 2: metadata of type 1, 16 bytes of context."""
    return struct.pack(">HBBI", 63 << 6 | 6, 1, following, 7 << 8 | 255) + bytes(16) + payload


# ------------------------------------------------------------------------------------------------------------ tunnels


def ip(payload: bytes, proto: int, src: bytes = SRC4, dst: bytes = DST4, number: int = 7, fragment: int = 0) -> bytes:
    """IP of the addresses' version; `fragment` is IPv4's word of flags and offset."""
    if len(src) == 16:
        return struct.pack(">IHBB", 6 << 28, len(payload), proto, 64) + src + dst + payload
    head = struct.pack(">BBHHHBB", 0x45, 0, 20 + len(payload), number, fragment, 64, proto)
    return head + checksum(head + b"\0\0" + src + dst) + src + dst + payload


def udp(payload: bytes, sport: int, dport: int) -> bytes:
    """Without checksum."""
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def carried(payload: bytes, proto: int, src: bytes = SRC4, dst: bytes = FAR4) -> bytes:
    """A tunnel's frame."""
    packet = ip(payload, proto, src, dst)
    return eth(packet, version(packet))


def datagram(payload: bytes, dport: int, src: bytes = SRC4, dst: bytes = FAR4) -> bytes:
    """A tunnel's frame over UDP."""
    return carried(udp(payload, 50000, dport), 17, src, dst)


def vxlan(frame: bytes, vni: int, flags: int = 0x08, middle: int = 0) -> bytes:
    """RFC 7348, section 5."""
    return struct.pack(">II", flags << 24 | middle, vni << 8) + frame


def geneve(payload: bytes, protocol: int, options: bytes = b"", vni: int = 0) -> bytes:
    """RFC 8926, section 3.4."""
    return struct.pack(">BBHI", len(options) // 4, 0, protocol, vni << 8) + options + payload


def option(option_class: int, kind: int, data: bytes) -> bytes:
    """RFC 8926, section 3.5."""
    return struct.pack(">HBB", option_class, kind, len(data) // 4) + data


def gre(
    payload: bytes, protocol: int, key: int | None = None, sequence: int | None = None, summed: bool = False,
    routes: bytes = b"",
) -> bytes:  # fmt: skip
    """RFC 2784 and RFC 2890; source routes as RFC 1701 has them."""
    bits = 0x8000 * summed | 0x4000 * bool(routes) | 0x2000 * (key is not None) | 0x1000 * (sequence is not None)
    rest = b"".join(struct.pack(">I", field) for field in (key, sequence) if field is not None) + routes + payload
    head = struct.pack(">HH", bits, protocol)
    if summed or routes:
        right = checksum(head + bytes(4) + rest) if summed else b"\0\0"
        head += right + b"\0\0"
    return head + rest


def source_route(*addresses: bytes) -> bytes:
    """RFC 1701's source route entries: one list of IPv4 addresses, and the end."""
    data = b"".join(addresses)
    return struct.pack(">HBB", IPV4, 0, len(data)) + data + bytes(4)


def pptp(packet: bytes, call: int, sequence: int, acknowledgment: int | None = None) -> bytes:
    """GRE of version 1 around PPP (RFC 2637, section 4.1)."""
    inside = ppp(packet, 0x0057 if packet[0] >> 4 == 6 else 0x0021)
    bits = 0x3001 | 0x0080 * (acknowledgment is not None)
    head = struct.pack(">HHHHI", bits, 0x880B, len(inside), call, sequence)
    return head + (b"" if acknowledgment is None else struct.pack(">I", acknowledgment)) + inside


def erspan2(frame: bytes, session: int, tag: int = 0, index: int = 0, truncated: bool = False) -> bytes:
    """ERSPAN of type II: version 1, VLAN, class of service, encapsulation, T, session; index."""
    return struct.pack(">HHI", 1 << 12 | tag, 3 << 11 | truncated << 10 | session, index) + frame


def erspan3(
    frame: bytes, session: int, egress: bool = False, time: int = 0, truncated: bool = False, platform: bytes = b"",
    kind: int = 0,
) -> bytes:  # fmt: skip
    """ERSPAN of type III: version 2; timestamp; security group, frame type `kind`, hardware, direction, O."""
    last = 1 << 15 | kind << 10 | 5 << 4 | egress << 3 | 0b11 << 1 | bool(platform)
    head = struct.pack(">HHIHH", 2 << 12 | 10, truncated << 10 | session, time, 99, last)
    return head + platform + frame


def teredo(packet: bytes, authentication: bool = False, origin: bool = False) -> bytes:
    """RFC 4380, section 5.1.1."""
    first = b"\0\x01\0\0" + bytes(9) if authentication else b""
    second = b"\0\0" + b"\xff\xff" + bytes(4) if origin else b""
    return first + second + packet


# ---------------------------------------------------------------------------------------------------------- protocols


def crc32c(data: bytes) -> int:
    """RFC 9260, appendix A."""
    total = 0xFFFF_FFFF
    for byte in data:
        total ^= byte
        for _ in range(8):
            total = total >> 1 ^ (0x82F6_3B78 if total & 1 else 0)
    return total ^ 0xFFFF_FFFF


def chunk(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    """RFC 9260, section 3.2: padded to four bytes, which the length leaves out."""
    return struct.pack(">BBH", kind, flags, 4 + len(body)) + body + bytes(-len(body) % 4)


def sctp(*chunks: bytes, sport: int = 36412, dport: int = 36412, tag: int = 7, total: int | None = None) -> bytes:
    """RFC 9260, section 3.1. `total`: a checksum other than the right one."""
    ports, rest = struct.pack(">HHI", sport, dport, tag), b"".join(chunks)
    total = crc32c(ports + bytes(4) + rest) if total is None else total
    return ports + struct.pack("<I", total) + rest


def igmp(kind: int, group: bytes, rest: bytes = b"", response: int = 0) -> bytes:
    """RFC 2236, section 2; `rest`: what version 3 adds."""
    body = group + rest
    return bytes([kind, response]) + checksum(bytes([kind, response, 0, 0]) + body) + body


def esp(opaque: bytes, index: int = 0x1001, sequence: int = 1) -> bytes:
    """RFC 4303, section 2."""
    return struct.pack(">II", index, sequence) + opaque


def ah(payload: bytes, following: int) -> bytes:
    """RFC 4302, section 2, with 12 bytes of integrity check value."""
    return struct.pack(">BBHII", following, 4, 0, 0x1002, 1) + bytes(12) + payload


def summed(segment: bytes, at: int, proto: int, src: bytes = SRC4, dst: bytes = DST4) -> bytes:
    """A segment with its checksum, over the pseudo-header of the addresses, filled in."""
    pseudo = src + dst + struct.pack(">IHBB", len(segment), 0, 0, proto)
    right = checksum(pseudo + segment[:at] + b"\0\0" + segment[at + 2 :])
    return segment[:at] + right + segment[at + 2 :]


def icmp(kind: int, code: int, quoted: bytes, word: int = 0) -> bytes:
    """An ICMPv4 error (RFC 792)."""
    rest = struct.pack(">I", word) + quoted
    return bytes([kind, code]) + checksum(bytes([kind, code, 0, 0]) + rest) + rest


def icmp6(kind: int, code: int, quoted: bytes, src: bytes = ROUTER6, dst: bytes = SRC6, word: int = 0) -> bytes:
    """An ICMPv6 error (RFC 4443)."""
    return summed(bytes([kind, code, 0, 0]) + struct.pack(">I", word) + quoted, 2, 58, src, dst)


def segment_routing(payload: bytes, following: int, left: int = 1) -> bytes:
    """A routing header of two segments, the last first (RFC 8754, section 2)."""
    return bytes([following, 4, 4, left, 1, 0, 0, 0]) + DST6 + ROUTER6 + payload


def jumbo(payload: bytes, following: int, length: int) -> bytes:
    """A hop-by-hop header with the jumbo payload option (RFC 2675, section 2)."""
    return bytes([following, 0, 0xC2, 4]) + struct.pack(">I", length) + payload


def pieces(packet: bytes, size: int, number: int = 100) -> list[bytes]:
    """An IPv4 packet in fragments of `size` bytes, which is a multiple of 8."""
    payload, proto, src, dst = packet[20:], packet[9], packet[12:16], packet[16:20]
    starts = range(0, len(payload), size)
    return [
        ip(payload[at : at + size], proto, src, dst, number, (at + size < len(payload)) << 13 | at // 8)
        for at in starts
    ]  # fmt: skip


def pieces6(packet: bytes, size: int, number: int = 100) -> list[bytes]:
    """An IPv6 packet without extensions in fragments of `size` bytes."""
    payload, proto, src, dst = packet[40:], packet[6], packet[8:24], packet[24:40]
    heads = (
        (at, struct.pack(">BBHI", proto, 0, at | (at + size < len(payload)), number))
        for at in range(0, len(payload), size)
    )
    return [ip(head + payload[at : at + size], 44, src, dst) for at, head in heads]
