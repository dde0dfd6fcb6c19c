"""What the core says of a packet and of the sessions that were asked about it, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from ipaddress import ip_address

import msgspec

from tmrx.cli import fates
from tmrx.cli.console import text
from tmrx.mirror import Mirror
from tmrx.mirror.describe import PROTOCOLS, ports_name, protocol_name
from tmrx.mirror.model import DIRECTIONS, TrafficMirrorFilterRule
from tmrx.mirror.source import rule_id

_ARP = 0x0806
# RFC 9293, section 3.1, lowest bit first; ECN: RFC 3168.
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
# Messages that people know by name, by protocol and type (RFC 792, RFC 4443, RFC 4861).
_ICMP: Mapping[tuple[int, int], str] = {
    (1, 0): "echo reply",
    (1, 3): "destination unreachable",
    (1, 8): "echo request",
    (1, 11): "time exceeded",
    (58, 1): "destination unreachable",
    (58, 2): "packet too big",
    (58, 3): "time exceeded",
    (58, 128): "echo request",
    (58, 129): "echo reply",
    (58, 135): "neighbor solicitation",
    (58, 136): "neighbor advertisement",
}

_FAMILIES: Mapping[str, str] = {"0.0.0.0/0": "IPv4", "::/0": "IPv6"}


class Asked(msgspec.Struct, frozen=True):
    """What one session said of a packet."""

    session: str
    reason: str
    rule: str | None


class Outcome(msgspec.Struct, frozen=True):
    """What became of a packet at a source, as `--truth` has it, and the sessions that were asked, in order."""

    source: str | None
    direction: str | None
    fate: str
    reason: str | None
    session: str | None
    rule: str | None
    sent: int
    cut: int
    cut_by: list[str]
    checksum: str | None
    asked: list[Asked]


class Packet(msgspec.Struct, frozen=True):
    """A packet as the core decoded it; `time` in ns, lengths in bytes. What it has not is None or empty."""

    number: int
    time: int
    length: int
    captured: int
    layer: str
    stop: str
    outcomes: list[Outcome]
    src_mac: str = ""
    dst_mac: str = ""
    vlans: list[int] = []
    ethertype: int = 0
    ip: int = 0
    src: str = ""
    dst: str = ""
    protocol: int | None = None
    fragment: bool = False
    sport: int | None = None
    dport: int | None = None
    tcp_flags: int = 0
    icmp_type: int | None = None
    icmp_code: int | None = None

    def summary(self) -> str:
        """`TCP 10.0.0.7:80 → 10.0.0.9:40000 SYN+ACK, 74 bytes`."""
        length = f"{self.length:,} byte" + "s" * (self.length != 1)
        if self.captured < self.length:
            length += f", {self.captured:,} captured"
        return ", ".join([" ".join(self._parts()), length])

    def _parts(self) -> Iterator[str]:
        yield from (f"VLAN {vlan}" for vlan in self.vlans)
        if not self.ip:
            yield "ARP" if self.ethertype == _ARP else f"EtherType 0x{self.ethertype:04x}"
            if self.src_mac:
                yield f"{self.src_mac} → {self.dst_mac}"
            return
        yield PROTOCOLS.get(self.protocol or 0, f"protocol {self.protocol}")
        yield f"{_end(self.src, self.sport)} → {_end(self.dst, self.dport)}"
        if self.tcp_flags:
            yield "+".join(name for bit, name in enumerate(_FLAGS) if self.tcp_flags >> bit & 1)
        if self.icmp_type is not None:
            named = _ICMP.get((self.protocol or 0, self.icmp_type))
            yield named or f"type {self.icmp_type} code {self.icmp_code}"
        if self.fragment:
            yield "fragment"
        if self.stop == "truncated":
            yield "cut in its headers"


class Words:
    """Says what sessions and rules of a mirror did."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        # By session, direction, and the id that the truth has.
        self._rules: dict[tuple[str, str, str], TrafficMirrorFilterRule] = {}
        for key, session in mirror.sessions.items():
            filter_ = mirror.filter(session)
            for direction in DIRECTIONS if filter_ else ():
                rules = filter_.rules(direction) if filter_ else ()
                self._rules |= {(key, direction, rule_id(rule, direction)): rule for rule in rules}
        self._ruled = {(session, direction) for session, direction, _ in self._rules}
        self._sources = _called({key: mirror.interfaces[key].label() for key in mirror.sources()})
        self._sessions = _called({key: session.label() for key, session in mirror.sessions.items()})

    def told(self, packet: Packet, outcome: Outcome) -> str:
        """Where the packet is, what each session said of it, and what came of it."""
        if outcome.source is None:
            macs = f": from {packet.src_mac} to {packet.dst_mac}" if packet.src_mac else ""
            return f"{ending(outcome)}{macs}"
        said = "; ".join(self._asked(asked, str(outcome.direction)) for asked in outcome.asked)
        arrow = " → " if said else ""
        return f"{outcome.direction} at {self._sources[outcome.source]}: {said}{arrow}{ending(outcome)}"

    def rule_number(self, outcome: Outcome) -> int | None:
        """The number of the rule that decided; None where none did."""
        rule = self._rules.get((outcome.session or "", outcome.direction or "", outcome.rule or ""))
        return rule.rule_number if rule else None

    def source_name(self, source: str | None) -> str:
        """What a source is called; empty for one without a name."""
        interface = self.mirror.interfaces.get(source or "")
        return interface.label() if interface else ""

    def _asked(self, asked: Asked, direction: str) -> str:
        number = self.mirror.sessions[asked.session].order()
        return f"session {number} {self._sessions[asked.session]}: {self._said(asked, direction)}"

    def _said(self, asked: Asked, direction: str) -> str:
        match asked.reason:
            case "rule":
                return described(self._rules[asked.session, direction, asked.rule or ""])
            case "amazon_dns":
                return "amazon-dns takes the VPC resolver's traffic"
            case "no_amazon_dns":
                return "the VPC resolver's, without amazon-dns"
        return f"no {direction} rule matches" if (asked.session, direction) in self._ruled else f"no {direction} rules"


