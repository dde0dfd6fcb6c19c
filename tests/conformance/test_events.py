"""How events are compared; the suite itself is compared by `make conformance`."""

from __future__ import annotations

from typing import Any

from tests.conformance import events

DNS: dict[str, Any] = {
    "event_type": "dns",
    "flow_id": 1,
    "src_port": 53,
    "dns": {"id": 7, "queries": [{"rrname": "a"}]},
}


def test_equal_events_do_not_differ_whatever_their_order() -> None:
    other = {**DNS, "dns": {"id": 8}}
    assert not list(events.differences("c", [DNS, other], [{**other, "flow_id": 2}, DNS]))


def test_a_field_that_differs_is_named_by_its_path() -> None:
    ours = {**DNS, "dns": {**DNS["dns"], "id": 8}}
    assert list(events.differences("c", [DNS], [ours])) == [events.Difference("c", "dns", "dns.id", "7", "8")]


def test_an_event_that_only_one_has() -> None:
    found = [*events.differences("c", [DNS], []), *events.differences("c", [], [DNS])]
    assert [(difference.field, difference.theirs == "none") for difference in found] == [
        ("event", False),
        ("event", True),
    ]


def test_the_number_of_a_flow_timeout_does_not_count() -> None:
    pseudo = {**DNS, "pkt_src": "stream (flow timeout)"}
    assert not list(events.differences("c", [{**pseudo, "pcap_cnt": 9}], [pseudo]))


def test_every_difference_has_its_reason_once() -> None:
    known = events.explained()
    assert known
    assert all(known.values())
