"""One packet: its layers as far as they go, and the verdicts on its checksums."""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them
from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any, Literal

from tmrx.plan import Identity

Link = Literal["ethernet", "ip"]
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 43, 44, 51, 60
EXTENSIONS = (0, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION, 135, 139, 140)
MAX_EXTENSIONS = 8
TAGS = (0x8100, 0x88A8, 0x9100)
MAX_TAGS = 2
IPV4, ARP, IPV6, BRIDGING = 0x0800, 0x0806, 0x86DD, 0x6558
SEGMENT_ROUTING = 4
HOME_ADDRESS = 0xC9
MAX_DATAGRAM = 65535


@dataclass(frozen=True, slots=True)
class Wrap:
    """What the mirror put around a packet. Addresses are 16 bytes; 0 is "none" for `endpoint` and `attachment`."""

    outer_src: bytes
    outer_dst: bytes
    vni: int
    encapsulation: Literal["vxlan", "geneve", "geneve+vxlan"]
    endpoint: int = 0
    attachment: int = 0
    flow_cookie: int | None = None
    # Bytes of the IP packet that carried the copy, and of the copy itself: what was sent, not what was captured.
    carrier_length: int = 0
    copy_length: int = 0
    # Where in the frame the copy begins.
    copy_start: int = 0


@dataclass(slots=True)
class Packet:
    """One packet of a frame's tree: the fields of the core's `Packet` (`core/src/packet.rs` explains them)."""

    data: bytes
    captured: int
    original: int
    frame: int = 0
    time: int = 0
    start: int = 0
    parent: int | None = None
    wrap: Wrap | None = None
    identity: Identity | None = None
    domain: int = 0
    length_source: Literal["frame", "ipv4_total_length", "ipv6_payload_length"] = "frame"
    l3: int | None = None
    l4: int | None = None
    payload: int | None = None
    payload_original: int = 0
    vlans: list[int] = field(default_factory=list)
    ethertype: int = 0
    ip: int = 0
    src: bytes = bytes(16)
    dst: bytes = bytes(16)
    proto: int = 0
    ttl: int = 0
    layer: str = "none"
    stop: str = "complete"
    fragment: bool = False
    sport: int = 0
    dport: int = 0
    tcp_flags: int = 0
    window: int = 0
    seq: int = 0
    ack: int = 0
    truncated: set[str] = field(default_factory=set)
    l3_checksum: str = "absent"
    l4_checksum: str = "absent"
    # Source and destination of the pseudo-header, once the IP header is whole.
    ends: bytes = b""
    anomalies: set[str] = field(default_factory=set)

    def offset(self, name: Literal["l3", "l4", "payload"]) -> int:
        """An offset in bytes, as records print it: `captured` where it was not reached (decision 3)."""
        value: int | None = getattr(self, name)
        return self.captured if value is None else value

    def bytes_of_payload(self) -> bytes:
        """The captured payload."""
        return self.data[self.offset("payload") :][: self.payload_captured]

    @property
    def payload_captured(self) -> int:
        """Payload bytes that are there."""
        return max(0, min(self.captured - self.offset("payload"), self.payload_original))


class _Stop(Exception):
    """Decoding ends here; the argument is the packet's `stop`."""


def decode(data: bytes, original: int, link: Link, copy: bool = False) -> Packet:
    """One packet's layers and checksum verdicts: `data` as captured, of `original` bytes.

    `copy`: it was taken out of a tunnel, so that its link header may have been cut by the mirror.
    """
    p = Packet(data, len(data), max(original, len(data)))
    try:
        if link == "ethernet" and p.original < 14 and not copy:
            raise _malformed(p, "ethernet.too_short")
        _link(p, link)
    except _Stop as stop:
        p.stop = str(stop)
    for checksum, layer in ((p.l3_checksum, "ipv4"), (p.l4_checksum, p.layer)):
        if checksum == "bad":
            p.anomalies.add(f"{layer}.bad_checksum")
    return p


def _header(kind: str, data: bytes) -> Any:
    """The fixed header at the start of `data` by dpkt's own table ("ip.IP"), without dpkt's view of what follows."""
    import dpkt  # type: ignore[import-untyped]  # noqa: PLC0415 - a development dependency

    module, name = kind.split(".")
    header = getattr(getattr(dpkt, module), name)()
    dpkt.Packet.unpack(header, data)
    return header


