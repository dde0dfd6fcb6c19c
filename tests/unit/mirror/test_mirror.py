"""What a mirror answers of its sessions, sources and targets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mirror.build import interface, mirror_of, session, to_interface, toml
from tmrx.mirror import Mirror
from tmrx.mirror.model import NetworkInterface, TrafficMirrorSession, TrafficMirrorTarget


def of_cidrs(*cidrs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"CidrBlock": cidr, "CidrBlockState": {"State": state}} for cidr, state in cidrs]


@pytest.mark.parametrize(
    ("vpc", "own"),
    [
        ({"CidrBlock": "10.0.0.0/16"}, ("10.0.0.2",)),
        (
            {
                "CidrBlock": "10.0.0.0/16",
                "CidrBlockAssociationSet": of_cidrs(
                    ("10.0.0.0/16", "associated"), ("100.64.8.0/22", "associated"), ("10.7.0.0/16", "disassociated")
                ),
            },
            ("10.0.0.2", "100.64.8.2"),
        ),
        ({}, ()),
    ],
)
def test_resolvers(vpc: dict[str, Any], own: tuple[str, ...]) -> None:
    known = mirror_of(NetworkInterfaces=[interface()], Vpcs=[{"VpcId": "vpc-1"} | vpc])
    assert known.resolvers(known.interfaces["eni-1"]) == (*own, "169.254.169.253", "fd00:ec2::253")


def test_resolvers_where_the_vpc_is_not_known() -> None:
    assert Mirror().resolvers(NetworkInterface(network_interface_id="x")) == ("169.254.169.253", "fd00:ec2::253")


def test_sources_have_their_sessions_in_order() -> None:
    other = session(1, NetworkInterfaceId="eni-2", TrafficMirrorSessionId="x")
    rows = [session(3), other, session(2), session(7, NetworkInterfaceId="")]
    found = mirror_of(TrafficMirrorSessions=rows).sources()
    assert {key: [one.traffic_mirror_session_id for one in of] for key, of in found.items()} == {
        "eni-1": ["tms-2", "tms-3"],
        "eni-2": ["x"],
    }


@pytest.mark.parametrize(
    ("state", "tables", "why"),
    [
        ("active", {}, ""),
        ("inactive", {}, "inactive"),
        ("active", {"NetworkInterfaces": [interface(Status="available")]}, "not_attached"),
        ("active", {"NetworkInterfaces": [interface(Status="available", Attachment={"InstanceId": "i"})]}, ""),
        ("active", {"NetworkInterfaces": [interface()], "Subnets": [{"SubnetId": "subnet-1", "Ipv6Native": True}]},
         "ipv6_only_subnet"),
        ("active", {"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "State": "deleted"}]}, "target_gone"),
        ("active", {"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "State": "available", "SubnetIds": ["a", "b"]}],
                    "Subnets": [{"SubnetId": "a", "Ipv6Native": True}, {"SubnetId": "b"}]}, ""),
        ("active", {"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "State": "available", "SubnetIds": ["a"]}],
                    "Subnets": [{"SubnetId": "a", "Ipv6Native": True}, {"SubnetId": "b"}]}, "ipv6_only_subnet"),
    ],
)  # fmt: skip
def test_is_active(state: str, tables: dict[str, Any], why: str) -> None:
    own = toml(f'[[traffic_mirror_sessions]]\ntraffic_mirror_session_id = "tms-1"\nstate = "{state}"')
    target = {"TrafficMirrorTargetId": "tmt-1", "GatewayLoadBalancerEndpointId": "vpce-1"}
    known = mirror_of(own, TrafficMirrorSessions=[session()], TrafficMirrorTargets=[target], **tables)
    assert known.is_active(known.sessions["tms-1"]) == why


def test_a_target_that_was_deleted() -> None:
    one = TrafficMirrorSession(traffic_mirror_session_id="s", virtual_network_id=1, traffic_mirror_target_id="gone")
    other = TrafficMirrorTarget(traffic_mirror_target_id="t", network_interface_id="eni-t")
    assert Mirror(sessions={"s": one}, targets={"t": other}).is_active(one) == "target_gone"
    assert Mirror(sessions={"s": one}).is_active(one) == ""


def test_addresses_of_targets() -> None:
    known = mirror_of(
        toml('[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "nlb"\nnetwork_load_balancer_arn = "arn"\n'
             'addresses = ["10.0.0.4", "10.0.1.4"]'),
        TrafficMirrorTargets=[
            to_interface("eni"),
            {"TrafficMirrorTargetId": "gwlb", "GatewayLoadBalancerEndpointId": "vpce-1"},
            to_interface("unknown", NetworkInterfaceId="eni-9"),
        ],
        VpcEndpoints=[{"VpcEndpointId": "vpce-1", "NetworkInterfaceIds": ["eni-1", "eni-x"]}],
        NetworkInterfaces=[interface(), interface("eni-t", PrivateIpAddress="10.0.0.9")],
    )  # fmt: skip
    assert {key: known.addresses(target) for key, target in known.targets.items()} == {
        "nlb": ("10.0.0.4", "10.0.1.4"),
        "eni": ("10.0.0.9",),
        "gwlb": ("10.0.0.1",),
        "unknown": (),
    }


def test_what_only_toml_says() -> None:
    known = mirror_of(
        toml(
            '[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "t"\ngateway_load_balancer_endpoint_id = "vpce-1"\n'
            'attachment = 0xFEDCBA9876543210\nreceivers = ["10.0.0.9"]\n'
            '[[network_interfaces]]\nnetwork_interface_id = "e"\noffload = false\n'
        )
    )
    assert known.targets["t"].attachment == 0xFEDCBA9876543210
    assert known.targets["t"].receivers == ("10.0.0.9",)
    assert not known.interfaces["e"].offload
    assert (known.interfaces["e"].mtu, known.interfaces["e"].mtu_or_default()) == (None, 9001)


def test_every_address_of_an_interface() -> None:
    fields = {
        "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.9"}, {"PrivateIpAddress": "10.0.0.1", "Primary": True}],
        "Ipv6Addresses": [{"Ipv6Address": "fd00::1"}],
    }
    known = mirror_of(NetworkInterfaces=[interface(**fields)])
    assert known.interfaces["eni-1"].addresses() == ("10.0.0.1", "10.0.0.9", "fd00::1")


def test_where_things_stand() -> None:
    known = mirror_of(TrafficMirrorSessions=[session()])
    assert (
        known.place(TrafficMirrorSession, "tms-1", "session_number") == "m.json: TrafficMirrorSessions[0].SessionNumber"
    )
    assert known.place(TrafficMirrorSession, "tms-9") == "tms-9"
