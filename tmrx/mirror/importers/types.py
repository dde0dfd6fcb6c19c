"""Terraform's types of resources: the kind of each in CloudFormation's words, and the attribute of each property."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tmrx.mirror.importers import shapes
from tmrx.mirror.importers.attributes import View, snake
from tmrx.mirror.importers.instances import Instance
from tmrx.mirror.importers.references import Configuration
from tmrx.mirror.importers.resources import Resource

_Convert = Callable[[View, str], Any]


def _table(
    plain: Iterable[str] = (), one: Iterable[str] = (), **others: tuple[str, _Convert]
) -> dict[str, tuple[str, _Convert]]:
    """Properties and their attributes: those that go by the same words, and `others`."""
    found: dict[str, tuple[str, _Convert]] = {name: (snake(name), View.plain) for name in plain}
    return found | {name: (snake(name), View.one) for name in one} | others


_TAGS = ("tags", shapes.tags)
_RULE = _table(
    ("IpProtocol", "FromPort", "ToPort"),
    CidrIp=("cidr_ipv4", View.plain),
    CidrIpv6=("cidr_ipv6", View.plain),
    GroupId=("security_group_id", View.one),
    SourceSecurityGroupId=("referenced_security_group_id", View.one),
    SourcePrefixListId=("prefix_list_id", View.one),
)
_PROPERTIES: Mapping[str, dict[str, tuple[str, _Convert]]] = {
    "TrafficMirrorSession": _table(
        ("SessionNumber", "Description"),
        ("NetworkInterfaceId", "TrafficMirrorTargetId", "TrafficMirrorFilterId"),
        VirtualNetworkId=("virtual_network_id", shapes.nonzero),
        PacketLength=("packet_length", shapes.nonzero),
        Tags=_TAGS,
    ),
    "TrafficMirrorTarget": _table(
        ("Description",),
        ("NetworkInterfaceId", "NetworkLoadBalancerArn", "GatewayLoadBalancerEndpointId"),
        Tags=_TAGS,
    ),
    "TrafficMirrorFilter": _table(("Description", "NetworkServices"), Tags=_TAGS),
    "TrafficMirrorFilterRule": _table(
        ("TrafficDirection", "RuleNumber", "RuleAction", "SourceCidrBlock", "DestinationCidrBlock", "Description"),
        ("TrafficMirrorFilterId",),
        Protocol=("protocol", shapes.nonzero),
        SourcePortRange=("source_port_range", shapes.ports),
        DestinationPortRange=("destination_port_range", shapes.ports),
    ),
    "NetworkInterface": _table(
        ("MacAddress", "VpcId", "InterfaceType", "Description"),
        ("SubnetId",),
        PrivateIpAddress=("private_ip", shapes.private_ip),
        PrivateIpAddresses=("private_ips", shapes.private_ips),
        Ipv6Addresses=("ipv6_addresses", shapes.ipv6),
        GroupSet=("security_groups", View.many),
        InstanceId=("attachment", shapes.attached),
        Tags=_TAGS,
    ),
    "PrimaryInterface": _table(
        (),
        ("SubnetId",),
        PrivateIpAddress=("private_ip", shapes.private_ip),
        Ipv6Addresses=("ipv6_addresses", shapes.ipv6),
        GroupSet=("vpc_security_group_ids", View.many),
    ),
    "NetworkInterfaceAttachment": _table(one=("InstanceId", "NetworkInterfaceId")),
    "Instance": _table(
        ("InstanceType",),
        ("SubnetId",),
        PrivateIpAddress=("private_ip", View.plain),
        NetworkInterfaces=("network_interface", shapes.held),
    ),
    "VPC": _table(("CidrBlock", "Ipv6CidrBlock"), Tags=_TAGS),
    "VPCCidrBlock": _table(("CidrBlock", "Ipv6CidrBlock"), ("VpcId",)),
    "Subnet": _table(("CidrBlock", "Ipv6CidrBlock", "AvailabilityZone", "Ipv6Native"), ("VpcId",)),
    "VPCEndpoint": _table(
        one=("VpcId",),
        SubnetIds=("subnet_ids", View.many),
        NetworkInterfaceIds=("network_interface_ids", View.many),
    ),
    "SecurityGroup": _table(
        one=("VpcId",), SecurityGroupIngress=("ingress", shapes.rules), SecurityGroupEgress=("egress", shapes.rules)
    ),
    "SecurityGroupIngress": _RULE,
    "SecurityGroupEgress": _RULE,
    "LoadBalancer": _table(
        Subnets=("subnets", View.many),
        SubnetMappings=("subnet_mapping", shapes.mappings),
        LoadBalancerAttributes=("enable_cross_zone_load_balancing", shapes.attributes),
    ),
    "Listener": _table(("Port", "Protocol"), ("LoadBalancerArn",), DefaultActions=("default_action", shapes.actions)),
    "TargetGroup": {},
    "TargetGroupAttachment": _table(one=("TargetGroupArn", "TargetId")),
}
_TYPES = {
    "aws_ec2_traffic_mirror_session": "TrafficMirrorSession",
    "aws_ec2_traffic_mirror_target": "TrafficMirrorTarget",
    "aws_ec2_traffic_mirror_filter": "TrafficMirrorFilter",
    "aws_ec2_traffic_mirror_filter_rule": "TrafficMirrorFilterRule",
    "aws_network_interface": "NetworkInterface",
    "aws_network_interface_attachment": "NetworkInterfaceAttachment",
    "aws_instance": "Instance",
    "aws_vpc": "VPC",
    "aws_default_vpc": "VPC",
    "aws_vpc_ipv4_cidr_block_association": "VPCCidrBlock",
    "aws_vpc_ipv6_cidr_block_association": "VPCCidrBlock",
    "aws_subnet": "Subnet",
    "aws_default_subnet": "Subnet",
    "aws_vpc_endpoint": "VPCEndpoint",
    "aws_security_group": "SecurityGroup",
    "aws_default_security_group": "SecurityGroup",
    "aws_vpc_security_group_ingress_rule": "SecurityGroupIngress",
    "aws_vpc_security_group_egress_rule": "SecurityGroupEgress",
    "aws_lb": "LoadBalancer",
    "aws_alb": "LoadBalancer",
    "aws_lb_listener": "Listener",
    "aws_alb_listener": "Listener",
    "aws_lb_target_group": "TargetGroup",
    "aws_alb_target_group": "TargetGroup",
    "aws_lb_target_group_attachment": "TargetGroupAttachment",
    "aws_alb_target_group_attachment": "TargetGroupAttachment",
}
# Of what a plan or state only reads: those whose data source says as much as the resource.
_READ = {"NetworkInterface", "Instance", "VPC", "Subnet"}


def resources(instances: list[Instance], configuration: Configuration | None) -> Iterator[Resource]:
    """The resources that tmrx knows."""
    interfaces = {one.id for one in instances if _TYPES.get(one.type) == "NetworkInterface"}
    for instance in instances:
        view = View(instance, configuration if instance.mode == "managed" else None)
        kind = _TYPES.get(instance.type)
        if instance.mode == "data" and kind not in _READ:
            continue
        if kind:
            yield _resource(kind, instance.id, view)
        if kind == "Instance":
            primary = shapes.primary(view)
            if isinstance(primary, str) and primary not in interfaces:
                yield _resource("PrimaryInterface", primary, view)
        elif kind == "VPC":
            yield from _ranges(view)
        elif instance.type == "aws_security_group_rule":
            yield from _group_rules(view)


def _resource(kind: str, id_: str, view: View) -> Resource:
    """A resource by its table of properties."""
    properties = _PROPERTIES[kind]
    place = view.instance.address

    def get(name: str) -> Any:
        attribute, convert = properties.get(name, (name, shapes.absent))
        return convert(view, attribute)

    def at(name: str) -> str:
        return f"{place}.{properties[name][0] if name in properties else snake(name)}"

    return Resource("NetworkInterface" if kind == "PrimaryInterface" else kind, id_, place, get, at)


def _group_rules(view: View) -> Iterator[Resource]:
    """The rules of an aws_security_group_rule, which may name several ends."""
    group = view.one("security_group_id")
    named = {"security_groups": view.one("source_security_group_id")}
    lists = {name: view.plain(name) for name in ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids")}
    rule = {**view.instance.values, **lists, **named}
    kind = "SecurityGroupEgress" if rule.get("type") == "egress" else "SecurityGroupIngress"
    for one in shapes.ends(rule, str(group)):
        yield _made(kind, view, {**one, "GroupId": group})


def _ranges(view: View) -> Iterator[Resource]:
    """The CIDRs of a VPC that was read and not made."""
    for _, block in view.blocks("cidr_block_associations"):
        if block.get("state") == "associated":
            yield _made("VPCCidrBlock", view, {"VpcId": view.instance.id, "CidrBlock": block.get("cidr_block")})


def _made(kind: str, view: View, properties: Mapping[str, Any]) -> Resource:
    address = view.instance.address
    return Resource(kind, view.instance.id, address, properties.get, lambda name: f"{address}.{snake(name)}")
