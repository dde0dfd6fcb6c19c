"""What arrives besides AWS's VXLAN: other platforms' mirrors, tunnels, link types, protocols, fragments.

`samples(frames, frames6)` gives each capture's link type and rows, from Ethernet frames over IPv4 and IPv6.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import headers as h
from malformed import DST4, DST6, SRC4, SRC6, TARGET4, UDP, udp

ETHERNET, NULL, LOOP, PPP, RAW, CHDLC, WIFI, SLL, RADIOTAP, SLL2 = 1, 0, 108, 9, 101, 104, 105, 113, 127, 276
ENDPOINT, ATTACHMENT = 0x0123456789ABCDEF, 0x0FEDCBA987654321
GRE, IPV4_IN, IPV6_IN = 47, 4, 41
STEP_US = 1_000


@dataclass(frozen=True)
class Row:
    """A record: its bytes, its length on the wire where that is more, and how long after the one before."""

    data: bytes
    original: int = 0
    wait_us: int = STEP_US


Frames = list[bytes]
Maker = Callable[[Frames, Frames], Iterable[bytes | Row]]
LINKS: dict[str, int] = {}
MAKERS: dict[str, Maker] = {}


def sample(link: int = ETHERNET) -> Callable[[Maker], Maker]:
    """Register a sample under its function's name, underscores as hyphens."""

    def register(maker: Maker) -> Maker:
        name = maker.__name__.replace("_", "-")
        LINKS[name], MAKERS[name] = link, maker
        return maker

    return register


def samples(frames: Frames, frames6: Frames) -> Iterator[tuple[str, int, list[Row]]]:
    """Each capture's name, link type and rows."""
    for name, maker in MAKERS.items():
        rows = maker(frames, frames6)
        yield name, LINKS[name], [row if isinstance(row, Row) else Row(row) for row in rows]


def packet(frame: bytes) -> bytes:
    """An untagged frame's IP packet."""
    return frame[14:]


# -------------------------------------------------------------------------- other platforms (specification, section 11)


