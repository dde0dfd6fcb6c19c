"""The chunks of an SCTP packet (RFC 9260, section 3.2)."""

# ruff: noqa: PLR2004 - sizes and numbers stand as the RFC writes them
from __future__ import annotations

import struct

from tmrx.reference.packet import Packet

DATA, INIT, INIT_ACK, I_DATA = 0, 1, 2, 64
MANY = 64


def chunks(p: Packet, captured: bytes, size: int) -> None:
    """Walk the chunks, of which `captured` is there and `size` bytes were sent, and say what is wrong with them."""
    kinds: list[int] = []
    at = 0
    while at < size:
        if size - at < 4:
            p.anomalies.add("sctp.chunk_too_short")
            break
        if len(captured) < at + 4:
            break
        kind, _, length = struct.unpack_from(">BBH", captured, at)
        if length < 4 or at + length > size:
            p.anomalies.add("sctp.chunk_length")
            break
        kinds.append(kind)
        at += length + -length % 4
    if len(kinds) > MANY:
        p.anomalies.add("sctp.many_chunks")
    if sum(kind in (DATA, I_DATA) for kind in kinds) > MANY:
        p.anomalies.add("sctp.many_data_chunks")
    if len(kinds) > 1 and {INIT, INIT_ACK} & set(kinds):
        p.anomalies.add("sctp.init_bundled")
    if INIT in kinds and p.seq:
        p.anomalies.add("sctp.init_tag")
    if {DATA, I_DATA} & set(kinds) and not p.seq:
        p.anomalies.add("sctp.data_tag")
