"""IEEE 802.11 data frames (clause 9.2), and radiotap's header in front of them (radiotap.org)."""

# ruff: noqa: PLR2004 - sizes and numbers stand as the standard writes them
from __future__ import annotations

import struct

from tmrx.reference.packet import Link, Packet, Stop, malformed, take, trim

FCS = 4
# Radiotap's fields in front of its flags: time of arrival, aligned to 8 bytes.
HAS_TIME, HAS_FLAGS, MORE = 1 << 0, 1 << 1, 1 << 31
FCS_AT_END, PADDED, BAD_FCS = 0x10, 0x20, 0x40


def step_radiotap(p: Packet) -> Link:
    """Version, length, bitmaps of what is there, fields."""
    version, length = struct.unpack("<BxH", take(p, 8, "wifi.radiotap_length", peek=True)[:4])
    if version != 0 or length < 8:
        raise malformed(p, "wifi.radiotap_length")
    flags = _flags(take(p, length, "wifi.radiotap_length"))
    if flags & BAD_FCS:
        p.anomalies.add("wifi.bad_fcs")
    if flags & FCS_AT_END:
        trim(p, max(p.at, p.original - FCS))
    return _wifi(p, padded=bool(flags & PADDED))


def _flags(head: bytes) -> int:
    """The field Flags; 0 where there is none."""
    present, at = [*struct.unpack_from("<I", head, 4)], 8
    while present[-1] & MORE and at + 4 <= len(head):
        present += struct.unpack_from("<I", head, at)
        at += 4
    if not present[0] & HAS_FLAGS or present[-1] & MORE:
        return 0
    if present[0] & HAS_TIME:
        at += -at % 8 + 8
    return head[at] if at < len(head) else 0


def step_wifi(p: Packet) -> Link:
    return _wifi(p, padded=False)


def _wifi(p: Packet, padded: bool) -> Link:
    """Frame control, duration, three addresses, sequence control; what follows depends on the first."""
    kind = take(p, 1, "wifi.too_short", peek=True)[0]
    p.layer = "link"
    data, no_data, qos = kind >> 2 & 3 == 2, kind & 0x40, kind & 0x80
    if kind & 3 or not data or no_data:  # control frames are shorter
        p.l3 = p.at
        raise Stop("unknown")
    head = take(p, 24, "wifi.too_short")
    flags = head[1]
    if flags & 0x40:  # protected
        p.l3 = p.at
        raise Stop("unknown")
    size = 6 if flags & 3 == 3 else 0
    take(p, size, "wifi.too_short")
    control_size = (2 + (4 if flags & 0x80 else 0)) if qos else 0  # 0x80: HT control
    control = take(p, control_size, "wifi.too_short")
    if padded:
        take(p, -(24 + size + control_size) % 4, "wifi.too_short")
    if head[22] & 0x0F:
        raise Stop("fragment")
    if qos and control[0] & 0x80:  # several frames in one: the first is followed
        take(p, 14, "wifi.too_short")
    return "llc"
