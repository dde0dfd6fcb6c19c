"""What rules ask of a packet, its flow and the mirror, outside of buffers (`core/src/plan/checks.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import Struct
from tmrx.plan.matches import Number


class Dsize(Struct, frozen=True, kw_only=True, tag="dsize"):
    """The payload's original length."""

    number: Number
    negated: bool = False


class Field(Struct, frozen=True, kw_only=True, tag="field"):
    """A number of a header; a packet without that header does not match. `sctp_chunk_type`: any of them."""

    field: Literal[
        "ttl", "tos", "ip_id", "ip_proto", "fragoffset", "itype", "icode", "icmp_id", "icmp_seq", "icmpv6_mtu",
        "igmp_type", "tcp_seq", "tcp_ack", "tcp_window", "tcp_mss", "tcp_wscale", "sctp_vtag", "sctp_chunk_cnt",
        "sctp_chunk_type", "vlan_layers",
    ]  # fmt: skip
    number: Number
    negated: bool = False


class Instances(Struct, frozen=True, kw_only=True):
    """Which instances of a number have to pass its test.

    `some`: so many that `number` passes; `count`: the test is of how many there are. `index` is that of `at`, from the
    end where negative; `at_or` is also true where none is there. Those from `first` to before `end` are looked at, from
    the end where negative; None: to the last.
    """

    which: Literal["any", "all", "all_or_absent", "or_absent", "some", "count", "at", "at_or"] = "any"
    index: int = 0
    number: Number | None = None
    first: int = 0
    end: int | None = None


class VlanId(Struct, frozen=True, kw_only=True, tag="vlan_id"):
    """The identifiers of a packet's VLAN tags, the outermost first."""

    number: Number
    instances: Instances = Instances()


class TcpFlags(Struct, frozen=True, kw_only=True, tag="tcp_flags"):
    """TCP flags: those outside `mask` are ignored; the rest compared with `flags` as `op` says."""

    op: Literal["exactly", "all", "any", "not_all"]
    flags: int
    mask: int = 0xFF


class FragBits(Struct, frozen=True, kw_only=True, tag="fragbits"):
    """Flags of the IPv4 header: 1 M, 2 D, 4 R."""

    op: Literal["exactly", "all", "any", "not_all"]
    bits: int


class IpOption(Struct, frozen=True, kw_only=True, tag="ip_option"):
    """An IPv4 option by its number (RFC 791, section 3.1); None: any at all."""

    option: int | None


class SameIp(Struct, frozen=True, kw_only=True, tag="same_ip"):
    """Source and destination address are one."""


class ChecksumIs(Struct, frozen=True, kw_only=True, tag="checksum_is"):
    """The *-csum keywords."""

    layer: Literal["ipv4", "tcpv4", "tcpv6", "udpv4", "udpv6", "icmpv4", "icmpv6", "igmp"]
    valid: bool


class Rpc(Struct, frozen=True, kw_only=True, tag="rpc"):
    """A Sun RPC call (RFC 5531, section 9); None: any."""

    program: int
    version: int | None = None
    procedure: int | None = None


class Event(Struct, frozen=True, kw_only=True, tag="event"):
    """An event of the packet by Suricata's whole name: `decoder.ipv4.pkt_too_small`, `stream.3whs_ack_in_wrong_dir`."""

    name: str


class StreamSize(Struct, frozen=True, kw_only=True, tag="stream_size"):
    """Bytes of a TCP session since its initial sequence numbers."""

    side: Literal["client", "server", "both", "either"]
    number: Number


class TcpSession(Struct, frozen=True, kw_only=True, tag="tcp_session"):
    """tcp.session: where the session stands: bits 1 setup, 2 established, 4 closing."""

    states: int


class FlowNumber(Struct, frozen=True, kw_only=True, tag="flow_number"):
    """flow.age (seconds), flow.pkts, flow.bytes: this packet included."""

    what: Literal["age", "packets", "bytes"]
    side: Literal["to_server", "to_client", "both", "either"] = "both"
    number: Number


class FlowElephant(Struct, frozen=True, kw_only=True, tag="flow_elephant"):
    """flow.elephant."""

    side: Literal["to_server", "to_client", "both", "either"]


class Flowbits(Struct, frozen=True, kw_only=True, tag="flowbits"):
    """Any of `bits` is set (`isset`), or any is not. Numbers of names in the plan."""

    isset: bool
    bits: tuple[int, ...]


