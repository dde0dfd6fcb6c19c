"""The slow, obviously right source of mirrored traffic: what `mirroring.md`, sections 1 to 7, says of each packet.

Nothing here is fast, and nothing hashes (`copies.py`).

Where the specification is silent, these decisions hold, here and in the core:

 1. Outcomes of a packet: one for each source that it touches, egress first, then ingress, sources in the plan's order.
    A source that is at both ends has one, egress.
 2. An Ethernet frame of which not both MAC addresses were captured touches no source that has a MAC address.
 3. What the capture cut is not known: a rule with ports needs the transport header's fixed part, an exclusion by port
    too; an ARP message is one by its EtherType alone.
 4. Where several exclusions fit, a mirrored copy is named first, then DHCP, instance metadata, activation and NTP.
 5. Security groups and network ACLs are asked of IP alone, and not of the resolver's traffic, which they can't filter.
    Network ACL first: a packet that it drops opens no flow. Flows have both ports (TCP, UDP), the identifier (ICMP
    echo) or none of them (everything else, all fragments).
 6. `cut` counts padding too. A copy of which padding alone was cut keeps its checksums, and so does a whole one,
    whatever length its IP header claims.
 7. A UDP checksum of 0 over IPv4 means that the sender wants none: it stays.
 8. A copy that fits in no IP packet is `skipped`, reason `too_large`, with the session and rule that wanted it.
"""

# ruff: noqa: PLR2004 - sizes and versions stand as the RFCs write them

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Literal

from tmrx.plan import NO_LIMIT, FilterRule, MirrorPlan, MirrorSource, PacketMatch
from tmrx.reference.checksum import ones_sum, pseudo_header
from tmrx.reference.copies import VXLAN_PORT, Copy, Flow
from tmrx.reference.decode import decode
from tmrx.reference.frame import ACTIVATION, ACTIVATION_PORT, DHCP_PORTS, METADATA, TIME, Frame
from tmrx.reference.packet import (
    ARP,
    ICMP,
    ICMPV6,
    IPV4,
    IPV6,
    TCP,
    UDP,
    Packet,
    mapped,
)

