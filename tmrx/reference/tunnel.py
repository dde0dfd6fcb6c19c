"""Tunnels: which there is in a packet, and how its inside begins.

A tunnel whose header contradicts itself is none: its anomaly is said. Those of IP's own protocols and GRE in UDP are
then `malformed` besides; a datagram to a tunnel's port may be anything, and stays what it is.
"""

# ruff: noqa: PLR2004 - sizes and numbers stand as the RFCs write them
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tmrx.plan import DecapSettings
from tmrx.reference.checksum import ones_sum
from tmrx.reference.packet import BRIDGING, GRE, IPV4, IPV4_IN, IPV6, IPV6_IN, Encapsulation, Link, Packet

AWS_CLASS, GOOGLE_CLASS = 0x0108, 0x0132
AWS_OPTIONS = {(1, 8): "endpoint", (2, 8): "attachment", (3, 4): "flow_cookie"}
GOOGLE_OPTIONS = ((1, 4), (2, 16), (3, 8))
ERSPAN, ERSPAN3, PPP = 0x88BE, 0x22EB, 0x880B
GRE_PAYLOADS = (IPV4, IPV6, 0x0806, 0x894F, 0x8847, 0x8848, 0x8100, 0x88A8, 0x9100)
MAX_ROUTES = 32
VERSION_OF = {IPV4: (4, 20), IPV6: (6, 40)}
INSIDE_IPV6 = {IPV4: "ipv6.ipv4_inside", IPV6: "ipv6.ipv6_inside"}


@dataclass(frozen=True, slots=True)
class Inside:
    """What a tunnel's header says: its length from the packet's payload on, and how its inside begins."""

    kind: Encapsulation
    header: int
    link: Link
    number: int = 0
    options: bytes = b""  # GENEVE's


class NoTunnel(Exception):
    """The header is not sound; the argument is the anomaly, empty where the capture ends inside."""

    def __init__(self, anomaly: str = "", malformed: bool = False) -> None:
        super().__init__(anomaly)
        self.anomaly, self.malformed = anomaly, malformed


def announced(p: Packet, plan: DecapSettings) -> Callable[[Packet, set[str]], Inside] | None:
    """The tunnel that a packet's port or IP protocol announces (decision 13)."""
    if p.fragment or p.l4 is None or p.payload is None or p.length_source in ("frame", "ipv6_jumbogram"):
        return None
    if p.proto == GRE and p.stop == "unknown":
        return (lambda p, notes: gre(p, notes, plan.tunnels)) if {"gre", "erspan"} & set(plan.tunnels) else None
    if p.proto in (IPV4_IN, IPV6_IN) and p.stop == "unknown":
        return ip_in_ip if "ip" in plan.tunnels else None
    if p.layer != "udp" or p.stop != "complete" or "udp.length_too_long" in p.anomalies:
        return None
    for ports, tunnel in (
        (plan.vxlan_ports, vxlan),
        (plan.geneve_ports, geneve),
        (plan.vxlan_gpe_ports, vxlan_gpe),
        (plan.gre_udp_ports, lambda p, notes: gre(p, notes, ("gre", "erspan"))),
    ):
        if p.dport in ports:
            return tunnel
    return teredo if {p.sport, p.dport} & set(plan.teredo_ports) and _is_teredo(p) else None


def vxlan(p: Packet, notes: set[str]) -> Inside:
    """Flags, 24 bits, VNI, 8 reserved bits (RFC 7348, section 5).

    With the flag G the 24 bits have a group policy (draft-smith-vxlan-group-policy): D, A and 16 bits of its id.
    """
    data = _fixed(p, 8, "vxlan.too_short")
    if not data[0] & 0x08:
        raise NoTunnel("vxlan.no_vni")
    known = 0x8848_FFFF if data[0] & 0x80 else 0x0800_0000
    if int.from_bytes(data[:4]) & ~known or data[7]:
        notes.add("vxlan.reserved_bits")
    return Inside("vxlan", 8, "ethernet", int.from_bytes(data[4:7]))


def vxlan_gpe(p: Packet, notes: set[str]) -> Inside:
    """With the flag P the fourth byte says what is inside (draft-ietf-nvo3-vxlan-gpe, section 3)."""
    data = _fixed(p, 8, "vxlan.too_short")
    if data[0] >> 4 & 3:
        raise NoTunnel("vxlan.gpe_version")
    if not data[0] & 0x08:
        raise NoTunnel("vxlan.no_vni")
    following = data[3] if data[0] & 0x04 else 3
    links: dict[int, Link] = {1: IPV4, 2: IPV6, 3: "ethernet", 4: 0x894F, 5: 0x8847}
    if following not in links:
        raise NoTunnel("vxlan.unknown_payload")
    _fits(p, 8, links[following])
    if data[0] & 0xC0 or any(data[1:3]) or data[7]:
        notes.add("vxlan.reserved_bits")
    return Inside("vxlan-gpe", 8, links[following], int.from_bytes(data[4:7]))


