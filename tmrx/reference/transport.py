"""What IP carries: transport headers and the verdicts on their checksums."""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them
from __future__ import annotations

import struct

from tmrx.reference.checksum import crc32c, ones_sum, pseudo_header, verdict
from tmrx.reference.icmp import icmp_message, icmp_quote
from tmrx.reference.igmp import igmp_anomaly
from tmrx.reference.options import tcp_options
from tmrx.reference.packet import (
    ESP,
    GRE,
    ICMP,
    ICMPV6,
    IGMP,
    IPV4_IN,
    IPV6_IN,
    NO_NEXT,
    SCTP,
    TCP,
    UDP,
    Packet,
    Stop,
    header,
    malformed,
    need,
)
from tmrx.reference.sctp import chunks

# The fixed parts of the transport headers that have a decoder here.
FIXED = {TCP: 20, UDP: 8, ICMP: 8, ICMPV6: 4, SCTP: 12, IGMP: 8}


def has_checksum(p: Packet) -> bool:
    """Whether the protocol has a checksum and a decoder here."""
    return p.proto in (TCP, UDP, SCTP) or (p.proto, p.ip) in ((ICMP, 4), (ICMPV6, 6), (IGMP, 4))


def ip_payload(p: Packet, at: int, fragment_offset: int, addresses: bytes) -> None:
    """What IP carries. `addresses`: source and destination of the pseudo-header."""
    p.l4, p.ends = at, addresses
    if fragment_offset:
        p.l4_checksum = "absent"
        p.payload, p.payload_original = at, p.original - at
        raise Stop("fragment")
    if p.fragment and p.original - at < FIXED.get(p.proto, 0):
        p.anomalies.add(f"ipv{p.ip}.tiny_fragment")
        p.l4_checksum = "absent"
        p.payload, p.payload_original = at, p.original - at
        raise Stop("fragment")
    if has_checksum(p):
        decoders = {TCP: _tcp, UDP: _udp, SCTP: _sctp, IGMP: _igmp, ICMP: _icmp, ICMPV6: _icmp}
        decoders[p.proto](p, at, p.original - at, addresses)
    elif p.proto == ESP:
        _esp(p, at)
    else:
        p.payload, p.payload_original = at, p.original - at
        p.layer = "gre" if p.proto == GRE else "other"
        p.anomalies |= _undecoded(p)
        raise Stop("unknown")


def _undecoded(p: Packet) -> set[str]:
    """What is said of a protocol without a decoder; tunnels are taken off elsewhere."""
    if p.proto in (GRE, IPV4_IN, IPV6_IN):
        return set()
    if p.ip == 4:
        return {"ipv4.icmpv6" if p.proto == ICMPV6 else "ipv4.unknown_protocol"}
    if p.proto == NO_NEXT:
        return {"ipv6.data_after_none"} if p.payload_original else set()
    return {"ipv6.icmpv4" if p.proto == ICMP else "ipv6.unknown_next_header"}


def l4_verdict(p: Packet, at: int, field_at: int, covered: int, addresses: bytes) -> None:
    """The verdict on the sum over `covered` bytes at `at` whose field stands `field_at` bytes in."""
    segment = p.data[at : min(at + covered, p.captured)]
    found = p.data[at + field_at : min(at + field_at + 2, p.captured)]
    if len(found) < 2:
        return
    pseudo = pseudo_header(addresses, covered, p.proto) if addresses else b""
    whole = len(segment) == covered and not p.fragment
    uncalculated = found == b"\0\0" or (pseudo != b"" and found == struct.pack(">H", ones_sum(pseudo)))
    absent = p.layer == "udp" and p.ip == 4 and found == b"\0\0"
    p.l4_checksum = verdict(ones_sum(pseudo, segment) == 0xFFFF, whole, uncalculated, absent)


def transport_malformed(p: Packet, anomaly: str) -> Stop:
    """A header that was not reached has no checksum; one that was, has one that can't be told (decision 12)."""
    p.l4_checksum = "absent" if p.layer.startswith("ip") else "unverifiable"
    return malformed(p, anomaly)


