"""The plan: what Python compiled for the core, sent over once as msgpack.

The same structs stand in `core/src/plan/`; a golden document under test keeps them equal. Addresses are 16 bytes,
IPv4 in its mapped form (RFC 4291, section 2.5.5.2).
"""

from __future__ import annotations

import msgspec

from tmrx.plan.applications import (
    Applications,
    BodySettings,
    DnsSettings,
    FileSettings,
    HttpSettings,
    TlsSettings,
)
from tmrx.plan.base import (
    NO_LIMIT,
    SCHEMA_VERSION,
    Struct,
)
from tmrx.plan.checks import (
    Application,
    Captured,
    Check,
    ChecksumIs,
    Dsize,
    Event,
    Field,
    Flowbits,
    FlowCheck,
    FlowElephant,
    FlowintTest,
    FlowNumber,
    FragBits,
    Hook,
    Instances,
    IpOption,
    Iprep,
    MirrorChecksum,
    MirrorSession,
    MirrorTruncated,
    MirrorVni,
    Rpc,
    SameIp,
    StreamSize,
    TcpFlags,
    TcpSession,
    TransactionEvent,
    TransactionValue,
    VlanId,
    XbitTest,
)
from tmrx.plan.filters import (
    FilterLink,
    Numbers,
    Part,
    Program,
    Step,
    There,
    Words,
)
from tmrx.plan.matches import (
    Absent,
    Asn1,
    Base64,
    Bsize,
    BufferTest,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Capture,
    Content,
    DatasetTest,
    Digits,
    Entropy,
    IsDataAt,
    Match,
    Number,
    Pcre,
    Place,
    ReputationTest,
    Transform,
    Variable,
)
from tmrx.plan.mirror import (
    Copies,
    FilterRule,
    Firewall,
    Gateway,
    Impairments,
    MirrorFilter,
    MirrorPlan,
    MirrorSource,
    PacketMatch,
    SourceSession,
)
from tmrx.plan.outputs import (
    EVERYTHING,
    AlertEvents,
    AnomalyEvents,
    CaptureSettings,
    DnsEvents,
    DropEvents,
    Eve,
    FileEvents,
    HttpEvents,
    Lines,
    Outputs,
    StatsEvents,
    TlsEvents,
)
from tmrx.plan.receive import (
    DecapSettings,
    FlowSettings,
    FragmentHost,
    FragmentPolicy,
    FragmentSettings,
    Identity,
    IdentitySettings,
    Timeouts,
)
from tmrx.plan.rules import (
    AddressSet,
    Bypass,
    Dataset,
    DetectSettings,
    Effect,
    Kind,
    Limit,
    PortSet,
    Reputation,
    Rule,
    Rules,
    SetFlowbits,
    SetFlowint,
    SetXbit,
    Tag,
    Unlog,
    Untrack,
)
from tmrx.plan.streams import (
    ExceptionPolicy,
    HostPolicy,
    StreamPolicy,
    StreamSettings,
)

__all__ = [
    "EVERYTHING",
    "NO_LIMIT",
    "SCHEMA_VERSION",
    "Absent",
    "AddressSet",
    "AlertEvents",
    "AnomalyEvents",
    "Application",
    "Applications",
    "Asn1",
    "Base64",
    "BodySettings",
    "Bsize",
    "BufferTest",
    "Bypass",
    "ByteExtract",
    "ByteJump",
    "ByteMath",
    "ByteTest",
    "Capture",
    "CaptureSettings",
    "Captured",
    "Check",
    "ChecksumIs",
    "Content",
    "Copies",
    "Dataset",
    "DatasetTest",
    "DecapSettings",
    "DetectSettings",
    "Digits",
    "DnsEvents",
    "DnsSettings",
    "DropEvents",
    "Dsize",
    "Effect",
    "Entropy",
    "Eve",
    "Event",
    "ExceptionPolicy",
    "Field",
    "FileEvents",
    "FileSettings",
    "FilterLink",
    "FilterRule",
    "Firewall",
    "FlowCheck",
    "FlowElephant",
    "FlowNumber",
    "FlowSettings",
    "Flowbits",
    "FlowintTest",
    "FragBits",
    "FragmentHost",
    "FragmentPolicy",
    "FragmentSettings",
    "Gateway",
    "Hook",
    "HostPolicy",
    "HttpEvents",
    "HttpSettings",
    "Identity",
    "IdentitySettings",
    "Impairments",
    "Instances",
    "IpOption",
    "Iprep",
    "IsDataAt",
    "Kind",
    "Limit",
    "Lines",
    "Match",
    "MirrorChecksum",
    "MirrorFilter",
    "MirrorPlan",
    "MirrorSession",
    "MirrorSource",
    "MirrorTruncated",
    "MirrorVni",
    "Number",
    "Numbers",
    "Outputs",
    "PacketMatch",
    "Part",
    "Pcre",
    "Place",
    "Plan",
    "PortSet",
    "Program",
    "Reputation",
    "ReputationTest",
    "Rpc",
    "Rule",
    "Rules",
    "SameIp",
    "SetFlowbits",
    "SetFlowint",
    "SetXbit",
    "SourceSession",
    "StatsEvents",
    "Step",
    "StreamPolicy",
    "StreamSettings",
    "StreamSize",
    "Struct",
    "Tag",
    "TcpFlags",
    "TcpSession",
    "There",
    "Timeouts",
    "TlsEvents",
    "TlsSettings",
    "TransactionEvent",
    "TransactionValue",
    "Transform",
    "Unlog",
    "Untrack",
    "Variable",
    "VlanId",
    "Words",
    "XbitTest",
]


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that the core is told."""

    version: int = SCHEMA_VERSION
    decap: DecapSettings = DecapSettings()
    identity: IdentitySettings = IdentitySettings()
    fragments: FragmentSettings = FragmentSettings()
    flow: FlowSettings = FlowSettings()
    streams: StreamSettings = StreamSettings()
    applications: Applications = Applications()
    rules: Rules = Rules()
    outputs: Outputs = Outputs()
    # Also inspect the outer datagrams, as an engine on the target's interface would.
    inspect_outer: bool = False
    # A truncated packet is no packet to inspect, as an engine without a mirror takes it.
    truncated_is_invalid: bool = False
    # Wrong checksums count as right.
    ignore_checksums: bool = False
    # What is taken in, by link; a frame of another link is not. None at all: everything is.
    filter: tuple[Program, ...] = ()
    # What is shown and written of packets, from the first step on. None at all: everything is.
    display: tuple[Step, ...] = ()

    def encode(self, rules: msgspec.Raw | None = None) -> bytes:
        """As msgpack; `rules` are those that count, where they are encoded already."""
        if rules is None:
            return msgspec.msgpack.encode(self)
        return msgspec.msgpack.encode(msgspec.structs.asdict(self) | {"rules": rules})
