"""One frame: its tunnels, the mirror around the innermost packet, and what cut that packet short."""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Literal

from tmrx.plan import Identity, Plan
from tmrx.reference.decode import decode
from tmrx.reference.packet import Encapsulation, Link, Packet, Wrap
from tmrx.reference.tunnel import Inside, NoTunnel, announced, geneve_options

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

    def of_mirror(self, kind: Encapsulation) -> bool:
        """Whether the tunnel about to be taken off is the mirror's own, not a host's (decision 15)."""
        behind_geneve = len(self.packets) == 2 and self.wrap is not None and self.wrap.encapsulation == "geneve"
        return self.wrap is None or (behind_geneve and kind == "vxlan")


def _peel(frame: Frame, plan: Plan) -> _Found:
    """Take tunnels off until the innermost packet is none."""
    found = _Found([decode(frame.data, frame.original, frame.link)])
    while True:
        outer = found.packets[-1]
        inside = _tunnel(outer, found, plan)
        if inside is None:
            return found
        if found.of_mirror(inside.kind):
            found.wrap = _wrap(outer, inside, found)
        start = outer.offset("payload")
        data = outer.data[start + inside.header : start + outer.payload_captured]
        inner = decode(data, outer.payload_original - inside.header, inside.link, copy=True)
        inner.start = outer.start + start + inside.header
        found.packets.append(inner)


def _tunnel(p: Packet, found: _Found, plan: Plan) -> Inside | None:
    """What the tunnel in `p` says; None where it is no tunnel (decision 13)."""
    tunnel = announced(p, plan.decap)
    if tunnel is None:
        return None
    if len(found.packets) > plan.decap.max_depth:
        found.anomalies.add("mirror.too_deep")
        return None
    try:
        return tunnel(p, found.anomalies)
    except NoTunnel as no:
        if no.anomaly:
            found.anomalies.add(no.anomaly)
        if no.malformed:
            p.stop = "malformed"
        return None


def _wrap(p: Packet, inside: Inside, found: _Found) -> Wrap:
    """What the mirror put around its copy, of which `p` carries the innermost header."""
    before = found.wrap
    options = geneve_options(inside.options, found.anomalies)
    if before is not None:
        options = {"endpoint": before.endpoint, "attachment": before.attachment}
        if before.flow_cookie is not None:
            options["flow_cookie"] = before.flow_cookie
    return Wrap(
        p.src,
        p.dst,
        inside.number,
        inside.kind if before is None else "geneve+vxlan",
        carrier_length=p.original - p.offset("l3"),
        copy_length=p.payload_original - inside.header,
        copy_start=p.start + p.offset("payload") + inside.header,
        **options,
    )


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
        self._seen: list[tuple[str, int, bytes, int]] = []
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
        key = (found.wrap.family, found.wrap.vni, found.wrap.outer_src, found.wrap.endpoint)
        if key not in self._seen:
            self._seen.append(key)
            if inner.identity is None:
                inner.anomalies.add("mirror.unknown_identity")
        if found.wrap.family == "vni" and _excluded(inner):
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
        if wrap.family != "vni":
            return None
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
