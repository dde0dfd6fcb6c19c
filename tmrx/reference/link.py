"""From a packet's first byte to its network header: link headers, tags, labels.

Each step takes one header off and returns what comes next: an EtherType (a number) or a header's name.
"""

# ruff: noqa: PLR2004 - sizes and numbers stand as their documents write them
from __future__ import annotations

import struct
from collections.abc import Callable

from tmrx.reference.packet import ARP, BRIDGING, IPV4, IPV6, Link, Packet, Stop, header, malformed, take, unknown
from tmrx.reference.ppp import pppoe_discovery, pppoe_session, step_ppp
from tmrx.reference.wifi import step_radiotap, step_wifi

MAX_STEPS = 16
TAGS = (0x8100, 0x88A8, 0x9100)
MAX_TAGS = 3
# EtherTypes below are lengths of IEEE 802.3 (IEEE 802, section 9.2.1).
FIRST_TYPE = 0x0600
NETWORK = (IPV4, IPV6, ARP)
# Address families of BSD loopback: IPv4's everywhere, IPv6's on Linux, NetBSD, FreeBSD and Darwin.
FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}
# Hardware types behind which the cooked header's protocol is none (Linux's if_arp.h).
NETLINK, IEEE80211, IEEE80211_RADIOTAP = 824, 801, 803
COOKED_LLC = 4


def walk(p: Packet, link: Link) -> int:
    """Take headers off until a network header begins, at `p.at`; its EtherType."""
    if link == "ethernet" and p.original < 14 and not p.copy:
        raise malformed(p, "ethernet.too_short")
    following: Link = link
    for _ in range(MAX_STEPS):
        if isinstance(following, int):
            p.ethertype = following
            if following in NETWORK:
                return following
        following = step(p, following)
    raise unknown(p, "link.too_many_layers")


def step(p: Packet, link: Link) -> Link:
    """Take one header off."""
    if not isinstance(link, int):
        return HEADERS[link](p)
    if link in TYPES:
        return TYPES[link](p)
    if link < FIRST_TYPE and link <= 1500:
        return "llc"
    raise no_decoder(p)


def no_decoder(p: Packet) -> Stop:
    """An EtherType without a decoder; the header that announced it says which anomaly that is."""
    return unknown(p, p.announced_by)


def _ethernet(p: Packet) -> Link:
    ethertype = header("ethernet.Ethernet", take(p, 14, "ethernet.too_short")).type
    p.layer, p.announced_by = "ethernet", "ethernet.unknown_type"
    return int(ethertype)


def _vlan(p: Packet) -> Link:
    """IEEE 802.1Q, clause 9."""
    if len(p.vlans) == MAX_TAGS:
        raise unknown(p, "vlan.too_many")
    control, ethertype = struct.unpack(">HH", take(p, 4, "vlan.too_short"))
    p.vlans.append(control & 0x0FFF)
    p.layer, p.announced_by = "vlan", "vlan.unknown_type"
    return int(ethertype)


def _service_tag(p: Packet) -> Link:
    """IEEE 802.1ah: four bytes of tag, then the customer's Ethernet header."""
    take(p, 4, "service_tag.too_short")
    ethertype = header("ethernet.Ethernet", take(p, 14, "service_tag.too_short")).type
    p.layer = "link"
    return int(ethertype)


def _vntag(p: Packet) -> Link:
    """Four bytes, then the EtherType."""
    tag = take(p, 6, "vntag.too_short")
    p.layer, p.announced_by = "link", "vntag.unknown_type"
    return int.from_bytes(tag[4:])


def _etag(p: Packet) -> Link:
    """IEEE 802.1BR: six bytes, then the EtherType."""
    tag = take(p, 8, "etag.too_short")
    p.layer, p.announced_by = "link", "etag.unknown_type"
    return int.from_bytes(tag[6:])


def _dce(p: Packet) -> Link:
    """FabricPath: forwarding tag and TTL, then a whole frame."""
    take(p, 2, "dce.too_short")
    p.layer = "link"
    return "ethernet"


