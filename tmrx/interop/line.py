"""The wire at the mirror source's interface: each packet framed, and timed by who sends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from tmrx.interop.scene import MS, US, Party, Scene, Timed

TTL = 64


class Line:
    """What passes the source's interface between a client and a server, one of which is the source.

    The clock moves with each packet. What the source says to an answer comes at once; what the other end says, a round
    trip later; what one end says on, back to back.
    """

    def __init__(self, scene: Scene, client: Party, server: Party, *, ipv6: bool = False) -> None:
        self.scene, self.client, self.server, self.ipv6 = scene, client, server, ipv6
        self.now = scene.start
        self._last: Party | None = None
        # IPv4's identification and IPv6's flow label, by sender.
        self._marks: dict[Party, int] = {}

    def wait(self, milliseconds: float) -> None:
        """Let time pass, to the µs."""
        self.now += round(milliseconds * MS / US) * US

    def ip(self, sender: Party, receiver: Party, *, ttl: int = TTL, df: bool = True) -> Packet:
        """The next IP header of a sender, its TTL as it is at the source's interface."""
        src, dst = sender.address(self.ipv6), receiver.address(self.ipv6)
        mark = self._marks.setdefault(sender, self.scene.chance.getrandbits(16))
        if self.ipv6:
            return IPv6(src=src, dst=dst, hlim=ttl - sender.hops, fl=mark)
        self._marks[sender] = (mark + 1) % 65536
        return IP(src=src, dst=dst, ttl=ttl - sender.hops, id=mark, flags="DF" if df else 0)

    def put(self, sender: Party, packet: Packet, mac: str, after_us: int | None = None) -> Timed:
        """A layer 3 packet as a frame to that MAC address, after so many µs or as one expects of its sender."""
        self.turn(sender, after_us)
        return self.now, bytes(Ether(src=sender.mac, dst=mac) / packet)

    def send(self, by_client: bool, payload: Packet, after_us: int | None = None, **header: Any) -> Timed:
        """A layer 4 packet of one end to the other; `header`: as `ip` takes it."""
        sender, receiver = (self.client, self.server) if by_client else (self.server, self.client)
        return self.put(sender, self.ip(sender, receiver, **header) / payload, receiver.mac, after_us)

    def turn(self, sender: Party, after_us: int | None = None) -> None:
        """Let the time pass until that sender's next packet."""
        self.now += US * (self._pause(sender) if after_us is None else after_us)
        self._last = sender

    def _pause(self, sender: Party) -> int:
        chance = self.scene.chance
        if self._last is None:
            return 0
        if sender == self._last:
            return chance.randint(4, 20)
        if sender == self.scene.source:
            return chance.randint(40, 160)
        return chance.randint(sender.rtt_us, sender.rtt_us * 115 // 100)


class Udp:
    """Datagrams between a client's port and a server's."""

    def __init__(self, line: Line, dport: int) -> None:
        self.line, self.dport, self.sport = line, dport, line.scene.port()

    def ask(self, data: bytes) -> Timed:
        """The client's."""
        return self.line.send(True, UDP(sport=self.sport, dport=self.dport) / Raw(data))

    def answer(self, data: bytes) -> Timed:
        """The server's."""
        return self.line.send(False, UDP(sport=self.dport, dport=self.sport) / Raw(data))

    def exchange(self, question: bytes, answer: bytes) -> Iterator[Timed]:
        """One of each."""
        yield self.ask(question)
        yield self.answer(answer)
