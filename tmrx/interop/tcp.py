"""TCP conversations that a receiver reassembles without complaint: RFC 9293, with RFC 7323's options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scapy.layers.inet import TCP
from scapy.packet import Packet, Raw

from tmrx.interop.line import Line
from tmrx.interop.scene import MS, Timed

# Scaled by 2**7 it holds the largest burst; that of a SYN is never scaled.
WINDOW, SCALE, FIRST_WINDOW = 1024, 7, 64240
BURST = 120_000
INITIAL_SEGMENTS = 10
# NOP, NOP, timestamp: on every segment.
OPTIONS = 12
IPV4_HEADERS, IPV6_HEADERS = 40, 60


@dataclass
class End:
    """One end: its port, the next sequence number, where its timestamps began, and the last it sent."""

    port: int
    seq: int
    began: int
    stamp: int = 0


class Tcp:
    """A conversation of a client (who asks) and a server (who answers). A message is cut into segments, and acked."""

    def __init__(self, line: Line, dport: int) -> None:
        chance = line.scene.chance
        self.line = line
        self.client = End(line.scene.port(), chance.getrandbits(32), chance.getrandbits(31))
        self.server = End(dport, chance.getrandbits(32), chance.getrandbits(31))
        self.mss = min(line.client.mtu, line.server.mtu) - self._headers() - OPTIONS

    def open(self) -> Iterator[Timed]:
        """The three-way handshake."""
        yield self.segment(True, "S")
        yield self.segment(False, "SA")
        yield self.segment(True, "A")

    def ask(self, data: bytes) -> Iterator[Timed]:
        """A message of the client, whole, with the server's acknowledgements."""
        return self._say(True, data)

    def answer(self, data: bytes) -> Iterator[Timed]:
        """A message of the server, after it thought a little."""
        self.line.wait(self.line.scene.chance.randint(200, 2000) / 1000)
        return self._say(False, data)

    def close(self, by_client: bool = True) -> Iterator[Timed]:
        """Both ends' FIN, one end's first."""
        yield self.segment(by_client, "FA")
        yield self.segment(not by_client, "FA")
        yield self.segment(by_client, "A")

    def segment(self, by_client: bool, flags: str, data: bytes = b"", ack: int | None = None) -> Timed:
        """The next segment of one end. `ack`: less than all that it has heard."""
        me, you = (self.client, self.server) if by_client else (self.server, self.client)
        self.line.turn(self.line.client if by_client else self.line.server)
        tcp = TCP(
            sport=me.port,
            dport=you.port,
            seq=me.seq,
            ack=(you.seq if ack is None else ack) if "A" in flags else 0,
            flags=flags,
            window=FIRST_WINDOW if "S" in flags else WINDOW,
            options=self._options(by_client, flags),
        )
        me.seq = (me.seq + len(data) + ("S" in flags) + ("F" in flags)) % 2**32
        packet: Packet = tcp / Raw(data) if data else tcp
        return self.line.send(by_client, packet, after_us=0)

    def _say(self, by_client: bool, data: bytes) -> Iterator[Timed]:
        """In bursts that double, as slow start does, each acked segment by second segment."""
        burst, at = INITIAL_SEGMENTS * self.mss, 0
        sender = self.client if by_client else self.server
        while at < len(data):
            ends = []
            for start in range(at, min(at + burst, len(data)), self.mss):
                piece = data[start : start + self.mss]
                yield self.segment(by_client, "PA" if start + self.mss >= len(data) else "A", piece)
                ends.append(sender.seq)
            for end in dict.fromkeys([*ends[1::2], ends[-1]]):
                yield self.segment(not by_client, "A", ack=end)
            at += len(ends) * self.mss
            burst = min(burst * 2, BURST // self.mss * self.mss)

    def _options(self, by_client: bool, flags: str) -> list[tuple[str, object]]:
        me, you = (self.client, self.server) if by_client else (self.server, self.client)
        me.stamp = (me.began + self.line.now // MS) % 2**32
        stamp = ("Timestamp", (me.stamp, you.stamp))
        if "S" not in flags:
            return [("NOP", None), ("NOP", None), stamp]
        mtu = (self.line.client if by_client else self.line.server).mtu
        return [("MSS", mtu - self._headers()), ("SAckOK", b""), stamp, ("NOP", None), ("WScale", SCALE)]

    def _headers(self) -> int:
        return IPV6_HEADERS if self.line.ipv6 else IPV4_HEADERS