def geneve(p: Packet, notes: set[str]) -> Inside:
    """Version and options length, flags, protocol type, VNI, reserved, options (RFC 8926, section 3.4)."""
    data = _fixed(p, 8, "geneve.too_short")
    protocol, header = int.from_bytes(data[2:4]), 8 + (data[0] & 0x3F) * 4
    if protocol not in (IPV4, IPV6, BRIDGING):
        raise NoTunnel("geneve.unknown_payload")
    if data[0] >> 6 != 0:
        raise NoTunnel("geneve.version")
    if header > p.payload_original:
        raise NoTunnel("geneve.options_overrun")
    if data[1] & 0x3F or data[7]:
        notes.add("geneve.reserved_bits")
    whole = p.bytes_of_payload()[:header]
    if len(whole) < header:
        raise NoTunnel
    link: Link = "ethernet" if protocol == BRIDGING else "ip"
    return Inside("geneve", header, link, int.from_bytes(data[4:7]), whole[8:])


def geneve_options(data: bytes, notes: set[str]) -> dict[str, int]:
    """AWS's options by name; what no one knows and is critical is an anomaly (specification, section 7)."""
    values: dict[str, int] = {}
    while data:
        size = (data[3] & 0x1F) * 4 if len(data) >= 4 else 0
        if len(data) < 4 + size:
            notes.add("geneve.options_overrun")
            break
        option_class, kind = int.from_bytes(data[:2]), (data[2] & 0x7F, size)
        if option_class == AWS_CLASS and kind in AWS_OPTIONS:
            values[AWS_OPTIONS[kind]] = int.from_bytes(data[4 : 4 + size])
        elif data[2] & 0x80 and not (option_class == GOOGLE_CLASS and kind in GOOGLE_OPTIONS):
            notes.add("geneve.unknown_critical")
        data = data[4 + size :]
    return values


def ip_in_ip(p: Packet, _: set[str]) -> Inside:
    """RFC 2003, RFC 4213, RFC 2473."""
    link = IPV4 if p.proto == IPV4_IN else IPV6
    _fits(p, 0, link)
    kinds: dict[tuple[int, int], Encapsulation] = {(4, IPV4): "ipip", (4, IPV6): "6in4", (6, IPV4): "4in6"}
    return Inside(kinds.get((p.ip, link), "6in6"), 0, link)


def gre(p: Packet, notes: set[str], wanted: tuple[str, ...]) -> Inside:
    """Flags and version, protocol type; then what the flags announce (RFC 2784, RFC 2890, RFC 2637, section 4.1)."""
    data = _fixed(p, 4, "gre.too_short", malformed=True)
    flags, protocol = int.from_bytes(data[:2]), int.from_bytes(data[2:])
    is_erspan = protocol in (ERSPAN, ERSPAN3)
    if ("erspan" if is_erspan else "gre") not in wanted:
        raise NoTunnel
    fault = _gre_fault(flags, protocol)
    if fault:
        raise NoTunnel(fault, malformed=True)
    header, key = _gre_fields(p, flags)
    payload = p.bytes_of_payload()
    if is_erspan:
        inside = _erspan(p, header, protocol, sequenced=bool(flags & 0x1000))
    else:
        inside = _plain(p, header, protocol, flags & 7, key)
        _fits(p, header, inside.link)
    if flags & 0x8000 and len(payload) == p.payload_original and ones_sum(payload) != 0xFFFF:
        notes.add("gre.bad_checksum")
    return inside


def _gre_fault(flags: int, protocol: int) -> str:
    """What is wrong with the flags of either version, or nothing."""
    version = flags & 7
    if version > 1:
        return "gre.version"
    if version == 0:
        return "gre.recursion" if flags & 0x0700 else "gre.reserved_flags" if flags & 0x00F8 else ""
    faults = (
        (flags & 0x8000, "checksum"),
        (flags & 0x4000, "routing"),
        (flags & 0x0800, "strict_route"),
        (flags & 0x0700, "recursion"),
        (flags & 0x0078, "reserved_flags"),
        (protocol != PPP, "protocol"),
        (not flags & 0x2000, "no_key"),
    )
    return next((f"pptp.{name}" for is_so, name in faults if is_so), "")


