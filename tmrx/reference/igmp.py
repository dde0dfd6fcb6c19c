"""IGMP's messages of variable length (RFC 3376, section 4)."""

# ruff: noqa: PLR2004 - sizes and numbers stand as the RFCs write them
from __future__ import annotations

QUERY, REPORT_V3 = 0x11, 0x22
OTHERS = (0x12, 0x16, 0x17)  # reports of versions 1 and 2, leave


def igmp_anomaly(kind: int, data: bytes, size: int) -> str:
    """What is wrong with a message of `size` bytes of which `data` is there, or nothing."""
    if kind == QUERY and size > 8:
        sources = int.from_bytes(data[10:12]) if len(data) >= 12 else 0
        return "igmp.v3_too_short" if size < 12 + 4 * sources else ""
    if kind == REPORT_V3:
        return _report(data, size)
    return "" if kind == QUERY or kind in OTHERS else "igmp.malformed"


def _report(data: bytes, size: int) -> str:
    """Group records: type, auxiliary words, number of sources, group; then both lists (section 4.2)."""
    at = 8
    for _ in range(int.from_bytes(data[6:8])):
        if size - at < 8:
            return "igmp.v3_too_short"
        if len(data) < at + 4:
            return ""
        length = 8 + 4 * int.from_bytes(data[at + 2 : at + 4]) + 4 * data[at + 1]
        if length > size - at:
            return "igmp.v3_too_short"
        at += length
        if at > len(data):
            return ""
    return ""
