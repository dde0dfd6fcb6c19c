"""One frame: its tunnels, the mirror around the innermost packet, and what cut that packet short."""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any, Literal

from tmrx.plan import Identity, Plan
from tmrx.reference.packet import BRIDGING, IPV4, IPV6, Link, Packet, Wrap, decode

AWS_CLASS = 0x0108
OWN_DOMAIN = 0x8000_0000
# AWS documents an overhead that is 4 bytes above the real one (specification, section 5).
MTU_SLACK = 4

# What a mirror never copies (specification, section 3).
METADATA = ("169.254.169.254", "fd00:ec2::254")
TIME = ("169.254.169.123", "fd00:ec2::123")
ACTIVATION = ("169.254.169.250", "169.254.169.251", "fd00:ec2::250")
ACTIVATION_PORT = 1688
DHCP_PORTS = {4: {67, 68}, 6: {546, 547}}


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as received: `time` in ns since the epoch, its bytes, and its length on the wire in bytes."""

    time: int
    data: bytes
    original: int
    link: Link = "ethernet"


@dataclass(slots=True)
class _Found:
    """A frame's packets, outermost first, and the mirror around them."""

    packets: list[Packet]
    wrap: Wrap | None = None
    anomalies: set[str] = field(default_factory=set)

    def of_mirror(self, encapsulation: str) -> bool:
        """Whether the tunnel about to be taken off is the mirror's own, not a host's (decision 15)."""
        return len(self.packets) == 1 or (len(self.packets) == 2 and encapsulation == "geneve+vxlan")


def _peel(frame: Frame, plan: Plan) -> _Found:
    """Take tunnels off until the innermost packet is none."""
    found = _Found([decode(frame.data, frame.original, frame.link)])
    while True:
        outer = found.packets[-1]
        inside = _tunnel(outer, found, plan)
        if inside is None:
            return found
        header, link = inside
        payload = outer.start + outer.offset("payload")
        data = frame.data[payload + header : payload + outer.payload_captured]
        inner = decode(data, outer.payload_original - header, link, copy=True)
        inner.start = payload + header
        found.packets.append(inner)


def _tunnel(p: Packet, found: _Found, plan: Plan) -> tuple[int, Link] | None:
    """The length of the tunnel header in `p` and how its inside begins; None where it is no tunnel (decision 13)."""
    sound = p.layer == "udp" and p.stop == "complete" and not p.fragment and p.length_source != "frame"
    vxlan = p.dport in plan.decap.vxlan_ports
    if not sound or "udp.length_too_long" in p.anomalies or not (vxlan or p.dport in plan.decap.geneve_ports):
        return None
    if len(found.packets) > plan.decap.max_depth:
        found.anomalies.add("mirror.too_deep")
        return None
    data = p.bytes_of_payload()
    if p.payload_original < 8:
        found.anomalies.add("vxlan.too_short" if vxlan else "geneve.too_short")
    if len(data) < 8:
        return None
    return _vxlan(p, data, found) if vxlan else _geneve(p, data, found)


def _carried_by(p: Packet, header: int, vni: int, found: _Found, encapsulation: Any, **options: int) -> None:
    """Note what the mirror put around its copy."""
    lengths = {
        "carrier_length": p.original - p.offset("l3"),
        "copy_length": p.payload_original - header,
        "copy_start": p.start + p.offset("payload") + header,
    }
    before = found.wrap
    if before is not None:
        options = {"endpoint": before.endpoint, "attachment": before.attachment}
        if before.flow_cookie is not None:
            options["flow_cookie"] = before.flow_cookie
    found.wrap = Wrap(p.src, p.dst, vni, encapsulation, **lengths, **options)


def _vxlan(p: Packet, data: bytes, found: _Found) -> tuple[int, Link] | None:
    """VXLAN: flags, 24 reserved bits, VNI, 8 reserved bits (RFC 7348, section 5)."""
    flags, reserved, vni = data[0], data[1:4] + data[7:8], int.from_bytes(data[4:7], "big")
    if not flags & 0x08:
        found.anomalies.add("vxlan.no_vni")
        return None
    if flags & 0xF7 or any(reserved):
        found.anomalies.add("vxlan.reserved_bits")
    behind_geneve = found.wrap is not None and found.wrap.encapsulation == "geneve"
    encapsulation = "geneve+vxlan" if behind_geneve else "vxlan"
    if found.of_mirror(encapsulation):
        _carried_by(p, 8, vni, found, encapsulation)
    return 8, "ethernet"


def _geneve(p: Packet, data: bytes, found: _Found) -> tuple[int, Link] | None:
    """GENEVE: version and options length, flags, protocol type, VNI, reserved, options (RFC 8926, section 3.4)."""
    protocol, vni = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:7], "big")
    header = 8 + (data[0] & 0x3F) * 4
    if protocol not in (IPV4, IPV6, BRIDGING):
        found.anomalies.add("geneve.unknown_payload")
    elif data[0] >> 6 != 0:
        found.anomalies.add("geneve.version")
    elif header > p.payload_original:
        found.anomalies.add("geneve.options_overrun")
    else:
        if data[1] & 0x3F or data[7]:
            found.anomalies.add("geneve.reserved_bits")
        if header > len(data):
            return None
        if found.of_mirror("geneve"):
            _carried_by(p, header, vni, found, "geneve", **_options(data[8:header], found))
        return header, "ethernet" if protocol == BRIDGING else "ip"
    return None


