"""Conversations: what was said is what a receiver puts together, acked and timed as by real hosts."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

pytest.importorskip("scapy", reason="scapy is not installed")
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from tmrx.interop.line import Line
from tmrx.interop.scene import SOURCE, Party, Scene, Timed, neighbour, service, stranger
from tmrx.interop.tcp import Tcp

RESOLVER = service("10.0.0.2", "fd00:ec2::253")


def conversation(peer: Party, ipv6: bool, size: int, *, wrap: bool = False) -> tuple[list[Timed], bytes, bytes]:
    """A client's and a server's message, and their frames."""
    scene = Scene(SOURCE, peer, RESOLVER, Random(7))  # noqa: S311 - repeatable
    talk = Tcp(Line(scene, peer, SOURCE, ipv6=ipv6), 80)
    if wrap:
        talk.client.seq = talk.server.seq = 2**32 - 20
    asked, answered = b"question" * 9, scene.chance.randbytes(size)
    frames = [*talk.open(), *talk.ask(asked), *talk.answer(answered), *talk.close()]
    return frames, asked, answered


def put_together(segments: list[TCP], first: int) -> bytes:
    data = {(segment.seq - first - 1) % 2**32: bytes(segment.payload) for segment in segments if segment.payload}
    out = b""
    for at in sorted(data):
        assert at == len(out)
        out += data[at]
    return out


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("peer", [neighbour(SOURCE), stranger()], ids=["near", "far"])
@pytest.mark.parametrize(("size", "wrap"), [(1, False), (70_000, True)])
def test_both_ends_hear_what_was_said(peer: Party, ipv6: bool, size: int, wrap: bool) -> None:
    frames, asked, answered = conversation(peer, ipv6, size, wrap=wrap)
    packets = [Ether(frame)[IPv6 if ipv6 else IP] for _, frame in frames]
    segments = [packet[TCP] for packet in packets]
    client = [segment for segment in segments if segment.dport == 80]
    server = [segment for segment in segments if segment.sport == 80]
    assert [str(segment.flags) for segment in segments[:3]] == ["S", "SA", "A"]
    assert [str(segment.flags) for segment in segments[-3:]] == ["FA", "FA", "A"]
    assert put_together(client, client[0].seq) == asked
    assert put_together(server, server[0].seq) == answered
    # The last says that all was heard, the FIN included.
    assert client[-1].ack == (server[0].seq + len(answered) + 2) % 2**32
    # No packet is longer than either end takes, and the longest is as long as the shorter takes.
    mtu = min(peer.mtu, SOURCE.mtu)
    lengths = [len(bytes(packet)) for packet in packets]
    assert max(lengths) == mtu if size > mtu else max(lengths) < mtu


def test_timestamps_never_go_back_and_echo_what_was_sent() -> None:
    frames, _, _ = conversation(stranger(), False, 70_000)
    seen = {80: 0}
    for _, frame in frames:
        segment = Ether(frame)[TCP]
        value, echo = dict(segment.options)["Timestamp"]
        assert value >= seen.get(segment.sport, 0)
        assert echo == seen.get(segment.dport, 0)
        seen[segment.sport] = value


def test_the_far_end_answers_a_round_trip_later_and_with_a_lower_ttl() -> None:
    peer = stranger(rtt_us=30_000)
    frames, _, _ = conversation(peer, False, 10)
    for (before, one), (after, two) in pairwise(frames):
        ours, theirs = Ether(one).src == SOURCE.mac, Ether(two).src != SOURCE.mac
        if ours and theirs:
            assert after - before >= 30_000_000
    assert {Ether(frame)[IP].ttl for _, frame in frames} == {64, 64 - peer.hops}
