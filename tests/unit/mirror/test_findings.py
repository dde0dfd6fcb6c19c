"""What is allowed and hardly meant: each finding, and what is just not one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mirror.build import (
    ALL_PORTS,
    filter_of,
    found,
    interface,
    mirror_of,
    ports,
    rule,
    session,
    to_interface,
    toml,
)
from tmrx.mirror import Mirror
from tmrx.mirror.findings import CHECKS, WARNINGS, findings

BOTH = {"ingress": [rule()], "egress": [rule()]}
V4 = {"SourceCidrBlock": "0.0.0.0/0", "DestinationCidrBlock": "0.0.0.0/0"}
V6 = {"SourceCidrBlock": "::/0", "DestinationCidrBlock": "::/0"}


def two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two sessions of a source, a filter each."""
    return {
        "TrafficMirrorSessions": [session(1), session(2, TrafficMirrorFilterId="tmf-2")],
        "TrafficMirrorFilters": [first, second | {"TrafficMirrorFilterId": "tmf-2"}],
    }


def test_nothing_wrong() -> None:
    tables: dict[str, Any] = {
        "TrafficMirrorSessions": [session()],
        "TrafficMirrorFilters": [filter_of(**BOTH, NetworkServices=["amazon-dns"])],
        "TrafficMirrorTargets": [to_interface()],
        "NetworkInterfaces": [
            interface(Attachment={"InstanceId": "i-1"}, Status="in-use"),
            interface("eni-t", PrivateIpAddress="10.0.0.2", Groups=[{"GroupId": "sg-1"}]),
        ],
        "Instances": [{"InstanceId": "i-1", "InstanceType": "t3.micro"}],
        "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "Ipv6Native": False}],
        "SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [ALL_PORTS]}],
        "RouteTables": [table({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"})],
    }
    assert list(findings(mirror_of(**tables))) == []


def test_no_sessions() -> None:
    assert [one.name for one in findings(Mirror())] == ["no-sessions"]


def test_inactive_session() -> None:
    own = toml('[[traffic_mirror_sessions]]\ntraffic_mirror_session_id = "tms-1"\nstate = "inactive"')
    (line,) = found("inactive-session", own, TrafficMirrorSessions=[session(), session(2)])
    assert line.startswith("m.toml: traffic_mirror_sessions[0].state: the session is inactive")


@pytest.mark.parametrize(("state", "gone"), [("available", False), ("deleted", True), ("Rejected", True)])
def test_a_target_that_is_gone(state: str, gone: bool) -> None:
    lines = found(
        "inactive-session",
        TrafficMirrorSessions=[session()],
        TrafficMirrorTargets=[{"TrafficMirrorTargetId": "tmt-1", "GatewayLoadBalancerEndpointId": "vpce-1"}],
        VpcEndpoints=[{"VpcEndpointId": "vpce-1", "State": state}],
    )
    assert [line.split(": ")[1] for line in lines] == ["TrafficMirrorSessions[0].TrafficMirrorTargetId"] * gone


HTTPS = rule(Protocol=6, DestinationPortRange=ports(443), **V4)
TCP4 = rule(Protocol=6, **V4)


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        (filter_of(ingress=[TCP4]), filter_of(ingress=[HTTPS]), True),
        (filter_of(ingress=[HTTPS]), filter_of(ingress=[TCP4]), False),
        (filter_of(ingress=[TCP4]), filter_of(ingress=[TCP4]), True),
        (filter_of(ingress=[TCP4]), filter_of(egress=[HTTPS]), False),
        (filter_of(ingress=[TCP4]), filter_of(ingress=[HTTPS | V6]), False),
        (filter_of(ingress=[rule()]), filter_of(ingress=[HTTPS | V6, rule(20, **V4)]), True),
        (filter_of(ingress=[rule(5, "reject", Protocol=17), rule()]), filter_of(ingress=[HTTPS]), True),
        (filter_of(ingress=[rule(5, "reject", SourcePortRange=ports(9)), rule()]), filter_of(ingress=[HTTPS]), False),
        (filter_of(ingress=[rule(20, "reject"), rule()]), filter_of(ingress=[HTTPS]), True),
        (filter_of(**BOTH), filter_of(ingress=[TCP4], NetworkServices=["amazon-dns"]), False),
        (filter_of(NetworkServices=["amazon-dns"]), filter_of(NetworkServices=["amazon-dns"]), True),
        (filter_of(**BOTH, NetworkServices=["amazon-dns"]), filter_of(NetworkServices=["amazon-dns"]), True),
        (filter_of(**BOTH), filter_of(), False),
        (filter_of(), filter_of(**BOTH), False),
    ],
)  # fmt: skip
def test_shadowed_session(first: dict[str, Any], second: dict[str, Any], shadowed: bool) -> None:
    lines = found("shadowed-session", **two(first, second))
    assert [line.split(": ")[1] for line in lines] == ["TrafficMirrorSessions[1].SessionNumber"] * shadowed


def test_what_does_not_shadow() -> None:
    tables = two(filter_of(**BOTH), filter_of(**BOTH))
    assert found("shadowed-session", **tables)
    # The order is that of the numbers, not of the file.
    swapped = tables | {"TrafficMirrorSessions": [session(2), session(1, TrafficMirrorFilterId="tmf-2")]}
    assert found("shadowed-session", **swapped)[0].startswith("m.json: TrafficMirrorSessions[0].")
    other = session(2, TrafficMirrorFilterId="tmf-2", NetworkInterfaceId="eni-2")
    assert not found("shadowed-session", **tables | {"TrafficMirrorSessions": [session(1), other]})
    inactive = toml('[[traffic_mirror_sessions]]\ntraffic_mirror_session_id = "tms-1"\nstate = "inactive"')
    assert not found("shadowed-session", inactive, **tables)


def test_two_sessions_together_shadow_a_third() -> None:
    tables = two(filter_of(ingress=[rule(**V4)]), filter_of(ingress=[rule(**V6)]))
    tables["TrafficMirrorSessions"].append(session(3, TrafficMirrorFilterId="tmf-3"))
    tables["TrafficMirrorFilters"].append(filter_of("tmf-3", ingress=[TCP4, rule(20, Protocol=6, **V6)]))
    (line,) = found("shadowed-session", **tables)
    assert "tms-3 gets no packet: tms-1 and tms-2 before it take all that it would accept" in line


@pytest.mark.parametrize(
    ("own", "nothing"),
    [
        (filter_of(), True),
        (filter_of(ingress=[rule(action="reject")]), True),
        (filter_of(ingress=[rule(Protocol=1, SourcePortRange=ports(1))]), True),
        (filter_of(NetworkServices=["amazon-dns"]), False),
        (filter_of(egress=[rule()]), False),
    ],
)
def test_mirrors_nothing(own: dict[str, Any], nothing: bool) -> None:
    lines = found("mirrors-nothing", TrafficMirrorSessions=[session()], TrafficMirrorFilters=[own])
    assert len(lines) == nothing


@pytest.mark.parametrize(
    ("length", "rules", "text"),
    [
        (34, [rule(**V4)], "34 cuts packets inside their headers"),
        (35, [rule(**V4)], ""),
        (35, [rule(**V6)], "35 cuts IPv6 packets inside their headers"),
        (54, [rule()], "54 cuts IPv6 packets inside their headers"),
        (54, [rule(action="reject", **V6), rule(20, **V4)], ""),
        (55, [rule()], ""),
    ],
)
def test_short_packet_length(length: int, rules: list[dict[str, Any]], text: str) -> None:
    known = mirror_of(
        TrafficMirrorSessions=[session(PacketLength=length)], TrafficMirrorFilters=[filter_of(ingress=rules)]
    )
    assert [line.split(": ")[2].split(" (")[0] for line in known.warnings] == [text] * bool(text)


@pytest.mark.parametrize(
    ("protocol", "cidrs", "text"),
    [
        (1, V6, "protocol 1 belongs to IPv4, and the CIDRs are of IPv6"),
        (58, V4, "protocol 58 belongs to IPv6, and the CIDRs are of IPv4"),
        (1, V4, ""),
        (58, V6, ""),
        (6, V6, ""),
        (1, {}, ""),
    ],
)
def test_family_mismatch(protocol: int, cidrs: dict[str, str], text: str) -> None:
    known = mirror_of(TrafficMirrorFilters=[filter_of(egress=[rule(Protocol=protocol, **cidrs)])])
    assert [text in line for line in known.warnings] == [True] * bool(text)


@pytest.mark.parametrize(
    ("protocol", "never"), [(1, True), (132, True), (6, False), (17, False), (None, False), (-1, False)]
)
def test_never_matches(protocol: int | None, never: bool) -> None:
    own = filter_of(ingress=[rule(Protocol=protocol, DestinationPortRange=ports(80))])
    assert len(found("never-matches", TrafficMirrorFilters=[own])) == never


def test_shadowed_rule() -> None:
    rules = [rule(30, "reject", Protocol=6, DestinationPortRange=ports(22)), rule(10, **V4), rule(20, Protocol=6, **V4)]
    rules += [rule(40), rule(50, "accept", Protocol=17, **V6)]
    assert found("shadowed-rule", TrafficMirrorFilters=[filter_of(egress=rules)]) == [
        "m.json: TrafficMirrorFilters[0].EgressFilterRules[2]: rule 20 never decides: rule 10 matches all that it does"
        " (delete it)",
        "m.json: TrafficMirrorFilters[0].EgressFilterRules[4]: rule 50 never decides: rule 40 matches all that it does"
        " (delete it)",
    ]
    late = [rule(10), rule(20, "reject", Protocol=6, DestinationPortRange=ports(22))]
    (line,) = found("shadowed-rule", TrafficMirrorFilters=[filter_of(ingress=late)])
    assert line.endswith("(give it the lower number)")


@pytest.mark.parametrize(
    ("own", "missed"),
    [
        ({"ingress": [rule()]}, "no outbound traffic is mirrored"),
        ({"egress": [rule()]}, "no inbound traffic is mirrored"),
        ({"egress": [rule()], "ingress": [rule(action="reject")]}, "no inbound traffic is mirrored"),
        (BOTH, ""),
        ({"NetworkServices": ["amazon-dns"]}, ""),
    ],
)
def test_missed_direction(own: dict[str, Any], missed: str) -> None:
    lines = found("missed-direction", TrafficMirrorSessions=[session()], TrafficMirrorFilters=[filter_of(**own)])
    assert [missed in line for line in lines] == [True] * bool(missed)


def test_a_direction_of_another_session_is_not_missed() -> None:
    split = two(filter_of(ingress=[rule()]), filter_of(egress=[rule()]))
    assert not found("missed-direction", **split)
    # Here the filters are those of two sources.
    split["TrafficMirrorSessions"][1]["NetworkInterfaceId"] = "eni-2"
    assert len(found("missed-direction", **split)) == 2


@pytest.mark.parametrize(
    ("own", "missed"),
    [
        (filter_of(**BOTH), True),
        (filter_of(egress=[rule(Protocol=17, DestinationPortRange=ports(53, 60))]), True),
        (filter_of(ingress=[rule(Protocol=17, SourcePortRange=ports(0, 53))]), True),
        (filter_of(egress=[rule(Protocol=17, DestinationPortRange=ports(54))]), False),
        (filter_of(ingress=[rule(Protocol=6)], egress=[rule(Protocol=6)]), False),
        (filter_of(**BOTH, NetworkServices=["amazon-dns"]), False),
    ],
)
def test_no_amazon_dns(own: dict[str, Any], missed: bool) -> None:
    assert len(found("no-amazon-dns", TrafficMirrorSessions=[session()], TrafficMirrorFilters=[own])) == missed


def test_the_resolver_in_another_session() -> None:
    assert not found("no-amazon-dns", **two(filter_of(**BOTH), filter_of(NetworkServices=["amazon-dns"])))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("m5.24xlarge", ""),
        ("m5.metal", ""),
        ("M5.Large", ""),
        ("u7in-16tb.224xlarge", ""),
        ("u-6tb1.112xlarge", ""),
        ("mac2-m2pro.metal", ""),
        ("m7i.metal-24xl", "nothing is mirrored from m7i.metal-24xl, a bare metal instance"),
        ("c6gn.metal", "nothing is mirrored from c6gn.metal, a bare metal instance"),
        ("t2.micro", "nothing is mirrored from instances of type t2.micro"),
        ("m5", ""),
        ("u-6tb1.metal", "nothing is mirrored from u-6tb1.metal, a bare metal instance"),
    ],
)
def test_unsupported_source(kind: str, text: str) -> None:
    tables = {
        "TrafficMirrorSessions": [session()],
        "NetworkInterfaces": [interface(Attachment={"InstanceId": "i-1"})],
        "Instances": [{"InstanceId": "i-1", "InstanceType": kind}],
    }
    assert [text in line for line in found("unsupported-source", **tables)] == [True] * bool(text)
    assert mirror_of(**tables).is_active(mirror_of(**tables).sessions["tms-1"]) == (
        "unsupported_instance_type" if text else ""
    )


