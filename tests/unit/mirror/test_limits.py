"""AWS's limits, each at its edge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mirror.build import faults, filter_of, interface, mirror_of, ports, rule, session, to_interface, toml


@pytest.mark.parametrize(
    ("field", "lowest", "highest"),
    [
        ("SessionNumber", 1, 32_766),
        ("PacketLength", 1, 8500),
        ("VirtualNetworkId", 0, 16_777_215),
    ],
)
def test_the_numbers_of_a_session(field: str, lowest: int, highest: int) -> None:
    for value in (lowest, highest):
        assert mirror_of(TrafficMirrorSessions=[session(**{field: value})]).sessions
    at = f"m.json: TrafficMirrorSessions[0].{field}"
    allowed = f"({lowest} to {highest})"
    assert faults(TrafficMirrorSessions=[session(**{field: lowest - 1})]) == [
        f"{at}: {lowest - 1} is below {lowest} {allowed}"
    ]
    assert faults(TrafficMirrorSessions=[session(**{field: highest + 1})]) == [
        f"{at}: {highest + 1} is above {highest} {allowed}"
    ]


def test_three_sessions_a_source() -> None:
    three = [session(number) for number in (1, 2, 3)]
    assert len(mirror_of(TrafficMirrorSessions=three).sessions) == 3
    assert mirror_of(TrafficMirrorSessions=[*three, session(4, NetworkInterfaceId="eni-2")]).sessions
    assert faults(TrafficMirrorSessions=[*three, session(4)]) == [
        "m.json: TrafficMirrorSessions[3]: is session 4 of eni-1 (at most 3 a source)"
    ]


def one_of_many(number: int, source: int) -> dict[str, Any]:
    ids = {"TrafficMirrorSessionId": f"tms-{number}", "NetworkInterfaceId": f"eni-{source}"}
    return session(1, VirtualNetworkId=number, **ids)


@pytest.mark.parametrize("split", [(10, 0), (5, 5), (0, 10)])
def test_ten_rules_a_filter(split: tuple[int, int]) -> None:
    rules = [rule(number) for number in range(1, 12)]
    inward, outward = split
    assert mirror_of(TrafficMirrorFilters=[filter_of(ingress=rules[:inward], egress=rules[:outward])]).filters
    assert faults(TrafficMirrorFilters=[filter_of(ingress=rules[: inward + 1], egress=rules[:outward])]) == [
        "m.json: TrafficMirrorFilters[0]: has 11 rules (at most 10 a filter, both directions together)"
    ]


@pytest.mark.parametrize(
    ("table", "words", "row"),
    [
        ("TrafficMirrorSessions", "sessions", lambda n: one_of_many(n, n)),
        ("TrafficMirrorTargets", "targets", lambda n: to_interface(f"t{n}", NetworkInterfaceId=f"e{n}")),
        ("TrafficMirrorFilters", "filters", lambda n: filter_of(f"f{n}")),
    ],
)  # fmt: skip
def test_ten_thousand_an_account(table: str, words: str, row: Any) -> None:
    rows = [row(number) for number in range(10_001)]
    assert mirror_of(**{table: rows[:-1]})
    assert faults(**{table: rows}) == [
        f"m.json: {table}[10000]: is one more than 10,000 {words} (at most 10,000 {words} an account)"
    ]


def test_accounts_are_counted_apart() -> None:
    rows = [to_interface(f"t{n}", NetworkInterfaceId=f"e{n}", OwnerId=str(n % 2)) for n in range(10_001)]
    assert len(mirror_of(TrafficMirrorTargets=rows).targets) == 10_001


def crowd(count: int, instance_type: str = "") -> dict[str, Any]:
    tables: dict[str, Any] = {
        "TrafficMirrorSessions": [one_of_many(n, n) for n in range(count)],
        "TrafficMirrorTargets": [to_interface()],
    }
    if instance_type:
        held = {"NetworkInterfaceId": "eni-t"}
        tables["Instances"] = [{"InstanceId": "i-t", "InstanceType": instance_type, "NetworkInterfaces": [held]}]
    return tables


@pytest.mark.parametrize(
    ("kind", "most", "whom"),
    [
        ("", 100, "any instance"),
        ("t3.micro", 10, "an instance of type t3.micro"),
        ("m5.12xlarge", 10, "an instance of type m5.12xlarge"),
        ("m5.24xlarge", 100, "an instance of type m5.24xlarge"),
        ("u7in-16tb.224xlarge", 100, "an instance of type u7in-16tb.224xlarge"),
    ],
)
def test_sources_of_an_interface(kind: str, most: int, whom: str) -> None:
    assert mirror_of(**crowd(most, kind)).sessions
    assert faults(**crowd(most + 1, kind)) == [
        f"m.json: TrafficMirrorTargets[0].NetworkInterfaceId: eni-t is the target of {most + 1} sources"
        f" (at most {most} for {whom})"
    ]


def test_sources_of_an_interface_are_counted_once_each() -> None:
    sessions = [one_of_many(n, n // 3) | {"SessionNumber": n % 3 + 1} for n in range(30)]
    tables = crowd(0, "t3.micro") | {"TrafficMirrorSessions": sessions}
    assert len(mirror_of(**tables).sessions) == 30


def test_load_balancers_have_no_limit_of_sources() -> None:
    for kind in ("NetworkLoadBalancerArn", "GatewayLoadBalancerEndpointId"):
        targets = [{"TrafficMirrorTargetId": "tmt-1", kind: "x"}]
        assert mirror_of(**crowd(101) | {"TrafficMirrorTargets": targets}).sessions


def test_a_target_is_no_source() -> None:
    assert faults(
        TrafficMirrorSessions=[session()], TrafficMirrorTargets=[to_interface(NetworkInterfaceId="eni-1")]
    ) == [
        "m.json: TrafficMirrorSessions[0].NetworkInterfaceId: eni-1 is the interface of target tmt-1"
        " (a target can't be a source)"
    ]


@pytest.mark.parametrize("kinds", [{}, {"NetworkInterfaceId": "eni-t", "GatewayLoadBalancerEndpointId": "vpce-1"}])
def test_a_target_is_one_thing(kinds: dict[str, str]) -> None:
    (line,) = faults(TrafficMirrorTargets=[{"TrafficMirrorTargetId": "tmt-1"} | kinds])
    assert line.startswith(f"m.json: TrafficMirrorTargets[0]: names {len(kinds)} places for the copies to go to (")


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"DestinationPortRange": ports(0, 65_536)}, ".DestinationPortRange.ToPort: 65536 is above 65535 (0 to 65535)"),
        ({"SourcePortRange": ports(-1, 5)}, ".SourcePortRange.FromPort: -1 is below 0 (0 to 65535)"),
        ({"SourcePortRange": ports(5, 4)}, ": ports 5 to 4 run backwards"),
        ({"Protocol": 256}, ".Protocol: 256 is above 255 (-1 to 255)"),
        ({"Protocol": -2}, ".Protocol: -2 is below -1 (-1 to 255)"),
        ({"RuleNumber": 32_767}, ".RuleNumber: 32767 is above 32766 (1 to 32766)"),
        ({"SourceCidrBlock": "10.0.0.0/33"}, ".SourceCidrBlock: '10.0.0.0/33' is not a CIDR block"),
        ({"TrafficDirection": "egress"}, ": is a rule for egress among those for ingress"),
    ],
)
def test_rules(fields: dict[str, Any], fault: str) -> None:
    at = "m.json: TrafficMirrorFilters[0].IngressFilterRules[0]"
    assert faults(TrafficMirrorFilters=[filter_of(ingress=[rule(**fields)])]) == [at + fault]


def test_the_widest_rule() -> None:
    widest = rule(32_766, Protocol=255, SourcePortRange=ports(0, 65_535), DestinationPortRange=ports(7))
    assert mirror_of(TrafficMirrorFilters=[filter_of(ingress=[widest])]).filters


@pytest.mark.parametrize("key", ["eni-1", "eni-t"])
def test_interfaces_of_other_types(key: str) -> None:
    tables = {"TrafficMirrorSessions": [session()], "TrafficMirrorTargets": [to_interface()]}
    interfaces = [interface("eni-1"), interface("eni-t")]
    assert mirror_of(**tables, NetworkInterfaces=[row | {"InterfaceType": "interface"} for row in interfaces])
    odd = [row | ({"InterfaceType": "efa"} if row["NetworkInterfaceId"] == key else {}) for row in interfaces]
    (line,) = faults(**tables, NetworkInterfaces=odd)
    assert line.endswith(f".InterfaceType: 'efa' can't be a {'source' if key == 'eni-1' else 'target'}"
                         " (only interfaces of type 'interface' can)")  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "fine"),
    [
        ({"RequesterId": "amazon-rds"}, True),
        ({"RequesterId": "112233445566", "Description": "RDSNetworkInterface"}, True),
        ({"Attachment": {"InstanceOwnerId": "amazon-elasticache"}}, True),
        ({"Description": "ElastiCache web-001"}, True),
        ({}, True),
        ({"RequesterId": "amazon-elb"}, False),
        ({"RequesterId": "112233445566", "Description": "VPC Endpoint Interface vpce-1"}, False),
        ({"RequesterId": "amazon-elb", "RequesterManaged": False}, True),
    ],
)
def test_interfaces_that_services_manage(fields: dict[str, Any], fine: bool) -> None:
    tables = {
        "TrafficMirrorSessions": [session()],
        "NetworkInterfaces": [interface(**{"RequesterManaged": True} | fields)],
    }
    if fine:
        assert mirror_of(**tables).sessions
    else:
        assert faults(**tables) == [
            "m.json: NetworkInterfaces[0].RequesterManaged: eni-1 is managed by a service that can't be mirrored"
            " (of those that services manage, only RDS's and ElastiCache's can be sources)"
        ]


def test_tags() -> None:
    target = '[[traffic_mirror_targets]]\ntraffic_mirror_target_id="t"\nnetwork_interface_id="e"\n'
    tag = target + 'tags=[{key="%s",value="%s"}]'
    assert mirror_of(toml(tag % ("k" * 127, "v" * 256))).targets
    assert faults(toml(tag % ("k" * 128, "v" * 257))) == [
        "m.toml: traffic_mirror_targets[0].tags[0].key: has 128 characters (at most 127)",
        "m.toml: traffic_mirror_targets[0].tags[0].value: has 257 characters (at most 256)",
    ]
    assert faults(toml(tag % ("aws:x", ""))) == [
        "m.toml: traffic_mirror_targets[0].tags[0].key: 'aws:x' begins with aws: (AWS keeps that for itself)"
    ]
    own = [{"Key": "aws:cloudformation:stack-name", "Value": "mirror"}]
    assert mirror_of(TrafficMirrorTargets=[to_interface(Tags=own)]).targets


def test_ten_faults_are_ten_lines() -> None:
    rows = [
        session(1, PacketLength=0),
        session(2, SessionNumber=0),
        session(3, VirtualNetworkId=2**24),
        session(4, NetworkInterfaceId="eni-t"),
        session(5, SessionNumber=4, NetworkInterfaceId="eni-t"),
    ]
    families = {"SourceCidrBlock": "::/0", "DestinationCidrBlock": "10.0.0.0/8"}
    rules = [rule(10, SourcePortRange=ports(2, 1)), rule(10, "drop"), rule(20, Protocol=300)]
    lines = faults(
        TrafficMirrorSessions=rows,
        TrafficMirrorTargets=[to_interface(), {"TrafficMirrorTargetId": "tmt-2"}],
        TrafficMirrorFilters=[filter_of(ingress=[rule(7), rule(7, **families)], egress=rules)],
    )
    places = [line.split(": ")[1] for line in lines]
    assert places == [
        "TrafficMirrorSessions[0].PacketLength",
        "TrafficMirrorSessions[1].SessionNumber",
        "TrafficMirrorSessions[2].VirtualNetworkId",
        "TrafficMirrorFilters[0].EgressFilterRules[1].RuleAction",
        "TrafficMirrorFilters[0].EgressFilterRules[2].Protocol",
        "TrafficMirrorTargets[1]",
        "TrafficMirrorFilters[0].IngressFilterRules[1]",
        "TrafficMirrorFilters[0].IngressFilterRules[1]",
        "TrafficMirrorFilters[0].EgressFilterRules[0]",
        "TrafficMirrorSessions[4].SessionNumber",
        "TrafficMirrorSessions[3].NetworkInterfaceId",
    ]


def test_a_rule_behind_a_bad_one_keeps_its_place() -> None:
    rules = [rule(1, RuleAction="allow"), rule(2), rule(2)]
    bad, taken = faults(TrafficMirrorFilters=[filter_of(ingress=rules)])
    assert bad.startswith("m.json: TrafficMirrorFilters[0].IngressFilterRules[0].RuleAction: ")
    assert taken.startswith("m.json: TrafficMirrorFilters[0].IngressFilterRules[2]: rule number 2 is taken")
