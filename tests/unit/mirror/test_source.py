"""What the core's sending side is told of a mirror."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tmrx import config, mirror, plan
from tmrx.errors import ConfigError
from tmrx.mirror.mirror import packed
from tmrx.mirror.source import everything, source_plan

SOURCE = {
    "NetworkInterfaceId": "eni-1",
    "PrivateIpAddress": "10.0.0.10",
    "MacAddress": "02:00:00:00:00:0a",
    "VpcId": "vpc-1",
    "SubnetId": "subnet-1",
    "Groups": [{"GroupId": "sg-1"}],
    "Ipv6Addresses": [{"Ipv6Address": "fd00::a"}],
}
APPLIANCE = {
    "NetworkInterfaceId": "eni-t",
    "PrivateIpAddress": "10.0.9.9",
    "MacAddress": "02:00:00:00:00:99",
    "Ipv6Addresses": [{"Ipv6Address": "fd00::99"}],
}
SESSION = {
    "TrafficMirrorSessionId": "tms-1",
    "TrafficMirrorTargetId": "tmt-1",
    "TrafficMirrorFilterId": "tmf-1",
    "NetworkInterfaceId": "eni-1",
    "SessionNumber": 1,
    "VirtualNetworkId": 7,
}
RULES = [
    {"RuleNumber": 20, "RuleAction": "accept", "TrafficMirrorFilterRuleId": "tmfr-2"},
    {
        "RuleNumber": 10, "RuleAction": "reject", "TrafficMirrorFilterRuleId": "tmfr-1", "Protocol": 6,
        "DestinationPortRange": {"FromPort": 22, "ToPort": 23}, "SourceCidrBlock": "10.0.0.0/8",
    },
]  # fmt: skip
TARGET: dict[str, Any] = {"TrafficMirrorTargetId": "tmt-1", "NetworkInterfaceId": "eni-t"}
TABLES: dict[str, Any] = {
    "TrafficMirrorSessions": [SESSION],
    "TrafficMirrorTargets": [TARGET],
    "TrafficMirrorFilters": [{"TrafficMirrorFilterId": "tmf-1", "IngressFilterRules": RULES}],
    "NetworkInterfaces": [SOURCE, APPLIANCE],
    "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
}


def planned(*settings: str, toml: str = "", **tables: Any) -> plan.MirrorPlan:
    documents = [mirror.parse("m.json", json.dumps(TABLES | tables).encode())]
    documents += [mirror.parse("m.toml", toml.encode())] if toml else []
    return source_plan(mirror.from_documents(documents), config.from_options(settings))


def copies(*settings: str, toml: str = "", **tables: Any) -> plan.Copies:
    (session,) = planned(*settings, toml=toml, **tables).sessions
    return session.copies


def test_a_source_and_its_session() -> None:
    made = planned()
    (source,) = made.sources
    assert (source.interface, source.mac, source.sessions) == ("eni-1", bytes.fromhex("02000000000a"), (0,))
    assert source.addresses == (packed("10.0.0.10"), packed("fd00::a"))
    assert source.resolvers == tuple(map(packed, ("10.0.0.2", "169.254.169.253", "fd00:ec2::253")))
    assert copies() == plan.Copies(
        vni=7, src=packed("10.0.0.10"), dst=(packed("10.0.9.9"),), mtu=8965,
        macs=bytes.fromhex("02000000009902000000000a"),
    )  # fmt: skip


def test_rules_in_their_order() -> None:
    (known,) = planned().filters
    assert [(rule.id, rule.accept) for rule in known.ingress] == [("tmfr-1", False), ("tmfr-2", True)]
    match = plan.PacketMatch(
        ip=4, protocol=6, src=(packed("10.0.0.0"), packed("10.255.255.255")), dports=(22, 23)
    )  # fmt: skip
    assert (known.ingress[0].match, known.ingress[1].match, known.egress) == (match, plan.PacketMatch(), ())


@pytest.mark.parametrize(
    ("settings", "mtu"),
    [
        ((), 8965),
        (("mtu_reading=documented",), 8961),
        (("outer=ipv6",), 8945),
        (("outer=ipv6", "mtu_reading=documented"), 8941),
    ],
)
def test_what_the_mtu_leaves(settings: tuple[str, ...], mtu: int) -> None:
    assert copies(*settings).mtu == mtu


def test_ipv6_around_it() -> None:
    assert (copies("outer=ipv6").src, copies("outer=ipv6").dst) == (packed("fd00::a"), (packed("fd00::99"),))
    six = {key: value for key, value in SOURCE.items() if key != "PrivateIpAddress"}
    assert copies(NetworkInterfaces=[six, APPLIANCE]).dst == (packed("fd00::99"),), "the family that both have"
    four = {key: value for key, value in APPLIANCE.items() if key != "Ipv6Addresses"}
    with pytest.raises(ConfigError, match="no addresses of one family"):
        planned(NetworkInterfaces=[six, four])


def test_load_balancers() -> None:
    receivers = 'traffic_mirror_target_id = "tmt-1"\nreceivers = ["10.0.8.1", "10.0.8.2"]\naddresses = ["10.0.7.1"]\n'
    toml = f"[[traffic_mirror_targets]]\n{receivers}"
    network = copies(
        toml=toml, TrafficMirrorTargets=[{"TrafficMirrorTargetId": "tmt-1", "NetworkLoadBalancerArn": "arn:…"}]
    )
    assert (network.dst, network.packet_length, network.mtu) == (
        (packed("10.0.8.1"), packed("10.0.8.2")),
        8500,
        plan.NO_LIMIT,
    )
    endpoint = {"TrafficMirrorTargetId": "tmt-1", "GatewayLoadBalancerEndpointId": "vpce-0123456789abcdef0"}
    behind = copies(toml=toml + "attachment = 5\n", TrafficMirrorTargets=[endpoint])
    assert (behind.dst, behind.mtu, behind.packet_length) == ((packed("10.0.7.1"),), 8464, plan.NO_LIMIT)
    assert behind.gateway is not None
    assert (behind.gateway.endpoint, behind.gateway.attachment) == (0x123456789ABCDEF0, 5)
    assert behind.gateway.dst == network.dst


def test_appliances_behind_a_gateway_load_balancer_have_ipv4() -> None:
    endpoint = {"TrafficMirrorTargetId": "tmt-1", "GatewayLoadBalancerEndpointId": "vpce-0123456789abcdef0"}
    toml = '[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "tmt-1"\nreceivers = ["10.0.8.1", "fd00::1"]\n'
    with pytest.raises(ConfigError) as caught:
        planned(toml=toml, TrafficMirrorTargets=[endpoint])
    (line,) = caught.value.lines()
    assert line.startswith("m.toml: traffic_mirror_targets[0].receivers: are not all IPv4")


def test_sessions_that_mirror_nothing() -> None:
    inactive = '[[traffic_mirror_sessions]]\ntraffic_mirror_session_id = "tms-1"\nstate = "inactive"\n'
    (source,) = planned(toml=inactive).sources
    assert (source.sessions, source.inactive) == ((), "inactive")
    with pytest.raises(ConfigError, match="has no session"):
        planned(TrafficMirrorSessions=[])


def test_what_a_source_needs() -> None:
    with pytest.raises(ConfigError) as caught:
        planned(TrafficMirrorFilters=[], NetworkInterfaces=[{"NetworkInterfaceId": "eni-1"}, APPLIANCE])
    filters, interface = caught.value.lines()
    assert filters.startswith("m.json: TrafficMirrorSessions[0].TrafficMirrorFilterId: names no filter that is given")
    assert interface.startswith("m.json: TrafficMirrorSessions[0].NetworkInterfaceId: names an interface of which")


def test_security_groups_and_acls() -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}
    ping = {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": "sg-1"}]}
    group = {"GroupId": "sg-1", "IpPermissions": [permission, ping], "IpPermissionsEgress": []}
    entry = {
        "RuleNumber": 100, "RuleAction": "allow", "Egress": False, "Protocol": "17", "CidrBlock": "0.0.0.0/0",
        "PortRange": {"From": 1024, "To": 65535},
    }  # fmt: skip
    acl = {"NetworkAclId": "acl-1", "Entries": [entry], "Associations": [{"SubnetId": "subnet-1"}]}
    subnet = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24"}
    (guard,) = planned(SecurityGroups=[group], NetworkAcls=[acl], Subnets=[subnet]).firewalls
    assert guard.egress == ()
    assert guard.ingress is not None
    assert guard.acl is not None
    assert guard.ingress[0].src == (packed("10.1.0.0"), packed("10.1.255.255"))
    assert (guard.ingress[0].protocol, guard.ingress[0].dports) == (6, (80, 81))
    members = [match.src for match in guard.ingress[1:]]
    assert members == [(packed(address),) * 2 for address in ("10.0.0.10", "fd00::a")], "who is in the group"
    assert guard.ingress[1].icmp == (8, -1)
    assert (guard.acl[0].accept, guard.acl[0].match.dports) == (True, (1024, 65535))
    assert guard.subnet == ((packed("10.0.0.0"), packed("10.0.0.255")),)
    assert planned().sources[0].firewall is None, "what is not given is not checked"
    said_half = {"GroupId": "sg-1", "IpPermissions": []}
    (half,) = planned(SecurityGroups=[said_half]).firewalls
    assert (half.ingress, half.egress) == ((), None)


def test_sources_of_one_group_share_its_firewall() -> None:
    """As in AWS's default group, which admits its own members: their number must not count twice."""
    members = [
        {"NetworkInterfaceId": f"eni-{n}", "PrivateIpAddress": f"10.0.1.{n}", "Groups": [{"GroupId": "sg-1"}]}
        for n in range(8)
    ]
    sessions = [
        SESSION | {"TrafficMirrorSessionId": f"tms-{n}", "NetworkInterfaceId": f"eni-{n}", "VirtualNetworkId": n}
        for n in range(8)
    ]
    group = {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}]}
    made = planned(
        TrafficMirrorSessions=sessions, NetworkInterfaces=[*members, APPLIANCE], SecurityGroups=[group]
    )  # fmt: skip
    assert [source.firewall for source in made.sources] == [0] * 8
    (guard,) = made.firewalls
    assert guard.ingress == (plan.PacketMatch(ip=4, src=(packed("10.0.1.0"), packed("10.0.1.7"))),)


def test_everything() -> None:
    made = everything(7, 128, ("192.0.2.1", "192.0.2.2"), gateway=True)
    assert made.everything
    assert made.sessions[0].copies.packet_length == 128
    with pytest.raises(ConfigError, match="is not an IP address"):
        everything(7, None, ("nowhere", "192.0.2.2"))


def test_sender_and_receiver_agree_on_the_outer_source() -> None:
    """Receivers that have IPv4 addresses only get copies over IPv4, whatever is wanted, and are told so."""
    balanced = {"TrafficMirrorTargetId": "tmt-1", "NetworkLoadBalancerArn": "arn:aws:nlb/1"}
    own = '[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "tmt-1"\nreceivers = ["10.0.8.1"]\n'
    own += '[settings]\nouter = "ipv6"\n'
    documents = [mirror.parse("m.json", json.dumps(TABLES | {"TrafficMirrorTargets": [balanced]}).encode())]
    known = mirror.from_documents([*documents, mirror.parse("m.toml", own.encode())])
    (session,) = source_plan(known, config.Settings()).sessions
    assert session.copies.src == packed("10.0.0.10")
    assert known.identities().known[0].outer_src == session.copies.src
