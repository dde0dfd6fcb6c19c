"""Resources → the objects of AWS's JSON.

What a session, target, filter or rule says must be known. Of everything else, what is known only after deployment is
left out, and a security group of which anything is unknown altogether: part of one would seem to drop what it admits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tmrx.mirror.importers.balancers import Balancers
from tmrx.mirror.importers.resources import Resource, Resources, is_known
from tmrx.mirror.placed import Placed, Unknown


@dataclass(frozen=True)
class _Kind:
    """Where a kind's objects go. `needed` must be there, `given` must be known if there, `known` only if it is."""

    table: str
    id: str
    needed: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


_KINDS = {
    "TrafficMirrorSession": _Kind(
        "TrafficMirrorSessions",
        "TrafficMirrorSessionId",
        ("NetworkInterfaceId", "TrafficMirrorTargetId", "TrafficMirrorFilterId", "SessionNumber"),
        ("VirtualNetworkId", "PacketLength"),
        ("Description", "Tags"),
    ),
    "TrafficMirrorTarget": _Kind(
        "TrafficMirrorTargets",
        "TrafficMirrorTargetId",
        given=("NetworkInterfaceId", "NetworkLoadBalancerArn", "GatewayLoadBalancerEndpointId"),
        known=("Description", "Tags"),
    ),
    "TrafficMirrorFilter": _Kind(
        "TrafficMirrorFilters", "TrafficMirrorFilterId", given=("NetworkServices",), known=("Description", "Tags")
    ),
    "TrafficMirrorFilterRule": _Kind(
        "TrafficMirrorFilterRules",
        "TrafficMirrorFilterRuleId",
        ("TrafficMirrorFilterId", "TrafficDirection", "RuleNumber", "RuleAction"),
        ("Protocol", "SourcePortRange", "DestinationPortRange", "SourceCidrBlock", "DestinationCidrBlock"),
        ("Description",),
    ),
    "NetworkInterface": _Kind(
        "NetworkInterfaces",
        "NetworkInterfaceId",
        known=(
            *("PrivateIpAddress", "PrivateIpAddresses", "Ipv6Addresses", "MacAddress", "SubnetId", "VpcId"),
            *("InterfaceType", "Description"),
        ),
    ),
    "Instance": _Kind("Instances", "InstanceId", known=("InstanceType", "VpcId", "SubnetId")),
    "VPC": _Kind("Vpcs", "VpcId", known=("CidrBlock", "Tags")),
    "Subnet": _Kind("Subnets", "SubnetId", known=("VpcId", "CidrBlock", "AvailabilityZone", "Ipv6Native")),
    "VPCEndpoint": _Kind("VpcEndpoints", "VpcEndpointId", known=("VpcId", "SubnetIds", "NetworkInterfaceIds")),
    "SecurityGroup": _Kind("SecurityGroups", "GroupId", known=("VpcId", "GroupName")),
}

