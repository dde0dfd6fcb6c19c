"""One packet: its layers as far as they go, and the verdicts on its checksums."""

from __future__ import annotations

from tmrx.reference.link import walk
from tmrx.reference.network import network, raw_ip
from tmrx.reference.packet import Link, Packet, Stop


def decode(data: bytes, original: int, link: Link, copy: bool = False) -> Packet:
    """One packet's layers and checksum verdicts: `data` as captured, of `original` bytes.

    `copy`: it was taken out of a tunnel, so that its link header may have been cut by the mirror.
    """
    p = Packet(data, len(data), max(original, len(data)), copy=copy, link=link)
    try:
        if link == "ip":
            raw_ip(p)
        else:
            network(p, walk(p, link))
    except Stop as stop:
        p.stop = str(stop)
    for checksum, layer in ((p.l3_checksum, "ipv4"), (p.l4_checksum, p.layer)):
        if checksum == "bad":
            p.anomalies.add(f"{layer}.bad_checksum")
    return p
