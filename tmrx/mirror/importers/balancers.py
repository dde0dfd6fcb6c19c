"""What resources say of the Network Load Balancers that targets name: their nodes, zones, listeners and receivers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any

from tmrx.mirror.importers.resources import Resource, Resources, is_known

_CROSS_ZONE = "load_balancing.cross_zone.enabled"
_TRUE = ("true", True)
_DATAGRAMS = ("UDP", "TCP_UDP")
_ARN = "NetworkLoadBalancerArn"


class Balancers:
    """The load balancers, by what names them."""

    def __init__(self, resources: Resources) -> None:
        self._balancers = resources.ids("LoadBalancer")
        self._listeners = resources.owned("Listener", "LoadBalancerArn")
        self._groups = resources.ids("TargetGroup")
        self._registered = resources.owned("TargetGroupAttachment", "TargetGroupArn")
        self._instances = resources.ids("Instance")
        self._subnets = resources.ids("Subnet")

    def fields(self, target: Resource) -> Iterator[tuple[str, str, Any]]:
        """A mirror target's fields about the load balancer that it names: field, property, value."""
        arn = target.get(_ARN)
        balancer = self._balancers.get(arn) if isinstance(arn, str) else None
        if balancer is None:
            return
        listeners = [one for one in self._listeners.get(balancer.id, ()) if one.get("Protocol") in _DATAGRAMS]
        yield "Addresses", _ARN, _addresses(balancer)
        yield "Zones", _ARN, self._zones(balancer)
        yield "CrossZone", _ARN, _cross_zone(balancer)
        yield "Listeners", _ARN, _all_known(listener.get("Port") for listener in listeners)
        yield "Receivers", _ARN, self._receivers(listeners)

    def _zones(self, balancer: Resource) -> list[str] | None:
        """The zones of its subnets; a subnet whose zone is not known stands for one of its own."""
        mapped = [item.get("SubnetId") for item in balancer.objects("SubnetMappings")]
        subnets = _all_known([*balancer.items("Subnets"), *mapped])
        if not subnets:
            return None
        zones = (self._subnets[key].known("AvailabilityZone") if key in self._subnets else None for key in subnets)
        return list(dict.fromkeys(zone or key for zone, key in zip(zones, subnets, strict=True)))

    def _receivers(self, listeners: Iterable[Resource]) -> list[str] | None:
        """The addresses that its listeners forward to; None where one is not known."""
        actions = (action for listener in listeners for action in listener.objects("DefaultActions"))
        arns = _all_known(action.get("TargetGroupArn") for action in actions)
        groups = [self._groups.get(arn) for arn in dict.fromkeys(arns or ()) if isinstance(arn, str)]
        found = [self._address(key) for group in groups for key in (self._targets(group) if group else [None])]
        addresses = [address for address in found if address]
        return addresses if addresses and len(addresses) == len(found) else None

    def _targets(self, group: Resource) -> list[Any]:
        registered = [one.get("TargetId") for one in self._registered.get(group.id, ())]
        return [*(item.get("Id") for item in group.objects("Targets")), *registered]

    def _address(self, key: Any) -> str | None:
        """The address of what is registered: an instance or an address itself."""
        if not isinstance(key, str):
            return None
        if instance := self._instances.get(key):
            key = instance.known("PrivateIpAddress")
        try:
            return str(ip_address(key))
        except ValueError:
            return None


def _addresses(balancer: Resource) -> list[Any] | None:
    """The addresses of its nodes, where they were chosen."""
    mapped = balancer.objects("SubnetMappings")
    return _all_known(item["PrivateIPv4Address"] for item in mapped if item.get("PrivateIPv4Address") is not None)


def _cross_zone(balancer: Resource) -> bool | None:
    """Whether it balances across zones: off unless said (Elastic Load Balancing, Network Load Balancers)."""
    attributes = balancer.get("LoadBalancerAttributes")
    if not is_known(attributes):
        return None
    said = {item.get("Key"): item.get("Value") for item in balancer.objects("LoadBalancerAttributes")}
    return said.get(_CROSS_ZONE) in _TRUE


def _all_known(values: Iterable[Any]) -> list[Any] | None:
    """The values, or None where one is unknown."""
    found = list(values)
    return found if is_known(found) else None
