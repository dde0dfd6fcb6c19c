"""PPP (RFC 1661, RFC 1662) and PPP over Ethernet (RFC 2516)."""

# ruff: noqa: PLR2004 - sizes and numbers stand as the RFCs write them
from __future__ import annotations

import struct

from tmrx.reference.packet import IPV4, IPV6, Link, Packet, Stop, malformed, room, take, unknown

VJ_UNCOMPRESSED = 0x002F
# Numbers of IANA's registry "PPP Numbers" that have no decoder here.
ASSIGNED = frozenset({
    *range(0x0023, 0x0037, 2), 0x003B, 0x003D, 0x003F, 0x0041, 0x0043, 0x0049, 0x004B, 0x004D, 0x0053, 0x0055, 0x0059,
    0x00FB, 0x00FD, 0x0201, 0x0203, 0x0207,
    0x8021, 0x8023, 0x8025, 0x8027, 0x8029, 0x802B, 0x8031, 0x8033, 0x8035, 0x803F, 0x8041, 0x8049, 0x804B, 0x804D,
    0x8053, 0x8055, 0x8057, 0x80FB, 0x80FD, 0x8207, 0x8281,
    *range(0xC021, 0xC02F, 2), 0xC081, 0xC223, 0xC225, 0xC227,
})  # fmt: skip
PADI, PADO, PADR, PADS, PADT = 0x09, 0x07, 0x19, 0x65, 0xA7


def step_ppp(p: Packet) -> Link:
    """Address and control where they are there; a protocol field of one byte where its last bit says so."""
    if take(p, 1, "ppp.too_short", peek=True) == b"\xff":
        framing = take(p, 2, "ppp.too_short", peek=True)
        if framing == b"\xff\x03":
            take(p, 2, "ppp.too_short")
    first = take(p, 1, "ppp.too_short", peek=True)[0]
    protocol = int.from_bytes(take(p, 1 if first & 1 else 2, "ppp.too_short"))
    p.layer = "link"
    for number, ethertype, size, anomaly in (
        (0x0021, IPV4, 20, "ppp.ipv4_too_short"),
        (0x0057, IPV6, 40, "ppp.ipv6_too_short"),
    ):
        if protocol == number:
            if room(p) < size:
                raise malformed(p, anomaly)
            return ethertype
    if protocol in (0x0281, 0x0283):
        return 0x8847 if protocol == 0x0281 else 0x8848
    if protocol == VJ_UNCOMPRESSED and room(p) < 20:
        raise malformed(p, "ppp.vj_too_short")
    raise unknown(p, "ppp.no_decoder" if protocol in ASSIGNED else "ppp.unknown_protocol")


def pppoe_session(p: Packet) -> Link:
    """Version and type, code, session, length (section 4); IP's own length says where the packet ends."""
    take(p, 6, "pppoe.too_short")
    p.layer = "link"
    return "ppp"


def pppoe_discovery(p: Packet) -> Link:
    """A message of tags, complete in itself (section 5)."""
    _, code, _, length = struct.unpack(">BBHH", take(p, 6, "pppoe.too_short"))
    p.layer = "link"
    if code not in (PADI, PADO, PADR, PADS, PADT):
        raise malformed(p, "pppoe.code")
    if length > room(p):
        raise malformed(p, "pppoe.tags")
    tags = take(p, length, "pppoe.tags")
    while tags:
        if len(tags) < 4 or 4 + int.from_bytes(tags[2:4]) > len(tags):
            raise malformed(p, "pppoe.tags")
        if tags[:2] == b"\0\0":  # end of list
            break
        tags = tags[4 + int.from_bytes(tags[2:4]) :]
    raise Stop("complete")