Direction = Literal["egress", "ingress"]
DIRECTIONS: tuple[Direction, Direction] = ("egress", "ingress")
DNS_PORT, NTP_PORT = 53, 123
# The resolver's addresses in every VPC, for where nothing says of which VPC a packet is.
RESOLVERS = ("169.254.169.253", "fd00:ec2::253")
ECHOES = {"icmp": (0, 8), "icmpv6": (128, 129)}
# The link header that a packet without one gets: both addresses are locally administered.
NO_LINK = bytes.fromhex("020000000002020000000001")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a packet at a source: the keys of `--truth` (commands.md), and its copy."""

    packet: int
    source: str | None = None
    direction: Direction | None = None
    fate: Literal["mirrored", "rejected", "excluded", "no_session", "skipped", "not_at_source"] = "not_at_source"
    reason: str | None = None
    session: str | None = None
    rule: str | None = None
    sent: int = 0
    cut: int = 0
    cut_by: tuple[Literal["packet_length", "mtu", "snaplen"], ...] = ()
    checksum: Literal["kept", "zero", "pseudo"] | None = None
    copy: Copy | None = None

    def truth(self) -> dict[str, Any]:
        """The line of `--truth`, without impairments."""
        names = ("packet", "source", "direction", "fate", "reason", "session", "rule", "sent", "cut", "checksum")
        line = {name: getattr(self, name) for name in names}
        return line | {"copies": int(self.copy is not None), "cut_by": list(self.cut_by), "impairment": []}


@dataclass(slots=True)
class _Seen:
    """A packet that is looked at."""

    frame: Frame
    packet: Packet

    @property
    def ports(self) -> tuple[int, int] | None:
        """Source and destination port, of packets that have ports."""
        return (self.packet.sport, self.packet.dport) if self.packet.layer in ("tcp", "udp") else None

    @property
    def addresses(self) -> tuple[str, str] | None:
        """Source and destination address, as text."""
        p = self.packet
        cut = 12 if p.ip == 4 else 0
        return (str(ip_address(p.src[cut:])), str(ip_address(p.dst[cut:]))) if p.ip else None

    def at(self, end: Literal[0, 1], port: int, layers: tuple[str, ...]) -> bool:
        """Whether this is a packet of one of those layers whose source (0) or destination (1) port is that."""
        return self.packet.layer in layers and self.ports is not None and self.ports[end] == port

    def any_end(self, port: int, layer: str) -> bool:
        """Whether it is of that layer with that port at either end."""
        return self.at(0, port, (layer,)) or self.at(1, port, (layer,))


@dataclass
class Mirror:
    """The sources of a plan. `decide` is asked of one packet after the other: firewalls remember flows."""

    plan: MirrorPlan
    _packets: int = 0
    _flows: set[tuple[str, Flow]] = field(default_factory=set)

    def decide(self, frame: Frame) -> list[Outcome]:
        """What becomes of the next packet."""
        self._packets += 1
        seen = _Seen(frame, decode(frame.data, frame.original, frame.link))
        blank = Outcome(self._packets)
        if self.plan.everything:
            return [self._copied(replace(blank, fate="mirrored"), seen, None, 0)]
        outcomes = [
            self._at_source(replace(blank, source=source.interface, direction=direction), seen, source)
            for source, direction in self._touched(seen)
        ]
        return outcomes or [blank]

    def _touched(self, seen: _Seen) -> Iterator[tuple[MirrorSource, Direction]]:
        """Section 1, decisions 1 and 2."""
        done = []
        for direction in DIRECTIONS:
            for source in self.plan.sources:
                if source not in done and _touches(source, seen, direction):
                    done.append(source)
                    yield source, direction

    def _at_source(self, outcome: Outcome, seen: _Seen, source: MirrorSource) -> Outcome:
        """What is never mirrored, then the sessions in their order (section 4.1)."""
        excluded = self._excluded(seen) or self._dropped(seen, source, outcome.direction)
        if excluded:
            return replace(outcome, fate="excluded", reason=excluded)
        if not source.sessions:
            return replace(outcome, fate="no_session", reason=source.inactive or None)
        service = _is_resolvers(seen, source)
        rejected: tuple[str, str] | None = None
        for index in source.sessions:
            session = self.plan.sessions[index]
            known = self.plan.filters[session.filter]
            if service:
                if known.amazon_dns:
                    found = replace(outcome, fate="mirrored", reason="amazon_dns", session=session.id)
                    return self._copied(found, seen, source, index)
                continue
            rules = known.egress if outcome.direction == "egress" else known.ingress
            rule = _first(rules, seen)
            if rule is not None and rule.accept:
                found = replace(outcome, fate="mirrored", reason="rule", session=session.id, rule=rule.id)
                return self._copied(found, seen, source, index)
            if rule is not None and rejected is None:
                rejected = session.id, rule.id
        if rejected:
            return replace(outcome, fate="rejected", reason="rule", session=rejected[0], rule=rejected[1])
        return replace(outcome, fate="rejected", reason="no_amazon_dns" if service else "no_rule")

    def _excluded(self, seen: _Seen) -> str | None:
        """Section 3, decision 4."""
        p, ends = seen.packet, set(seen.addresses or ())
        time_sync = bool(ends & set(TIME))
        ntp = {"amazon": time_sync, "all": time_sync or seen.any_end(NTP_PORT, "udp"), "none": False}
        fits = {
            "arp": p.ethertype == ARP,
            "mirrored_copy": self._is_copy(seen),
            "dhcp": any(seen.any_end(port, "udp") for port in DHCP_PORTS.get(p.ip, ())),
            "instance_metadata": bool(ends & set(METADATA)),
            "windows_activation": bool(ends & set(ACTIVATION)) and seen.any_end(ACTIVATION_PORT, "tcp"),
            "ntp": ntp[self.plan.exclude_ntp],
        }
        return next((reason for reason, holds in fits.items() if holds), None)

    def _is_copy(self, seen: _Seen) -> bool:
        """VXLAN from the address of a session, with its VNI."""
        header = seen.packet.bytes_of_payload()[:8]
        if not seen.at(1, VXLAN_PORT, ("udp",)) or len(header) < 8:
            return False
        identity = (seen.packet.src, int.from_bytes(header[4:7], "big"))
        return any(identity == (session.copies.src, session.copies.vni) for session in self.plan.sessions)

    def _dropped(self, seen: _Seen, source: MirrorSource, direction: Direction | None) -> str | None:
        """Section 3, decision 5."""
        if source.firewall is None or not seen.packet.ip or _is_resolvers(seen, source):
            return None
        rules = self.plan.firewalls[source.firewall]
        if direction == "ingress" and rules.acl is not None and not _within(seen.packet.src, rules.subnet):
            rule = _first(rules.acl, seen)
            if rule is None or not rule.accept:
                return "network_acl"
        groups = rules.egress if direction == "egress" else rules.ingress
        key = (source.interface, _flow(seen))
        if groups is None or any(_fits(match, seen) for match in groups):
            self._flows.add(key)
        return None if key in self._flows else "security_group"

    def _copied(self, outcome: Outcome, seen: _Seen, source: MirrorSource | None, index: int) -> Outcome:
        """The copy: cut (sections 4.6 and 6.1), with what the source's offload left in its checksums (6.3)."""
        session, p = self.plan.sessions[index], seen.packet
        link = b"" if seen.frame.link == "ethernet" else NO_LINK + struct.pack(">H", _raw_type(seen.frame.data))
        data, original = link + seen.frame.data, len(link) + seen.frame.original
        limits = {"packet_length": session.copies.packet_length, "mtu": session.copies.mtu}
        given = {name: limit for name, limit in limits.items() if limit != NO_LIMIT}
        inner = data[: min(given.values())] if given else data
        cut_by: Any = ()
        if given and len(inner) == min(given.values()) < original:
            cut_by = tuple(name for name in given if given[name] == len(inner))
        elif len(inner) < original:
            cut_by = ("snaplen",)
        checksum: Literal["kept", "zero", "pseudo"] = "kept"
        lacks = len(inner) < len(link) + p.original
        by_mirror = cut_by not in {(), ("snaplen",)}
        if source and source.offload and outcome.direction == "egress" and by_mirror and lacks:
            inner, checksum = self._uncalculated(inner, p, len(link))
        resolvers = source.resolvers if source else tuple(mapped(ip_address(text).packed) for text in RESOLVERS)
        copy = Copy(session.copies, inner, _flow(seen) if p.ip else None, _answers(seen, resolvers))
        outcome = replace(outcome, session=session.id or None)
        if not copy.fits():
            return replace(outcome, fate="skipped", reason="too_large")
        cut = original - len(inner)
        return replace(outcome, sent=len(inner), cut=cut, cut_by=cut_by, checksum=checksum, copy=copy)

    def _uncalculated(self, inner: bytes, p: Packet, link: int) -> tuple[bytes, Literal["kept", "zero", "pseudo"]]:
        """What an interface that calculates checksums was handed, and what that is called."""
        if self.plan.truncated_checksum == "kept":
            return inner, "kept"
        ends = len(inner) - link
        if p.ip == 4 and p.l3 is not None and p.l3 + 12 <= ends < p.l3 + (p.data[p.l3] & 15) * 4:
            return _with(inner, link + p.l3 + 10, 0), "zero"
        kind = {(TCP, 4): 16, (TCP, 6): 16, (UDP, 4): 6, (UDP, 6): 6, (ICMP, 4): 2, (ICMPV6, 6): 2}.get((p.proto, p.ip))
        if kind is None or p.l4 is None or p.fragment or p.l4 + kind + 2 > ends:
            return inner, "kept"
        at = link + p.l4 + kind
        if (p.proto, p.ip) == (UDP, 4) and inner[at : at + 2] == b"\0\0":
            return inner, "kept"
        if self.plan.truncated_checksum == "zero" or p.proto in (ICMP, ICMPV6):
            return _with(inner, at, 0), "zero"
        covered = int.from_bytes(p.data[p.l4 + 4 : p.l4 + 6], "big") if p.proto == UDP else p.original - p.l4
        return _with(inner, at, ones_sum(pseudo_header(p.ends, covered, p.proto))), "pseudo"


