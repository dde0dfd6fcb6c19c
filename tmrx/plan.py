"""The plan: what Python compiled for the core, sent over once as msgpack.

The same structs stand in `core/src/plan.rs`; a golden document under test keeps them equal. Addresses are 16 bytes,
IPv4 in its mapped form (RFC 4291, section 2.5.5.2).
"""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA_VERSION = 1
NO_LIMIT = 0


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the plan's structs: immutable, compared by value."""


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
    community_id_seed: int = 0
    # None: drawn at random by the core (live); a number: fixed, so that runs repeat (offline).
    hash_seed: int | None = 0


class DecapSettings(Struct, frozen=True, kw_only=True):
    """Which UDP ports and IP protocols carry what, and how deep to go."""

    vxlan_ports: tuple[int, ...] = (4789,)
    geneve_ports: tuple[int, ...] = (6081,)
    vxlan_gpe_ports: tuple[int, ...] = ()
    gre_udp_ports: tuple[int, ...] = ()
    # Either side; what does not look like Teredo there is plain UDP.
    teredo_ports: tuple[int, ...] = (3544,)
    # gre: GRE other than ERSPAN; ip: IPv4 and IPv6 in each other.
    tunnels: tuple[Literal["erspan", "gre", "ip"], ...] = ("erspan", "gre", "ip")
    max_depth: int = 4


FragmentPolicy = Literal["bsd", "bsd-right", "linux", "first", "solaris", "windows", "last"]


class FragmentSettings(Struct, frozen=True, kw_only=True):
    """How datagrams in fragments are put together, and what waits for the missing ones at most.

    `timeout`: seconds of packet time after the latest fragment. `memory`: bytes. Suricata's stock values.
    """

    policy: FragmentPolicy = "windows"
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


class Number(Struct, frozen=True, kw_only=True):
    """A test on an unsigned number; `between` and `outside` exclude both ends (Suricata's ranges)."""

    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "between", "outside"]
    a: int
    b: int = 0


class Content(Struct, frozen=True, kw_only=True, tag="content"):
    """A literal. `offset` and `depth` are absolute; with `relative`, `distance` and `within` count from the last match.

    `depth` and `within` are the size of the window in bytes, None for none.
    """

    pattern: bytes
    negated: bool = False
    nocase: bool = False
    relative: bool = False
    offset: int = 0
    depth: int | None = None
    distance: int = 0
    within: int | None = None
    startswith: bool = False
    endswith: bool = False
    fast_pattern: bool = False


class Pcre(Struct, frozen=True, kw_only=True, tag="pcre"):
    """A PCRE2 pattern. `flags` are of `imsxAEG` (and `O`: no match limit); `relative` is Suricata's R."""

    pattern: bytes
    negated: bool = False
    flags: str = ""
    relative: bool = False


Match = Content | Pcre


class Dsize(Struct, frozen=True, kw_only=True, tag="dsize"):
    """The payload's original length."""

    number: Number
    negated: bool = False


class Ttl(Struct, frozen=True, kw_only=True, tag="ttl"):
    """TTL or hop limit."""

    number: Number


class IcmpType(Struct, frozen=True, kw_only=True, tag="itype"):
    """ICMP or ICMPv6 type."""

    number: Number


class IcmpCode(Struct, frozen=True, kw_only=True, tag="icode"):
    """ICMP or ICMPv6 code."""

    number: Number


class TcpFlags(Struct, frozen=True, kw_only=True, tag="tcp_flags"):
    """TCP flags: those outside `mask` are ignored; the rest compared with `flags` as `op` says."""

    op: Literal["exactly", "all", "any", "not_all"]
    flags: int
    mask: int = 0xFF


class MirrorSession(Struct, frozen=True, kw_only=True, tag="mirror_session"):
    """The session's id or name; a trailing `*` stands for any ending."""

    value: str
    negated: bool = False


class MirrorVni(Struct, frozen=True, kw_only=True, tag="mirror_vni"):
    """The VXLAN network identifier."""

    number: Number


class MirrorTruncated(Struct, frozen=True, kw_only=True, tag="mirror_truncated"):
    """Truncated by one of `causes`; negated: by none of them.

    Bits of the core's `Causes`: 1 packet_length, 2 mtu, 4 snaplen, 8 unknown.
    """

    causes: int = 0xF
    negated: bool = False


class MirrorChecksum(Struct, frozen=True, kw_only=True, tag="mirror_checksum"):
    """The verdict on a checksum is one of `verdicts`.

    Bit n is number n of valid, bad, not_calculated, unverifiable, absent.
    """

    layer: Literal["l3", "l4"]
    verdicts: int
    negated: bool = False


Check = Dsize | Ttl | IcmpType | IcmpCode | TcpFlags | MirrorSession | MirrorVni | MirrorTruncated | MirrorChecksum


class FlowCheck(Struct, frozen=True, kw_only=True):
    """The `flow` keyword. `direction` and `state` are empty for any."""

    direction: Literal["", "to_server", "to_client"] = ""
    state: Literal["", "established", "not_established", "stateless"] = ""
    only_stream: bool = False
    no_stream: bool = False


