"""Rows as `aws ec2 describe-…` prints them, for the cases of the guide's examples."""

# ruff: noqa: PLR0913, PLR0917 - an API's fields
from __future__ import annotations

import hashlib
from typing import Any

Row = dict[str, Any]

OWNER, ZONE = "123456789012", "eu-central-1a"
ANY4, ANY6 = "0.0.0.0/0", "::/0"
TCP, UDP = 6, 17


def key(kind: str, name: str) -> str:
    """An id in AWS's form, always the same for the same name."""
    return f"{kind}-0{hashlib.sha256(f'{kind} {name}'.encode()).hexdigest()[:16]}"


def mac_of(name: str) -> str:
    """A locally administered MAC address, as AWS gives."""
    digest = hashlib.sha256(f"mac {name}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (digest[0] & 0xF0 | 0x02, *digest[1:6]))


def tags(name: str) -> list[Row]:
    return [{"Key": "Name", "Value": name}]


def vpc(name: str = "VPC", cidr: str = "10.0.0.0/16", six: str = "2001:db8:1234:1a00::/56") -> Row:
    return {
        "OwnerId": OWNER,
        "InstanceTenancy": "default",
        "Ipv6CidrBlockAssociationSet": [
            {
                "AssociationId": key("vpc-cidr-assoc", f"{name} IPv6"),
                "Ipv6CidrBlock": six,
                "Ipv6CidrBlockState": {"State": "associated"},
                "Ipv6Pool": "Amazon",
            }
        ],
        "CidrBlockAssociationSet": [
            {
                "AssociationId": key("vpc-cidr-assoc", name),
                "CidrBlock": cidr,
                "CidrBlockState": {"State": "associated"},
            }
        ],
        "IsDefault": False,
        "Tags": tags(name),
        "VpcId": key("vpc", name),
        "State": "available",
        "CidrBlock": cidr,
        "DhcpOptionsId": key("dopt", "default"),
    }


def interface(
    name: str, four: str, six: str = "", network: str = "VPC", kind: str = "interface", instance: bool = True
) -> Row:
    """An interface of the instance of the same name."""
    attached: Row = {
        "Attachment": {
            "AttachmentId": key("eni-attach", name),
            "DeleteOnTermination": True,
            "DeviceIndex": 0,
            "InstanceId": key("i", name),
            "InstanceOwnerId": OWNER,
            "Status": "attached",
        }
    }
    return (attached if instance else {}) | {
        "AvailabilityZone": ZONE,
        "Description": "" if instance else f"VPC Endpoint Interface {key('vpce', name)}",
        "Groups": [],
        "InterfaceType": kind,
        "Ipv6Addresses": [{"Ipv6Address": six, "IsPrimaryIpv6": True}] if six else [],
        "MacAddress": mac_of(name),
        "NetworkInterfaceId": key("eni", name),
        "OwnerId": OWNER,
        "PrivateIpAddress": four,
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": four}],
        "RequesterManaged": not instance,
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": key("subnet", network),
        "TagSet": tags(name),
        "VpcId": key("vpc", network),
    }


def reservation(name: str, kind: str = "m5.large") -> Row:
    """The instance of that name, as describe-instances prints it."""
    instance = {"InstanceId": key("i", name), "InstanceType": kind, "State": {"Code": 16, "Name": "running"}}
    return {"OwnerId": OWNER, "ReservationId": key("r", name), "Groups": [], "Instances": [instance]}


def endpoint(name: str, network: str) -> Row:
    """A Gateway Load Balancer endpoint; its interface has the same name."""
    return {
        "VpcEndpointId": key("vpce", name),
        "VpcEndpointType": "GatewayLoadBalancer",
        "VpcId": key("vpc", network),
        "ServiceName": f"com.amazonaws.vpce.eu-central-1.{key('vpce-svc', 'appliances')}",
        "State": "available",
        "SubnetIds": [key("subnet", network)],
        "IpAddressType": "ipv4",
        "RequesterManaged": False,
        "NetworkInterfaceIds": [key("eni", name)],
        "Tags": tags(name),
        "OwnerId": OWNER,
    }


def to_interface(name: str, appliance: str) -> Row:
    return {
        "TrafficMirrorTargetId": key("tmt", name),
        "NetworkInterfaceId": key("eni", appliance),
        "Type": "network-interface",
        "Description": name,
        "OwnerId": OWNER,
        "Tags": [],
    }


def to_endpoint(name: str, behind: str) -> Row:
    return {
        "TrafficMirrorTargetId": key("tmt", name),
        "GatewayLoadBalancerEndpointId": key("vpce", behind),
        "Type": "gateway-load-balancer-endpoint",
        "Description": name,
        "OwnerId": OWNER,
        "Tags": [],
    }


def rule(
    of: str,
    direction: str,
    number: int = 10,
    action: str = "accept",
    protocol: int | None = None,
    src: str = "",
    dst: str = "",
    sport: int | None = None,
    dport: int | None = None,
    description: str = "",
) -> Row:
    """A rule of filter `of`; what AWS leaves out of its JSON where it is all is left out here."""
    row: Row = {
        "TrafficMirrorFilterRuleId": key("tmfr", f"{of} {direction} {number}"),
        "TrafficMirrorFilterId": key("tmf", of),
        "TrafficDirection": direction,
        "RuleNumber": number,
        "RuleAction": action,
    }
    row |= {} if protocol is None else {"Protocol": protocol}
    row |= {"DestinationPortRange": {"FromPort": dport, "ToPort": dport}} if dport else {}
    row |= {"SourcePortRange": {"FromPort": sport, "ToPort": sport}} if sport else {}
    row |= {"DestinationCidrBlock": dst} if dst else {}
    row |= {"SourceCidrBlock": src} if src else {}
    return row | ({"Description": description} if description else {})


def filter_of(name: str, *rules: Row, services: tuple[str, ...] = ()) -> Row:
    return {
        "TrafficMirrorFilterId": key("tmf", name),
        "IngressFilterRules": [row for row in rules if row["TrafficDirection"] == "ingress"],
        "EgressFilterRules": [row for row in rules if row["TrafficDirection"] == "egress"],
        "NetworkServices": list(services),
        "Description": name,
        "Tags": [],
    }


def session(
    name: str, source: str, target: str, through: str, number: int = 1, vni: int = 0, length: int | None = None
) -> Row:
    """A session from the interface of `source`; AWS draws a VNI where none is given, and so does this."""
    drawn = int(hashlib.sha256(f"vni {name}".encode()).hexdigest()[:6], 16)
    row: Row = {
        "TrafficMirrorSessionId": key("tms", name),
        "TrafficMirrorTargetId": key("tmt", target),
        "TrafficMirrorFilterId": key("tmf", through),
        "NetworkInterfaceId": key("eni", source),
        "OwnerId": OWNER,
    }
    row |= {"PacketLength": length} if length else {}
    row |= {"SessionNumber": number, "VirtualNetworkId": vni or drawn, "Description": name, "Tags": []}
    return row
