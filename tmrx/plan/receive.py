"""How frames are taken apart, identified, put together and counted (`core/src/plan.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import NO_LIMIT, Struct


class Timeouts(Struct, frozen=True, kw_only=True):
    """Seconds of packet time after a flow's last packet, by state (Suricata's stock values)."""

    tcp_new: int = 60
    tcp_established: int = 600
    tcp_closed: int = 60
    other_new: int = 30
    other_established: int = 300


class FlowSettings(Struct, frozen=True, kw_only=True):
    """The flow table's limits."""

    max_flows: int = 1_572_864
    timeouts: Timeouts = Timeouts()
    # Where enclosing packets are inspected too: flows at different depths are different flows.
    by_depth: bool = True
    # Flows in different VLANs are different flows.
    by_vlan: bool = True
    community_id_seed: int = 0
    # None: drawn at random by the core (live); a number: fixed, so that runs repeat (offline).
    hash_seed: int | None = 0


class DecapSettings(Struct, frozen=True, kw_only=True):
    """Which UDP ports and IP protocols carry what, and how deep to go."""

    vxlan_ports: tuple[int, ...] = (4789,)
    geneve_ports: tuple[int, ...] = (6081,)
    vxlan_gpe_ports: tuple[int, ...] = ()
    gre_udp_ports: tuple[int, ...] = ()
    # Either side, 0 for any port; what does not look like Teredo there is plain UDP.
    teredo_ports: tuple[int, ...] = (3544,)
    # gre: GRE other than ERSPAN; ip: IPv4 and IPv6 in each other.
    tunnels: tuple[Literal["erspan", "gre", "ip"], ...] = ("erspan", "gre", "ip")
    max_depth: int = 4
    # What sets reserved bits on a VXLAN port is plain UDP.
    vxlan_strict: bool = False


FragmentPolicy = Literal["bsd", "bsd-right", "linux", "first", "solaris", "windows", "last"]


class FragmentHost(Struct, frozen=True, kw_only=True):
    """The policy of a network's hosts: 16 bytes, prefix length of 128. The longest prefix counts."""

    network: bytes
    prefix: int
    policy: FragmentPolicy


class FragmentSettings(Struct, frozen=True, kw_only=True):
    """How datagrams in fragments are put together, and what waits for the missing ones at most.

    `timeout`: seconds of packet time after the latest fragment. `memory`: bytes. Suricata's stock values.
    """

    policy: FragmentPolicy = "windows"
    hosts: tuple[FragmentHost, ...] = ()
    timeout: int = 60
    memory: int = 32 * 2**20


class Identity(Struct, frozen=True, kw_only=True):
    """A mirror session that is known, and what its copies look like on arrival.

    An empty `outer_src` or `endpoint` fits any. `domain` counts from 1; 0 is that of unknown identities.
    """

    vni: int
    outer_src: bytes = b""
    endpoint: str = ""
    session: str = ""
    name: str = ""
    interface: str = ""
    vpc: str = ""
    # What its owner says of it, in free text.
    comment: str = ""
    domain: int = 0
    packet_length: int = NO_LIMIT
    target_mtu: int = NO_LIMIT


class IdentitySettings(Struct, frozen=True, kw_only=True):
    """The sessions, and what to do about those that tmrx was not told of."""

    known: tuple[Identity, ...] = ()
    # learn: count and report; refuse: reject the frame.
    unknown: Literal["learn", "refuse"] = "learn"
    # shared: unknown identities share one address space; own: each has its own.
    unknown_domain: Literal["shared", "own"] = "shared"
    max_learned: int = 65_536