def _with(data: bytes, at: int, value: int) -> bytes:
    """The bytes with a 16-bit field set."""
    return data[:at] + value.to_bytes(2, "big") + data[at + 2 :]


def _raw_type(data: bytes) -> int:
    return IPV6 if data[:1] and data[0] >> 4 == 6 else IPV4


def _touches(source: MirrorSource, seen: _Seen, direction: Direction) -> bool:
    """Whether the packet leaves (egress) or reaches (ingress) the source."""
    data, p = seen.frame.data, seen.packet
    if seen.frame.link == "ethernet" and source.mac:
        return len(data) >= 12 and source.mac == (data[6:12] if direction == "egress" else data[:6])
    return p.ip != 0 and (p.src if direction == "egress" else p.dst) in source.addresses


def _first(rules: tuple[FilterRule, ...], seen: _Seen) -> FilterRule | None:
    """The first rule that matches decides (section 2.1)."""
    return next((rule for rule in rules if _fits(rule.match, seen)), None)


def _fits(match: PacketMatch, seen: _Seen) -> bool:
    """Sections 2.2 and 2.3."""
    p = seen.packet
    if match.ip and match.ip != p.ip:
        return False
    if match.protocol is not None and (not p.ip or match.protocol != p.proto):
        return False
    for block, address in ((match.src, p.src), (match.dst, p.dst)):
        if block is not None and not (p.ip and _within(address, (block,))):
            return False
    for end, ports in enumerate((match.sports, match.dports)):
        if ports is not None and not (seen.ports and ports[0] <= seen.ports[end] <= ports[1]):
            return False
    return match.icmp is None or _is_message(p, *match.icmp)


