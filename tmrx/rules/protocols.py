"""The words of a rule's header: actions, protocols, hooks."""

from __future__ import annotations

from functools import cache
from typing import Literal

Action = Literal["alert", "pass", "drop", "reject", "config"]
Scope = Literal["packet", "flow"]
Protocol = Literal[
    "ip", "ipv4", "ipv6", "tcp", "tcp-pkt", "tcp-stream", "udp", "icmp", "icmpv4", "icmpv6", "sctp", "igmp",
    "ether", "arp", "pkthdr",
]  # fmt: skip
PacketHook = Literal["flow_start", "pre_flow", "pre_stream", "all"]
Side = Literal["to_server", "to_client"]

# reject's four forms differ in who is told, which a passive receiver tells no one.
ACTIONS: dict[str, Action] = {
    "alert": "alert",
    "pass": "pass",
    "drop": "drop",
    "reject": "reject",
    "rejectsrc": "reject",
    "rejectdst": "reject",
    "rejectboth": "reject",
    "config": "config",
}
SCOPES: dict[str, Scope] = {"packet": "packet", "flow": "flow"}

PROTOCOLS: dict[str, Protocol] = {
    "ip": "ip",
    "ipv4": "ipv4",
    "ip4": "ipv4",
    "ipv6": "ipv6",
    "ip6": "ipv6",
    "tcp": "tcp",
    "tcp-pkt": "tcp-pkt",
    "tcp-stream": "tcp-stream",
    "udp": "udp",
    "icmp": "icmp",
    "icmpv4": "icmpv4",
    "icmpv6": "icmpv6",
    "sctp": "sctp",
    "igmp": "igmp",
    "ether": "ether",
    "arp": "arp",
    "pkthdr": "pkthdr",
}
PACKET_HOOKS: dict[str, PacketHook] = {
    "flow_start": "flow_start",
    "pre_flow": "pre_flow",
    "pre_stream": "pre_stream",
    "all": "all",
}
# Rules on these see frames and events, no ports.
WITHOUT_PORTS = frozenset(("ether", "arp"))

# Which of the catalogue's protocols a rule's protocol can carry; `ip` carries all.
_TCP, _UDP = frozenset(("tcp",)), frozenset(("udp",))
CARRIES: dict[str, frozenset[str]] = {
    "tcp": _TCP,
    "tcp-pkt": _TCP,
    "tcp-stream": _TCP,
    "udp": _UDP,
    "icmp": frozenset(("icmp", "icmpv4", "icmpv6")),
    "icmpv4": frozenset(("icmp", "icmpv4")),
    "icmpv6": frozenset(("icmp", "icmpv6")),
    "sctp": frozenset(("sctp",)),
    "igmp": frozenset(("igmp",)),
}

_OVER_TCP = (
    "http http1 http2 doh2 ftp ftp-data smtp tls ssh imap smb telnet websocket rdp pop3 modbus dnp3 mqtt rfb pgsql"
)
_OVER_UDP = "tftp ntp dhcp snmp quic mdns ike bittorrent-dht"
_OVER_BOTH = "dns dcerpc krb5 sip enip nfs ldap llmnr"

# What carries an application; `ip` stands for TCP and UDP, the application itself excludes the rest.
APPLICATIONS: dict[str, Protocol] = {
    **dict.fromkeys(_OVER_TCP.split(), "tcp"),
    **dict.fromkeys(_OVER_UDP.split(), "udp"),
    **dict.fromkeys(_OVER_BOTH.split(), "ip"),
}
APPLICATION_ALIASES = {"ikev2": "ike"}
# An application's name in a header stands for these of the catalogue's protocols.
FAMILIES: dict[str, frozenset[str]] = {
    "http": frozenset(("http", "http2")),
    "http1": frozenset(("http",)),
    "dns": frozenset(("dns", "doh2")),
    "doh2": frozenset(("doh2", "dns", "http2")),
    "dcerpc": frozenset(("dcerpc", "smb")),
}
WITH_FILES = frozenset(("ftp", "ftp-data", "http", "http2", "nfs", "smb", "smtp"))

# How far the two sides of a transaction get, in order (specification, app-layer.md, "Progress names").
_PROGRESS: dict[str, tuple[str, str]] = {
    "http1": ("started line headers body trailer complete",) * 2,
    "http2": ("started headers data closed complete",) * 2,
    "ssh": ("started in_progress banner_wait_eol banner_done finished complete",) * 2,
    "smtp": ("started data complete",) * 2,
    "tls": (
        "started client_in_progress client_hello_done client_cert_done client_handshake_done client_finished complete",
        "started server_in_progress server_hello server_cert_done server_hello_done server_handshake_done "
        "server_finished complete",
    ),
}
_SIMPLE = ("started complete",) * 2
# http2's transactions are those of streams and the connection's own.
TRANSACTION_KINDS = {"http2": ("stream", "global"), "doh2": ("stream", "global")}


@cache
def hooks(application: str, kind: str = "") -> dict[str, tuple[Side, int]]:
    """The hooks of an application by name: the direction that each is of, and how far its transaction is then."""
    table = _PROGRESS.get("http2" if application == "doh2" else application, _SIMPLE)
    table = _SIMPLE if kind == "global" else table
    found: dict[str, tuple[Side, int]] = {}
    sides: tuple[tuple[str, Side, str], ...] = (("request", "to_server", table[0]), ("response", "to_client", table[1]))
    for word, side, states in sides:
        for progress, state in enumerate(states.split()):
            name = state if state.startswith(("client_", "server_")) else f"{word}_{state}"
            found[name] = (side, progress)
    return found