def _need(p: Packet, at: int, size: int) -> bytes:
    """`size` captured bytes at `at`, or the end of decoding (decision 1)."""
    if p.captured < at + size:
        raise _Stop("truncated")
    return p.data[at : at + size]


def _malformed(p: Packet, anomaly: str) -> _Stop:
    p.anomalies.add(anomaly)
    return _Stop("malformed")


# ------------------------------------------------------------------------------------------------------------ link


def _link(p: Packet, link: Link) -> None:
    """The link header, its tags, and on to what the EtherType says."""
    if link == "ip":
        return _raw_ip(p)
    header = _header("ethernet.Ethernet", _need(p, 0, 14))
    p.layer, p.ethertype, at = "ethernet", header.type, 14
    while p.ethertype in TAGS:
        if len(p.vlans) == MAX_TAGS:
            p.anomalies.add("vlan.too_many")
            raise _Stop("unknown")
        control, ethertype = struct.unpack(">HH", _need(p, at, 4))
        p.vlans.append(control & 0x0FFF)
        p.layer, p.ethertype, at = "vlan", ethertype, at + 4
    p.l3 = at
    followed = {IPV4: _ipv4, IPV6: _ipv6, ARP: _arp}
    if p.ethertype not in followed:
        p.anomalies.add("ethernet.unknown_type")
        raise _Stop("unknown")
    followed[p.ethertype](p, at)


def _raw_ip(p: Packet) -> None:
    p.l3 = 0
    version = _need(p, 0, 1)[0] >> 4
    if version == 4:
        _ipv4(p, 0)
    elif version == 6:
        _ipv6(p, 0)
    else:
        raise _malformed(p, "ip.unknown_version")


def _arp(p: Packet, at: int) -> None:
    header = _header("arp.ARP", _need(p, at, 28))
    p.layer = "arp"
    if (header.hrd, header.pro, header.hln, header.pln) != (1, IPV4, 6, 4):
        raise _malformed(p, "arp.malformed")


# --------------------------------------------------------------------------------------------------------- network


def mapped(address: bytes) -> bytes:
    """An address as 16 bytes, IPv4 in its mapped form (RFC 4291, section 2.5.5.2)."""
    return address if len(address) == 16 else bytes(10) + b"\xff\xff" + address


def _ends_at(p: Packet, end: int, source: Literal["ipv4_total_length", "ipv6_payload_length"]) -> None:
    """The IP header says where the packet ends: what follows is padding (decision 4)."""
    p.original, p.length_source = end, source
    p.captured = min(p.captured, end)


def _ipv4(p: Packet, at: int) -> None:
    p.l3_checksum = _ipv4_checksum(p, at)
    header = _header("ip.IP", _need(p, at, 20))
    if header.v != 4:
        p.l3_checksum = "absent"
        raise _malformed(p, "ipv4.version")
    p.layer, p.ip = "ipv4", 4
    p.src, p.dst, p.proto, p.ttl = mapped(header.src), mapped(header.dst), header.p, header.ttl
    size, length = header.hl * 4, header.len
    if size < 20:
        raise _malformed(p, "ipv4.header_length")
    if length == 0:
        p.anomalies.add("ipv4.total_length_zero")
        length = p.original - at
    if length < size:
        raise _malformed(p, "ipv4.total_length")
    if header.len:
        _ends_at(p, at + length, "ipv4_total_length")
    _unverifiable(p)
    if not well_formed(_need(p, at, size)[20:]):
        p.anomalies.add("ipv4.options")
    if header.rf:
        p.anomalies.add("ipv4.reserved_flag")
    offset = header.offset * 8
    p.fragment = bool(header.mf) or offset > 0
    if p.fragment and offset + length > MAX_DATAGRAM:
        p.anomalies.add("ipv4.fragment_too_large")
    _ip_payload(p, at + size, offset, header.src + header.dst)


def _ipv4_checksum(p: Packet, at: int) -> str:
    """The verdict on an IPv4 header, cut or whole; none where it has no length."""
    size = (p.data[at] & 15) * 4 if len(p.data) > at else 20
    if size < 20:
        return "absent"
    header = p.data[at : at + size]
    return _verdict(ones_sum(header), len(header) == size, len(header) >= 12 and header[10:12] == b"\0\0")


def well_formed(options: bytes) -> bool:
    """Whether a list of kind-length-data options holds together (RFC 791 and RFC 9293, both section 3.1)."""
    at = 0
    while at < len(options):
        if options[at] == 0:
            return True
        if options[at] == 1:
            at += 1
            continue
        if at + 1 == len(options) or options[at + 1] < 2 or at + options[at + 1] > len(options):
            return False
        at += options[at + 1]
    return True