# What a security group says that has no egress rules of its own (CloudFormation's AWS::EC2::SecurityGroup).
_ANYWHERE = ({"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}, {"IpProtocol": "-1", "CidrIpv6": "::/0"})
# The end that a security group's rule names, and where AWS's JSON lists such ends.
_ENDS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
}
_ENDPOINT = re.compile(r"vpce-[0-9a-f]+", re.ASCII)
_RULE = ("IpProtocol", "FromPort", "ToPort", *_ENDS)


def content(resources: Iterable[Resource]) -> dict[str, list[Placed]]:
    """The objects of AWS's JSON by their tables."""
    return _Objects(Resources(resources)).tables()


class _Objects:
    """Makes the objects."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.attached = dict(_attachments(resources))
        self.ranges = resources.owned("VPCCidrBlock", "VpcId")
        self.ingress = resources.owned("SecurityGroupIngress", "GroupId")
        self.egress = resources.owned("SecurityGroupEgress", "GroupId")
        apart = (*resources.of("SecurityGroupIngress"), *resources.of("SecurityGroupEgress"))
        self.stray = any(isinstance(rule.get("GroupId"), Unknown) for rule in apart)
        self.endpoints = {endpoint.id: _endpoint_id(endpoint.id) for endpoint in resources.of("VPCEndpoint")}
        self.balancers = Balancers(resources)
        # What a kind has beyond its properties of the same names: AWS's field, the property it's from, its value.
        self.more: Mapping[str, Callable[[Resource], Iterator[tuple[str, str, Any]]]] = {
            "TrafficMirrorTarget": self._target,
            "NetworkInterface": self._interface,
            "VPC": self._vpc,
            "Subnet": _subnet,
            "SecurityGroup": self._group,
        }

    def tables(self) -> dict[str, list[Placed]]:
        """Every table that has a row."""
        tables: dict[str, list[Placed]] = {}
        for name, kind in _KINDS.items():
            for resource in self.resources.of(name):
                if name != "SecurityGroup" or self._is_whole(resource):
                    tables.setdefault(kind.table, []).append(self._row(resource, kind))
        return tables

    def _row(self, resource: Resource, kind: _Kind) -> Placed:
        row = Placed(resource.place, resource.at)
        row[kind.id] = self.endpoints.get(resource.id, resource.id) if kind.id == "VpcEndpointId" else resource.id
        for name in kind.needed:
            value = resource.get(name)
            row[name] = Unknown("is missing") if value is None else value
        row.update((name, resource.get(name)) for name in kind.given)
        row.update((name, resource.known(name)) for name in kind.known)
        if more := self.more.get(resource.kind):
            for key, name, value in more(resource):
                row[key] = value
                row.places[key] = resource.at(name)
        return row

    def _target(self, resource: Resource) -> Iterator[tuple[str, str, Any]]:
        name = "GatewayLoadBalancerEndpointId"
        endpoint = resource.get(name)
        if isinstance(endpoint, str):
            yield name, name, self.endpoints.get(endpoint, endpoint)
        yield from self.balancers.fields(resource)

    def _interface(self, resource: Resource) -> Iterator[tuple[str, str, Any]]:
        yield "TagSet", "Tags", resource.known("Tags")
        groups = resource.items("GroupSet")
        if is_known(groups):
            yield "Groups", "GroupSet", [{"GroupId": group} for group in groups]
        if instance := self.attached.get(resource.id) or resource.known("InstanceId"):
            yield "Attachment", "InstanceId", {"InstanceId": instance}

    def _vpc(self, resource: Resource) -> Iterator[tuple[str, str, Any]]:
        """Its further CIDRs, each of them a resource, and those of IPv6."""
        for name in ("CidrBlock", "Ipv6CidrBlock"):
            more = [one.known(name) for one in self.ranges.get(resource.id, ())]
            own = resource.known(name) if name == "Ipv6CidrBlock" else None
            cidrs = [{name: cidr} for cidr in (own, *more) if cidr]
            yield f"{name}AssociationSet", name, cidrs

    def _is_whole(self, group: Resource) -> bool:
        """Whether everything of a security group is known: a rule of a group that is not known may be its own."""
        return not self.stray and is_known(list(self._rules(group)))

    def _rules(self, resource: Resource) -> tuple[list[Any], list[Any]]:
        """A security group's ingress and egress rules, embedded in it and standing apart."""
        ingress = _permissions(resource.items("SecurityGroupIngress"), self.ingress.get(resource.id, ()))
        egress = _permissions(resource.items("SecurityGroupEgress"), self.egress.get(resource.id, ()))
        if not egress and resource.get("SecurityGroupEgress") is None:
            egress = _permissions(_ANYWHERE, ())
        return ingress, egress

    def _group(self, resource: Resource) -> Iterator[tuple[str, str, Any]]:
        ingress, egress = self._rules(resource)
        yield "IpPermissions", "SecurityGroupIngress", ingress
        yield "IpPermissionsEgress", "SecurityGroupEgress", egress


def _endpoint_id(key: str) -> str:
    """An endpoint's id: one that AWS is still to choose has a stand-in, since it is in each packet, as a number."""
    return key if _ENDPOINT.fullmatch(key) else f"vpce-0{sha256(key.encode()).hexdigest()[:16]}"


def _subnet(resource: Resource) -> Iterator[tuple[str, str, Any]]:
    cidr = resource.known("Ipv6CidrBlock")
    yield "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", [{"Ipv6CidrBlock": cidr}] if cidr else None


def _attachments(resources: Resources) -> Iterator[tuple[str, str]]:
    """Interfaces, and the instances that they are attached to."""
    for attachment in resources.of("NetworkInterfaceAttachment"):
        interface, instance = attachment.get("NetworkInterfaceId"), attachment.get("InstanceId")
        if isinstance(interface, str) and isinstance(instance, str):
            yield interface, instance
    for instance in resources.of("Instance"):
        for item in instance.objects("NetworkInterfaces"):
            if isinstance(item.get("NetworkInterfaceId"), str):
                yield item["NetworkInterfaceId"], instance.id


def _permissions(embedded: Iterable[Any], apart: Iterable[Resource]) -> list[Any]:
    """Rules as AWS's JSON has them."""
    rules = [*embedded, *({name: rule.get(name) for name in _RULE} for rule in apart)]
    return [_permission(rule) if isinstance(rule, dict) else rule for rule in rules]


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    permission = {name: rule.get(name) for name in ("IpProtocol", "FromPort", "ToPort")}
    for name, (key, end) in _ENDS.items():
        if rule.get(name) is not None:
            permission[key] = [{end: rule[name]}]
    return permission
