"""One packet as it is being read: what is known of it, and how its bytes are taken."""

# ruff: noqa: PLR2004 - sizes and numbers stand as the RFCs write them
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tmrx.plan import Identity

MAX_OFFSET = 65_535

# How a packet begins: a link header by name, or what an EtherType announces.
Link = (
    Literal["ethernet", "ip", "null", "sll", "sll2", "ppp", "chdlc", "wifi", "radiotap", "llc"] | int
)  # fmt: skip
Encapsulation = Literal[
    "vxlan", "vxlan-gpe", "geneve", "geneve+vxlan", "gre", "gre-in-udp", "pptp", "erspan1", "erspan2", "erspan3",
    "ipip", "6in4", "4in6", "6in6", "teredo",
]  # fmt: skip
IPV4, ARP, IPV6, BRIDGING = 0x0800, 0x0806, 0x86DD, 0x6558
ICMP, IGMP, IPV4_IN, TCP, UDP, IPV6_IN = 1, 2, 4, 6, 17, 41
GRE, ESP, AUTHENTICATION, ICMPV6, NO_NEXT, SCTP = 47, 50, 51, 58, 59, 132


@dataclass(frozen=True, slots=True)
class Wrap:
    """What the mirror put around a packet. Addresses are 16 bytes; 0 is "none" for `endpoint` and `attachment`.

    `vni` is the tunnel's own number: VXLAN's or GENEVE's identifier, ERSPAN's session, GRE's key, PPTP's call, else 0.
    """

    outer_src: bytes
    outer_dst: bytes
    vni: int
    encapsulation: Encapsulation
    endpoint: int = 0
    attachment: int = 0
    flow_cookie: int | None = None
    # Bytes of the IP packet that carried the copy, and of the copy itself: what was sent, not what was captured.
    carrier_length: int = 0
    copy_length: int = 0
    # Where in the frame the copy begins.
    copy_start: int = 0

    @property
    def family(self) -> Literal["vni", "erspan", "gre", "ip"]:
        """What kind of number `vni` is: identities of different families are never the same."""
        if self.encapsulation.startswith(("vxlan", "geneve")):
            return "vni"
        if self.encapsulation.startswith("erspan"):
            return "erspan"
        return "gre" if self.encapsulation in ("gre", "gre-in-udp", "pptp") else "ip"


@dataclass(frozen=True, slots=True)
class Quoted:
    """The packet that an ICMP error quotes, as far as it does; ports are None where they are not there."""

    src: bytes
    dst: bytes
    proto: int
    sport: int | None = None
    dport: int | None = None


@dataclass(slots=True)
class Packet:
    """One packet of a frame's tree: the fields of the core's `Packet` (`core/src/packet.rs` explains them)."""

    data: bytes
    captured: int
    original: int
    frame: int = 0
    time: int = 0
    start: int = 0
    parent: int | None = None
    wrap: Wrap | None = None
    identity: Identity | None = None
    domain: int = 0
    length_source: Literal["frame", "ipv4_total_length", "ipv6_payload_length", "ipv6_jumbogram"] = "frame"
    l3: int | None = None
    l4: int | None = None
    payload: int | None = None
    payload_original: int = 0
    vlans: list[int] = field(default_factory=list)
    ethertype: int = 0
    ip: int = 0
    src: bytes = bytes(16)
    dst: bytes = bytes(16)
    proto: int = 0
    ttl: int = 0
    layer: str = "none"
    stop: str = "complete"
    fragment: bool = False
    sport: int = 0
    dport: int = 0
    tcp_flags: int = 0
    window: int = 0
    seq: int = 0
    ack: int = 0
    truncated: set[str] = field(default_factory=set)
    l3_checksum: str = "absent"
    l4_checksum: str = "absent"
    # Source and destination of the pseudo-header, once the IP header is whole.
    ends: bytes = b""
    anomalies: set[str] = field(default_factory=set)
    quoted: Quoted | None = None
    # Taken out of a tunnel, so that any header of it may have been cut by the mirror.
    copy: bool = False
    # How it begins, how many tunnels are around it, and whether it is the innermost of its tree.
    link: Link = "ethernet"
    depth: int = 0
    innermost: bool = False
    # Put together of fragments.
    defragmented: bool = False
    # Where reading has come to, and what an unknown EtherType there is called.
    at: int = 0
    announced_by: str = "ethernet.unknown_type"

    def offset(self, name: Literal["l3", "l4", "payload"]) -> int:
        """An offset in bytes, as records print it: `captured` where it was not reached (decision 3)."""
        value: int | None = getattr(self, name)
        return min(self.captured, MAX_OFFSET) if value is None else value

    def bytes_of_payload(self) -> bytes:
        """The captured payload."""
        return self.data[self.offset("payload") :][: self.payload_captured]

    @property
    def payload_captured(self) -> int:
        """Payload bytes that are there."""
        return max(0, min(self.captured - self.offset("payload"), self.payload_original))


class Stop(Exception):
    """Decoding ends here; the argument is the packet's `stop`."""


def malformed(p: Packet, anomaly: str) -> Stop:
    """The packet contradicts itself."""
    p.anomalies.add(anomaly)
    return Stop("malformed")


def unknown(p: Packet, anomaly: str) -> Stop:
    """What follows has no decoder; it begins at `l3`, all link headers being whole."""
    p.l3 = min(p.at, p.captured)
    p.anomalies.add(anomaly)
    return Stop("unknown")


def room(p: Packet) -> int:
    """Bytes that were sent from here on; of a mirror's copy that is not known: it may have been cut anywhere."""
    return 1 << 32 if p.copy else p.original - p.at


def take(p: Packet, size: int, short: str, peek: bool = False) -> bytes:
    """The next `size` bytes of a link header (decision 1); `peek` leaves them there."""
    if p.captured < p.at + size:
        raise malformed(p, short) if size > room(p) else Stop("truncated")
    taken = p.data[p.at : p.at + size]
    if not peek:
        p.at += size
    return taken


def need(p: Packet, at: int, size: int) -> bytes:
    """`size` captured bytes at `at`, or the end of decoding (decision 1)."""
    if p.captured < at + size:
        raise Stop("truncated")
    return p.data[at : at + size]


def trim(p: Packet, end: int) -> None:
    """The packet ends there: what follows belongs to the link (decision 4)."""
    p.original = end
    p.captured = min(p.captured, end)


def header(kind: str, data: bytes) -> Any:
    """The fixed header at the start of `data` by dpkt's own table ("ip.IP"), without dpkt's view of what follows."""
    import dpkt  # type: ignore[import-untyped]  # noqa: PLC0415 - a development dependency

    module, name = kind.split(".")
    found = getattr(getattr(dpkt, module), name)()
    dpkt.Packet.unpack(found, data)
    return found


def mapped(address: bytes) -> bytes:
    """An address as 16 bytes, IPv4 in its mapped form (RFC 4291, section 2.5.5.2)."""
    return address if len(address) == 16 else bytes(10) + b"\xff\xff" + address
