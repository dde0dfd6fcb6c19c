"""Sender and receiver are inverse: what tmrx reports of copies is what the truth says was done to the packets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.differential.rows import CAUSES, Row, core_rows
from tests.property.configurations import configurations
from tests.property.mirrors import frames
from tmrx import _core, config
from tmrx.mirror import Mirror
from tmrx.mirror.source import source_plan
from tmrx.plan import DecapSettings, Identity, Plan
from tmrx.reference import Frame, Packet, decode

ETHERNET, VXLAN, GENEVE = 14, 4789, 6081
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
CHECKSUM_ENDS = {(TCP, 4): 18, (TCP, 6): 18, (UDP, 4): 8, (UDP, 6): 8, (ICMP, 4): 4, (ICMPV6, 6): 4}


@dataclass(frozen=True)
class Sent:
    """A copy: the packet that it is of, what the truth says, and the session as the receiver knows it."""

    frame: Frame
    truth: dict[str, Any]
    outer: bytes
    session: Identity

    @property
    def packet(self) -> Packet:
        """The packet at the source."""
        return decode(self.frame.data, self.frame.original, self.frame.link)

    @property
    def link(self) -> int:
        """Bytes that the mirror put in front of it."""
        return 0 if self.frame.link == "ethernet" else ETHERNET

    @property
    def whole(self) -> bool:
        """Whether all of its IP packet, or of its frame, is in the copy."""
        return bool(self.truth["sent"] >= self.link + self.packet.original)

    def causes(self) -> set[str]:
        """What the receiver has to say: the truth's causes, those that coincide, or that it does not know."""
        sent, carrier = self.truth["sent"], len(self.outer) - ETHERNET - (68 if self.session.endpoint else 0)
        if self.session.endpoint:
            assert self.outer[12:14] == b"\x08\x00"
        coincide = {"packet_length"} if sent == self.session.packet_length else set()
        coincide |= {"mtu"} if carrier in (self.session.target_mtu, self.session.target_mtu - 4) else set()
        named = set(self.truth["cut_by"]) - {"snaplen"}
        assert named <= coincide
        return coincide or {"unknown"}

    def l3_verdict(self) -> str:
        p, ends = self.packet, self.truth["sent"] - self.link
        if p.ip != 4 or p.l3 is None:
            return "absent"
        if p.l3 + (p.data[p.l3] & 15) * 4 <= ends:
            return p.l3_checksum
        written = self.truth["checksum"] != "kept" and p.l3 + 12 <= ends
        return "not_calculated" if written else "unverifiable"

    def l4_verdict(self) -> str:
        p, ends = self.packet, self.truth["sent"] - self.link
        if self.whole or p.l4_checksum == "absent":
            return p.l4_checksum
        field = CHECKSUM_ENDS[p.proto, p.ip]
        if p.l4 is None or p.l4 + field > ends:
            return "unverifiable"
        at = p.l4 + field - 2
        if self.truth["checksum"] == "zero" or p.data[at : at + 2] == b"\0\0":
            return "absent" if (p.proto, p.ip) == (UDP, 4) else "not_calculated"
        return "not_calculated" if self.truth["checksum"] == "pseudo" else "unverifiable"


def sent_by(mirror: Mirror, packets: list[Frame]) -> list[Sent]:
    """All copies, in order."""
    plan = source_plan(mirror, config.Settings())
    core, known, found = _core.Mirror(plan.encode()), {}, []
    for identity in mirror.identities().known:
        known.setdefault(identity.session, identity)
    for packet in packets:
        outer, lines = core.push([(packet.time, packet.data, packet.original)], packet.link)
        copied = [truth for truth in map(json.loads, lines.splitlines()) if truth["fate"] == "mirrored"]
        found += [Sent(packet, t, o, known[t["session"]]) for t, o in zip(copied, outer, strict=True)]
    return found


def wanted(copy: Sent, row: Row) -> Row:
    """What the receiver's row has to say."""
    p, truth, session = copy.packet, copy.truth, copy.session
    told: Row = {
        "session": session.session,
        "vni": session.vni,
        "outer_src": session.outer_src,
        "encapsulation": "geneve+vxlan" if session.endpoint else "vxlan",
        "domain": session.domain,
        "captured": min(truth["sent"], copy.link + p.original) if p.ip else truth["sent"],
    }
    if not p.ip or p.stop == "malformed":
        return told
    told["truncated"] = sum(1 << CAUSES.index(cause) for cause in copy.causes()) if not copy.whole else 0
    if row["length_source"] != "frame":
        told["length"] = copy.link + p.original
    told["l3_checksum"] = copy.l3_verdict() if p.l3 is not None and truth["sent"] >= copy.link + p.l3 else "absent"
    if row["l4"] < row["captured"] or copy.whole:
        told["l4_checksum"] = copy.l4_verdict()
    return told


def is_tunnel(frame: Frame) -> bool:
    """Whether the packet itself may be taken for a tunnel."""
    p = decode(frame.data, frame.original, frame.link)
    return p.layer == "udp" and p.dport in (VXLAN, GENEVE)


@given(mirror=configurations(), packets=st.lists(frames(damaged=False), min_size=4, max_size=24))
def test_the_receiver_says_what_the_truth_says(mirror: Mirror, packets: list[Frame]) -> None:
    copies = sent_by(mirror, [packet for packet in packets if not is_tunnel(packet)])
    outer = [Frame(copy.frame.time, copy.outer, len(copy.outer), "ethernet") for copy in copies]
    rows = core_rows(Plan(identity=mirror.identities(), decap=DecapSettings(max_depth=2)), outer) if outer else []
    rows = [row for row in rows if not row["defragmented"]]  # what is put together of fragments is a packet more
    assert len(rows) == len(copies)
    differ = []
    for row, copy in zip(rows, copies, strict=True):
        for name, value in wanted(copy, row).items():
            if row[name] != value:
                differ.append(f"{name}: {row[name]}, not {value}, of {copy.frame}: {copy.truth}, {copy.session}")
    assert differ == []