@pytest.mark.parametrize(
    ("fields", "detached"),
    [({}, False), ({"Status": "in-use"}, False), ({"Status": "available"}, True)],
)
def test_a_detached_source(fields: dict[str, Any], detached: bool) -> None:
    tables = {"TrafficMirrorSessions": [session()], "NetworkInterfaces": [interface(**fields)]}
    lines = found("unsupported-source", **tables)
    assert [line.split(": ")[1] for line in lines] == ["NetworkInterfaces[0].Status"] * detached


@pytest.mark.parametrize(
    ("native", "ends"),
    [((), 0), (("subnet-1",), 1), (("subnet-t",), 1), (("subnet-1", "subnet-t"), 2), (("subnet-2",), 0)],
)
def test_ipv6_only_subnet(native: tuple[str, ...], ends: int) -> None:
    subnets = [{"SubnetId": key, "Ipv6Native": key in native} for key in ("subnet-1", "subnet-2", "subnet-t")]
    tables = {
        "TrafficMirrorSessions": [session()],
        "TrafficMirrorTargets": [to_interface()],
        "NetworkInterfaces": [interface(), interface("eni-t", SubnetId="subnet-t")],
        "Subnets": subnets,
    }
    assert len(found("ipv6-only-subnet", **tables)) == ends