class FlowintTest(Struct, frozen=True, kw_only=True, tag="flowint"):
    """A flow's variable compared with a number or with another variable; `isset`, `isnotset`: whether it is there."""

    name: int
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "isset", "isnotset"]
    value: int = 0
    other: int | None = None


class XbitTest(Struct, frozen=True, kw_only=True, tag="xbits"):
    """A bit of an address or a pair of them, xbits and hostbits alike. `bit` is a name's number."""

    isset: bool
    bit: int
    track: Literal["ip_src", "ip_dst", "ip_pair", "ip_both", "tx"]


class Captured(Struct, frozen=True, kw_only=True, tag="captured"):
    """flowvar, pktvar: what a pattern captured under this name for the flow, or for the packet, holds `text`."""

    of: Literal["flow", "packet"]
    name: str
    text: bytes


class Iprep(Struct, frozen=True, kw_only=True, tag="iprep"):
    """An address's score in a category; `isset`, `isnotset` without number."""

    side: Literal["any", "src", "dst", "both"]
    category: int
    op: Literal["number", "isset", "isnotset"] = "number"
    number: Number | None = None


class Application(Struct, frozen=True, kw_only=True, tag="application"):
    """The flow's application is one of `names` ("failed" and "unknown" are some): the packet's direction's, a given
    one's, that of either, the first one or the last one."""

    names: tuple[str, ...]
    negated: bool = False
    of: Literal["direction", "to_server", "to_client", "either", "original", "final"] = "direction"


class Hook(Struct, frozen=True, kw_only=True, tag="hook"):
    """A packet hook of the header: flow_start is the first packet of a direction of a flow."""

    hook: Literal["flow_start", "pre_flow", "pre_stream", "all"]


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


class TransactionProgress(Struct, frozen=True, kw_only=True, tag="transaction_progress"):
    """How far a transaction got in a direction, by the number of its state; where none is given, in the packet's."""

    number: Number
    side: Literal["", "to_server", "to_client"] = ""


class TransactionEvent(Struct, frozen=True, kw_only=True, tag="transaction_event"):
    """Something is odd about a transaction, or (`protocol` "applayer") about what its flow speaks.

    `name` as the specification's list of events has it, in lower case and without its protocol; "" for any.
    """

    protocol: str
    name: str


class TransactionValue(Struct, frozen=True, kw_only=True, tag="transaction_value"):
    """A number of a transaction, by its keyword's name; there may be several of it."""

    value: str
    number: Number
    instances: Instances
    negated: bool = False


class FileName(Struct, frozen=True, kw_only=True, tag="name"):
    """The file's name has a text, in lower case, whatever its own case; `end`: as what follows its last dot."""

    text: bytes
    negated: bool = False
    end: bool = False


class FileMagic(Struct, frozen=True, kw_only=True, tag="magic"):
    """What libmagic says of the file's first bytes has a text."""

    text: bytes
    negated: bool = False


class FileSize(Struct, frozen=True, kw_only=True, tag="size"):
    """The file's size in bytes; while it grows, only that it is larger than something is known."""

    number: Number
    negated: bool = False


class FileHash(Struct, frozen=True, kw_only=True, tag="hash"):
    """The digest of the whole file is one of `digests`: ascending, one after the other."""

    hash: Literal["md5", "sha1", "sha256"]
    digests: bytes
    negated: bool = False


FileTest = FileName | FileMagic | FileSize | FileHash


class File(Struct, frozen=True, kw_only=True, tag="file"):
    """One file that travels in the direction that is looked at satisfies all tests; without tests, any file does."""

    tests: tuple[FileTest, ...]


Check = (
    Dsize
    | Field
    | VlanId
    | TcpFlags
    | FragBits
    | IpOption
    | SameIp
    | ChecksumIs
    | Rpc
    | Event
    | StreamSize
    | TcpSession
    | FlowNumber
    | FlowElephant
    | Flowbits
    | FlowintTest
    | XbitTest
    | Captured
    | Iprep
    | Application
    | Hook
    | MirrorSession
    | MirrorVni
    | MirrorTruncated
    | MirrorChecksum
    | TransactionEvent
    | TransactionProgress
    | TransactionValue
    | File
)


class FlowCheck(Struct, frozen=True, kw_only=True):
    """The `flow` keyword. `direction` and `state` are empty for any."""

    direction: Literal["", "to_server", "to_client"] = ""
    state: Literal["", "established", "not_established", "stateless"] = ""
    only_stream: bool = False
    no_stream: bool = False
    # only: fragments, and datagrams put together of them; no: neither.
    fragments: Literal["", "only", "no"] = ""
