"""Rules (`core/src/plan/rules.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import Struct
from tmrx.plan.checks import Check, FlowCheck
from tmrx.plan.matches import BufferTest


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


class SetFlowbits(Struct, frozen=True, kw_only=True, tag="flowbits"):
    """Set or unset bits of the flow."""

    set: bool
    bits: tuple[int, ...]


class SetFlowint(Struct, frozen=True, kw_only=True, tag="flowint"):
    """Change a variable of the flow by a number or by another variable."""

    name: int
    op: Literal["add", "sub", "set"]
    value: int = 0
    other: int | None = None


class SetXbit(Struct, frozen=True, kw_only=True, tag="xbits"):
    """Change a bit of an address or a pair of them; `expire` in seconds."""

    op: Literal["set", "unset", "toggle"]
    bit: int
    track: Literal["ip_src", "ip_dst", "ip_pair", "ip_both", "tx"]
    expire: int = 30


class Tag(Struct, frozen=True, kw_only=True, tag="tag"):
    """Log the packets that follow, of the session or of a host."""

    scope: Literal["session", "host"]
    count: int = 256
    unit: Literal["packets", "bytes", "seconds"] = "packets"
    side: Literal["src", "dst"] = "dst"


class Bypass(Struct, frozen=True, kw_only=True, tag="bypass"):
    """Look at nothing more of the flow."""


class Untrack(Struct, frozen=True, kw_only=True, tag="untrack"):
    """config: tracking disable: the packet gets no flow."""


class Filestore(Struct, frozen=True, kw_only=True, tag="filestore"):
    """Store files that travel in the direction that matched (`side` "rule") or in a given one: those that satisfy the
    rule's own `File` check, all of the transaction, or all of the flow from then on."""

    side: Literal["rule", "to_server", "to_client", "both"] = "rule"
    scope: Literal["file", "tx", "flow"] = "file"


class Unlog(Struct, frozen=True, kw_only=True, tag="unlog"):
    """config: logging disable: no events of the flow's end, or of the transaction."""

    of: Literal["flow", "transaction"]


Effect = SetFlowbits | SetFlowint | SetXbit | Tag | Bypass | Untrack | Filestore | Unlog


class Limit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of a rule's matches: threshold, detection_filter, and the threshold file's lines for it.

    `addresses` is the number of a set (suppress). Times are seconds of packet time.
    """

    type: Literal["limit", "threshold", "both", "backoff", "detection_filter", "rate_filter", "suppress"]
    track: Literal["by_src", "by_dst", "by_both", "by_either", "by_rule", "by_flow", ""] = ""
    count: int = 0
    seconds: int = 0
    multiplier: int = 0
    unique_on: Literal["", "src_port", "dst_port"] = ""
    addresses: int | None = None
    new_action: Literal["", "alert", "drop", "pass", "log", "reject"] = ""
    timeout: int = 0


Kind = Literal[
    "packet", "ip_only", "like_ip_only", "decoder_event", "protocol_detection", "packet_and_stream", "stream", "app",
    "app_tx",
]  # fmt: skip


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule. Addresses and ports are indices into the plan's sets, names and datasets into its lists.

    `kind` says on what it is inspected (specification, inspection.md, "Rule types"). `application` is the header's or
    the buffers' application protocol, empty for none.
    """

    action: Literal["alert", "pass", "drop", "reject", "config"] = "alert"
    # What an unscoped action covers is the core's to know; None: unscoped.
    scope: Literal["packet", "flow"] | None = None
    kind: Kind = "packet"
    protocol: Literal[
        "ip", "ipv4", "ipv6", "tcp", "tcp-pkt", "tcp-stream", "udp", "icmp", "icmpv4", "icmpv6", "sctp", "igmp",
        "ether", "arp", "pkthdr",
    ]  # fmt: skip
    application: str = ""
    src: int
    sport: int
    dst: int
    dport: int
    both_directions: bool = False
    # It is about both directions of a transaction at once: `=>`.
    transactional: bool = False
    sid: int
    gid: int = 1
    rev: int = 0
    msg: str = ""
    category: str = ""
    priority: int = 3
    references: tuple[str, ...] = ()
    metadata: tuple[tuple[str, tuple[str, ...]], ...] = ()
    target: Literal["", "src_ip", "dest_ip"] = ""
    # The rule as written, where an output wants it.
    text: str = ""
    noalert: bool = False
    # A pass or config rule tells of its matches, too.
    alert: bool = False
    flow: FlowCheck | None = None
    checks: tuple[Check, ...] = ()
    buffers: tuple[BufferTest, ...] = ()
    effects: tuple[Effect, ...] = ()
    limits: tuple[Limit, ...] = ()


class Dataset(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A set of values: `values` in the form that buffers have (raw digests, 16 bytes an address).

    `numbers`: beside each value, for datarep. `contexts`: beside each value a JSON object, for alerts.
    """

    name: str
    type: Literal["string", "md5", "sha256", "ipv4", "ip"]
    values: tuple[bytes, ...] = ()
    numbers: tuple[int, ...] = ()
    contexts: tuple[bytes, ...] = ()
    context_key: str = ""
    # Rules put values in, and the run's end wants them back.
    saved: bool = False


class Reputation(Struct, frozen=True, kw_only=True):
    """The score of a network in a category: 16 bytes, prefix length of 128."""

    network: bytes
    prefix: int
    category: int
    score: int


class DetectSettings(Struct, frozen=True, kw_only=True):
    """Limits of the evaluation; Suricata's stock values."""

    packet_alert_max: int = 15
    recursion_limit: int = 3000
    pcre_match_limit: int = 3500
    pcre_recursion_limit: int = 1500
    # Alerts that don't say which transaction they are about are told with the only one it can be, so many of each.
    guessed_transactions: int = 0
    # What each rule costs is measured.
    profile: bool = False


class Rules(Struct, frozen=True, kw_only=True):
    """All rules, in the order of their evaluation (specification, rules.md, "Order of rules")."""

    rules: tuple[Rule, ...] = ()
    addresses: tuple[AddressSet, ...] = ()
    ports: tuple[PortSet, ...] = ()
    # Names by number.
    flowbits: tuple[str, ...] = ()
    flowints: tuple[str, ...] = ()
    xbits: tuple[str, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    reputation: tuple[Reputation, ...] = ()
    # Rules that are left out: refused ones, and those that ask for another version.
    failed: int = 0
    skipped: int = 0
    settings: DetectSettings = DetectSettings()