@pytest.mark.parametrize("count", [10, 11])
def test_many_sources(count: int) -> None:
    rows = [
        session(1, TrafficMirrorSessionId=f"s{n}", VirtualNetworkId=n, NetworkInterfaceId=f"e{n}") for n in range(count)
    ]
    lines = found("many-sources", TrafficMirrorSessions=rows, TrafficMirrorTargets=[to_interface()])
    assert len(lines) == (count > 10)


BALANCER = '[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "tmt-1"\nnetwork_load_balancer_arn = "arn:x"\n'


@pytest.mark.parametrize(
    ("name", "said", "is_found"),
    [
        ("one-zone", "", False),
        ("one-zone", 'zones = ["a"]', True),
        ("one-zone", 'zones = ["a", "a"]', True),
        ("one-zone", 'zones = ["a", "b"]', False),
        ("one-zone", 'zones = ["a", "b"]\ncross_zone = true', False),
        ("one-zone", 'zones = ["a", "b"]\ncross_zone = false', True),
        ("no-listener", "", False),
        ("no-listener", "listeners = []", True),
        ("no-listener", "listeners = [4790, 53]", True),
        ("no-listener", "listeners = [53, 4789]", False),
    ],
)
def test_load_balancers(name: str, said: str, is_found: bool) -> None:
    assert len(found(name, toml(BALANCER + said))) == is_found


