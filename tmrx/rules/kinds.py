"""On what a rule is inspected: its kind (specification, inspection.md, "Rule types")."""

from __future__ import annotations

from collections.abc import Set

from tmrx import plan
from tmrx.rules.draft import PAYLOAD, ContentDraft, Draft
from tmrx.rules.header import Header

# Says something about the rule, or how to look for it.
_META = frozenset((
    "msg", "sid", "gid", "rev", "classtype", "priority", "reference", "metadata", "target", "requires", "noalert",
    "alert", "prefilter",
))  # fmt: skip
EVENTS = frozenset(("decode-event", "engine-event", "stream-event"))
# What goes with addresses alone; of flowbits, set and unset.
_IP_ONLY = _META | {"threshold", "detection_filter", "tag", "xbits", "hostbits", "flowbits", "iprep", "geoip"}
WITH_EVENTS = EVENTS | _IP_ONLY | {"flowint"}
_DETECTION = _IP_ONLY | {"app-layer-protocol", "flow"}
# Carry TCP, whose data is looked at as a stream.
_STREAMED = frozenset(("tcp", "tcp-stream", "ip", "ipv4", "ipv6"))


def kind_of(header: Header, draft: Draft, names: Set[str], application: str) -> plan.Kind:
    """The kind of a rule with these keywords; the first that fits."""
    if header.word in ("ether", "arp"):
        return "packet"
    if header.word == "pkthdr" or (names & EVENTS and names <= WITH_EVENTS and not header.packet_hook):
        return "decoder_event"
    if header.hook or draft.needs:
        return "app_tx"
    if not application and not header.packet_hook and header.protocol not in ("tcp-pkt", "tcp-stream"):
        if names <= _IP_ONLY and not _reads_flowbits(draft):
            return "like_ip_only" if header.negated else "ip_only"
        if "app-layer-protocol" in names and names <= _DETECTION and _direction_only(draft.flow):
            return "protocol_detection"
    return _of_data(header, draft, names, application)


def _of_data(header: Header, draft: Draft, names: Set[str], application: str) -> plan.Kind:
    if needs_packet(header, draft):
        return "packet"
    streamed = header.protocol in _STREAMED
    if streamed and needs_stream(header, draft):
        return "stream"
    entries = [entry for buffer in draft.buffers if buffer.name == PAYLOAD for entry in buffer.entries]
    if entries and streamed:
        placed = any(isinstance(entry, ContentDraft) and entry.absolute for entry in entries)
        return "packet_and_stream" if placed or "stream_size" in names else "stream"
    return "app" if application and not entries else "packet"


def needs_packet(header: Header, draft: Draft) -> str:
    """What makes a rule look at packets only, "" for nothing."""
    if draft.packet_keyword:
        return draft.packet_keyword
    if header.protocol == "tcp-pkt":
        return "tcp-pkt"
    return "flow:no_stream" if draft.flow is not None and draft.flow.no_stream else ""


def needs_stream(header: Header, draft: Draft) -> str:
    """What makes a rule look at streams only, "" for nothing."""
    if header.protocol == "tcp-stream":
        return "tcp-stream"
    return "flow:only_stream" if draft.flow is not None and draft.flow.only_stream else ""


def _reads_flowbits(draft: Draft) -> bool:
    return any(isinstance(check, plan.Flowbits) for check in draft.checks)


def _direction_only(flow: plan.FlowCheck | None) -> bool:
    return flow is None or flow == plan.FlowCheck(direction=flow.direction)