def _tcp(p: Packet, at: int, size: int, addresses: bytes) -> None:
    if size < 20:
        raise transport_malformed(p, "tcp.too_short")
    l4_verdict(p, at, 16, size, addresses)
    head = header("tcp.TCP", need(p, at, 20))
    p.layer = "tcp"
    p.sport, p.dport, p.seq, p.ack = head.sport, head.dport, head.seq, head.ack
    p.window, p.tcp_flags = head.win, head.flags & 0xFF
    if _odd_flags(p.tcp_flags):
        p.anomalies.add("tcp.flags")
    offset = head.off * 4
    if offset > size:
        raise transport_malformed(p, "tcp.header_length")
    if offset < 20:
        raise transport_malformed(p, "tcp.data_offset")
    p.payload_original = size - offset
    p.anomalies |= tcp_options(need(p, at, offset)[20:])
    p.payload = at + offset


def _odd_flags(flags: int) -> bool:
    """Combinations that no stack sends: none of the six, SYN with FIN or RST, FIN without ACK."""
    fin, syn, rst, ack = flags & 0x01, flags & 0x02, flags & 0x04, flags & 0x10
    return bool(not flags & 0x3F or (syn and (fin or rst)) or (fin and not ack))


def _udp(p: Packet, at: int, size: int, addresses: bytes) -> None:
    if size < 8:
        raise transport_malformed(p, "udp.too_short")
    head = header("udp.UDP", need(p, at, 8))
    p.layer, p.sport, p.dport = "udp", head.sport, head.dport
    length = head.ulen
    if length == 0 and p.length_source == "ipv6_jumbogram":  # RFC 2675, section 4
        length = size
    if length < 8:
        raise transport_malformed(p, "udp.length")
    if not p.fragment and length != size:  # a first fragment's UDP length is the whole datagram's
        p.anomalies.add("udp.length_too_long" if length > size else "udp.length_too_short")
    l4_verdict(p, at, 6, length, addresses)
    p.payload, p.payload_original = at + 8, min(length, size) - 8


def _icmp(p: Packet, at: int, size: int, addresses: bytes) -> None:
    layer, least = ("icmp", 8) if p.ip == 4 else ("icmpv6", 4)
    if size < least:
        raise transport_malformed(p, f"{layer}.too_short")
    head = header("icmp.ICMP", need(p, at, 4))
    p.layer, p.sport, p.dport = layer, head.type, head.code
    l4_verdict(p, at, 2, size, addresses if p.ip == 6 else b"")
    whole = min(8, size)
    p.payload_original = size - whole
    p.anomalies |= icmp_message(p)
    need(p, at, whole)
    p.payload = at + whole
    if not p.fragment:
        p.anomalies |= icmp_quote(p)


def _igmp(p: Packet, at: int, size: int, _: bytes) -> None:
    """RFC 2236, section 2; the sum is ICMP's."""
    if size < 8:
        raise transport_malformed(p, "igmp.too_short")
    l4_verdict(p, at, 2, size, b"")
    head = need(p, at, 8)
    p.layer, p.payload, p.payload_original = "igmp", at + 8, size - 8
    anomaly = igmp_anomaly(head[0], p.data[at : p.captured], size)
    if anomaly:
        raise transport_malformed(p, anomaly)


def _sctp(p: Packet, at: int, size: int, _: bytes) -> None:
    """RFC 9260, section 3.1: ports, verification tag, checksum; then chunks."""
    if size < 12:
        raise transport_malformed(p, "sctp.too_short")
    ports, total = struct.unpack("<8sI", need(p, at, 12))  # the checksum's bytes stand lowest first (appendix A)
    p.sport, p.dport, p.seq = struct.unpack(">HHI", ports)
    p.layer, p.payload, p.payload_original = "sctp", at + 12, size - 12
    segment = p.data[at : min(at + size, p.captured)]
    right = crc32c(ports + bytes(4) + segment[12:]) == total
    p.l4_checksum = verdict(right, len(segment) == size and not p.fragment, total == 0)
    if not p.fragment:
        chunks(p, segment[12:], size - 12)


def _esp(p: Packet, at: int) -> None:
    """RFC 4303, section 2: index and sequence number; the rest is nobody's business."""
    size = p.original - at
    if size < 8:
        raise malformed(p, "esp.too_short")
    p.seq, p.ack = struct.unpack(">II", need(p, at, 8))
    p.layer, p.payload, p.payload_original = "esp", at + 8, size - 8
