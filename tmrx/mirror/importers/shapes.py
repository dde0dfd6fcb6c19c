"""Attributes of Terraform's resources → CloudFormation's properties, where one is no copy of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tmrx.mirror.importers.attributes import LATER, View, snake
from tmrx.mirror.importers.references import PRIMARY
from tmrx.mirror.placed import Placed, Unknown

_MISSING = Unknown("is missing")
# The ends that a security group's rule names, and CloudFormation's property for one.
_ENDS = (
    ("cidr_blocks", "CidrIp"),
    ("ipv6_cidr_blocks", "CidrIpv6"),
    ("prefix_list_ids", "SourcePrefixListId"),
    ("security_groups", "SourceSecurityGroupId"),
)


def absent(_view: View, _name: str) -> None:
    """No attribute says it."""
    return None


def nonzero(view: View, name: str) -> Any:
    """A number of which the provider takes 0 for none."""
    return view.plain(name) or None


def tags(view: View, name: str) -> list[dict[str, Any]] | None:
    """Tags."""
    value = view.instance.values.get(name)
    return [{"Key": key, "Value": text} for key, text in value.items()] if isinstance(value, dict) else None


def ports(view: View, name: str) -> Any:
    """The port range of a block, which is there once or not at all."""
    _, block = next(view.blocks(name), (0, None))
    if block is None:
        return None if name in view.instance.values else view.plain(name)
    place = f"{view.instance.address}.{name}[0]"
    found = Placed(place, lambda key: f"{place}.{snake(key)}")
    for key in ("FromPort", "ToPort"):
        value = block.get(snake(key))
        found[key] = _MISSING if value is None else value
    return found


def private_ip(view: View, name: str) -> Any:
    """The primary address: as a plan may not say it, the only one of those that it says."""
    known, every = view.instance.values.get(name), _listed(view, "private_ips")
    return known or (every[0] if len(every) == 1 else None)


def private_ips(view: View, name: str) -> list[dict[str, Any]] | None:
    """Every IPv4 address of an interface."""
    first = private_ip(view, "private_ip")
    every = _listed(view, name)
    return [{"PrivateIpAddress": address, "Primary": address == first} for address in every] or None


def ipv6(view: View, name: str) -> list[dict[str, Any]] | None:
    """Every IPv6 address of an interface."""
    return [{"Ipv6Address": address} for address in _listed(view, name)] or None


def _listed(view: View, name: str) -> list[Any]:
    value = view.instance.values.get(name)
    return [item for item in value if item is not None] if isinstance(value, list) else []


def attached(view: View, name: str) -> Any:
    """The instance of an interface's attachment."""
    for index, block in view.blocks(name):
        return block.get("instance_id") or view.inner(name, index, block, "instance")
    return None


def held(view: View, name: str) -> list[dict[str, Any]]:
    """The interfaces of an instance, the primary one first."""
    given = [view.inner(name, index, block, "network_interface_id") for index, block in view.blocks(name)]
    return [{"NetworkInterfaceId": key} for key in dict.fromkeys([primary(view), *given]) if isinstance(key, str)]


def primary(view: View) -> Any:
    """An instance's primary interface: that of a plan, where none is given, goes by the attribute's address."""
    known = view.instance.values.get(PRIMARY) or view.instance.values.get("network_interface_id")
    if known:
        return known
    for index, block in view.blocks("network_interface"):
        return view.inner("network_interface", index, block, "network_interface_id")
    return f"{view.instance.address}.{PRIMARY}"


def mappings(view: View, name: str) -> list[dict[str, Any]]:
    """The subnets of a load balancer, and its nodes' addresses where they were chosen."""
    return [
        {
            "SubnetId": view.inner(name, index, block, "subnet_id"),
            "PrivateIPv4Address": block.get("private_ipv4_address") or None,
        }
        for index, block in view.blocks(name)
    ]


def attributes(view: View, name: str) -> Any:
    """Whether a load balancer balances across zones."""
    value = view.plain(name)
    if isinstance(value, Unknown):
        return value
    return [{"Key": "load_balancing.cross_zone.enabled", "Value": "true" if value else "false"}]


def actions(view: View, name: str) -> list[dict[str, Any]]:
    """Where a listener forwards to."""
    return [
        {"TargetGroupArn": view.inner(name, index, block, "target_group_arn")} for index, block in view.blocks(name)
    ]


def rules(view: View, name: str) -> list[Any]:
    """A security group's embedded rules. Where there are none, Terraform sees to it that there are none."""
    value = view.plain(name)
    if value is None:
        return []
    if not isinstance(value, list):
        return [value]
    return [rule for item in value for rule in ends(item, view.instance.id)]


def ends(rule: Any, group: str) -> Iterator[Any]:
    """A rule for each end that a rule names."""
    if not isinstance(rule, dict):
        yield LATER
        return
    protocol = rule.get("protocol")
    every = str(protocol) in {"-1", "all"}
    common = {"IpProtocol": None if protocol is None else str(protocol)}
    common |= {} if every else {"FromPort": rule.get("from_port"), "ToPort": rule.get("to_port")}
    for name, end in _ENDS:
        # What is absent, and not null or empty, is not known before apply.
        listed = rule.get(name, LATER)
        for value in listed if isinstance(listed, list) else [listed] * (listed is not None):
            yield {**common, end: LATER if value is None else value}
    if rule.get("self"):
        yield {**common, "SourceSecurityGroupId": group}