def _ipv6(p: Packet, at: int) -> None:
    header = _header("ip6.IP6", _need(p, at, 40))
    if header.v != 6:
        raise _malformed(p, "ipv6.version")
    p.layer, p.ip = "ipv6", 6
    p.src, p.dst, p.proto, p.ttl = header.src, header.dst, header.nxt, header.hlim
    _ends_at(p, at + 40 + header.plen, "ipv6_payload_length")
    src, dst, offset = header.src, header.dst, 0
    at += 40
    followed = 0
    while p.proto in EXTENSIONS and not offset:
        if followed == MAX_EXTENSIONS:
            p.anomalies.add("ipv6.extensions_too_many")
            raise _Stop("unknown")
        followed += 1
        kind, extension, size = _extension(p, at)
        at += size
        if kind == ROUTING:
            dst = _final_destination(extension) or dst
        elif kind == DESTINATION:
            src = _home_address(extension) or src
        elif kind == FRAGMENT:
            offset = _ipv6_fragment(p, extension, at)
    _unverifiable(p)
    _need(p, at, 0)
    _ip_payload(p, at, offset, src + dst)


def _extension(p: Packet, at: int) -> tuple[int, bytes, int]:
    """The extension header at `at`: its kind, its bytes as captured, its length; `proto` becomes what follows it.

    RFC 8200, section 4; authentication: RFC 4302, section 2.2.
    """
    kind = p.proto
    if at + 8 > p.original:
        raise _malformed(p, "ipv6.extension_length")
    following, units = _need(p, at, 8)[:2]
    size = {FRAGMENT: 8, AUTHENTICATION: (units + 2) * 4}.get(kind, (units + 1) * 8)
    if at + size > p.original:
        raise _malformed(p, "ipv6.extension_length")
    extension = p.data[at : min(at + size, p.captured)]
    if kind == ROUTING and extension[2] == 0:
        p.anomalies.add("ipv6.routing_type_0")
    p.proto = following
    return kind, extension, size


def _final_destination(routing: bytes) -> bytes | None:
    """Where a routing header with segments left ends (decision 9)."""
    if routing[3] == 0 or len(routing) < 24:
        return None
    return routing[8:24] if routing[2] == SEGMENT_ROUTING else routing[-16:]


def _home_address(destination: bytes) -> bytes | None:
    """The home address option, which stands for the source (RFC 6275, section 6.3)."""
    at = 2
    while at + 1 < len(destination):
        kind, size = destination[at : at + 2]
        if kind == 0:
            at += 1
            continue
        data = destination[at + 2 : at + 2 + size]
        if kind == HOME_ADDRESS and size == len(data) == 16:
            return data
        at += 2 + size
    return None


def _ipv6_fragment(p: Packet, extension: bytes, at: int) -> int:
    header = _header("ip6.IP6FragmentHeader", extension)
    offset = int(header.frag_off) * 8
    p.fragment = p.fragment or bool(header.m_flag) or offset > 0
    if offset + p.original - at > MAX_DATAGRAM:
        p.anomalies.add("ipv6.fragment_too_large")
    return offset


# ------------------------------------------------------------------------------------------------------- transport


