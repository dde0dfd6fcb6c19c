"""Rules that stand apart from their filters, and VNIs that AWS would draw."""

from __future__ import annotations

import pytest

from tests.unit.mirror.build import aws, faults, filter_of, mirror_of, rule, session, toml
from tmrx.mirror.complete import draw
from tmrx.mirror.document import Document

APART = {"TrafficMirrorFilterRuleId": "tmfr-1", "TrafficMirrorFilterId": "tmf-1", "TrafficDirection": "egress"}


def test_rules_apart_go_into_their_filter() -> None:
    known = mirror_of(
        TrafficMirrorFilters=[filter_of(ingress=[rule(1)], egress=[rule(5)])],
        TrafficMirrorFilterRules=[rule(3, "reject") | APART],
    )
    assert [one.rule_number for one in known.filters["tmf-1"].rules("egress")] == [3, 5]
    assert [one.rule_number for one in known.filters["tmf-1"].rules("ingress")] == [1]


def test_rules_apart_make_a_filter() -> None:
    known = mirror_of(TrafficMirrorSessions=[session()], TrafficMirrorFilterRules=[rule(3) | APART])
    assert [one.rule_number for one in known.filters["tmf-1"].rules("egress")] == [3]


def test_a_rule_said_twice() -> None:
    nested = rule(3, Protocol=6, TrafficMirrorFilterRuleId="tmfr-1", Description="x")
    filters = [filter_of(egress=[nested])]
    alike = rule(3, Protocol=6) | APART
    known = mirror_of(TrafficMirrorFilters=filters, TrafficMirrorFilterRules=[alike])
    assert len(known.filters["tmf-1"].rules("egress")) == 1
    assert faults(TrafficMirrorFilters=filters, TrafficMirrorFilterRules=[alike | {"Protocol": 17}]) == [
        "m.json: TrafficMirrorFilterRules[0]: contradicts m.json: TrafficMirrorFilters[0].EgressFilterRules[0]"
        " (one of the two is out of date)"
    ]
    own = toml(
        "[[traffic_mirror_filter_rules]]\n"
        'traffic_mirror_filter_rule_id = "tmfr-1"\ntraffic_mirror_filter_id = "tmf-1"\n'
        'traffic_direction = "egress"\nrule_number = 3\nrule_action = "reject"\n'
    )
    (changed,) = mirror_of(own, aws(TrafficMirrorFilters=filters)).filters["tmf-1"].rules("egress")
    assert changed.rule_action == "reject"


def test_faults_of_rules_apart_have_their_own_place() -> None:
    assert faults(
        TrafficMirrorFilters=[filter_of(egress=[rule(3)])],
        TrafficMirrorFilterRules=[
            rule(3) | APART,
            {"TrafficMirrorFilterRuleId": "tmfr-2", "RuleNumber": 4, "RuleAction": "accept"},
            {"TrafficMirrorFilterRuleId": "tmfr-3"} | {key: APART[key] for key in list(APART)[1:]},
        ],
    ) == [
        "m.json: TrafficMirrorFilterRules[1].TrafficMirrorFilterId: is missing",
        "m.json: TrafficMirrorFilterRules[1].TrafficDirection: is missing",
        "m.json: TrafficMirrorFilterRules[2].RuleNumber: is missing",
        "m.json: TrafficMirrorFilterRules[2].RuleAction: is missing",
        "m.json: TrafficMirrorFilterRules[0]: rule number 3 is taken (unique for a filter and direction)",
    ]


def test_vnis_are_drawn_where_aws_would() -> None:
    own = toml('[[traffic_mirror_sessions]]\ntraffic_mirror_session_id = "web"\n')
    known = mirror_of(own)
    # The first 24 bits of the SHA-256 of `web`.
    assert known.sessions["web"].virtual_network_id == 0x4B5E57
    assert known.drawn == {"web"}
    planned = Document("t", False, {"TrafficMirrorSessions": [{"TrafficMirrorSessionId": "web"}]}, planned=True)
    assert mirror_of(planned).sessions == known.sessions


def test_what_aws_describes_has_its_vni() -> None:
    at = "m.json: TrafficMirrorSessions[0].VirtualNetworkId: is missing"
    assert faults(TrafficMirrorSessions=[session(VirtualNetworkId=None)]) == [at]
    own = toml('[[traffic_mirror_sessions]]\ntraffic_mirror_session_id = "tms-1"\nname = "x"')
    assert faults(own, TrafficMirrorSessions=[session(VirtualNetworkId=None)]) != []


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_drawn_vnis_are_unique_and_the_same_each_time(order: tuple[str, str]) -> None:
    free = draw(["a"], [])["a"]
    drawn = draw(order, [free])
    assert free not in drawn.values()
    assert drawn == draw(("a", "b"), [free])
    assert len(set(draw(map(str, range(10_000)), range(1000)).values()) - set(range(1000))) == 10_000