class AddressSet(Struct, frozen=True, kw_only=True):
    """Disjoint ascending ranges of addresses, ends included, negations worked out. `any` beats the ranges."""

    any: bool = False
    v4: tuple[tuple[int, int], ...] = ()
    # Ends of 16 bytes each.
    v6: tuple[tuple[bytes, bytes], ...] = ()
    # Written with a negation: Suricata inspects such a rule on every packet, never as IP-only.
    negated: bool = False


class PortSet(Struct, frozen=True, kw_only=True):
    """Disjoint ascending ranges of ports, ends included, negations worked out."""

    any: bool = False
    ranges: tuple[tuple[int, int], ...] = ()


class Rule(Struct, frozen=True, kw_only=True):
    """One rule. Addresses and ports are indices into the plan's sets."""

    action: Literal["alert", "pass", "drop", "reject"]
    # What an unscoped action covers is the core's to know; None: unscoped.
    scope: Literal["packet", "flow"] | None = None
    protocol: Literal["ip", "ipv4", "ipv6", "tcp", "tcp-pkt", "tcp-stream", "udp", "icmp", "icmpv4", "icmpv6"]
    src: int
    sport: int
    dst: int
    dport: int
    both_directions: bool = False
    sid: int
    gid: int = 1
    rev: int = 0
    msg: str = ""
    category: str = ""
    priority: int = 3
    references: tuple[str, ...] = ()
    metadata: tuple[tuple[str, tuple[str, ...]], ...] = ()
    noalert: bool = False
    flow: FlowCheck | None = None
    checks: tuple[Check, ...] = ()
    payload: tuple[Match, ...] = ()


class Rules(Struct, frozen=True, kw_only=True):
    """All rules, in the order of their evaluation (Suricata's: action, then priority, then sid)."""

    rules: tuple[Rule, ...] = ()
    addresses: tuple[AddressSet, ...] = ()
    ports: tuple[PortSet, ...] = ()


class Lines(Struct, frozen=True, kw_only=True):
    """A line for each packet: brief, or of `columns` (none: all); `most` of them."""

    form: Literal["line", "table", "json", "csv"] = "line"
    columns: tuple[str, ...] = ()
    most: int = NO_LIMIT


class CaptureSettings(Struct, frozen=True, kw_only=True):
    """How the capture of the frames inside is written.

    The next file begins once this one has `rotate_size` bytes, or a packet comes that is `rotate_time` nanoseconds of
    packet time after its first one.
    """

    pcapng: bool = False
    rotate_size: int = NO_LIMIT
    rotate_time: int = NO_LIMIT


class Outputs(Struct, frozen=True, kw_only=True):
    """What is wanted; what no one asked for is not built."""

    eve: bool = False
    fast: bool = False
    pcap: bool = False
    capture: CaptureSettings = CaptureSettings()
    tables: tuple[Literal["packets", "flows", "alerts", "anomalies"], ...] = ()
    lines: Lines | None = None


FilterLink = Literal["ethernet", "ip", "sll", "sll2", "chdlc", "wifi", "radiotap"]


class Program(Struct, frozen=True, kw_only=True):
    """Classic BPF for frames that begin with `link`: rows of operation, jump if true, jump if false, constant."""

    link: FilterLink
    code: tuple[tuple[int, int, int, int], ...]


class There(Struct, frozen=True, kw_only=True, tag="there"):
    """The cell is there, and does not say that nothing is."""


class Numbers(Struct, frozen=True, kw_only=True, tag="numbers"):
    """A number, under the mask, is in one of `ranges`: ends included, 16 bytes each.

    A time is nanoseconds since 1970 and 2**63, an address its 16 bytes, a flag 0 or 1.
    """

    ranges: tuple[tuple[bytes, bytes], ...]
    mask: int | None = None


class Words(Struct, frozen=True, kw_only=True, tag="words"):
    """One of these texts."""

    words: tuple[str, ...]


class Part(Struct, frozen=True, kw_only=True, tag="part"):
    """A text that holds this one."""

    text: str


class Step(Struct, frozen=True, kw_only=True):
    """A test of a packet's cell, and what follows: the verdict, or the number of a later step.

    It does not hold for a cell that is absent. `negated`: there is a value, and the test holds for none.
    """

    column: str
    test: There | Numbers | Words | Part
    negated: bool = False
    yes: bool | int
    no: bool | int


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that the core is told."""

    version: int = SCHEMA_VERSION
    decap: DecapSettings = DecapSettings()
    identity: IdentitySettings = IdentitySettings()
    fragments: FragmentSettings = FragmentSettings()
    flow: FlowSettings = FlowSettings()
    rules: Rules = Rules()
    outputs: Outputs = Outputs()
    # Also inspect the outer datagrams, as an engine on the target's interface would.
    inspect_outer: bool = False
    # What is taken in, by link; a frame of another link is not. None at all: everything is.
    filter: tuple[Program, ...] = ()
    # What is shown and written of packets, from the first step on. None at all: everything is.
    display: tuple[Step, ...] = ()

    def encode(self) -> bytes:
        """As msgpack."""
        return msgspec.msgpack.encode(self)


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
