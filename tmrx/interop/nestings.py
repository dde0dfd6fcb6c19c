"""Frames of headers in any order: tags, tunnels in tunnels, fragments at any depth. For second opinions on decoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III
from scapy.contrib.geneve import GENEVE
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrFragment, fragment6
from scapy.layers.l2 import GRE, Dot1AD, Dot1Q, Ether
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.sctp import SCTP, SCTPChunkData
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

MOST_TUNNELS = 4
PIECE = 600  # bytes of a fragment
TEB, ERSPAN_2, ERSPAN_3 = 0x6558, 0x88BE, 0x22EB


class Nestings:
    """Draws frames; the same numbers give the same ones."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 - repeatable
        self._identification = 0
        self._tunnels: tuple[Callable[[Packet], Packet], ...] = (
            self._vxlan, self._geneve, self._gre, self._teb, self._erspan2, self._erspan3, self._ip_in_ip,
        )  # fmt: skip

    def frames(self, count: int) -> Iterator[bytes]:
        """The frames of so many packets, those of a fragmented one in a row."""
        for _ in range(count):
            packet = self._host()
            for _ in range(self.chance.randrange(MOST_TUNNELS + 1)):
                packet = self.chance.choice(self._tunnels)(packet)
            link = self._link()
            for piece in self._pieces(packet):
                yield bytes(link / piece)

    def _host(self) -> Packet:
        """What a host sends."""
        data = Raw(self.chance.randbytes(self.chance.choice((0, 1, 33, 900))))
        ports: dict[str, Any] = {
            "sport": self.chance.randrange(20_000, 60_000),
            "dport": self.chance.randrange(20_000, 60_000),
        }
        network = self._network()
        echo = ICMPv6EchoRequest() if isinstance(network, IPv6) else ICMP()
        chunk = SCTPChunkData(data=data.load or b"x", beginning=1, ending=1)
        numbers: dict[str, Any] = {"seq": self.chance.getrandbits(32), "ack": self.chance.getrandbits(32)}
        return network / self.chance.choice(
            (TCP(**ports, **numbers, flags="PA") / data, UDP(**ports) / data, SCTP(**ports) / chunk, echo / data)
        )

    def _heads(self) -> bool:
        """A coin."""
        return bool(self.chance.getrandbits(1))

    def _network(self) -> Packet:
        """A header of either version between addresses that nothing else has."""
        self._identification += 1
        one, other = self.chance.sample(range(1, 255), 2)
        if self._heads():
            return IP(
                src=f"10.0.0.{one}", dst=f"10.0.1.{other}", id=self._identification, ttl=self.chance.randint(1, 255)
            )
        return IPv6(src=f"2001:db8::{one}", dst=f"2001:db8::1:{other}", hlim=self.chance.randint(1, 255))

    def _ethernet(self) -> Packet:
        """With up to two tags."""
        frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
        for tag in self.chance.choice(((), (), (Dot1Q,), (Dot1Q, Dot1Q), (Dot1AD, Dot1Q))):
            frame /= tag(vlan=self.chance.randint(1, 4094))
        return frame

    def _link(self) -> Packet:
        """Ethernet, and now and then MPLS or PPPoE behind it."""
        shim = self.chance.randrange(6)
        if shim == 0:
            return self._ethernet() / MPLS(label=self.chance.randint(16, 2**20 - 1), s=0, ttl=9) / MPLS(label=17, s=1)
        if shim == 1:
            return self._ethernet() / PPPoE(sessionid=7) / PPP()
        return self._ethernet()

    def _vxlan(self, packet: Packet) -> Packet:
        header = VXLAN(vni=self.chance.getrandbits(24), flags=8)
        return self._network() / UDP(sport=50_000, dport=4789, chksum=0) / header / self._ethernet() / packet

    def _geneve(self, packet: Packet) -> Packet:
        vni = self.chance.getrandbits(24)
        around = self._network() / UDP(sport=50_001, dport=6081)
        if self._heads():
            return around / GENEVE(vni=vni, proto=TEB) / self._ethernet() / packet
        return around / GENEVE(vni=vni, proto=self._ethertype(packet)) / packet

    def _gre(self, packet: Packet) -> Packet:
        return self._network() / self._gre_header(self._ethertype(packet)) / packet

    def _teb(self, packet: Packet) -> Packet:
        return self._network() / self._gre_header(TEB) / self._ethernet() / packet

    def _gre_header(self, proto: int) -> Packet:
        present: dict[str, Any] = {
            name: self.chance.randrange(2) for name in ("key_present", "seqnum_present", "chksum_present")
        }
        return GRE(proto=proto, key=self.chance.getrandbits(32), sequence_number=5, **present)

    def _erspan2(self, packet: Packet) -> Packet:
        header = ERSPAN_II(session_id=self.chance.getrandbits(10), vlan=self.chance.getrandbits(12), en=3)
        return (
            self._network()
            / GRE(proto=ERSPAN_2, seqnum_present=1, sequence_number=1)
            / header
            / self._ethernet()
            / packet
        )

    def _erspan3(self, packet: Packet) -> Packet:
        header = ERSPAN_III(session_id=self.chance.getrandbits(10), d=self.chance.randrange(2), timestamp=12345)
        return (
            self._network()
            / GRE(proto=ERSPAN_3, seqnum_present=1, sequence_number=1)
            / header
            / self._ethernet()
            / packet
        )

    def _ip_in_ip(self, packet: Packet) -> Packet:
        return self._network() / packet

    @staticmethod
    def _ethertype(packet: Packet) -> int:
        return 0x86DD if isinstance(packet, IPv6) else 0x0800

    def _pieces(self, packet: Packet) -> list[Packet]:
        """The packet, or its outermost header's fragments."""
        if len(packet) <= PIECE or self._heads():
            return [packet]
        if isinstance(packet, IP):
            return list(fragment(packet, PIECE))  # type: ignore[no-untyped-call]
        self._identification += 1
        whole = IPv6(bytes(packet))
        inside = whole.payload
        whole.remove_payload()
        del whole.plen
        atomic = whole / IPv6ExtHdrFragment(id=self._identification) / inside
        return list(fragment6(atomic, PIECE))  # type: ignore[no-untyped-call]
