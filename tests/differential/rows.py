"""The core's `packets` table and the reference's packets as rows that can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pyarrow

from tmrx import _core
from tmrx.plan import Outputs, Plan
from tmrx.reference import Frame, Packet, Reference

Row = dict[str, Any]
CAUSES = ("packet_length", "mtu", "snaplen", "unknown")  # bits of the column `truncated`, lowest first
# What one decoder alone can't know: the flow table's numbers.
NOT_COMPARED = ("flow_id", "related_flow_id")


def with_packets(plan: Plan) -> Plan:
    """The plan with the table that is compared."""
    return msgspec.structs.replace(plan, outputs=Outputs(tables=("packets",)))


def core_rows(plan: Plan, frames: Sequence[Frame], cuts: Sequence[int] = (), workers: int = 1) -> list[Row]:
    """The core's table, the frames pushed in batches that end at `cuts`."""
    engine = _core.Engine(with_packets(plan).encode(), workers)
    tables = []
    for start, end in pairwise([0, *cuts, len(frames)]):
        batch = [(frame.time, frame.data, frame.original) for frame in frames[start:end]]
        tables.append(engine.push(batch, frames[0].link).table("packets"))
    tables.append(engine.finish().table("packets"))
    rows = [row for table in tables for row in pyarrow.table(table).to_pylist()]
    for row in rows:
        row["time"] = row["time"].value
        for name in NOT_COMPARED:
            del row[name]
    return rows


def reference_rows(plan: Plan, frames: Sequence[Frame]) -> Iterator[Row]:
    """The reference's packets: the innermost of each tree, or all of them where the plan inspects outer ones too."""
    reference = Reference(plan)
    rows = 0
    for trees in _trees(reference, frames):
        for packets in trees:
            for row in _tracked(packets, plan.inspect_outer, rows):
                rows += 1
                yield row


def _trees(reference: Reference, frames: Sequence[Frame]) -> Iterator[tuple[tuple[Packet, ...], ...]]:
    for frame in frames:
        outcome = reference.decode(frame)
        yield (*outcome.before, outcome.packets)
    yield reference.finish()


def _tracked(packets: Sequence[Packet], outer: bool, before: int) -> Iterator[Row]:
    """The rows of packets that belong together; a packet's parent is the nearest one that has a row."""
    rows: dict[int, int] = {}
    for at, p in enumerate(packets):
        if not outer and not p.innermost:
            continue
        parent = p.parent
        while parent is not None and parent not in rows:
            parent = packets[parent].parent
        yield row_of(p, None if parent is None else before + rows[parent])
        rows[at] = len(rows)


def row_of(p: Packet, parent: int | None) -> Row:
    """A packet as the table has it."""
    return {
        "frame": p.frame,
        "time": p.time,
        "parent": parent,
        **_mirror(p),
        **_network(p),
        **_transport(p),
        **_lengths(p),
    }


def _mirror(p: Packet) -> Row:
    wrap = p.wrap
    return {
        "session": p.identity.session if p.identity else None,
        "vni": wrap.vni if wrap and wrap.family == "vni" else None,
        "erspan_session": wrap.vni if wrap and wrap.encapsulation in ("erspan2", "erspan3") else None,
        "gre_key": (wrap.vni or None) if wrap and wrap.family == "gre" else None,
        "outer_src": wrap.outer_src if wrap else None,
        "outer_dst": wrap.outer_dst if wrap else None,
        "encapsulation": wrap.encapsulation if wrap else "none",
        "domain": p.domain,
    }


def _network(p: Packet) -> Row:
    return {
        "vlan": p.vlans,
        "ip": p.ip,
        "src": p.src if p.ip else None,
        "dst": p.dst if p.ip else None,
        "proto": p.proto if p.ip else None,
        "ttl": p.ttl,
        "fragment": p.fragment,
        "defragmented": p.defragmented,
        "l3_checksum": p.l3_checksum,
    }


def _transport(p: Packet) -> Row:
    reached = p.layer in ("tcp", "udp", "icmp", "icmpv6", "sctp")
    return {
        "sport": p.sport if reached else None,
        "dport": p.dport if reached else None,
        "tcp_flags": p.tcp_flags,
        "seq": p.seq if p.layer == "tcp" else 0,
        "ack": p.ack if p.layer == "tcp" else 0,
        "window": p.window,
        "l4_checksum": p.l4_checksum,
        "anomalies": sorted(p.anomalies, key=ANOMALIES.index),
    }


ANOMALIES = [name for name, *_ in _core.anomalies()]


def _lengths(p: Packet) -> Row:
    return {
        "layer": p.layer,
        "stop": p.stop,
        "length": p.original,
        "captured": p.captured,
        "length_source": p.length_source,
        "l3": p.offset("l3"),
        "l4": p.offset("l4"),
        "payload": p.offset("payload"),
        "payload_length": p.payload_original,
        "payload_captured": p.payload_captured,
        "truncated": sum(1 << CAUSES.index(cause) for cause in p.truncated),
    }


def differences(plan: Plan, frames: Sequence[Frame], rows: Sequence[Row] | None = None) -> list[str]:
    """What the core says otherwise than the reference, in words; empty where they agree."""
    ours = list(core_rows(plan, frames) if rows is None else rows)
    theirs = list(reference_rows(plan, frames))
    told = [f"{len(ours)} rows, the reference has {len(theirs)}"] if len(ours) != len(theirs) else []
    for core, reference in zip(ours, theirs, strict=False):
        for name, value in reference.items():
            if core[name] != value:
                told.append(f"frame {core['frame']} {name}: {core[name]!r}, the reference says {value!r}")
    return told
