"""What a mirror stands in, in the EC2 API's words: VPCs, subnets, endpoints, security groups, network ACLs, routes.

As in `model`, a field's name is AWS's own in snake_case.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from tmrx.mirror.values import Cidr, Id, IpProtocol, Model, Port, Tag

ALL_PROTOCOLS = "-1"
# A port, or what an ICMP message has in its place; -1 is all.
PortOrType = Annotated[int, Meta(ge=-1, le=65_535)]


class CidrState(Model, frozen=True, kw_only=True):
    """State of a CIDR's association with its VPC."""

    state: str = "associated"


class CidrAssociation(Model, frozen=True, kw_only=True):
    """An IPv4 CIDR of a VPC."""

    cidr_block: Cidr
    cidr_block_state: CidrState = CidrState()


class Ipv6CidrAssociation(Model, frozen=True, kw_only=True):
    """An IPv6 CIDR of a VPC or subnet."""

    ipv6_cidr_block: Cidr
    ipv6_cidr_block_state: CidrState = CidrState()


class Vpc(Model, frozen=True, kw_only=True):
    """A VPC: an address space."""

    vpc_id: Id
    cidr_block: Cidr | None = None
    cidr_block_association_set: tuple[CidrAssociation, ...] = ()
    ipv6_cidr_block_association_set: tuple[Ipv6CidrAssociation, ...] = ()
    tags: tuple[Tag, ...] = ()
    # tmrx: VPCs of one domain share an address space (peered, say); without it each VPC is a domain of its own.
    domain: str = ""

    def ipv4_cidrs(self) -> tuple[str, ...]:
        """Its IPv4 CIDRs, the primary one first."""
        more = [a.cidr_block for a in self.cidr_block_association_set if a.cidr_block_state.state == "associated"]
        return tuple(dict.fromkeys(cidr for cidr in (self.cidr_block, *more) if cidr))


class Subnet(Model, frozen=True, kw_only=True):
    """A subnet."""

    subnet_id: Id
    vpc_id: str = ""
    availability_zone: str = ""
    cidr_block: Cidr | None = None
    ipv6_cidr_block_association_set: tuple[Ipv6CidrAssociation, ...] = ()
    # An IPv6-only subnet.
    ipv6_native: bool = False


class VpcEndpoint(Model, frozen=True, kw_only=True):
    """A VPC endpoint; those of Gateway Load Balancers can be targets."""

    vpc_endpoint_id: Id
    vpc_id: str = ""
    # AWS's words; of one that is no more, `deleted`, `rejected`, `failed` or `expired`, in any case.
    state: str = ""
    subnet_ids: tuple[Id, ...] = ()
    network_interface_ids: tuple[Id, ...] = ()

    def gone(self) -> bool:
        """Whether it says that it takes nothing any more."""
        return self.state.lower() in {"deleting", "deleted", "rejected", "failed", "expired"}


class IpRange(Model, frozen=True, kw_only=True):
    """An IPv4 CIDR that a group's permission names."""

    cidr_ip: Cidr


class Ipv6Range(Model, frozen=True, kw_only=True):
    """An IPv6 CIDR that a group's permission names."""

    cidr_ipv6: Cidr


class UserIdGroupPair(Model, frozen=True, kw_only=True):
    """A security group that a group's permission names."""

    group_id: Id


class PrefixListId(Model, frozen=True, kw_only=True):
    """A prefix list that a group's permission names; what is in it is not known."""

    prefix_list_id: Id


class IpPermission(Model, frozen=True, kw_only=True):
    """What a security group admits: a protocol's ports to and from the ends that it names."""

    ip_protocol: IpProtocol = ALL_PROTOCOLS
    from_port: PortOrType | None = None
    to_port: PortOrType | None = None
    ip_ranges: tuple[IpRange, ...] = ()
    ipv6_ranges: tuple[Ipv6Range, ...] = ()
    user_id_group_pairs: tuple[UserIdGroupPair, ...] = ()
    prefix_list_ids: tuple[PrefixListId, ...] = ()

    def cidrs(self) -> tuple[str, ...]:
        """The CIDRs of both families."""
        return (*(r.cidr_ip for r in self.ip_ranges), *(r.cidr_ipv6 for r in self.ipv6_ranges))