def _called(names: Mapping[str, str]) -> dict[str, str]:
    """What to call each: its name, its id too where another has that name, its id alone where it has none."""
    often = Counter(names.values())
    return {key: (name if often[name] == 1 else f"{name} ({key})") if name else key for key, name in names.items()}


def described(rule: TrafficMirrorFilterRule) -> str:
    """`rule 10 rejects TCP from 10.0.0.0/8 to any port 22`."""
    return f"rule {rule.rule_number} {rule.rule_action}s {_matched(rule)}"


def ending(outcome: Outcome) -> str:
    """What came of it: `not mirrored`, `mirrored, 128 of 1,514 bytes: cut by the packet length`."""
    if outcome.fate == "rejected":
        return "not mirrored"
    if outcome.fate != "mirrored":
        return fates.why(outcome.fate, outcome.reason)
    if not outcome.cut:
        return f"mirrored, all {text(outcome.sent)} bytes"
    by = " and ".join(fates.CUT_BY[cause] for cause in outcome.cut_by)
    action = fates.CHECKSUMS.get(outcome.checksum or "")
    whole = text(outcome.sent + outcome.cut)
    return f"mirrored, {text(outcome.sent)} of {whole} bytes: cut by {by}{', ' * bool(action)}{action or ''}"


@cache
def _matched(rule: TrafficMirrorFilterRule) -> str:
    ends = (
        ("from", rule.source_cidr_block, rule.source_port_range),
        ("to", rule.destination_cidr_block, rule.destination_port_range),
    )
    words = ["everything" if rule.protocol is None else protocol_name(rule.protocol)]
    for word, cidr, ports in ends:
        block = None if cidr in _FAMILIES else cidr
        if block or ports:
            words += [word, block or "any"]
        if ports:
            words += ["port" if ports.from_port == ports.to_port else "ports", ports_name(ports)]
    # Where no other block tells the family.
    over = [f"over {_FAMILIES[cidr]}" for cidr in set(rule.cidrs()) if _FAMILIES.keys() >= set(rule.cidrs())]
    return " ".join([*words, *over])


@lru_cache(1 << 16)
def _address(address: str) -> str:
    """As people write it (RFC 5952)."""
    return str(ip_address(address))


def _end(address: str, port: int | None) -> str:
    short = _address(address)
    if port is None:
        return short
    return f"[{short}]:{port}" if ":" in short else f"{short}:{port}"
