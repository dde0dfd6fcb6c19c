"""The mirror's parts, in the words of the EC2 API. What they stand in (subnets, routes, groups) is in `network`.

A field's name is AWS's own in snake_case (`PacketLength` is `packet_length`), so one declaration reads both the JSON
that `aws ec2 describe-…` prints and tmrx's TOML. What AWS's JSON can't say is marked *tmrx*. Fields without a use in
tmrx are left out.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, structs

from tmrx.mirror.values import Address, Cidr, Id, Mac, Model, Port, Tag

MAX_VNI = 16_777_215  # RFC 7348, section 5: 24 bits
MAX_PACKET_LENGTH = 8500  # EC2 API: CreateTrafficMirrorSession
MAX_SESSION_NUMBER = 32_766  # EC2 API: CreateTrafficMirrorSession
MAX_ATTACHMENT = 0xFFFF_FFFF_FFFF_FFFF  # 64 bits (specification, section 7)
DEFAULT_MTU = 9001  # an interface's, unless configured (specification, section 6.1)
GWLB_MTU = 8500  # Gateway Load Balancer (specification, section 7)

Mtu = Annotated[int, Meta(ge=576, le=DEFAULT_MTU)]
Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
# Who AWS says requested an interface of RDS or ElastiCache, or how it describes one.
_MIRRORED_SERVICE = re.compile(r"amazon-(rds|elasticache)$|RDSNetworkInterface|ElastiCache", re.ASCII)


def named(tags: tuple[Tag, ...]) -> str:
    """The Name tag; empty for none."""
    return next((tag.value for tag in tags if tag.key == "Name"), "")


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
    instance_owner_id: str = ""


class GroupIdentifier(Model, frozen=True, kw_only=True):
    """A security group that an interface is in."""

    group_id: Id


class NetworkInterface(Model, frozen=True, kw_only=True):
    """An elastic network interface: a mirror's source, or its target."""

    network_interface_id: Id
    private_ip_address: Address | None = None
    private_ip_addresses: tuple[PrivateIp, ...] = ()
    ipv6_addresses: tuple[Ipv6, ...] = ()
    mac_address: Mac | None = None
    vpc_id: str = ""
    subnet_id: str = ""
    availability_zone: str = ""
    owner_id: str = ""
    interface_type: str = ""
    requester_managed: bool | None = None
    requester_id: str = ""
    # AWS's words: `in-use`, or `available` for one that is attached to nothing.
    status: str = ""
    groups: tuple[GroupIdentifier, ...] = ()
    attachment: Attachment | None = None
    description: str = ""
    tag_set: tuple[Tag, ...] = ()
    # tmrx: bytes of the largest IP packet; as a target's, what copies are cut to. None: not said.
    mtu: Mtu | None = None
    # tmrx: the operating system leaves checksums to the interface, so that truncated copies lack them.
    offload: bool = True

    def mtu_or_default(self) -> int:
        """Its MTU, 9001 where it does not say."""
        return DEFAULT_MTU if self.mtu is None else self.mtu

    def label(self) -> str:
        """What to call it: its Name tag, else its description; empty when it has neither."""
        return named(self.tag_set) or self.description

    def instance_id(self) -> str:
        """The instance it is attached to; empty for none, or where it does not say."""
        return self.attachment.instance_id if self.attachment else ""

    def detached(self) -> bool:
        """Whether it says that it is attached to nothing."""
        return self.status == "available" and not self.instance_id()

    def of_an_unsupported_service(self) -> bool:
        """Whether it says that a service manages it, and one that can't be mirrored (specification, section 10)."""
        owner = self.attachment.instance_owner_id if self.attachment else ""
        said = [text for text in (self.requester_id, owner, self.description) if text]
        return bool(self.requester_managed and said) and not any(map(_MIRRORED_SERVICE.match, said))

    def addresses(self) -> tuple[str, ...]:
        """Every address it has, the one its copies come from first."""
        every = [self.private_ip_address, *(ip.private_ip_address for ip in self.private_ip_addresses)]
        every += [ip.ipv6_address for ip in self.ipv6_addresses]
        first = self.outer_source()
        return tuple(dict.fromkeys(address for address in (first, *every) if address))

    def outer_source(self, version: int = 4) -> str | None:
        """The address its copies come from: its primary one of that IP version, or where there is none of the other."""
        private = [ip.private_ip_address for ip in sorted(self.private_ip_addresses, key=lambda ip: not ip.primary)]
        four = [address for address in (self.private_ip_address, *private) if address]
        six = [ip.ipv6_address for ip in sorted(self.ipv6_addresses, key=lambda ip: not ip.is_primary_ipv6)]
        both = four + six if version == 4 else six + four  # noqa: PLR2004 -- a version of IP
        return both[0] if both else None


class Instance(Model, frozen=True, kw_only=True):
    """An instance; its interfaces are read as interfaces."""

    instance_id: Id
    instance_type: str = ""
    vpc_id: str = ""
    subnet_id: str = ""


# The fields of a target that name where copies go.
TARGET_KINDS = ("network_interface_id", "network_load_balancer_arn", "gateway_load_balancer_endpoint_id")


