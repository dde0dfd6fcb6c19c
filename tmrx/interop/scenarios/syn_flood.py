"""A SYN flood: senders that do not exist, each once. The server answers all, as with SYN cookies, and waits in vain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scapy.layers.inet import TCP

from tmrx.interop.line import Line
from tmrx.interop.scene import Scene, Timed

SYNS = 300
PORT = 80
PAUSE_MS = 3
# Ranges that no one owns, so that no test mistakes them for someone (RFC 2544, section C.2.2).
SPOOFED = "198.{}.{}.{}"


def play(scene: Scene) -> Iterator[Timed]:
    """The source is flooded by what comes over the peer's next hop."""
    chance, now = scene.chance, scene.start
    for _ in range(SYNS):
        address = SPOOFED.format(chance.randint(18, 19), chance.randint(0, 255), chance.randint(1, 254))
        line = Line(scene, client=replace(scene.peer, ipv4=address, hops=chance.randint(6, 20)), server=scene.source)
        line.now = now
        line.wait(chance.uniform(0, 2 * PAUSE_MS))
        sport, seq = chance.randint(1024, 65535), chance.getrandbits(32)
        yield line.send(True, TCP(sport=sport, dport=PORT, seq=seq, flags="S", window=64240))
        answer = TCP(sport=PORT, dport=sport, flags="SA", window=64240, options=[("MSS", 1460)])
        answer.seq, answer.ack = chance.getrandbits(32), (seq + 1) % 2**32
        yield line.send(False, answer)
        now = line.now