def ones_sum(*parts: bytes) -> int:
    """One's complement sum of 16-bit words, folded (RFC 1071); each odd part is padded with a zero byte."""
    total = 0
    for part in parts:
        total += sum(word for (word,) in struct.iter_unpack(">H", part + b"\0" * (len(part) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _verdict(total: int, whole: bool, uncalculated: bool, absent: bool = False) -> str:
    """Specification, section 6.4, in its order."""
    if whole and total == 0xFFFF:
        return "valid"
    if absent:
        return "absent"
    if uncalculated:
        return "not_calculated"
    return "bad" if whole else "unverifiable"


def _unverifiable(p: Packet) -> None:
    """Until the transport header's checksum field is reached, nothing is known of it."""
    if p.proto in (TCP, UDP) or (p.proto, p.ip) in ((ICMP, 4), (ICMPV6, 6)):
        p.l4_checksum = "unverifiable"


def _ip_payload(p: Packet, at: int, fragment_offset: int, addresses: bytes) -> None:
    """What IP carries. `addresses`: source and destination of the pseudo-header."""
    p.l4, p.ends = at, addresses
    if fragment_offset or p.l4_checksum != "unverifiable":
        p.l4_checksum = "absent"
        p.payload, p.payload_original = at, p.original - at
        if fragment_offset:
            raise _Stop("fragment")
        p.layer = "other"
        raise _Stop("unknown")
    transport = {TCP: _tcp, UDP: _udp, ICMP: _icmp, ICMPV6: _icmp}[p.proto]
    transport(p, at, p.original - at, addresses)


def pseudo_header(addresses: bytes, covered: int, protocol: int) -> bytes:
    """What the checksum covers beside the segment (RFC 9293, section 3.1; RFC 8200, section 8.1)."""
    return addresses + struct.pack(">IHBB", covered, 0, 0, protocol)


def _l4_verdict(p: Packet, at: int, field_at: int, covered: int, addresses: bytes) -> None:
    """The verdict on the checksum over `covered` bytes at `at` whose field stands `field_at` bytes in."""
    segment = p.data[at : min(at + covered, p.captured)]
    found = p.data[at + field_at : min(at + field_at + 2, p.captured)]
    if len(found) < 2:
        return
    pseudo = pseudo_header(addresses, covered, p.proto) if addresses else b""
    whole = len(segment) == covered and not p.fragment
    uncalculated = found == b"\0\0" or (pseudo != b"" and found == struct.pack(">H", ones_sum(pseudo)))
    absent = p.layer == "udp" and p.ip == 4 and found == b"\0\0"
    p.l4_checksum = _verdict(ones_sum(pseudo, segment), whole, uncalculated, absent)


def _transport_malformed(p: Packet, anomaly: str) -> _Stop:
    """A header that was not reached has no checksum; one that was, has one that can't be told (decision 12)."""
    p.l4_checksum = "absent" if p.layer.startswith("ip") else "unverifiable"
    return _malformed(p, anomaly)


def _tcp(p: Packet, at: int, size: int, addresses: bytes) -> None:
    if size < 20:
        raise _transport_malformed(p, "tcp.too_short")
    _l4_verdict(p, at, 16, size, addresses)
    header = _header("tcp.TCP", _need(p, at, 20))
    p.layer = "tcp"
    p.sport, p.dport, p.seq, p.ack = header.sport, header.dport, header.seq, header.ack
    p.window, p.tcp_flags = header.win, header.flags & 0xFF
    if _odd_flags(p.tcp_flags):
        p.anomalies.add("tcp.flags")
    offset = header.off * 4
    if offset < 20 or offset > size:
        raise _transport_malformed(p, "tcp.header_length")
    p.payload_original = size - offset
    if not well_formed(_need(p, at, offset)[20:]):
        p.anomalies.add("tcp.options")
    p.payload = at + offset


def _odd_flags(flags: int) -> bool:
    """Combinations that no stack sends: none of the six, SYN with FIN or RST, FIN without ACK."""
    fin, syn, rst, ack = flags & 0x01, flags & 0x02, flags & 0x04, flags & 0x10
    return bool(not flags & 0x3F or (syn and (fin or rst)) or (fin and not ack))


def _udp(p: Packet, at: int, size: int, addresses: bytes) -> None:
    if size < 8:
        raise _transport_malformed(p, "udp.too_short")
    header = _header("udp.UDP", _need(p, at, 8))
    p.layer, p.sport, p.dport = "udp", header.sport, header.dport
    if header.ulen < 8:
        raise _transport_malformed(p, "udp.length")
    if not p.fragment and header.ulen != size:  # a first fragment's UDP length is the whole datagram's
        p.anomalies.add("udp.length_too_long" if header.ulen > size else "udp.length_too_short")
    _l4_verdict(p, at, 6, header.ulen, addresses)
    p.payload, p.payload_original = at + 8, min(header.ulen, size) - 8


def _icmp(p: Packet, at: int, size: int, addresses: bytes) -> None:
    layer, least = ("icmp", 8) if p.ip == 4 else ("icmpv6", 4)
    if size < least:
        raise _transport_malformed(p, f"{layer}.too_short")
    header = _header("icmp.ICMP", _need(p, at, 4))
    p.layer, p.sport, p.dport = layer, header.type, header.code
    _l4_verdict(p, at, 2, size, addresses if p.ip == 6 else b"")
    whole = min(8, size)
    p.payload_original = size - whole
    _need(p, at, whole)
    p.payload = at + whole
