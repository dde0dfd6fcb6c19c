"""What files say the mirror is, and what the core is told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tmrx import mirror, plan
from tmrx.errors import ConfigError
from tmrx.mirror.mirror import loopback, packed

TARGET = {"TrafficMirrorTargetId": "tmt-1", "NetworkInterfaceId": "eni-t", "Type": "network-interface"}
NLB = {"TrafficMirrorTargetId": "tmt-1", "NetworkLoadBalancerArn": "arn:aws:elasticloadbalancing:…"}
GWLB = {"TrafficMirrorTargetId": "tmt-1", "GatewayLoadBalancerEndpointId": "vpce-0123456789abcdef0"}
SOURCE = {
    "NetworkInterfaceId": "eni-1",
    "PrivateIpAddress": "172.31.0.238",
    "MacAddress": "06:1D:3c:34:d0:77",
    "VpcId": "vpc-1",
    "Status": "in-use",
    "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": "172.31.0.238"}],
}


def session(**fields: Any) -> dict[str, Any]:
    return {
        "TrafficMirrorSessionId": "tms-1",
        "TrafficMirrorTargetId": "tmt-1",
        "TrafficMirrorFilterId": "tmf-1",
        "NetworkInterfaceId": "eni-1",
        "OwnerId": "111122223333",
        "SessionNumber": 1,
        "VirtualNetworkId": 5569041,
        "Tags": [{"Key": "Name", "Value": "web"}],
    } | fields


def aws(**tables: Any) -> mirror.Document:
    return mirror.parse("m.json", json.dumps(tables).encode())


def toml(text: str) -> mirror.Document:
    return mirror.parse("m.toml", text.encode())


def only(*documents: mirror.Document) -> plan.Identity:
    # Behind it comes what it is known by on this machine.
    identity, *_ = mirror.from_documents(documents).identities().known
    return identity


def lines(*documents: mirror.Document) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        mirror.from_documents(documents)
    return caught.value.lines()


def test_nothing_given_knows_nothing() -> None:
    assert mirror.load([]).identities() == plan.IdentitySettings()


def test_a_session_of_aws_json() -> None:
    document = aws(
        TrafficMirrorSessions=[session(PacketLength=128)], TrafficMirrorTargets=[TARGET], NetworkInterfaces=[SOURCE]
    )
    assert only(document) == plan.Identity(
        vni=5569041,
        outer_src=bytes(10) + b"\xff\xff" + bytes([172, 31, 0, 238]),
        session="tms-1",
        name="web",
        interface="eni-1",
        vpc="vpc-1",
        domain=1,
        packet_length=128,
        target_mtu=9001,
    )


def test_a_session_alone_is_known_by_its_vni() -> None:
    identity = only(aws(TrafficMirrorSessions=[session()]))
    assert (identity.outer_src, identity.domain, identity.packet_length, identity.target_mtu) == (b"", 0, 0, 0)


@pytest.mark.parametrize(
    ("target", "length", "mtu", "endpoint"),
    [
        (TARGET, 0, 9001, ""),
        (NLB, 8500, 0, ""),
        (GWLB, 0, 8500, "vpce-0123456789abcdef0"),
    ],
)
def test_the_target_decides_length_and_mtu(target: dict[str, str], length: int, mtu: int, endpoint: str) -> None:
    identity = only(aws(TrafficMirrorSessions=[session()], TrafficMirrorTargets=[target]))
    assert (identity.packet_length, identity.target_mtu, identity.endpoint) == (length, mtu, endpoint)


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"PrivateIpAddress": "10.0.0.1", "Ipv6Addresses": [{"Ipv6Address": "fd00::1"}]}, "10.0.0.1"),
        (
            {
                "PrivateIpAddresses": [
                    {"PrivateIpAddress": "10.0.0.2"},
                    {"PrivateIpAddress": "10.0.0.3", "Primary": True},
                ]
            },
            "10.0.0.3",
        ),
        ({"Ipv6Addresses": [{"Ipv6Address": "fd00::1"}, {"Ipv6Address": "fd00::2", "IsPrimaryIpv6": True}]}, "fd00::2"),
        ({}, ""),
    ],
)
def test_outer_source_is_the_primary_address(fields: dict[str, Any], source: str) -> None:
    interface = {"NetworkInterfaceId": "eni-1", **fields}
    identity = only(aws(TrafficMirrorSessions=[session()], NetworkInterfaces=[interface]))
    assert identity.outer_src == packed(source)


def test_files_are_merged() -> None:
    parts = (
        aws(TrafficMirrorSessions=[session()]),
        aws(NetworkInterfaces=[{**SOURCE, "VpcId": None, "SubnetId": "subnet-1"}]),
        aws(Subnets=[{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]),
        aws(Vpcs=[{"VpcId": "vpc-0"}, {"VpcId": "vpc-1", "CidrBlock": "172.31.0.0/16"}]),
        aws(TrafficMirrorSessions=[session()]),
    )
    identity = only(*parts)
    assert (identity.vpc, identity.domain) == ("vpc-1", 2)


def test_interfaces_of_instances() -> None:
    document = aws(
        TrafficMirrorSessions=[session()],
        Reservations=[{"Instances": [{"InstanceId": "i-1", "NetworkInterfaces": [SOURCE]}]}],
    )
    known = mirror.from_documents([document])
    assert only(document).vpc == "vpc-1"
    assert known.interfaces["eni-1"].attachment is not None
    assert known.interfaces["eni-1"].attachment.instance_id == "i-1"


def test_toml_over_json() -> None:
    own = toml(
        """
        [settings]
        unknown = "refuse"
        vxlan_ports = [4789, 8472]

        [[network_interfaces]]
        network_interface_id = "eni-t"
        mtu = 1500

        [[vpcs]]
        vpc_id = "vpc-1"
        domain = "shared"

        [[vpcs]]
        vpc_id = "vpc-2"
        domain = "shared"

        [[traffic_mirror_sessions]]
        traffic_mirror_session_id = "tms-1"
        packet_length = 64
        name = "front"
        """
    )
    target = {"NetworkInterfaceId": "eni-t", "VpcId": "vpc-2"}
    described = aws(
        TrafficMirrorSessions=[session(PacketLength=128)],
        TrafficMirrorTargets=[TARGET],
        NetworkInterfaces=[SOURCE, target],
    )
    for order in ((described, own), (own, described)):
        known = mirror.from_documents(order)
        identity, *_ = known.identities().known
        assert (identity.packet_length, identity.target_mtu, identity.name) == (64, 1500, "front")
        assert known.domains() == {"shared": 1}
        assert known.identities().unknown == "refuse"
        assert known.settings.decap().vxlan_ports == (4789, 8472)


def test_everything_wrong_is_said_with_its_place() -> None:
    sessions = [
        session(),
        session(TrafficMirrorSessionId="tms-2", VirtualNetworkId=-1, SessionNumber=True),
        session(TrafficMirrorSessionId="tms-3", PacketLength=9000, VirtualNetworkId=7, SessionNumber=2),
        {"TrafficMirrorSessionId": "tms-4"},
        "x",
    ]
    interface = {**SOURCE, "MacAddress": "06-1d", "PrivateIpAddress": "172.31.0.256"}
    assert lines(aws(TrafficMirrorSessions=sessions, NetworkInterfaces=[interface], Vpcs={})) == [
        "m.json: TrafficMirrorSessions[1].VirtualNetworkId: -1 is below 0 (0 to 16777215)",
        "m.json: TrafficMirrorSessions[1].SessionNumber: true is not a whole number",
        "m.json: TrafficMirrorSessions[2].PacketLength: 9000 is above 8500 (1 to 8500)",
        "m.json: TrafficMirrorSessions[4]: 'x' is not an object",
        "m.json: NetworkInterfaces[0].PrivateIpAddress: '172.31.0.256' is not an IP address",
        "m.json: NetworkInterfaces[0].MacAddress: '06-1d' is not a MAC address",
        "m.json: Vpcs: an object is not a list",
        "m.json: TrafficMirrorSessions[3].VirtualNetworkId: is missing",
    ]


RULE = {"RuleNumber": 10, "RuleAction": "accept"}


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        (
            {"TrafficMirrorSessions": [session(), session(TrafficMirrorSessionId="tms-2", SessionNumber=2)]},
            "m.json: TrafficMirrorSessions[1].VirtualNetworkId: 5569041 is also that of tms-1,"
            " with an outer source that is not known (give the network interfaces too)",
        ),
        (
            {
                "TrafficMirrorSessions": [session(), session(TrafficMirrorSessionId="tms-2", SessionNumber=2)],
                "NetworkInterfaces": [SOURCE],
            },
            "m.json: TrafficMirrorSessions[1].VirtualNetworkId: 5569041 is also that of tms-1,"
            " with outer source 172.31.0.238 (one of the two must change)",
        ),
        (
            {"TrafficMirrorSessions": [session(), session(TrafficMirrorSessionId="tms-2", VirtualNetworkId=1)]},
            "m.json: TrafficMirrorSessions[1].SessionNumber: 1 is also that of tms-1 (unique for each source)",
        ),
        (
            {"TrafficMirrorSessions": [session()], "NetworkInterfaces": [{"NetworkInterfaceId": "eni-9"}]},
            "m.json: TrafficMirrorSessions[0].NetworkInterfaceId: 'eni-1' is not among the network interfaces given"
            " (give it too, or no network interfaces at all)",
        ),
        (
            {
                "TrafficMirrorSessions": [session()],
                "TrafficMirrorTargets": [{**TARGET, "TrafficMirrorTargetId": "tmt-2"}],
            },
            "m.json: TrafficMirrorSessions[0].TrafficMirrorTargetId: 'tmt-1' is not among the targets given"
            " (give it too, or no targets at all)",
        ),
        (
            {"TrafficMirrorTargets": [{**TARGET, **NLB}]},
            "m.json: TrafficMirrorTargets[0]: names 2 places for the copies to go to"
            " (one of interface, Network Load Balancer, Gateway Load Balancer endpoint)",
        ),
        (
            {"TrafficMirrorFilters": [{"TrafficMirrorFilterId": "tmf-1", "IngressFilterRules": [RULE, RULE]}]},
            "m.json: TrafficMirrorFilters[0].IngressFilterRules[1]: rule number 10 is taken"
            " (unique for a filter and direction)",
        ),
        (
            {
                "TrafficMirrorFilters": [
                    {
                        "TrafficMirrorFilterId": "tmf-1",
                        "EgressFilterRules": [
                            {**RULE, "SourceCidrBlock": "0.0.0.0/0", "DestinationCidrBlock": "::/0"},
                        ],
                    }
                ]
            },
            "m.json: TrafficMirrorFilters[0].EgressFilterRules[0]: 0.0.0.0/0 and ::/0 are of two families"
            " (both IPv4, or both IPv6)",
        ),
        (
            {
                "TrafficMirrorFilters": [
                    {
                        "TrafficMirrorFilterId": "tmf-1",
                        "IngressFilterRules": [{**RULE, "SourcePortRange": {"FromPort": 2, "ToPort": 1}}],
                    }
                ]
            },
            "m.json: TrafficMirrorFilters[0].IngressFilterRules[0]: ports 2 to 1 run backwards",
        ),
        (
            {
                "TrafficMirrorFilters": [
                    {
                        "TrafficMirrorFilterId": "tmf-1",
                        "IngressFilterRules": [{"RuleNumber": 0, "RuleAction": "drop"}],
                        "NetworkServices": ["amazon-ntp"],
                    }
                ]
            },
            "m.json: TrafficMirrorFilters[0].IngressFilterRules[0].RuleNumber: 0 is below 1 (1 to 32766)",
        ),
        (
            {"TrafficMirrorSessions": [session(), session(PacketLength=100), session(PacketLength=200)]},
            "m.json: TrafficMirrorSessions[2].PacketLength: 200 contradicts"
            " m.json: TrafficMirrorSessions[1].PacketLength: 100 (one of the two is out of date)",
        ),
    ],
)
def test_contradictions(tables: dict[str, Any], fault: str) -> None:
    assert fault in lines(aws(**tables))


def test_an_unknown_word_in_toml() -> None:
    assert lines(toml('[settings]\nmax_flow = 1\n[[vpcs]]\nvpc_id = "v"\ndomian = "x"\n[quux]')) == [
        "m.toml: quux: is not known (one of traffic_mirror_sessions, traffic_mirror_targets, traffic_mirror_filters,"
        " traffic_mirror_filter_rules, network_interfaces, vpcs, subnets, instances, vpc_endpoints, security_groups,"
        " network_acls, route_tables, settings)",
        "m.toml: vpcs[0].domian: is not known (did you mean domain?)",
        "m.toml: settings.max_flow: is no setting of tmrx (did you mean max_flows?)",
    ]


def test_unknown_fields_of_aws_are_ignored() -> None:
    assert only(aws(TrafficMirrorSessions=[session(FutureField={"x": 1})], NextToken="abc")).vni == 5569041


def test_a_short_packet_length_is_only_warned_of() -> None:
    known = mirror.from_documents([aws(TrafficMirrorSessions=[session(PacketLength=20)])])
    assert known.warnings == (
        "m.json: TrafficMirrorSessions[0].PacketLength: 20 cuts packets inside their headers"
        " (AWS's guide asks for 35, 55 for IPv6)",
    )


def test_load_reports_every_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    with pytest.raises(ConfigError) as caught:
        mirror.load([bad, tmp_path / "none.json", tmp_path])
    first, second, third = caught.value.lines()
    assert first.startswith(f"{bad}: is not JSON: ")
    assert second.startswith(f"{tmp_path}/none.json: can't be read: no such file or directory (")
    assert third.startswith(f"{tmp_path}: can't be read: is a directory (")


def test_load_reads_files(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(json.dumps({"TrafficMirrorSessions": [session()]}).encode("utf-16"))
    assert list(mirror.load([path]).sessions) == ["tms-1"]


def test_a_session_is_known_by_its_sources_loopback_address_too() -> None:
    six = {"NetworkInterfaceId": "eni-2", "Ipv6Addresses": [{"Ipv6Address": "fd00::1"}]}
    document = aws(
        TrafficMirrorSessions=[
            session(), session(TrafficMirrorSessionId="tms-2", NetworkInterfaceId="eni-2", VirtualNetworkId=2),
        ],
        NetworkInterfaces=[SOURCE, six],
    )  # fmt: skip
    known = mirror.from_documents([document]).identities().known
    sources = [packed(address) for address in ("172.31.0.238", "fd00::1", "127.31.0.238", "::1")]
    assert [(identity.session, identity.outer_src) for identity in known] == list(
        zip(["tms-1", "tms-2"] * 2, sources, strict=True)
    )


@pytest.mark.parametrize(
    ("address", "alias"), [("10.0.0.0", "127.0.0.1"), ("10.255.255.255", "127.255.255.254"), ("", "")]
)
def test_loopback_addresses_are_hosts(address: str, alias: str) -> None:
    assert loopback(address) == alias
