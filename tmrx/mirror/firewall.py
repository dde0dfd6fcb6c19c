"""Security groups and network ACLs of a source: what drops packets before they are mirrored (specification, section 3).

What is not given is not checked: an interface without groups, a group or prefix list whose content is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)
from typing import Literal

from tmrx import plan
from tmrx.mirror.mirror import Mirror, packed
from tmrx.mirror.model import Direction, NetworkInterface
from tmrx.mirror.network import ALL_PROTOCOLS, IpPermission, NetworkAcl, NetworkAclEntry, SecurityGroup
from tmrx.mirror.reach import network_acl

_TCP, _UDP = 6, 17
_ICMP = {1, 58}
_ALL_PORTS = (0, 65_535)


class Firewalls:
    """Makes the firewalls of a mirror's interfaces; `made` are those so far, each once however many share it."""

    def __init__(self, mirror: Mirror) -> None:
        self.made: list[plan.Firewall] = []
        self._mirror = mirror
        self._places: dict[tuple[str, ...], int | None] = {}
        self._members = _members(mirror.interfaces.values())

    def of(self, interface: NetworkInterface) -> int | None:
        """The index of what guards an interface; None where nothing is known to."""
        vpc = self._mirror.vpc_of(interface)
        key = (vpc, interface.subnet_id, *sorted(group.group_id for group in interface.groups))
        if key not in self._places:
            self._places[key] = self._make(interface)
        return self._places[key]

    def _make(self, interface: NetworkInterface) -> int | None:
        mirror = self._mirror
        groups = [mirror.security_groups.get(group.group_id) for group in interface.groups]
        known = [group for group in groups if group is not None] if all(groups) else []
        acl, subnet = network_acl(mirror, interface), mirror.subnets.get(interface.subnet_id)
        cidrs = [subnet.cidr_block] if subnet else []
        cidrs += [six.ipv6_cidr_block for six in subnet.ipv6_cidr_block_association_set] if subnet else []
        ingress, egress = self._admitted(known, "ingress"), self._admitted(known, "egress")
        if ingress is None and egress is None and acl is None:
            return None
        self.made.append(
            plan.Firewall(
                ingress=ingress,
                egress=egress,
                acl=tuple(_entries(acl)) if acl else None,
                subnet=tuple(found for found in map(block, cidrs) if found),
            )
        )
        return len(self.made) - 1

    def _admitted(self, groups: list[SecurityGroup], direction: Direction) -> tuple[plan.PacketMatch, ...] | None:
        """What the groups together admit; None where one of them does not say."""
        said = [group.ip_permissions if direction == "ingress" else group.ip_permissions_egress for group in groups]
        known = [permissions for permissions in said if permissions is not None]
        if not said or len(known) < len(said):
            return None
        every = (permission for permissions in known for permission in permissions)
        return tuple(match for permission in every for match in self._permission(permission, direction))

    def _permission(self, permission: IpPermission, direction: Direction) -> Iterator[plan.PacketMatch]:
        protocol = None if permission.ip_protocol == ALL_PROTOCOLS else int(permission.ip_protocol)
        first, last = permission.from_port, permission.to_port
        ports = (first, last) if protocol in {_TCP, _UDP} and first is not None and last is not None else None
        icmp = (first, -1 if last is None else last) if protocol in _ICMP and first is not None else None
        for cidr in self._ends(permission):
            end = block(cidr)
            yield plan.PacketMatch(
                ip=version_of(cidr) if cidr else 0,
                protocol=protocol,
                src=end if direction == "ingress" else None,
                dst=end if direction == "egress" else None,
                dports=ports if ports and ports != (-1, -1) else None,
                icmp=icmp,
            )

    def _ends(self, permission: IpPermission) -> Iterator[str]:
        """The CIDRs of the other ends that a permission names; an empty one for ends that are not known."""
        yield from permission.cidrs()
        if permission.prefix_list_ids:
            yield ""
        for pair in permission.user_id_group_pairs:
            yield from self._members.get(pair.group_id, ("",))


def _members(interfaces: Iterable[NetworkInterface]) -> dict[str, tuple[str, ...]]:
    """The addresses of each group's members, neighbours joined into blocks."""
    found: dict[str, list[str]] = {}
    for interface in interfaces:
        for group in interface.groups:
            found.setdefault(group.group_id, []).extend(interface.addresses())
    return {group: _blocks(addresses) for group, addresses in found.items() if addresses}


def _blocks(addresses: Iterable[str]) -> tuple[str, ...]:
    all_of = [ip_address(address) for address in addresses]
    four = collapse_addresses(IPv4Network(one) for one in all_of if isinstance(one, IPv4Address))
    six = collapse_addresses(IPv6Network(one) for one in all_of if isinstance(one, IPv6Address))
    return (*map(str, four), *map(str, six))


def block(cidr: str | None) -> tuple[bytes, bytes] | None:
    """First and last address of a CIDR block, 16 bytes each; None for none."""
    if not cidr:
        return None
    network = ip_network(cidr)
    return packed(str(network[0])), packed(str(network[-1]))


def version_of(cidr: str) -> Literal[4, 6]:
    """The IP version of a CIDR block."""
    return ip_network(cidr).version


def _entries(acl: NetworkAcl) -> Iterator[plan.FilterRule]:
    for entry in acl.ordered(egress=False):
        yield plan.FilterRule(
            id=f"{acl.network_acl_id} {entry.rule_number}", accept=entry.rule_action == "allow", match=_entry(entry)
        )


def _entry(entry: NetworkAclEntry) -> plan.PacketMatch:
    cidr = entry.cidr_block or entry.ipv6_cidr_block
    protocol = None if entry.protocol == ALL_PROTOCOLS else int(entry.protocol)
    ports, icmp = entry.port_range, entry.icmp_type_code
    has_ports = ports is not None and protocol in {_TCP, _UDP} and (ports.from_port, ports.to_port) != _ALL_PORTS
    return plan.PacketMatch(
        ip=version_of(cidr) if cidr else 0,
        protocol=protocol,
        src=block(cidr),
        dports=(ports.from_port, ports.to_port) if ports and has_ports else None,
        icmp=(icmp.type, icmp.code) if icmp and protocol in _ICMP else None,
    )