@sample()
def platform_azure_vtap(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """OCI's, Alibaba's, Huawei's and Volcengine's look the same."""
    yield from (h.datagram(h.vxlan(frame, 7001), 4789) for frame in frames + frames6)


@sample()
def platform_azure_gateway_lb(frames: Frames, _: Frames) -> Iterator[bytes]:
    """Two tunnels: the internal one to port 10800 with VNI 800, the external one to port 10801 with VNI 801."""
    for number, frame in enumerate(frames):
        yield h.datagram(h.vxlan(frame, 800 + number % 2), 10800 + number % 2)


@sample()
def platform_gcp(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Cookie of 28 bits and, in the last bit, the direction; then options of 16 and 8 bytes. No inner Ethernet."""
    for number, frame in enumerate(frames + frames6):
        options = h.option(0x0132, 1, struct.pack(">I", 0x0ABCDEF << 4 | number % 2))
        options += h.option(0x0132, 2, bytes(range(16))) + h.option(0x0132, 3, bytes(range(8)))
        yield h.datagram(h.geneve(packet(frame), h.version(packet(frame)), options), 6081)


@sample()
def platform_tencent_gwlb(frames: Frames, _: Frames) -> Iterator[bytes]:
    """As AWS's: endpoint, attachment, and a word of 3 bits direction and 29 bits cookie."""
    for number, frame in enumerate(frames):
        options = h.option(0x0167, 1, ENDPOINT.to_bytes(8, "big")) + h.option(0x0167, 2, ATTACHMENT.to_bytes(8, "big"))
        options += h.option(0x0167, 3, struct.pack(">I", (number % 2) << 29 | 0x5EED))
        yield h.datagram(h.geneve(packet(frame), h.version(packet(frame)), options), 6081)


@sample()
def platform_erspan1(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """No sequence number and no ERSPAN header."""
    yield from (h.carried(h.gre(frame, 0x88BE), GRE) for frame in frames + frames6)


@sample()
def platform_erspan2(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Session 100 on a switch's VLAN 10; then 101 untagged, its last copy cut by the switch, the T bit set."""
    for number, frame in enumerate(frames):
        yield h.carried(h.gre(h.erspan2(frame, 100, tag=10, index=3), 0x88BE, sequence=number), GRE)
    for number, frame in enumerate(frames6):
        yield h.carried(h.gre(h.erspan2(frame, 101), 0x88BE, sequence=number), GRE)
    yield h.carried(h.gre(h.erspan2(frames[0][:60], 101, truncated=True), 0x88BE, sequence=9), GRE)


@sample()
def platform_erspan3(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Session 200, ingress and egress in turn; 201 with the platform's subheader; 202 with IP packets, no Ethernet."""
    for number, frame in enumerate(frames):
        inside = h.erspan3(frame, 200, egress=number % 2 == 1, time=1000 + number)
        yield h.carried(h.gre(inside, 0x22EB, sequence=number), GRE)
    for number, frame in enumerate(frames6):
        inside = h.erspan3(frame, 201, time=2000 + number, platform=struct.pack(">II", 0x1C00_0000, 0x6553_F101))
        yield h.carried(h.gre(inside, 0x22EB, sequence=number), GRE)
    for number, frame in enumerate(frames):
        yield h.carried(h.gre(h.erspan3(packet(frame), 202, kind=2), 0x22EB, sequence=number), GRE)


@sample()
def platform_gre_teb(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Transparent Ethernet bridging, as VMware's and NSX's mirrors send it."""
    yield from (h.carried(h.gre(frame, h.BRIDGING), GRE) for frame in frames + frames6)


@sample()
def platform_linux_vxlan(frames: Frames, _: Frames) -> Iterator[bytes]:
    yield from (h.datagram(h.vxlan(frame, 42), 8472) for frame in frames)


# ------------------------------------------------------------------------------------------------------------ tunnels


@sample()
def vxlan_gpe(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """On port 4790: IPv4, IPv6, Ethernet, and NSH with Ethernet inside; VNI 88."""
    for kind, inside in ((1, packet(frames[0])), (2, packet(frames6[0])), (3, frames[1]), (4, h.nsh(frames[1], 3))):
        yield h.datagram(h.vxlan(inside, 88, flags=0x0C, middle=kind), 4790)


@sample()
def vxlan_gbp(frames: Frames, _: Frames) -> Iterator[bytes]:
    """Group policy 513, with the bits "do not learn" and "policy applied" on the second."""
    for bits, frame in zip((0, 0x480000, 0, 0), frames, strict=True):
        yield h.datagram(h.vxlan(frame, 7002, flags=0x88, middle=bits | 513), 4789)


@sample()
def gre(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """IP, with key, sequence number, checksum (right, wrong), source route; over IPv6; MPLS, VLAN and PPP inside."""
    inner, inner6 = packet(frames[0]), packet(frames6[0])
    yield h.carried(h.gre(inner, h.IPV4), GRE)
    yield h.carried(h.gre(inner6, h.IPV6, key=7), GRE)
    yield h.carried(h.gre(inner, h.IPV4, key=7, sequence=1), GRE)
    yield h.carried(h.gre(inner, h.IPV4, key=7, sequence=2, summed=True), GRE)
    wrong = h.gre(inner, h.IPV4, summed=True)
    yield h.carried(wrong[:5] + bytes([wrong[5] ^ 1]) + wrong[6:], GRE)
    yield h.carried(h.gre(inner, h.IPV4, routes=h.source_route(h.ROUTER4, DST4)), GRE)
    yield h.carried(h.gre(inner, h.IPV4, key=9), GRE, SRC6, DST6)
    yield h.carried(h.gre(h.labels(16) + inner, 0x8847), GRE)
    yield h.carried(h.gre(h.vlan(frames[0], 10)[14:], 0x8100), GRE)
    yield h.carried(h.gre(h.ppp(inner), 0x880B), GRE)


@sample()
def gre_plain(frames: Frames, _: Frames) -> Iterator[bytes]:
    """GRE around what has no decoder, and a keep-alive."""
    yield h.carried(h.gre(b"who knows", 0x88B5), GRE)
    yield h.carried(h.gre(b"", 0), GRE)
    yield h.carried(h.gre(packet(frames[0]), h.IPV4)[:3], GRE)


@sample()
def pptp(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Call 513; the second one with an acknowledgment."""
    yield h.carried(h.pptp(packet(frames[0]), 513, 1), GRE)
    yield h.carried(h.pptp(packet(frames[1]), 513, 2, 1), GRE)
    yield h.carried(h.pptp(packet(frames6[0]), 513, 3), GRE)


@sample()
def gre_in_udp(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    yield h.datagram(h.gre(packet(frames[0]), h.IPV4, key=11), 4754)
    yield h.datagram(h.gre(packet(frames6[0]), h.IPV6, key=11), 4754)
    yield h.datagram(h.gre(frames[1], h.BRIDGING, key=11), 4754)


@sample()
def ip_in_ip(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Each version in each."""
    for frame, proto in ((frames[0], IPV4_IN), (frames6[0], IPV6_IN)):
        yield h.carried(packet(frame), proto)
        yield h.carried(packet(frame), proto, SRC6, DST6)


@sample()
def teredo(_: Frames, frames6: Frames) -> Iterator[bytes]:
    """Plain, with an origin indication, with authentication and origin; then what only looks like it."""
    inner = packet(frames6[0])
    yield h.datagram(h.teredo(inner), 3544)
    yield h.datagram(h.teredo(inner, origin=True), 3544)
    yield h.datagram(h.teredo(inner, authentication=True, origin=True), 3544)
    yield h.datagram(h.teredo(inner) + b"longer than its inside", 3544)


@sample()
def nested(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Tunnels in a mirror's copy: a host's GRE, its VXLAN, its 6in4; GRE in GRE; and a bomb of forty IPv4 headers."""
    own = h.carried(h.gre(packet(frames[0]), h.IPV4), GRE)
    six = h.carried(packet(frames6[0]), IPV6_IN)
    for inner in (own, h.datagram(h.vxlan(frames[0], 5), 4789), six):
        yield h.datagram(h.vxlan(inner, 101), 4789)
    yield h.carried(h.gre(h.erspan2(own, 100), 0x88BE, sequence=1), GRE)
    yield h.carried(h.gre(packet(own), h.IPV4), GRE)
    bomb = packet(frames[0])
    for _ in range(40):
        bomb = h.ip(bomb, IPV4_IN)
    yield h.eth(bomb, h.IPV4)


@sample()
def in_front(frames: Frames, _: Frames) -> Iterator[bytes]:
    """The same copy behind each kind of tag, label and pseudowire, alone and together."""
    copy = h.datagram(h.vxlan(frames[0], 101), 4789)
    yield h.vlan(copy, 30)
    yield h.vlan(h.vlan(copy, 32), 31, kind=0x88A8)
    yield h.vlan(copy, 1, 2, 3)
    yield h.vntag(copy)
    yield h.vntag(h.vlan(copy, 30))
    yield h.etag(copy)
    yield h.backbone(copy)
    yield h.dce(copy)
    yield h.pppoe(copy)
    yield h.vlan(h.pppoe(copy), 30)
    yield h.mpls(copy, 16)
    yield h.mpls(copy, 16, 0)
    yield h.pseudowire(copy, 16, 17)
    yield h.eth(h.nsh(packet(copy), 1), 0x894F)
    yield h.eth(h.nsh(copy, 3), 0x894F)
    yield copy[:12] + struct.pack(">H", 8 + len(copy) - 14) + h.snap(packet(copy))


@sample()
def in_front_inside(frames: Frames, _: Frames) -> Iterator[bytes]:
    """The same, inside the copy: MPLS, PPPoE, VN-Tag and three tags of a mirrored host."""
    frame = frames[0]
    tags = (h.vlan(frame, 1, 2, 3), h.vntag(frame), h.pppoe(frame), h.mpls(frame, 16, 2000), h.pseudowire(frame, 16))
    yield from (h.datagram(h.vxlan(tagged, 101), 4789) for tagged in tags)


# --------------------------------------------------------------------------------------------------------- link types


@sample(NULL)
def link_null(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Either byte order; each number that some system has for IPv6; one that no one has; a mirror's copy."""
    yield h.null(packet(frames[0]))
    yield h.null(packet(frames[0]), order=">")
    for family in (10, 24, 28, 30):
        yield h.null(packet(frames6[0]), family)
    yield h.null(packet(frames[0]), 99)
    yield h.null(packet(h.datagram(h.vxlan(frames[0], 101), 4789)))


@sample(LOOP)
def link_loop(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    yield h.null(packet(frames[0]), order=">")
    yield h.null(packet(frames6[0]), 24, order=">")


@sample(RAW)
def link_raw(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    yield packet(frames[0])
    yield packet(frames6[0])
    yield packet(h.datagram(h.vxlan(frames[0], 101), 4789))


@sample(SLL)
def link_sll(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """As `tcpdump -i any` writes it; behind a tag; from a tunnel's interface; and a frame of the loopback."""
    yield h.sll(packet(frames[0]))
    yield h.sll(packet(frames6[0]))
    yield h.sll(h.vlan(frames[0], 10)[14:], 0x8100)
    yield h.sll(packet(frames[0]), hardware=772)
    yield h.sll(packet(frames[0]), hardware=778)
    yield h.sll(packet(h.datagram(h.vxlan(frames[0], 101), 4789)))


@sample(SLL2)
def link_sll2(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    yield h.sll2(packet(frames[0]))
    yield h.sll2(packet(frames6[0]))
    yield h.sll2(h.vlan(frames[0], 10)[14:], 0x8100)
    yield h.sll2(packet(h.datagram(h.vxlan(frames[0], 101), 4789)))


@sample(PPP)
def link_ppp(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """With and without address and control, protocol field of two bytes and one; IPv6, MPLS; link control; VJ."""
    yield h.ppp(packet(frames[0]))
    yield h.ppp(packet(frames[0]), framed=False)
    yield h.ppp(packet(frames[0]), 0x21, compressed=True)
    yield h.ppp(packet(frames[0]), 0x21, framed=False, compressed=True)
    yield h.ppp(packet(frames6[0]), 0x0057)
    yield h.ppp(h.labels(16) + packet(frames[0]), 0x0281)
    yield h.ppp(b"\x01\x07\0\x04", 0xC021)
    yield h.ppp(b"\0" * 40, 0x002D)


@sample(CHDLC)
def link_chdlc(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """IPv4 and IPv6, broadcast, keep-alive (SLARP), MPLS."""
    yield h.chdlc(packet(frames[0]))
    yield h.chdlc(packet(frames6[0]), address=0x8F)
    yield h.chdlc(bytes(18), 0x8035)
    yield h.chdlc(h.labels(16) + packet(frames[0]), 0x8847)


@sample(WIFI)
def link_wifi(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Data and QoS data, to the distribution system, from it, between; then protected, a beacon, an acknowledgment."""
    yield h.wifi(packet(frames[0]))
    yield h.wifi(packet(frames6[0]), ds=2)
    yield h.wifi(packet(frames[0]), qos=True)
    yield h.wifi(packet(frames[0]), qos=True, ht=True)
    yield h.wifi(packet(frames[0]), qos=True, ds=3)
    yield h.wifi(packet(frames[0]), ds=3)
    yield h.wifi(packet(frames[0]), protected=True)
    yield b"\x80\0" + bytes(40)
    yield b"\xd4\0" + bytes(8)


@sample(RADIOTAP)
def link_radiotap(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """Without and with a frame check sequence; one that the card says is wrong."""
    yield h.radiotap(h.wifi(packet(frames[0])))
    yield h.radiotap(h.wifi(packet(frames6[0]), qos=True), fcs=True)
    yield h.radiotap(h.wifi(packet(frames[0])), fcs=True, bad=True)


# ---------------------------------------------------------------------------------------------------------- protocols


@sample()
def sctp(_: Frames, __: Frames) -> Iterator[bytes]:
    """An association: INIT to SHUTDOWN COMPLETE; over IPv6; checksums 0 and wrong; in a mirror's copy."""
    init = struct.pack(">IIHHI", 0x1111, 65536, 1, 1, 100)
    data = struct.pack(">IHHI", 100, 0, 0, 46) + b"sample"
    packets = [
        h.sctp(h.chunk(1, init), tag=0),
        h.sctp(h.chunk(2, init + struct.pack(">HH4s", 7, 8, b"cook"))),
        h.sctp(h.chunk(10, b"cook"), h.chunk(0, data, 3)),
        h.sctp(h.chunk(11), h.chunk(3, struct.pack(">IIHH", 100, 65536, 0, 0))),
        h.sctp(h.chunk(7, struct.pack(">I", 100))),
        h.sctp(h.chunk(8)),
        h.sctp(h.chunk(14)),
        h.sctp(h.chunk(0, data, 3), total=0),
        h.sctp(h.chunk(0, data, 3), total=1),
    ]
    yield from (h.eth(h.ip(one, 132), h.IPV4) for one in packets)
    yield h.eth(h.ip(packets[0], 132, SRC6, DST6), h.IPV6)
    yield h.datagram(h.vxlan(h.eth(h.ip(packets[2], 132), h.IPV4), 101), 4789)


@sample()
def igmp(_: Frames, __: Frames) -> Iterator[bytes]:
    """Queries and reports of versions 1 to 3, leave, and a sum that is wrong."""
    group = bytes([239, 1, 2, 3])
    three = struct.pack(">BBH", 1, 0, 0) + group
    for one in (
        h.igmp(0x11, bytes(4)),
        h.igmp(0x11, group, response=100),
        h.igmp(0x11, group, struct.pack(">BBH", 2, 125, 0), 100),
        h.igmp(0x12, group),
        h.igmp(0x16, group),
        h.igmp(0x17, group),
        h.igmp(0x22, struct.pack(">HH", 0, 1), three),
    ):
        yield h.eth(h.ip(one, 2, dst=group), h.IPV4)
    yield h.eth(h.ip(b"\x16\0\0\x01" + group, 2, dst=group), h.IPV4)


@sample()
def ipsec(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """ESP over both, then AH over both with UDP behind it, and AH in front of ESP."""
    yield h.eth(h.ip(h.esp(bytes(64)), 50), h.IPV4)
    yield h.eth(h.ip(h.esp(bytes(64)), 50, SRC6, DST6), h.IPV6)
    yield h.eth(h.ip(h.ah(packet(frames[0])[20:], UDP), 51), h.IPV4)
    yield h.eth(h.ip(h.ah(packet(frames6[0])[40:], UDP), 51, SRC6, DST6), h.IPV6)
    yield h.eth(h.ip(h.ah(h.esp(bytes(64)), 50), 51), h.IPV4)


@sample()
def segment_routing(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """UDP behind the header, segments left and none; then IPv4 and Ethernet in IPv6 (RFC 8986)."""
    for left, dst in ((1, h.ROUTER6), (0, DST6)):
        inner = packet(frames6[0])
        yield h.eth(h.ip(h.segment_routing(inner[40:], UDP, left), 43, SRC6, dst), h.IPV6)
    yield h.eth(h.ip(h.segment_routing(packet(frames[0]), IPV4_IN), 43, SRC6, h.ROUTER6), h.IPV6)
    yield h.eth(h.ip(h.segment_routing(packet(frames6[0]), IPV6_IN), 43, SRC6, h.ROUTER6), h.IPV6)


@sample()
def jumbogram(_: Frames, __: Frames) -> Iterator[Row]:
    """A UDP datagram of 70,000 bytes of which 200 were captured; the option with a length below 65,536."""
    datagram = struct.pack(">HHHH", 5000, 5001, 0, 0x1234) + bytes(100)
    for length in (8 + 70_000, 8 + 1_000):
        inside = h.jumbo(datagram, UDP, length)
        head = struct.pack(">IHBB", 6 << 28, 0, 0, 64) + SRC6 + DST6
        yield Row(h.eth(head + inside, h.IPV6), 14 + 40 + length)


@sample()
def icmp_quotes(frames: Frames, frames6: Frames) -> Iterator[bytes]:
    """A datagram and what the network answers: quoted whole, its header and 8 bytes, less, and not IP."""
    asked, asked6 = packet(frames[0]), packet(frames6[0])
    yield frames[0]
    yield frames6[0]
    for src, kind, code, quoted in (
        (DST4, 3, 3, asked),
        (h.ROUTER4, 11, 0, asked[:28]),
        (h.ROUTER4, 3, 4, asked[:22]),
        (h.ROUTER4, 5, 1, asked[:28]),
        (h.ROUTER4, 12, 0, asked[:10]),
        (h.ROUTER4, 3, 1, b"\x70" + asked[1:]),
    ):
        yield h.eth(h.ip(h.icmp(kind, code, quoted), 1, src, SRC4), h.IPV4)
    for kind, code, quoted in (
        (1, 4, asked6),
        (2, 0, asked6[:48]),
        (3, 0, asked6[:42]),
        (4, 0, asked6[:30]),
        (1, 0, b"\x70" + asked6[1:]),
    ):
        yield h.eth(h.ip(h.icmp6(kind, code, quoted), 58, h.ROUTER6, SRC6), h.IPV6)


# ---------------------------------------------------------------------------------------------------------- fragments

BIG = h.ip(udp(bytes(i % 251 for i in range(2400))), UDP)
BIG6 = h.ip(udp(bytes(i % 251 for i in range(2400)), v6=True), UDP, SRC6, DST6)
WAIT_US = 61_000_000


def copies(packets: Iterable[bytes], length: int | None = None) -> Iterator[bytes]:
    """Copies of a session, of which the mirror sends `length` bytes."""
    yield from (h.datagram(h.vxlan(h.eth(one, h.version(one))[:length], 101), 4789) for one in packets)


@sample()
def outer_fragments(_: Frames, __: Frames) -> Iterator[bytes]:
    """Copies in fragments on their way here, IPv4 and IPv6, the second in reverse order; an ERSPAN copy too."""
    copy = h.vxlan(h.eth(BIG, h.IPV4), 101)
    four = packet(h.datagram(copy, 4789))
    yield from (h.eth(piece, h.IPV4) for piece in h.pieces(four, 1480))
    yield from (h.eth(piece, h.IPV4) for piece in reversed(h.pieces(four, 800, 101)))
    six = packet(h.datagram(copy, 4789, SRC6, DST6))
    yield from (h.eth(piece, h.IPV6) for piece in h.pieces6(six, 1400))
    span = packet(h.carried(h.gre(h.erspan2(h.eth(BIG, h.IPV4), 100), 0x88BE, sequence=1), GRE))
    yield from (h.eth(piece, h.IPV4) for piece in h.pieces(span, 1480, 102))


@sample()
def both_fragments(_: Frames, __: Frames) -> Iterator[bytes]:
    """Fragments of a host, each of whose copies is in fragments again."""
    for number, piece in enumerate(h.pieces(BIG, 1400)):
        copy = packet(next(copies([piece])))
        yield from (h.eth(part, h.IPV4) for part in h.pieces(copy, 1000, 200 + number))


@sample()
def truncated_fragments(_: Frames, __: Frames) -> Iterator[bytes]:
    """Fragments whose copies are cut: of the last one; of the first; of all; before the transport header."""
    for number, lengths in enumerate(((None, 500), (500, None), (500, 500), (36, None))):
        for piece, length in zip(h.pieces(BIG, 1400, 300 + number), lengths, strict=True):
            yield from copies([piece], length)
    for piece in h.pieces6(BIG6, 1400):
        yield from copies([piece], 500)


@sample()
def overlapping_fragments(_: Frames, __: Frames) -> Iterator[bytes]:
    """A datagram whose middle comes twice, of other bytes; over IPv6 too; the same fragment twice; a teardrop."""
    for number, (cutter, whole, kind) in enumerate(((h.pieces, BIG, h.IPV4), (h.pieces6, BIG6, h.IPV6))):
        first, *rest, last = cutter(whole, 800, 400 + number)
        other = cutter(whole[:-800] + b"X" * 800, 800, 400 + number)
        yield from (h.eth(piece, kind) for piece in (first, *rest, other[-2], last))
    first, second, *rest = h.pieces(BIG, 800, 402)
    yield from (h.eth(piece, h.IPV4) for piece in (first, second, second, *rest))
    yield h.eth(h.ip(bytes(40), UDP, number=403, fragment=0x2000), h.IPV4)
    yield h.eth(h.ip(bytes(8), UDP, number=403, fragment=3), h.IPV4)


@sample()
def late_fragments(_: Frames, __: Frames) -> Iterator[Row]:
    """A datagram without its end, given up after a minute; one whose first fragment never comes; one out of order."""
    first, middle, last = h.pieces(BIG, 1000, 500)
    yield Row(h.eth(first, h.IPV4))
    yield Row(h.eth(middle, h.IPV4))
    yield Row(h.eth(last, h.IPV4), wait_us=WAIT_US)
    pieces = h.pieces(BIG, 1000, 501)
    yield from (Row(h.eth(pieces[at], h.IPV4)) for at in (2, 0, 1))


@sample()
def odd_fragments(_: Frames, __: Frames) -> Iterator[bytes]:
    """An atomic fragment of each kind, a tiny first fragment, a length that is no multiple of 8, two different ends."""
    small = udp(v6=True)
    yield h.eth(h.ip(struct.pack(">BBHI", UDP, 0, 0, 7) + small, 44, SRC6, DST6), h.IPV6)
    yield h.eth(h.ip(bytes(8), 6, number=600, fragment=0x2000), h.IPV4)
    yield h.eth(h.ip(struct.pack(">BBHI", UDP, 0, 1, 601) + bytes(13), 44, SRC6, DST6), h.IPV6)
    yield h.eth(h.ip(bytes(8), UDP, number=602, fragment=4), h.IPV4)
    yield h.eth(h.ip(bytes(8), UDP, number=602, fragment=9), h.IPV4)
    yield h.eth(h.ip(bytes(8), UDP, dst=TARGET4, number=603, fragment=0x1FFF), h.IPV4)