@pytest.mark.parametrize(
    ("source", "target", "six", "is_found"),
    [
        (None, 9001, False, False),
        (9001, None, False, False),
        (9001, 9001, False, True),
        (8948, 9001, False, True),
        (8947, 9001, False, False),
        (8928, 9001, True, True),
        (8927, 9001, True, False),
        (8447, 0, False, True),
        (8446, 0, False, False),
        (8427, 0, True, True),
        (8426, 0, True, False),
        (9001, -1, False, False),
    ],
)
def test_mtu_truncates(source: int | None, target: int | None, six: bool, is_found: bool) -> None:
    """`target`: its MTU; 0 a Gateway Load Balancer endpoint, -1 a Network Load Balancer."""
    resource = {0: "GatewayLoadBalancerEndpointId", -1: "NetworkLoadBalancerArn"}.get(
        9001 if target is None else target, "NetworkInterfaceId"
    )
    first = interface(PrivateIpAddress=None, Ipv6Addresses=[{"Ipv6Address": "fd00::1"}]) if six else interface()
    said = {"eni-1": source, "eni-t": target if target and target > 0 else None}
    own = "".join(
        f'[[network_interfaces]]\nnetwork_interface_id = "{key}"\nmtu = {mtu}\n' for key, mtu in said.items() if mtu
    )
    lines = found(
        "mtu-truncates",
        toml(own),
        TrafficMirrorSessions=[session()],
        TrafficMirrorTargets=[{"TrafficMirrorTargetId": "tmt-1", resource: "eni-t"}],
        NetworkInterfaces=[first, interface("eni-t")],
    )
    assert len(lines) == is_found


@pytest.mark.parametrize(("length", "is_found"), [(1514, False), (1515, True)])
def test_a_session_that_cuts_more_than_the_mtu(length: int, is_found: bool) -> None:
    own = toml('[[network_interfaces]]\nnetwork_interface_id = "eni-1"\nmtu = 9001\n'
               '[[network_interfaces]]\nnetwork_interface_id = "eni-t"\nmtu = 1554\n')  # fmt: skip
    lines = found(
        "mtu-truncates",
        own,
        TrafficMirrorSessions=[session(PacketLength=length)],
        TrafficMirrorTargets=[to_interface()],
        NetworkInterfaces=[interface(), interface("eni-t")],
    )
    assert len(lines) == is_found


