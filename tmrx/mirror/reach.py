"""Whether copies get from a source to its target: routes, network ACLs, security groups.

Each function answers why not, in words; nothing where they do, or where what is given does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import NetworkInterface
from tmrx.mirror.network import ALL_PROTOCOLS, IpPermission, NetworkAcl, NetworkAclEntry, Route, RouteTable

VXLAN_PORT = 4789
_UDP = "17"


def unrouted(mirror: Mirror, source: NetworkInterface, address: str, vpc: str) -> str:
    """Why the source's subnet has no route to an address in a VPC (empty: not known which)."""
    table = _route_table(mirror, source)
    if table is None:
        return ""
    matching = [route for route in table.routes if _within(address, route.destination())]
    if not matching:
        # What a prefix list holds is not known.
        listed = any(route.destination_prefix_list_id for route in table.routes)
        return "" if listed else f"{table.route_table_id} has no route to {address}"
    best = max(matching, key=lambda route: ip_network(route.destination()).prefixlen)
    if best.gateway_id == "local" and vpc and vpc != mirror.vpc_of(source):
        return f"{table.route_table_id} keeps {address} in {mirror.vpc_of(source)}, and the target is in {vpc}"
    return _wrong(table, best, address)


def blocked(mirror: Mirror, source: NetworkInterface, target: NetworkInterface, address: str) -> str:
    """Why the target's network ACL or security groups drop a source's copies, which come from `address`."""
    if source.subnet_id != target.subnet_id:
        acl = network_acl(mirror, target)
        if acl is not None and not _allows(acl, address):
            return f"{acl.network_acl_id} does not allow UDP {VXLAN_PORT} from {address}"
    return _not_admitted(mirror, source, target, address)


def _wrong(table: RouteTable, route: Route, address: str) -> str:
    where = f"{table.route_table_id} has {address} go by {route.destination()}"
    if route.state == "blackhole":
        return f"{where}, a blackhole"
    if gateway := route.to_the_internet():
        return f"{where} to {gateway}, which leads to the internet"
    return ""


def _route_table(mirror: Mirror, interface: NetworkInterface) -> RouteTable | None:
    """The table of an interface's subnet: its own, else the VPC's main one."""
    if not interface.subnet_id:
        return None
    vpc = mirror.vpc_of(interface)
    main = None
    for table in mirror.route_tables.values():
        for association in table.associations:
            if association.subnet_id == interface.subnet_id:
                return table
            if association.main and vpc and table.vpc_id == vpc:
                main = table
    return main


def network_acl(mirror: Mirror, interface: NetworkInterface) -> NetworkAcl | None:
    """The network ACL of an interface's subnet: the one that names it, else the VPC's default."""
    if not interface.subnet_id:
        return None
    vpc = mirror.vpc_of(interface)
    default = None
    for acl in mirror.network_acls.values():
        if any(association.subnet_id == interface.subnet_id for association in acl.associations):
            return acl
        if acl.is_default and vpc and acl.vpc_id == vpc:
            default = acl
    return default


def _allows(acl: NetworkAcl, address: str) -> bool:
    entries = (entry for entry in acl.ordered(egress=False) if _matches(entry, address))
    return next((entry.rule_action == "allow" for entry in entries), False)


def _matches(entry: NetworkAclEntry, address: str) -> bool:
    ports = entry.port_range if entry.protocol == _UDP else None
    return (
        entry.protocol in {ALL_PROTOCOLS, _UDP}
        and (ports is None or ports.from_port <= VXLAN_PORT <= ports.to_port)
        and _within(address, entry.cidr_block or entry.ipv6_cidr_block or "")
    )


def _not_admitted(mirror: Mirror, source: NetworkInterface, target: NetworkInterface, address: str) -> str:
    groups = [group.group_id for group in target.groups]
    known = [mirror.security_groups[key] for key in groups if key in mirror.security_groups]
    # A group that is not given, or does not say what, may admit them.
    if not groups or len(known) < len(groups) or any(group.ip_permissions is None for group in known):
        return ""
    if any(_admits(permission, source, address) for group in known for permission in group.ip_permissions or ()):
        return ""
    named = " and ".join(groups)
    return f"{named} {'does' if len(groups) == 1 else 'do'} not admit UDP {VXLAN_PORT} from {address}"


def _admits(permission: IpPermission, source: NetworkInterface, address: str) -> bool:
    """Whether a permission admits them, or may: what prefix lists hold is unknown, and the source's groups may be."""
    if not _is_for_copies(permission):
        return False
    groups = {pair.group_id for pair in permission.user_id_group_pairs}
    own = {group.group_id for group in source.groups}
    by_group = bool(groups & own) or bool(groups and not own)
    return by_group or bool(permission.prefix_list_ids) or _within_one(address, permission.cidrs())


def _is_for_copies(permission: IpPermission) -> bool:
    if permission.ip_protocol != _UDP:
        return permission.ip_protocol == ALL_PROTOCOLS
    first, last = permission.from_port, permission.to_port
    return first is None or last is None or first <= VXLAN_PORT <= last


def _within_one(address: str, cidrs: Iterable[str]) -> bool:
    return any(_within(address, cidr) for cidr in cidrs)


def _within(address: str, cidr: str) -> bool:
    return bool(cidr) and ip_address(address) in ip_network(cidr)
