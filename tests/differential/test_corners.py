"""Frames that the reference and the core once read differently, or that no capture has: each by hand."""

from __future__ import annotations

import pytest

from tests.differential.rows import core_rows, differences
from tests.support import known_sessions, sample_module
from tmrx.plan import Plan
from tmrx.reference import Frame

m = sample_module("malformed")
INNER = m.PLAIN
MIDDLE = m.vxlan(INNER)[14:]  # the mirror's datagram from its IP header on
JUMBO = m.eth(m.ip4(m.udp(bytes(65_490), length=8), length=0))

FRAMES: dict[str, bytes] = {
    "an empty frame": b"",
    "one byte": b"\x02",
    "ICMPv6 of four bytes": m.eth6(m.ip6(b"\x80\0" + m.checksum(m.pseudo(58, 4, v6=True) + b"\x80\0\0\0"), proto=58)),
    "ICMPv6 of seven bytes": m.eth6(m.ip6(bytes(7), proto=58)),
    "FIN and RST without ACK": m.eth(m.ip4(m.tcp(flags=0x05), m.TCP)),
    "ECN alone is no flag": m.eth(m.ip4(m.tcp(flags=0xC0), m.TCP)),
    "a frame beyond 64 KiB of length 0": JUMBO + bytes(100),
    "the inner tunnel goes on behind the outer datagram": m.outer(b"\0\0\x08\0" + bytes(4) + MIDDLE[:60], 6081)
    + MIDDLE[60:],
    "padding behind the mirror's datagram": m.vxlan(INNER) + b"padding that belongs to nobody",
    "a copy of nothing": m.vxlan(b""),
    "a copy that ends between header and payload": m.vxlan(INNER[:34]),
    "a copy that ends in a tag": m.vxlan(m.ETHERNET + bytes.fromhex("810000")),
    "a first fragment with the tunnel's header": m.eth(m.ip4(MIDDLE[20:], flags_offset=0x2000, dst=m.TARGET4)),
    "a UDP length beyond the IP payload is no tunnel": m.vxlan(INNER)[:38] + b"\xff\xff" + m.vxlan(INNER)[40:],
    "segment routing, segments left": m.eth6(
        m.ip6(bytes([17, 4, 4, 1, 1, 0, 0, 0]) + m.DST6 + m.SRC6 + m.udp(v6=True), proto=43)
    ),
    "a routing header without addresses": m.eth6(m.ip6(bytes([17, 0, 3, 1, 0, 0, 0, 0]) + m.udp(v6=True), proto=43)),
    "two fragment headers": m.eth6(
        m.ip6(bytes([44, 0, 0, 1, 0, 0, 0, 1, 17, 0, 0, 0, 0, 0, 0, 2]) + m.udp(v6=True), proto=44)
    ),
    "no next header": m.eth6(m.ip6(b"tail", proto=59)),
    "authentication header": m.eth6(m.ip6(bytes([17, 4]) + bytes(22) + m.udp(v6=True), proto=51)),
    "ICMPv6 over IPv4": m.eth(m.ip4(m.icmp(), m.ICMPV6)),
    "IEEE 802.3 length": m.eth(bytes(46), 46),
}


@pytest.mark.parametrize("outer", [False, True])
@pytest.mark.parametrize("name", FRAMES)
def test_agree(name: str, outer: bool) -> None:
    plan = Plan(identity=known_sessions(), inspect_outer=outer)
    data = FRAMES[name]
    # Whole, with more on the wire, and cut after every byte of the headers.
    frames = [Frame(0, data, len(data)), Frame(0, data, len(data) + 100)]
    frames += [Frame(0, data[:length], len(data)) for length in range(min(len(data), 150))]
    assert differences(plan, frames) == []


def test_what_lies_behind_the_enclosing_datagram_is_no_payload() -> None:
    (row,) = core_rows(Plan(), [Frame(0, FRAMES["the inner tunnel goes on behind the outer datagram"], 200)])
    assert (row["encapsulation"], row["captured"]) == ("geneve+vxlan", 60 - 36)


def test_a_large_frame_without_length_is_no_fragment() -> None:
    (row,) = core_rows(Plan(), [Frame(0, FRAMES["a frame beyond 64 KiB of length 0"], len(JUMBO) + 100)])
    assert row["fragment"] is False
    assert "ipv4.fragment_too_large" not in row["anomalies"]
    assert row["length"] > 65_535
