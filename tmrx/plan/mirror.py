"""What the sending side of the core is told (`core/src/plan/mirror.rs`)."""

from __future__ import annotations

from typing import Literal

import msgspec

from tmrx.plan.base import NO_LIMIT, SCHEMA_VERSION, Struct


class PacketMatch(Struct, frozen=True, kw_only=True):
    """What a packet has to be; what is None, or 0 for `ip`, is any.

    Addresses are the first and the last of a block, 16 bytes each; a block implies its family, so `ip` is set with it.
    Ports are first and last; only packets that have ports fit them (specification, section 2.3). `icmp` are an ICMP
    message's type and code, -1 for any; only ICMP and ICMPv6 fit it.
    """

    ip: Literal[0, 4, 6] = 0
    protocol: int | None = None
    src: tuple[bytes, bytes] | None = None
    dst: tuple[bytes, bytes] | None = None
    sports: tuple[int, int] | None = None
    dports: tuple[int, int] | None = None
    icmp: tuple[int, int] | None = None


class FilterRule(Struct, frozen=True, kw_only=True):
    """One rule of a filter; the first that matches decides."""

    id: str
    accept: bool
    match: PacketMatch


class MirrorFilter(Struct, frozen=True, kw_only=True):
    """Rules in the order of their numbers, by direction. `amazon_dns`: the resolver's traffic, whatever they say."""

    ingress: tuple[FilterRule, ...] = ()
    egress: tuple[FilterRule, ...] = ()
    amazon_dns: bool = False


class Gateway(Struct, frozen=True, kw_only=True):
    """A Gateway Load Balancer in front of the receivers: outer GENEVE (specification, section 7)."""

    src: bytes
    # The appliances; a flow goes to one of them.
    dst: tuple[bytes, ...]
    endpoint: int
    attachment: int


class Copies(Struct, frozen=True, kw_only=True):
    """How a session's copies leave: the outer headers, and what cuts them.

    `dst`: the target, or the receivers behind a Network Load Balancer; a flow goes to one of them. Lengths are bytes
    after the VXLAN header, inner Ethernet included; `mtu` is what the target's MTU leaves.
    """

    vni: int
    src: bytes
    dst: tuple[bytes, ...]
    # Outer Ethernet: destination, source.
    macs: bytes = bytes.fromhex("020000000002020000000001")
    gateway: Gateway | None = None
    packet_length: int = NO_LIMIT
    mtu: int = NO_LIMIT


class SourceSession(Struct, frozen=True, kw_only=True):
    """An active mirror session as its source sees it. `filter` is an index into the plan's filters."""

    id: str
    filter: int
    copies: Copies


class Firewall(Struct, frozen=True, kw_only=True):
    """What drops packets before they are mirrored; None: not known, and so not checked.

    Security groups know flows: an answer passes with its question. The network ACL does not, and is not asked about
    packets from within the subnet.
    """

    ingress: tuple[PacketMatch, ...] | None = None
    egress: tuple[PacketMatch, ...] | None = None
    acl: tuple[FilterRule, ...] | None = None
    subnet: tuple[tuple[bytes, bytes], ...] = ()


class MirrorSource(Struct, frozen=True, kw_only=True):
    """An interface whose packets are mirrored.

    `mac`: 6 bytes, or none; then its addresses tell the direction of Ethernet frames too. `sessions` are indices into
    the plan's sessions, in the order of their numbers; where there are none, `inactive` says why.
    """

    interface: str
    mac: bytes = b""
    addresses: tuple[bytes, ...] = ()
    resolvers: tuple[bytes, ...] = ()
    offload: bool = True
    sessions: tuple[int, ...] = ()
    inactive: str = ""
    # An index into the plan's firewalls: many sources share one.
    firewall: int | None = None


class Impairments(Struct, frozen=True, kw_only=True):
    """What happens to copies on their way. Shares are of 1, times are nanoseconds; the seed makes runs repeat.

    A reordered copy is overtaken by the `reorder_depth` copies after it; jitter adds up to that much to the delay.
    """

    seed: int = 0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    reorder_depth: int = 3
    delay: int = 0
    jitter: int = 0
    corrupt: float = 0.0


class MirrorPlan(Struct, frozen=True, kw_only=True):
    """Everything that the sending side of the core is told.

    `everything`: every frame is copied through the first session, unchanged but for its length: no direction, filter,
    exclusion or checksum action. `first_port`: outer source ports go from there to 65535.
    """

    version: int = SCHEMA_VERSION
    everything: bool = False
    sources: tuple[MirrorSource, ...] = ()
    sessions: tuple[SourceSession, ...] = ()
    filters: tuple[MirrorFilter, ...] = ()
    firewalls: tuple[Firewall, ...] = ()
    exclude_ntp: Literal["amazon", "all", "none"] = "amazon"
    truncated_checksum: Literal["pseudo", "zero", "kept"] = "pseudo"
    first_port: int = 65_408
    impairments: Impairments = Impairments()

    def encode(self) -> bytes:
        """As msgpack."""
        return msgspec.msgpack.encode(self)