def _gre_fields(p: Packet, flags: int) -> tuple[int, int]:
    """The header's length, source routes included (RFC 1701), and the key: 0 where there is none."""
    key_at = 4 + (4 if flags & 0xC000 else 0)
    at = key_at + (4 if flags & 0x2000 else 0) + (4 if flags & 0x1000 else 0)
    at += 4 if flags & 7 == 1 and flags & 0x0080 else 0
    if at > p.payload_original:
        raise NoTunnel("pptp.header_length" if flags & 7 else "gre.header_length", malformed=True)
    data = p.bytes_of_payload()
    if flags & 0x4000:
        at = _routes(p, at)
    if len(data) < at:
        raise NoTunnel
    return at, int.from_bytes(data[key_at : key_at + 4]) if flags & 0x2000 else 0


def _routes(p: Packet, at: int) -> int:
    """Where the list of source route entries ends: behind one of address family 0 and length 0."""
    data = p.bytes_of_payload()
    for _ in range(MAX_ROUTES):
        entry = data[at : at + 4]
        if len(entry) < 4:
            break
        at += 4 + entry[3]
        if entry[:2] == b"\0\0" and not entry[3]:
            return at
    if len(data) == p.payload_original:
        raise NoTunnel("gre.source_route", malformed=True)
    raise NoTunnel


def _plain(p: Packet, header: int, protocol: int, version: int, key: int) -> Inside:
    if protocol not in (*GRE_PAYLOADS, BRIDGING, PPP):
        raise NoTunnel
    link: Link = {BRIDGING: "ethernet", PPP: "ppp"}.get(protocol, protocol)  # type: ignore[assignment]
    if version == 1:
        return Inside("pptp", header, link, key & 0xFFFF)
    return Inside("gre-in-udp" if p.layer == "udp" else "gre", header, link, key)


def _erspan(p: Packet, at: int, protocol: int, sequenced: bool) -> Inside:
    """ERSPAN's header behind GRE's (draft-foschiano-erspan, section 4); type I has none and no sequence number."""
    if protocol == ERSPAN and not sequenced:
        return Inside("erspan1", at, "ethernet")
    size, version = (8, 1) if protocol == ERSPAN else (12, 2)
    if p.payload_original < at + size:
        raise NoTunnel("erspan.too_short", malformed=True)
    head = p.bytes_of_payload()[at : at + size]
    if len(head) >= 4 and head[0] >> 4 != version:
        raise NoTunnel("erspan.version", malformed=True)
    if len(head) < size:
        raise NoTunnel
    session = int.from_bytes(head[2:4]) & 0x03FF
    if protocol == ERSPAN:
        return Inside("erspan2", at + 8, "ethernet", session)
    size += 8 if head[11] & 1 else 0
    if p.payload_original < at + size:
        raise NoTunnel("erspan.too_short", malformed=True)
    if p.payload_captured < at + size:
        raise NoTunnel
    frame_type = head[10] >> 2 & 0x1F
    return Inside("erspan3", at + size, "ip" if frame_type == 2 else "ethernet", session)


def teredo(p: Packet, _: set[str]) -> Inside:
    """Authentication and origin indications, then IPv6 (RFC 4380, section 5.1.1)."""
    return Inside("teredo", _indications(p.bytes_of_payload()), IPV6)


def _indications(data: bytes) -> int:
    at = 13 + data[2] + data[3] if len(data) >= 4 and data[:2] == b"\0\1" else 0
    return at + (8 if data[at : at + 2] == b"\0\0" else 0)


def _is_teredo(p: Packet) -> bool:
    """Whether an IPv6 packet of the very length follows; anything else to that port is plain UDP."""
    data = p.bytes_of_payload()
    at = _indications(data)
    fixed = data[at : at + 40]
    return len(fixed) == 40 and fixed[0] >> 4 == 6 and at + 40 + int.from_bytes(fixed[4:6]) == p.payload_original


def _fixed(p: Packet, size: int, short: str, malformed: bool = False) -> bytes:
    """The tunnel's fixed header."""
    if p.payload_original < size:
        raise NoTunnel(short, malformed)
    data = p.bytes_of_payload()[:size]
    if len(data) < size:
        raise NoTunnel
    return data


def _fits(p: Packet, at: int, link: Link) -> None:
    """Whether what follows can be the version of IP that was announced; where it is cut, it can."""
    if link not in VERSION_OF:
        return
    version, least = VERSION_OF[link]
    directly = p.ip == 6 and p.proto in (IPV4_IN, IPV6_IN)
    before = INSIDE_IPV6[link] if directly else ""
    if p.payload_original < at + least:
        raise NoTunnel(f"{before}_too_short" if before else "ip.inside_too_short", malformed=True)
    nibble = p.bytes_of_payload()[at : at + 1]
    if nibble and nibble[0] >> 4 != version:
        raise NoTunnel(f"{before}_version" if before else f"ipv{version}.version", malformed=True)
