"""One frame: its tunnels, the mirror around the innermost packet, and what cut that packet short."""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them

from __future__ import annotations

import ipaddress
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from tmrx.plan import Identity, Plan
from tmrx.reference.decode import decode
from tmrx.reference.packet import Encapsulation, Link, Packet, Wrap
from tmrx.reference.restore import Datagram, Restorer
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
    """Packets in one another, outermost first, and the mirror around them; `depth` tunnels are around the first."""

    packets: list[Packet]
    depth: int = 0
    wrap: Wrap | None = None
    anomalies: set[str] = field(default_factory=set)

    def of_mirror(self, kind: Encapsulation) -> bool:
        """Whether the tunnel about to be taken off is the mirror's own, not a host's (decision 15)."""
        behind_geneve = (
            self.depth + len(self.packets) == 2 and self.wrap is not None and self.wrap.encapsulation == "geneve"
        )
        return self.wrap is None or (behind_geneve and kind == "vxlan")


def _peel(first: Packet, plan: Plan, depth: int = 0, wrap: Wrap | None = None) -> _Found:
    """Take tunnels off until the innermost packet is none."""
    found = _Found([first], depth, wrap)
    while True:
        outer = found.packets[-1]
        outer.depth = depth + len(found.packets) - 1
        inside = _tunnel(outer, found, plan)
        if inside is None:
            outer.innermost = True
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
    if p.depth >= plan.decap.max_depth:
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
    """What became of a frame, the reason of a rejection, and its packets; before it, those of datagrams given up.

    A datagram that the frame's fragment completed follows the fragment. `Packet.parent` is a place among `packets`.
    """

    fate: Literal["decoded", "rejected"]
    reason: str
    packets: tuple[Packet, ...]
    before: tuple[tuple[Packet, ...], ...] = ()


class Refused(Exception):
    """The plan knows no such identity and wants no others."""


class Reference:
    """The decoder of a run: it remembers the identities that it saw, in order of their first frame, and fragments."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._restorer = Restorer(plan.fragments)
        self._seen: list[tuple[str, int, bytes, int]] = []
        self._frames = 0
        self._now = 0

    def decode(self, frame: Frame) -> Outcome:
        """One frame's packets and fate. The innermost of each tree is what tmrx tracks."""
        self._frames += 1
        self._now = max(self._now, frame.time)
        before = self._given_up(self._restorer.expire(self._now))
        found = _peel(decode(frame.data, frame.original, frame.link), self.plan)
        for p in found.packets:
            p.frame, p.time = self._frames, frame.time
        try:
            packets = self._tree(found, len(frame.data) < frame.original)
        except Refused:
            return Outcome("rejected", "unknown_identity", (), before)
        return Outcome("decoded", "", tuple(packets), before)

    def finish(self) -> tuple[tuple[Packet, ...], ...]:
        """The end of the run: what there is of the datagrams that fragments are missing of."""
        given_up: tuple[tuple[Packet, ...], ...] = ()
        while datagrams := self._restorer.end():  # one of them may be a fragment in its turn
            given_up += self._given_up(datagrams)
        return given_up

    def _given_up(self, datagrams: list[Datagram]) -> tuple[tuple[Packet, ...], ...]:
        found = []
        for datagram in datagrams:
            with suppress(Refused):
                found.append(tuple(self._datagram(datagram, datagram.time, datagram.frame)))
        return tuple(found)

    def _datagram(self, datagram: Datagram, time: int, frame: int) -> list[Packet]:
        """The packets of a datagram that was put together of fragments, themselves inside some tunnels."""
        head = datagram.head
        first = decode(datagram.data, datagram.original, head.link, copy=True)
        first.defragmented = True
        found = _peel(first, self.plan, head.depth, head.wrap)
        for p in found.packets:
            p.frame, p.time = frame, time
            p.truncated = set(datagram.causes) if p.captured < p.original else set()
        return self._tree(found, snaplen=False, resumed=found.wrap is head.wrap)

    def _tree(self, found: _Found, snaplen: bool, resumed: bool = False) -> list[Packet]:
        """Packets in one another, with what a fragment among them completes."""
        inner = found.packets[-1]
        inner.anomalies |= found.anomalies
        if found.wrap is not None:
            self._identify(inner, found.wrap)
        _name_causes(inner, snaplen, None if resumed else inner.identity)
        for p in found.packets[:-1]:
            _name_causes(p, snaplen, None)
        packets = found.packets
        for at, p in enumerate(packets):
            p.parent = at - 1 if at else None
        return packets + self._completed(packets, inner) if inner.fragment else packets

    def _completed(self, packets: list[Packet], fragment: Packet) -> list[Packet]:
        """The packets of the datagram that a fragment completes, if it does."""
        datagram = self._restorer.take(fragment, self._now)
        if datagram is None:
            return []
        further = self._datagram(datagram, fragment.time, fragment.frame)
        for p in further:
            p.parent = len(packets) - 1 if p.parent is None else p.parent + len(packets)
        return further

    def _identify(self, inner: Packet, wrap: Wrap) -> None:
        """Which session the packet came through, and the address space it lives in."""
        inner.wrap, inner.identity = wrap, self._planned(wrap)
        if inner.identity is None and self.plan.identity.unknown == "refuse":
            raise Refused
        key = (wrap.family, wrap.vni, wrap.outer_src, wrap.endpoint)
        if key not in self._seen:
            self._seen.append(key)
            if inner.identity is None:
                inner.anomalies.add("mirror.unknown_identity")
        if wrap.family == "vni" and _excluded(inner):
            inner.anomalies.add("mirror.excluded_traffic")
        if inner.identity is not None:
            inner.domain = inner.identity.domain
        elif self.plan.identity.unknown_domain == "own":
            inner.domain = OWN_DOMAIN + self._seen.index(key)

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
    """What cut the packet short (specification, section 6.2; decision 23)."""
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