def _is_message(p: Packet, kind: int, code: int) -> bool:
    """Whether it is an ICMP message of that type and code, -1 for any."""
    return p.layer in ECHOES and kind in (-1, p.sport) and code in (-1, p.dport)


def _within(address: bytes, blocks: tuple[tuple[bytes, bytes], ...]) -> bool:
    return any(first <= address <= last for first, last in blocks)


def _answers(seen: _Seen, resolvers: tuple[bytes, ...]) -> bool:
    return seen.packet.src in resolvers and seen.at(0, DNS_PORT, ("udp", "tcp"))


def _is_resolvers(seen: _Seen, source: MirrorSource) -> bool:
    """Section 2.6: UDP and TCP, port 53 at the resolver's end."""
    asks = seen.packet.dst in source.resolvers and seen.at(1, DNS_PORT, ("udp", "tcp"))
    return asks or _answers(seen, source.resolvers)


def _flow(seen: _Seen) -> Flow:
    """The symmetric 5-tuple, or 3-tuple (section 5)."""
    p = seen.packet
    ports = (0, 0)
    if not p.fragment and seen.ports:
        ports = seen.ports
    elif not p.fragment and p.sport in ECHOES.get(p.layer, ()) and p.l4 is not None:
        identifier = int.from_bytes(p.data[p.l4 + 4 : p.l4 + 6].ljust(2, b"\0"), "big")
        ports = (identifier, identifier)
    return p.proto, tuple(sorted([(p.src, ports[0]), (p.dst, ports[1])]))
