"""Checksums and the verdicts on them (specification, section 6.4)."""

# ruff: noqa: PLR2004 - sizes stand as the RFCs write them
from __future__ import annotations

import struct


def ones_sum(*parts: bytes) -> int:
    """One's complement sum of 16-bit words, folded (RFC 1071); each odd part is padded with a zero byte."""
    total = 0
    for part in parts:
        total += sum(word for (word,) in struct.iter_unpack(">H", part + b"\0" * (len(part) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo_header(addresses: bytes, covered: int, protocol: int) -> bytes:
    """What the checksum covers beside the segment (RFC 9293, section 3.1; RFC 8200, section 8.1)."""
    return addresses + struct.pack(">IHBB", covered, 0, 0, protocol)


def crc32c(data: bytes) -> int:
    """Castagnoli's polynomial, bit by bit, the lowest first (RFC 9260, appendix A)."""
    total = 0xFFFF_FFFF
    for byte in data:
        total ^= byte
        for _ in range(8):
            total = total >> 1 ^ (0x82F6_3B78 if total & 1 else 0)
    return total ^ 0xFFFF_FFFF


def verdict(right: bool, whole: bool, uncalculated: bool, absent: bool = False) -> str:
    """The verdict, in the specification's order."""
    if whole and right:
        return "valid"
    if absent:
        return "absent"
    if uncalculated:
        return "not_calculated"
    return "bad" if whole else "unverifiable"