def table(*routes: dict[str, Any], main: bool = True, **association: Any) -> dict[str, Any]:
    return {
        "RouteTableId": "rtb-1",
        "VpcId": "vpc-1",
        "Associations": [{"Main": main} | association],
        "Routes": [{"State": "active"} | route for route in routes],
    }


LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}
PEERED = {"DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-1"}
HOLE = {"DestinationCidrBlock": "10.9.9.0/24", "State": "blackhole"}
INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}


@pytest.mark.parametrize(
    ("routes", "address", "why"),
    [
        ([LOCAL], "10.0.9.9", ""),
        ([LOCAL], "10.9.9.9", "rtb-1 has no route to 10.9.9.9"),
        ([LOCAL, PEERED], "10.9.9.9", ""),
        ([LOCAL, PEERED | {"State": "blackhole"}], "10.9.9.9", "rtb-1 has 10.9.9.9 go by 10.9.0.0/16, a blackhole"),
        ([LOCAL, INTERNET], "10.9.9.9", "go by 0.0.0.0/0 to igw-1, which leads to the internet"),
        ([LOCAL, INTERNET, PEERED], "10.9.9.9", ""),
        ([LOCAL, PEERED, PEERED | HOLE], "10.9.9.9", "by 10.9.9.0/24, a blackhole"),
        ([LOCAL, {"DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1"}], "10.9.9.9", ""),
        ([LOCAL, {"DestinationIpv6CidrBlock": "::/0", "NatGatewayId": "nat-1"}], "10.9.9.9", "no route"),
    ],
)  # fmt: skip
def test_unreachable(routes: list[dict[str, Any]], address: str, why: str) -> None:
    tables = {
        "TrafficMirrorSessions": [session(), session(2)],
        "TrafficMirrorTargets": [to_interface()],
        "NetworkInterfaces": [interface(), interface("eni-t", PrivateIpAddress=address)],
    }
    lines = found("unreachable", **tables, RouteTables=[table(*routes)])
    assert [why in line for line in lines] == [True] * bool(why)
    assert not found("unreachable", **tables)
    assert not found("unreachable", **tables, RouteTables=[table(*routes) | {"VpcId": "vpc-2"}])


def test_the_subnets_own_table_wins() -> None:
    tables = {
        "TrafficMirrorSessions": [session()],
        "TrafficMirrorTargets": [to_interface()],
        "NetworkInterfaces": [interface(), interface("eni-t", PrivateIpAddress="10.9.9.9")],
    }
    own = table(LOCAL, PEERED, main=False, SubnetId="subnet-1")
    main = table(LOCAL) | {"RouteTableId": "rtb-main"}
    assert not found("unreachable", **tables, RouteTables=[main, own])
    assert found("unreachable", **tables, RouteTables=[main, own | {"Associations": [{"SubnetId": "subnet-2"}]}])


def test_a_local_route_stays_in_its_vpc() -> None:
    far = interface("eni-t", PrivateIpAddress="10.0.9.9", VpcId="vpc-2", SubnetId="subnet-2")
    (line,) = found(
        "unreachable",
        TrafficMirrorSessions=[session()],
        TrafficMirrorTargets=[to_interface()],
        NetworkInterfaces=[interface(), far],
        RouteTables=[table(LOCAL)],
    )
    assert "rtb-1 keeps 10.0.9.9 in vpc-1, and the target is in vpc-2" in line


def admits(**fields: Any) -> dict[str, Any]:
    return {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "udp", **ports(4789)} | fields]}


FROM = {"IpRanges": [{"CidrIp": "10.0.0.0/24"}]}