class SecurityGroup(Model, frozen=True, kw_only=True):
    """A security group: what it does not admit is dropped."""

    group_id: Id
    group_name: str = ""
    vpc_id: str = ""
    # None: not said, as in a template that leaves it to AWS's default.
    ip_permissions: tuple[IpPermission, ...] | None = None
    ip_permissions_egress: tuple[IpPermission, ...] | None = None


class AclPorts(Model, frozen=True, kw_only=True):
    """Ports of a network ACL's entry, ends included: AWS calls them From and To."""

    from_port: Port = field(default=0, name="From")
    to_port: Port = field(default=65_535, name="To")


class IcmpTypeCode(Model, frozen=True, kw_only=True):
    """The ICMP messages of a network ACL's entry; -1 is all."""

    type: PortOrType = -1
    code: PortOrType = -1


class NetworkAclEntry(Model, frozen=True, kw_only=True):
    """A rule of a network ACL; the lowest number that matches decides."""

    rule_number: Annotated[int, Meta(ge=1, le=32_767)]
    rule_action: Literal["allow", "deny"]
    egress: bool = False
    protocol: IpProtocol = ALL_PROTOCOLS
    cidr_block: Cidr | None = None
    ipv6_cidr_block: Cidr | None = None
    port_range: AclPorts | None = None
    icmp_type_code: IcmpTypeCode | None = None


class NetworkAclAssociation(Model, frozen=True, kw_only=True):
    """A subnet that a network ACL guards."""

    subnet_id: str = ""


class NetworkAcl(Model, frozen=True, kw_only=True):
    """A network ACL: what crosses the edge of its subnets without an entry that allows it is dropped."""

    network_acl_id: Id
    vpc_id: str = ""
    is_default: bool = False
    entries: tuple[NetworkAclEntry, ...] = ()
    associations: tuple[NetworkAclAssociation, ...] = ()

    def ordered(self, *, egress: bool) -> tuple[NetworkAclEntry, ...]:
        """The entries of a direction, in the order in which they are tried."""
        entries = (entry for entry in self.entries if entry.egress == egress)
        return tuple(sorted(entries, key=lambda entry: entry.rule_number))


class RouteTableAssociation(Model, frozen=True, kw_only=True):
    """A subnet that a route table is for; the main one is for all others of the VPC."""

    main: bool = False
    subnet_id: str = ""


class Route(Model, frozen=True, kw_only=True):
    """A route: where it is for, and what it leads to."""

    destination_cidr_block: Cidr | None = None
    destination_ipv6_cidr_block: Cidr | None = None
    destination_prefix_list_id: str = ""
    gateway_id: str = ""
    nat_gateway_id: str = ""
    egress_only_internet_gateway_id: str = ""
    transit_gateway_id: str = ""
    vpc_peering_connection_id: str = ""
    network_interface_id: str = ""
    instance_id: str = ""
    state: str = "active"

    def destination(self) -> str:
        """The CIDR it is for; empty for a prefix list."""
        return self.destination_cidr_block or self.destination_ipv6_cidr_block or ""

    def to_the_internet(self) -> str:
        """The gateway to the internet that it leads to; empty for none."""
        gateway = self.gateway_id if self.gateway_id.startswith("igw-") else ""
        return gateway or self.nat_gateway_id or self.egress_only_internet_gateway_id


class RouteTable(Model, frozen=True, kw_only=True):
    """A route table of a VPC."""

    route_table_id: Id
    vpc_id: str = ""
    associations: tuple[RouteTableAssociation, ...] = ()
    routes: tuple[Route, ...] = ()
