"""Frames to try: of the samples and of the given suite, cut and with bits flipped; and headers in any nesting."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hypothesis import strategies as st

from tests.support import SHARED, read_pcap, sample, sample_module, sample_names
from tmrx.plan import DecapSettings
from tmrx.reference import Frame, Link

SUITE = SHARED / "conformance" / "suite"
EVERY = 40  # captures of the suite that are drawn from
FIRST = 60  # frames of each


@cache
def corpus() -> tuple[Frame, ...]:
    """Whole frames: all samples, and the beginning of some captures of the suite."""
    frames = [frame for name in sample_names() for frame in sample(name)]
    for path in sorted(SUITE.rglob("*.pcap*"))[::EVERY] if SUITE.exists() else []:
        frames += (read_pcap(path) or [])[:FIRST]
    return tuple(frame for frame in frames if frame.data)


def cut(frame: Frame, length: int) -> Frame:
    """The frame as a snaplen leaves it."""
    return Frame(frame.time, frame.data[:length], frame.original, frame.link)


def flipped(frame: Frame, bits: list[int]) -> Frame:
    """The frame with bits turned over."""
    data = bytearray(frame.data)
    for bit in bits:
        data[bit // 8 % len(data)] ^= 1 << bit % 8
    return Frame(frame.time, bytes(data), frame.original, frame.link)


def whole() -> st.SearchStrategy[Frame]:
    return st.integers(0, len(corpus()) - 1).map(lambda index: corpus()[index])


@st.composite
def damaged(draw: st.DrawFn) -> Frame:
    """A frame cut anywhere, with up to four bits flipped, mostly in its headers."""
    frame = draw(whole())
    bits = st.one_of(st.integers(0, 8 * 150), st.integers(0, 8 * len(frame.data)))
    frame = flipped(frame, draw(st.lists(bits, max_size=4)))
    if draw(st.booleans()):
        frame = cut(frame, draw(st.integers(1, len(frame.data))))
    return frame


# ----------------------------------------------------------------------------------------------------------- nestings

h = sample_module("headers")
# A plan's ports for all that `nested` makes.
EVERY_TUNNEL = DecapSettings(vxlan_gpe_ports=(4790,), gre_udp_ports=(4754,), max_depth=8)
MOST_FRAMES = 12
LINKS: dict[Link, Callable[[bytes], bytes]] = {
    "ip": lambda packet: packet,
    "null": lambda packet: bytes(h.null(packet, 2 if packet[0] >> 4 == 4 else 24)),
    "sll": h.sll,
    "sll2": h.sll2,
    "ppp": lambda packet: bytes(h.ppp(packet, 0x21 if packet[0] >> 4 == 4 else 0x57)),
    "chdlc": h.chdlc,
    "wifi": h.wifi,
    "radiotap": lambda packet: bytes(h.radiotap(h.wifi(packet, qos=True), fcs=True)),
}
# From frame to frame: tags, labels, and tunnels that carry Ethernet.
AROUND_FRAMES: list[Callable[[bytes], bytes]] = [
    lambda frame: bytes(h.vlan(frame, 7)),
    lambda frame: bytes(h.vlan(frame, 8, kind=0x88A8)),
    h.vntag,
    h.etag,
    h.backbone,
    h.dce,
    lambda frame: bytes(h.pseudowire(frame, 16)),
    lambda frame: bytes(h.eth(h.nsh(frame, 3), 0x894F)),
    lambda frame: bytes(h.datagram(h.vxlan(frame, 101), 4789)),
    lambda frame: bytes(h.datagram(h.vxlan(frame, 5), 4789, h.SRC6, h.DST6)),
    lambda frame: bytes(h.datagram(h.geneve(frame, h.BRIDGING), 6081)),
    lambda frame: bytes(h.datagram(h.vxlan(frame, 6, flags=0x0C, middle=3), 4790)),
    lambda frame: bytes(h.carried(h.gre(frame, h.BRIDGING, key=1, sequence=2, summed=True), 47)),
    lambda frame: bytes(h.carried(h.gre(frame, 0x88BE), 47)),
    lambda frame: bytes(h.carried(h.gre(h.erspan2(frame, 100), 0x88BE, sequence=1), 47, h.SRC6, h.DST6)),
    lambda frame: bytes(h.carried(h.gre(h.erspan3(frame, 200, platform=bytes(8)), 0x22EB, sequence=1), 47)),
]
# From packet to frame: what carries IP itself.
AROUND_PACKETS: list[Callable[[bytes], bytes]] = [
    lambda packet: bytes(h.carried(packet, 4 if packet[0] >> 4 == 4 else 41)),
    lambda packet: bytes(h.carried(packet, 4 if packet[0] >> 4 == 4 else 41, h.SRC6, h.DST6)),
    lambda packet: bytes(h.carried(h.gre(packet, h.version(packet)), 47)),
    lambda packet: bytes(h.carried(h.pptp(packet, 9, 1), 47)),
    lambda packet: bytes(h.datagram(h.gre(packet, h.version(packet), key=3), 4754)),
    lambda packet: bytes(h.datagram(h.geneve(packet, h.version(packet)), 6081)),
    lambda packet: bytes(h.datagram(h.teredo(packet, origin=True), 3544)),
    lambda packet: bytes(h.mpls(h.eth(packet, h.version(packet)), 16, 17)),
    lambda packet: bytes(h.pppoe(h.eth(packet, h.version(packet)))),
    lambda packet: bytes(h.eth(h.ip(h.ah(packet[20:], packet[9]), 51), h.IPV4)),
]


def _carries_ip(frame: bytes) -> bool:
    ethertype, packet = h.split(frame)
    return ethertype in (h.IPV4, h.IPV6) and packet[:1] != b""


def _pieces(frame: bytes, size: int, number: int) -> list[bytes]:
    """An IP frame in fragments, where it has no options or extensions."""
    ethertype, packet = h.split(frame)
    cutter = h.pieces if ethertype == h.IPV4 else h.pieces6
    return [bytes(h.eth(piece, ethertype)) for piece in cutter(packet, size, number)]


@st.composite
def nested(draw: st.DrawFn) -> list[Frame]:
    """One packet of a sample in any nesting of links, tunnels and fragments, in any order, each frame cut anywhere."""
    frames = [draw(whole().filter(lambda f: f.link == "ethernet" and 20 < len(f.data) < 300)).data]
    for number in range(draw(st.integers(0, 5))):
        step = draw(st.sampled_from([*AROUND_FRAMES, *AROUND_PACKETS, None, None]))
        if step in AROUND_FRAMES:
            frames = [step(frame) for frame in frames]  # type: ignore[misc]
        elif not all(map(_carries_ip, frames)):
            continue
        elif step is not None:
            frames = [step(h.split(frame)[1]) for frame in frames]
        else:
            size = draw(st.sampled_from([8, 24, 64, 200]))
            parts = [_pieces(frame, size, number * 100 + at) for at, frame in enumerate(frames)]
            if sum(map(len, parts)) <= MOST_FRAMES:
                frames = [part for group in parts for part in group]
    frames = draw(st.permutations(frames))
    link: Link = "ethernet"
    if all(map(_carries_ip, frames)) and draw(st.booleans()):
        link = draw(st.sampled_from(sorted(LINKS)))
        frames = [LINKS[link](h.split(frame)[1]) for frame in frames]
    made = [Frame(at, data, len(data), link) for at, data in enumerate(frames)]
    if draw(st.booleans()):
        made = [cut(frame, draw(st.integers(1, len(frame.data)))) for frame in made]
    return made
