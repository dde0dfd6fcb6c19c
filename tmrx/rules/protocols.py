"""The protocols, actions and hooks of a rule's header by name: those that are supported and those that are known."""

from __future__ import annotations

from typing import Literal

Action = Literal["alert", "pass", "drop", "reject"]
Scope = Literal["packet", "flow"]
Protocol = Literal["ip", "ipv4", "ipv6", "tcp", "tcp-pkt", "tcp-stream", "udp", "icmp", "icmpv4", "icmpv6"]

# reject's four forms differ in who is told, which a passive receiver tells no one.
ACTIONS: dict[str, Action] = {
    "alert": "alert",
    "pass": "pass",
    "drop": "drop",
    "reject": "reject",
    "rejectsrc": "reject",
    "rejectdst": "reject",
    "rejectboth": "reject",
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
}
KNOWN_PACKET_PROTOCOLS = frozenset(["igmp", "sctp", "ether", "arp", "pkthdr"])
_APPLICATIONS = (
    "http http1 http2 doh2 ftp ftp-data smtp tls ssh imap smb dcerpc dns mdns llmnr nfs ntp tftp ike ikev2 krb5 quic "
    "dhcp snmp sip rfb mqtt telnet websocket ldap rdp bittorrent-dht pop3 modbus dnp3 enip pgsql"
)
APPLICATIONS = frozenset(_APPLICATIONS.split())
PACKET_HOOKS = frozenset(("flow_start", "pre_flow", "pre_stream", "all"))

# Which of the catalogue's protocols a rule's protocol can carry; `ip` carries all.
CARRIES: dict[Protocol, frozenset[str]] = {
    "tcp": frozenset(("tcp",)),
    "tcp-pkt": frozenset(("tcp",)),
    "tcp-stream": frozenset(("tcp",)),
    "udp": frozenset(("udp",)),
    "icmp": frozenset(("icmp", "icmpv4", "icmpv6")),
    "icmpv4": frozenset(("icmp", "icmpv4")),
    "icmpv6": frozenset(("icmp", "icmpv6")),
}