@pytest.mark.parametrize(
    ("group", "blocked"),
    [
        (admits(**FROM), False),
        (admits(IpProtocol="17", **FROM), False),
        (admits(IpProtocol="-1", FromPort=None, ToPort=None, **FROM), False),
        (admits(IpProtocol="tcp", **FROM), True),
        (admits(FromPort=4790, ToPort=5000, **FROM), True),
        (admits(FromPort=0, ToPort=4788, **FROM), True),
        (admits(FromPort=0, ToPort=4789, **FROM), False),
        (admits(IpRanges=[{"CidrIp": "10.0.1.0/24"}]), True),
        (admits(Ipv6Ranges=[{"CidrIpv6": "::/0"}]), True),
        (admits(UserIdGroupPairs=[{"GroupId": "sg-source"}]), False),
        (admits(UserIdGroupPairs=[{"GroupId": "sg-other"}]), True),
        (admits(PrefixListIds=[{"PrefixListId": "pl-1"}]), False),
        ({"GroupId": "sg-1", "IpPermissions": []}, True),
        ({"GroupId": "sg-1"}, False),
        ({"GroupId": "sg-9"}, False),
    ],
)
def test_security_groups(group: dict[str, Any], blocked: bool) -> None:
    lines = found(
        "port-blocked",
        TrafficMirrorSessions=[session()],
        TrafficMirrorTargets=[to_interface()],
        NetworkInterfaces=[
            interface(Groups=[{"GroupId": "sg-source"}]),
            interface("eni-t", Groups=[{"GroupId": "sg-1"}], PrivateIpAddress="10.0.0.2"),
        ],
        SecurityGroups=[group],
    )
    assert ["sg-1 does not admit UDP 4789 from 10.0.0.1" in line for line in lines] == [True] * blocked


def test_security_groups_of_receivers_behind_a_load_balancer() -> None:
    receivers = '[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "tmt-1"\nreceivers = ["10.0.0.2", "10.0.0.3"]\n'
    named = [interface(f"eni-{n}", Groups=[{"GroupId": f"sg-{n}"}], PrivateIpAddress=f"10.0.0.{n}") for n in (2, 3)]
    admits = {"IpProtocol": "udp", "FromPort": 4789, "ToPort": 4789, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    groups = [{"GroupId": "sg-2", "IpPermissions": [admits]}, {"GroupId": "sg-3", "IpPermissions": []}]
    balancer = {"TrafficMirrorTargetId": "tmt-1", "NetworkLoadBalancerArn": "arn:aws:elasticloadbalancing:…"}
    (line,) = found(
        "port-blocked",
        toml(receivers),
        TrafficMirrorSessions=[session()],
        TrafficMirrorTargets=[balancer],
        NetworkInterfaces=[interface(), *named],
        SecurityGroups=groups,
    )
    assert "dropped before eni-3: sg-3 does not admit UDP 4789 from 10.0.0.1" in line


def entry(number: int, action: str, **fields: Any) -> dict[str, Any]:
    base = {"RuleNumber": number, "RuleAction": action, "Egress": False, "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}
    return base | fields


VXLAN = {"From": 4789, "To": 4789}


@pytest.mark.parametrize(
    ("entries", "subnet", "blocked"),
    [
        ([entry(100, "allow"), entry(32_767, "deny")], "subnet-t", False),
        ([entry(32_767, "deny")], "subnet-t", True),
        ([entry(32_767, "deny")], "subnet-1", False),
        ([entry(100, "allow"), entry(99, "deny", Protocol="17", PortRange=VXLAN)], "subnet-t", True),
        ([entry(100, "allow"), entry(99, "deny", Protocol="17", PortRange={"From": 1, "To": 4788})], "subnet-t", False),
        ([entry(100, "allow", Protocol="6")], "subnet-t", True),
        ([entry(100, "allow", CidrBlock="10.0.1.0/24")], "subnet-t", True),
        ([entry(100, "allow", CidrBlock=None, Ipv6CidrBlock="::/0")], "subnet-t", True),
        ([entry(100, "allow", Egress=True)], "subnet-t", True),
    ],
)  # fmt: skip
def test_network_acls(entries: list[dict[str, Any]], subnet: str, blocked: bool) -> None:
    tables = {
        "TrafficMirrorSessions": [session()],
        "TrafficMirrorTargets": [to_interface()],
        "NetworkInterfaces": [interface(), interface("eni-t", SubnetId=subnet, PrivateIpAddress="10.0.0.2")],
    }
    acl = {"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Entries": entries, "Associations": [{"SubnetId": subnet}]}
    assert len(found("port-blocked", **tables, NetworkAcls=[acl])) == blocked
    default = acl | {"Associations": [], "IsDefault": True}
    assert len(found("port-blocked", **tables, NetworkAcls=[default])) == blocked
    assert not found("port-blocked", **tables, NetworkAcls=[default | {"VpcId": "vpc-2"}])


def test_warnings_are_checks() -> None:
    assert set(WARNINGS) <= set(CHECKS)
    assert all(name == name.lower().replace("_", "-") for name in CHECKS)