def _mpls(p: Packet) -> Link:
    """The label stack to its bottom (RFC 3032, section 2.1)."""
    while True:
        (entry,) = struct.unpack(">I", take(p, 4, "mpls.too_short"))
        p.layer = "link"
        if entry & 0x100:
            break
    label = entry >> 12
    special = {0: IPV4, 2: IPV6}
    if label in special:
        return special[label]
    if label < 16:
        raise unknown(p, {1: "mpls.router_alert", 3: "mpls.implicit_null"}.get(label, "mpls.reserved_label"))
    # No label says what follows: its first nibble has to (RFC 4928, RFC 4385).
    nibble = take(p, 1, "mpls.payload_too_short", peek=True)[0] >> 4
    if nibble in (4, 6):
        return IPV4 if nibble == 4 else IPV6
    if nibble:
        raise unknown(p, "mpls.unknown_payload")
    take(p, 4, "mpls.payload_too_short")
    return "ethernet"


def _nsh(p: Packet) -> Link:
    """RFC 8300, section 2."""
    base, metadata, following, _ = struct.unpack(">HBBI", take(p, 8, "nsh.too_short"))
    p.layer = "link"
    length = (base & 0x3F) * 4
    if base >> 14:
        raise malformed(p, "nsh.version")
    if metadata & 0x0F in (0, 15):
        raise malformed(p, "nsh.reserved_type")
    if metadata & 0x0F > 2:
        raise malformed(p, "nsh.unknown_type")
    if length < 8 or (metadata & 0x0F == 1 and length != 24):
        raise malformed(p, "nsh.header_length")
    take(p, length - 8, "nsh.header_length")
    kinds: dict[int, Link] = {1: IPV4, 2: IPV6, 3: "ethernet", 4: 0x894F, 5: 0x8847}
    if following not in kinds:
        raise unknown(p, "nsh.unknown_payload")
    return kinds[following]


def _null(p: Packet) -> Link:
    """Four bytes of address family, of the capturing host's byte order."""
    word = take(p, 4, "loopback.too_short")
    p.layer = "link"
    family = min(int.from_bytes(word, "big"), int.from_bytes(word, "little"))
    if family not in FAMILIES:
        raise unknown(p, "loopback.family")
    return FAMILIES[family]


def _sll(p: Packet) -> Link:
    _, hardware, _, protocol = struct.unpack(">HHH8xH", take(p, 16, "sll.too_short"))
    return _cooked(p, hardware, protocol)


def _sll2(p: Packet) -> Link:
    protocol, hardware = struct.unpack(">HxxxxxxH10x", take(p, 20, "sll2.too_short"))
    return _cooked(p, hardware, protocol)


def _cooked(p: Packet, hardware: int, protocol: int) -> Link:
    p.layer = "link"
    if hardware == NETLINK:
        raise Stop("unknown")
    if hardware in (IEEE80211, IEEE80211_RADIOTAP):
        return "wifi" if hardware == IEEE80211 else "radiotap"
    if protocol == COOKED_LLC:
        return "llc"
    if protocol <= 1500:
        raise no_decoder(p)
    return protocol


def _chdlc(p: Packet) -> Link:
    """Address, control, EtherType (RFC 1547, section 4.3)."""
    protocol = int.from_bytes(take(p, 4, "chdlc.too_short")[2:])
    p.layer = "link"
    if protocol <= 1500:
        raise no_decoder(p)
    return protocol


def _llc(p: Packet) -> Link:
    """IEEE 802.2, with SNAP of organisation 0 (RFC 1042) an EtherType."""
    access = take(p, 3, "llc.too_short")
    p.layer = "link"
    if access != b"\xaa\xaa\x03":
        raise no_decoder(p)
    organisation, ethertype = struct.unpack(">3sH", take(p, 5, "llc.too_short"))
    if organisation != bytes(3) or ethertype <= 1500:
        raise no_decoder(p)
    return int(ethertype)


TYPES: dict[int, Callable[[Packet], Link]] = {
    **dict.fromkeys(TAGS, _vlan),
    **dict.fromkeys((0x8847, 0x8848), _mpls),
    0x88E7: _service_tag,
    0x8926: _vntag,
    0x893F: _etag,
    0x8903: _dce,
    0x8863: pppoe_discovery,
    0x8864: pppoe_session,
    0x894F: _nsh,
    BRIDGING: lambda p: "ethernet",
}
HEADERS: dict[str, Callable[[Packet], Link]] = {
    "ethernet": _ethernet,
    "null": _null,
    "sll": _sll,
    "sll2": _sll2,
    "ppp": step_ppp,
    "chdlc": _chdlc,
    "wifi": step_wifi,
    "radiotap": step_radiotap,
    "llc": _llc,
}
