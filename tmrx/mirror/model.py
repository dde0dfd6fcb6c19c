"""The mirror's parts, in the words of the EC2 API.

A field's name is AWS's own in snake_case (`PacketLength` is `packet_length`), so one declaration reads both the JSON
that `aws ec2 describe-…` prints and tmrx's TOML. What AWS's JSON can't say is marked *tmrx*. Fields without a use in
tmrx are left out.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_VNI = 16_777_215  # RFC 7348, section 5: 24 bits
MAX_PACKET_LENGTH = 8500  # EC2 API: CreateTrafficMirrorSession
MAX_SESSION_NUMBER = 32_766  # EC2 API: CreateTrafficMirrorSession
DEFAULT_MTU = 9001  # an interface's, unless configured (specification, section 6.1)
GWLB_MTU = 8500  # Gateway Load Balancer (specification, section 7)

Id = Annotated[str, Meta(min_length=1)]
Address = Annotated[str, Meta(extra={"format": "an IP address"})]
Cidr = Annotated[str, Meta(extra={"format": "a CIDR block"})]
Mac = Annotated[str, Meta(extra={"format": "a MAC address"})]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Mtu = Annotated[int, Meta(ge=576, le=DEFAULT_MTU)]
Direction = Literal["ingress", "egress"]


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Base: immutable, compared by value, spelled in PascalCase in AWS's JSON."""


class Tag(Model, frozen=True, kw_only=True):
    """A tag; only `Name` means something to tmrx."""

    key: str
    value: str = ""


class PrivateIp(Model, frozen=True, kw_only=True):
    """One private IPv4 address of an interface."""

    private_ip_address: Address
    primary: bool = False


class Ipv6(Model, frozen=True, kw_only=True):
    """One IPv6 address of an interface."""

    ipv6_address: Address
    is_primary_ipv6: bool = False


class Attachment(Model, frozen=True, kw_only=True):
    """What an interface is attached to."""

    instance_id: str = ""


class NetworkInterface(Model, frozen=True, kw_only=True):
    """An elastic network interface: a mirror's source, or its target."""

    network_interface_id: Id
    private_ip_address: Address | None = None
    private_ip_addresses: tuple[PrivateIp, ...] = ()
    ipv6_addresses: tuple[Ipv6, ...] = ()
    mac_address: Mac | None = None
    vpc_id: str = ""
    subnet_id: str = ""
    attachment: Attachment | None = None
    description: str = ""
    tag_set: tuple[Tag, ...] = ()
    # tmrx: bytes of the largest IP packet; as a target's, what copies are cut to.
    mtu: Mtu = DEFAULT_MTU

    def outer_source(self) -> str | None:
        """The address its copies come from: the primary private IPv4, or where there is none an IPv6 address."""
        if self.private_ip_address:
            return self.private_ip_address
        private = sorted(self.private_ip_addresses, key=lambda a: not a.primary)
        if private:
            return private[0].private_ip_address
        six = sorted(self.ipv6_addresses, key=lambda a: not a.is_primary_ipv6)
        return six[0].ipv6_address if six else None


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


class Subnet(Model, frozen=True, kw_only=True):
    """A subnet."""

    subnet_id: Id
    vpc_id: str = ""
    cidr_block: Cidr | None = None
    ipv6_cidr_block_association_set: tuple[Ipv6CidrAssociation, ...] = ()


class Instance(Model, frozen=True, kw_only=True):
    """An instance; its interfaces are read as interfaces."""

    instance_id: Id
    instance_type: str = ""
    vpc_id: str = ""
    subnet_id: str = ""


class TrafficMirrorTarget(Model, frozen=True, kw_only=True):
    """Where copies go: exactly one of an interface, a Network Load Balancer, a Gateway Load Balancer endpoint."""

    traffic_mirror_target_id: Id
    network_interface_id: str = ""
    network_load_balancer_arn: str = ""
    gateway_load_balancer_endpoint_id: str = ""
    description: str = ""
    tags: tuple[Tag, ...] = ()


class PortRange(Model, frozen=True, kw_only=True):
    """Ports, ends included."""

    from_port: Port
    to_port: Port


class TrafficMirrorFilterRule(Model, frozen=True, kw_only=True):
    """One rule of a filter; what is absent matches all."""

    rule_number: Annotated[int, Meta(ge=1, le=32_766)]
    rule_action: Literal["accept", "reject"]
    traffic_mirror_filter_rule_id: str = ""
    traffic_direction: Direction | None = None
    protocol: Annotated[int, Meta(ge=0, le=255)] | None = None
    source_port_range: PortRange | None = None
    destination_port_range: PortRange | None = None
    source_cidr_block: Cidr | None = None
    destination_cidr_block: Cidr | None = None
    description: str = ""


class TrafficMirrorFilter(Model, frozen=True, kw_only=True):
    """What is mirrored: rules for each direction, and network services."""

    traffic_mirror_filter_id: Id
    ingress_filter_rules: tuple[TrafficMirrorFilterRule, ...] = ()
    egress_filter_rules: tuple[TrafficMirrorFilterRule, ...] = ()
    network_services: tuple[Literal["amazon-dns"], ...] = ()
    description: str = ""
    tags: tuple[Tag, ...] = ()


class TrafficMirrorSession(Model, frozen=True, kw_only=True):
    """A source's copies, through a filter, to a target."""

    traffic_mirror_session_id: Id
    virtual_network_id: Annotated[int, Meta(ge=0, le=MAX_VNI)]
    network_interface_id: str = ""
    traffic_mirror_target_id: str = ""
    traffic_mirror_filter_id: str = ""
    session_number: Annotated[int, Meta(ge=1, le=MAX_SESSION_NUMBER)] | None = None
    # Bytes copied after the VXLAN header; None: the target's default.
    packet_length: Annotated[int, Meta(ge=1, le=MAX_PACKET_LENGTH)] | None = None
    description: str = ""
    tags: tuple[Tag, ...] = ()
    # tmrx: what to call it; else its Name tag, else its description.
    name: str = ""

    def label(self) -> str:
        """What records call it; empty when it was given no name."""
        tagged = next((tag.value for tag in self.tags if tag.key == "Name"), "")
        return self.name or tagged or self.description


# What a document may hold: its key in AWS's JSON, the model of a row, and the field that names the row.
TABLES: tuple[tuple[str, type[Model], str], ...] = (
    ("TrafficMirrorSessions", TrafficMirrorSession, "traffic_mirror_session_id"),
    ("TrafficMirrorTargets", TrafficMirrorTarget, "traffic_mirror_target_id"),
    ("TrafficMirrorFilters", TrafficMirrorFilter, "traffic_mirror_filter_id"),
    ("NetworkInterfaces", NetworkInterface, "network_interface_id"),
    ("Vpcs", Vpc, "vpc_id"),
    ("Subnets", Subnet, "subnet_id"),
    ("Instances", Instance, "instance_id"),
)