class TrafficMirrorTarget(Model, frozen=True, kw_only=True):
    """Where copies go: exactly one of an interface, a Network Load Balancer, a Gateway Load Balancer endpoint."""

    traffic_mirror_target_id: Id
    network_interface_id: str = ""
    network_load_balancer_arn: str = ""
    gateway_load_balancer_endpoint_id: str = ""
    owner_id: str = ""
    description: str = ""
    tags: tuple[Tag, ...] = ()
    # tmrx: where copies are sent: the load balancer's nodes, the endpoint's address, the interface's one to take.
    addresses: tuple[Address, ...] = ()
    # tmrx: what is registered behind the load balancer.
    receivers: tuple[Address, ...] = ()
    # tmrx: the second of the options that a Gateway Load Balancer adds.
    attachment: Annotated[int, Meta(ge=0, extra={"le": MAX_ATTACHMENT})] = 0
    # tmrx: the load balancer's Availability Zones, and whether it balances across them; empty and None: not said.
    zones: tuple[str, ...] = ()
    cross_zone: bool | None = None
    # tmrx: ports of the Network Load Balancer's UDP listeners; None: not said.
    listeners: tuple[Port, ...] | None = None

    def kinds(self) -> tuple[str, ...]:
        """The fields that name where copies go: exactly one, in a mirror that was checked."""
        return tuple(name for name in TARGET_KINDS if getattr(self, name))

    def label(self) -> str:
        """What to call it: its Name tag, else its description; empty when it has neither."""
        return named(self.tags) or self.description


class PortRange(Model, frozen=True, kw_only=True):
    """Ports, ends included."""

    from_port: Port
    to_port: Port


class TrafficMirrorFilterRule(Model, frozen=True, kw_only=True):
    """One rule of a filter; what is absent matches all."""

    rule_number: Annotated[int, Meta(ge=1, le=32_766)]
    rule_action: Literal["accept", "reject"]
    traffic_mirror_filter_rule_id: str = ""
    traffic_mirror_filter_id: str = ""
    traffic_direction: Direction | None = None
    # IANA's number; None is all, and so is -1, as some formats say.
    protocol: Annotated[int, Meta(ge=-1, le=255)] | None = None
    source_port_range: PortRange | None = None
    destination_port_range: PortRange | None = None
    source_cidr_block: Cidr | None = None
    destination_cidr_block: Cidr | None = None
    description: str = ""

    def __post_init__(self) -> None:
        """One spelling for all protocols."""
        if self.protocol == -1:
            structs.force_setattr(self, "protocol", None)

    def cidrs(self) -> tuple[str, ...]:
        """The CIDRs that it names, source first."""
        return tuple(cidr for cidr in (self.source_cidr_block, self.destination_cidr_block) if cidr)

    def port_ranges(self) -> tuple[PortRange, ...]:
        """The port ranges that it names, source first."""
        return tuple(ports for ports in (self.source_port_range, self.destination_port_range) if ports)


class TrafficMirrorFilter(Model, frozen=True, kw_only=True):
    """What is mirrored: rules for each direction, and network services."""

    traffic_mirror_filter_id: Id
    ingress_filter_rules: tuple[TrafficMirrorFilterRule, ...] = ()
    egress_filter_rules: tuple[TrafficMirrorFilterRule, ...] = ()
    network_services: tuple[Literal["amazon-dns"], ...] = ()
    description: str = ""
    tags: tuple[Tag, ...] = ()

    def amazon_dns(self) -> bool:
        """Whether it accepts the VPC resolver's traffic."""
        return "amazon-dns" in self.network_services

    def rules(self, direction: Direction) -> tuple[TrafficMirrorFilterRule, ...]:
        """The rules of a direction, in the order in which they are tried."""
        rules = self.ingress_filter_rules if direction == "ingress" else self.egress_filter_rules
        return tuple(sorted(rules, key=lambda rule: rule.rule_number))

    def label(self) -> str:
        """What to call it: its Name tag, else its description; empty when it has neither."""
        return named(self.tags) or self.description


class TrafficMirrorSession(Model, frozen=True, kw_only=True):
    """A source's copies, through a filter, to a target."""

    traffic_mirror_session_id: Id
    # Where a document has none, one is drawn before this is built.
    virtual_network_id: Annotated[int, Meta(ge=0, le=MAX_VNI)]
    network_interface_id: str = ""
    traffic_mirror_target_id: str = ""
    traffic_mirror_filter_id: str = ""
    session_number: Annotated[int, Meta(ge=1, le=MAX_SESSION_NUMBER)] | None = None
    # Bytes copied after the VXLAN header; None: the target's default.
    packet_length: Annotated[int, Meta(ge=1, le=MAX_PACKET_LENGTH)] | None = None
    owner_id: str = ""
    description: str = ""
    tags: tuple[Tag, ...] = ()
    # tmrx: what to call it; else its Name tag, else its description.
    name: str = ""
    # tmrx: a session whose shared target was withdrawn is inactive.
    state: Literal["active", "inactive"] = "active"

    def label(self) -> str:
        """What records call it; empty when it was given no name."""
        return self.name or named(self.tags) or self.description

    def order(self) -> int:
        """Its place among its source's sessions, lowest first."""
        return self.session_number or 1
