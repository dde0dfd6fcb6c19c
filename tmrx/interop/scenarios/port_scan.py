"""A port scan as nmap makes it: SYN probes of the usual ports, then stranger ones, and UDP."""

from __future__ import annotations

from collections.abc import Iterator

from scapy.layers.inet import ICMP, TCP, UDP
from scapy.packet import Raw

from tmrx.interop.line import Line
from tmrx.interop.scene import Scene, Timed

OPEN = (22, 80, 443)
CLOSED = (
    *(21, 23, 25, 53, 110, 111, 135, 139, 143, 199, 445, 465, 514, 554, 587, 631, 993, 995, 1025, 1720, 1723, 2049),
    *(2375, 3000, 3128, 3306, 3389, 5000, 5060, 5432, 5555, 5900, 5985, 6379, 7001, 8000, 8008, 8080, 8081, 8443),
    *(8888, 9000, 9090, 9100, 9200, 10000, 11211, 27017, 32768, 49152),
)
# Flags of the stranger probes, sent to one open and two closed ports.
STRANGE = ("", "FPU", "SF")
STRANGE_PORTS = (80, 81, 8081)
UDP_PORTS = (69, 137, 161, 500, 1900, 5353)
PROBE_WINDOW = 1024


def play(scene: Scene) -> Iterator[Timed]:
    """The peer scans the source."""
    line = Line(scene, client=scene.peer, server=scene.source)
    usual = [*OPEN, *CLOSED]
    scene.chance.shuffle(usual)
    for flags, ports in (("S", usual), *((flags, STRANGE_PORTS) for flags in STRANGE)):
        # Each kind of scan has a source port of its own.
        scanner = Scanner(line, scene.port())
        for port in ports:
            yield from scanner.probe(port, flags)
    for port in UDP_PORTS:
        yield from scanner.probe_udp(port)


class Scanner:
    """Who sends probes from one port; and what the scanned host says to each."""

    def __init__(self, line: Line, port: int) -> None:
        self.line, self.port = line, port
        self.seq = line.scene.chance.getrandbits(32)

    def probe(self, port: int, flags: str) -> Iterator[Timed]:
        """A TCP probe: open ports answer SYN alone, closed ones reset all (RFC 9293, section 3.10.7)."""
        yield self._syn(port, flags)
        if port not in OPEN:
            taken = ("S" in flags) + ("F" in flags)
            reset = TCP(sport=port, dport=self.port, seq=0, ack=(self.seq + taken) % 2**32, flags="RA", window=0)
            yield self.line.send(False, reset)
        elif flags == "S":
            answer = TCP(sport=port, dport=self.port, flags="SA", window=64240, options=[("MSS", 1460)])
            answer.seq, answer.ack = self.line.scene.chance.getrandbits(32), (self.seq + 1) % 2**32
            yield self.line.send(False, answer)
            # The scanner's own host knows of no such connection.
            yield self.line.send(True, TCP(sport=self.port, dport=port, seq=answer.ack, flags="R", window=0))

    def probe_udp(self, port: int) -> Iterator[Timed]:
        """An empty datagram; all these ports are closed (RFC 1122, section 4.1.3.1)."""
        line = self.line
        line.wait(line.scene.chance.randint(50, 1000))
        header = line.ip(line.client, line.server, df=False)
        probe = header / UDP(sport=self.port, dport=port)
        yield line.put(line.client, probe, line.server.mac)
        yield line.send(False, ICMP(type=3, code=3) / Raw(bytes(probe)), df=False)

    def _syn(self, port: int, flags: str) -> Timed:
        self.line.wait(self.line.scene.chance.uniform(0.5, 12))
        options = [("MSS", 1460)] if "S" in flags else []
        probe = TCP(sport=self.port, dport=port, seq=self.seq, flags=flags, window=PROBE_WINDOW, options=options)
        return self.line.send(True, probe, after_us=1, df=False)