def _options(data: bytes, found: _Found) -> dict[str, int]:
    """AWS's options: class 0x0108, type 1 endpoint, 2 attachment, 3 flow cookie (specification, section 7)."""
    known = {(AWS_CLASS, 1, 8): "endpoint", (AWS_CLASS, 2, 8): "attachment", (AWS_CLASS, 3, 4): "flow_cookie"}
    values: dict[str, int] = {}
    while data:
        size = (data[3] & 0x1F) * 4 if len(data) >= 4 else 0
        if len(data) < 4 + size:
            found.anomalies.add("geneve.options_overrun")
            break
        kind = (int.from_bytes(data[:2], "big"), data[2] & 0x7F, size)
        if kind in known:
            values[known[kind]] = int.from_bytes(data[4 : 4 + size], "big")
        elif data[2] & 0x80:
            found.anomalies.add("geneve.unknown_critical")
        data = data[4 + size :]
    return values


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a frame, the reason of a rejection, and its packets, outermost first."""

    fate: Literal["decoded", "rejected"]
    reason: str
    packets: tuple[Packet, ...]


class Reference:
    """The decoder of a run: it remembers the identities that it saw, in order of their first frame."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seen: list[tuple[int, bytes, int]] = []
        self._frames = 0

    def decode(self, frame: Frame) -> Outcome:
        """One frame's packets and fate. The last packet is the innermost: the one that tmrx tracks."""
        self._frames += 1
        found = _peel(frame, self.plan)
        packets = tuple(found.packets)
        snaplen = len(frame.data) < frame.original
        for depth, p in enumerate(packets):
            p.frame, p.time, p.parent = self._frames, frame.time, depth - 1 if depth else None
            _name_causes(p, snaplen, None)
        inner = packets[-1]
        inner.anomalies |= found.anomalies
        if found.wrap is None:
            return Outcome("decoded", "", packets)
        inner.wrap, inner.identity = found.wrap, self._planned(found.wrap)
        if inner.identity is None and self.plan.identity.unknown == "refuse":
            return Outcome("rejected", "unknown_identity", ())
        key = (found.wrap.vni, found.wrap.outer_src, found.wrap.endpoint)
        if key not in self._seen:
            self._seen.append(key)
            if inner.identity is None:
                inner.anomalies.add("mirror.unknown_identity")
        if _excluded(inner):
            inner.anomalies.add("mirror.excluded_traffic")
        if inner.identity is not None:
            inner.domain = inner.identity.domain
        elif self.plan.identity.unknown_domain == "own":
            inner.domain = OWN_DOMAIN + self._seen.index(key)
        inner.truncated = set()
        _name_causes(inner, snaplen, inner.identity)
        return Outcome("decoded", "", packets)

    def _planned(self, wrap: Wrap) -> Identity | None:
        """The plan's identity that fits best: source and endpoint, then one of them, then the VNI alone."""
        for src in (wrap.outer_src, b""):
            for endpoint in (wrap.endpoint, None):
                for known in self.plan.identity.known:
                    theirs = int(known.endpoint.removeprefix("vpce-"), 16) if known.endpoint else None
                    if (known.vni, known.outer_src, theirs) == (wrap.vni, src, endpoint):
                        return known
        return None


def _name_causes(p: Packet, snaplen: bool, identity: Identity | None) -> None:
    """What cut the packet short (specification, section 6.2; decision 17)."""
    if p.original <= p.captured and p.stop != "truncated":
        return
    if snaplen and p.captured < p.original:
        p.truncated.add("snaplen")
    if identity is not None and p.wrap is not None:
        before, copy = p.start - p.wrap.copy_start, p.wrap.copy_length
        cut_in_header = p.stop == "truncated" and before + p.captured == copy
        if before + p.original > copy or cut_in_header:
            if identity.packet_length and copy == identity.packet_length:
                p.truncated.add("packet_length")
            if p.wrap.carrier_length in (identity.target_mtu, identity.target_mtu - MTU_SLACK):
                p.truncated.add("mtu")
    if not p.truncated:
        p.truncated.add("unknown")


def _excluded(p: Packet) -> bool:
    """Traffic that a mirror never copies (specification, section 3)."""
    if p.layer == "arp":
        return True
    if not p.ip:
        return False
    ends = {_text(p.src), _text(p.dst)}
    ports = {p.sport, p.dport}
    return bool(
        ends & {*METADATA, *TIME}
        or (p.layer == "udp" and ports & DHCP_PORTS[p.ip])
        or (p.layer == "tcp" and ends & set(ACTIVATION) and ACTIVATION_PORT in ports)
    )


def _text(address: bytes) -> str:
    v6 = ipaddress.IPv6Address(address)
    return str(v6.ipv4_mapped or v6)
