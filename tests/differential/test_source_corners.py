"""Corners of the source path, swept: every length that a copy may be cut to, the edges of an IP packet, odd frames."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import msgspec
import pytest

from tests.differential.test_source_agrees import disagreements
from tests.packets import (
    ARP,
    DESTINATION,
    HOP_BY_HOP,
    ICMP,
    ICMPV6,
    ROUTING,
    TCP,
    UDP,
    arp,
    ethernet,
    icmp,
    ip,
    tcp,
    udp,
    vxlan,
)  # fmt: skip
from tests.property.mirrors import packed
from tmrx import plan
from tmrx.reference import Frame, Link
from tmrx.reference.mirror import Mirror, Outcome

OWN, PEER = bytes.fromhex("020000000110"), bytes.fromhex("020000000120")
OWN4, PEER4, OWN6, PEER6 = "10.0.0.10", "203.0.113.5", "2001:db8:1::10", "2001:db8:2::20"
RESOLVER, TIME, METADATA = "10.0.0.2", "169.254.169.123", "169.254.169.254"
ALL = (plan.FilterRule(id="tmfr-all", accept=True, match=plan.PacketMatch()),)
SOURCE = plan.MirrorSource(
    interface="eni-1", mac=OWN, addresses=(packed(OWN4), packed(OWN6)), resolvers=(packed(RESOLVER),), sessions=(0,)
)
COPIES = {
    "vxlan over IPv4": plan.Copies(vni=101, src=packed(OWN4), dst=(packed("10.0.9.9"),)),
    "vxlan over IPv6": plan.Copies(vni=101, src=packed(OWN6), dst=(packed("2001:db8::9"),)),
}
COPIES |= {
    f"geneve over {version}, {name}": msgspec.structs.replace(
        copies, gateway=plan.Gateway(src=packed(node), dst=(packed(to),), endpoint=2**64 - 2, attachment=7)
    )
    for name, copies in COPIES.items()
    for version, node, to in (("IPv4", "10.0.8.1", "10.0.8.2"), ("IPv6", "2001:db8:8::1", "2001:db8:8::2"))
}
PLAIN = COPIES["vxlan over IPv4"]


def mirror(copies: plan.Copies = PLAIN, source: plan.MirrorSource = SOURCE, **settings: object) -> plan.MirrorPlan:
    """A mirror of one source that takes everything."""
    session = plan.SourceSession(id="tms-1", filter=0, copies=copies)
    known = plan.MirrorFilter(ingress=ALL, egress=ALL, amazon_dns=True)
    sessions = (session,) if source.sessions else ()
    one = plan.MirrorPlan(sources=(source,), sessions=sessions, filters=(known,))
    return msgspec.structs.replace(one, **settings)


def framed(data: bytes, link: Link = "ethernet", original: int = 0) -> Frame:
    return Frame(1, data, max(original, len(data)), link)


def outgoing(packet: bytes) -> Frame:
    return framed(ethernet(OWN, PEER, packet))


def incoming(packet: bytes) -> Frame:
    return framed(ethernet(PEER, OWN, packet))


def outcomes(plan_: plan.MirrorPlan, packets: list[Frame]) -> list[Outcome]:
    """The reference's, after a check that the core's are the same."""
    assert disagreements(plan_, packets) == []
    reference = Mirror(plan_)
    return [outcome for packet in packets for outcome in reference.decide(packet)]


HOP = (HOP_BY_HOP, b"\0\x01\x04\0\0\0\0")
HOME = (DESTINATION, bytes([2, 1, 2, 0, 0, 0xC9, 16]) + ip_address(PEER6).packed)
ROUTED = (ROUTING, bytes([2, 2, 1, 0, 0, 0, 0]) + ip_address(PEER6).packed)
DATA = b"sixteen bytes..."
CUT = {
    "TCP": ip(OWN4, PEER4, TCP, tcp(40_000, 443, DATA)),
    "TCP, IPv4 options": ip(OWN4, PEER4, TCP, tcp(40_000, 443, DATA), options=b"\x01" * 40),
    "UDP": ip(OWN4, PEER4, UDP, udp(40_000, 5001, DATA)),
    "UDP without a checksum": ip(OWN4, PEER4, UDP, udp(40_000, 5001, DATA), checksum=False),
    "UDP longer than IP says": ip(OWN4, PEER4, UDP, udp(40_000, 5001, DATA)[:-4]),
    "ICMP": ip(OWN4, PEER4, ICMP, icmp(8, payload=DATA)),
    "ICMPv6 over IPv4": ip(OWN4, PEER4, ICMPV6, icmp(128, payload=DATA)),
    "GRE": ip(OWN4, PEER4, 47, DATA * 3),
    "first fragment": ip(OWN4, PEER4, TCP, tcp(40_000, 443, DATA), fragment=(0, True)),
    "later fragment": ip(OWN4, PEER4, TCP, DATA * 2, fragment=(5, False)),
    "TCP over IPv6": ip(OWN6, PEER6, TCP, tcp(40_000, 443, DATA)),
    "UDP over IPv6": ip(OWN6, PEER6, UDP, udp(40_000, 5001, DATA)),
    "ICMPv6": ip(OWN6, PEER6, ICMPV6, icmp(135, payload=DATA)),
    "extension headers": ip(OWN6, PEER6, TCP, tcp(40_000, 443, DATA), extensions=(HOP, HOME, ROUTED)),
    "IPv6 first fragment": ip(OWN6, PEER6, UDP, udp(40_000, 5001, DATA), fragment=(0, True)),
    "IPv6 atomic fragment": ip(OWN6, PEER6, UDP, udp(40_000, 5001, DATA), fragment=(0, False)),
    "IPv6 later fragment": ip(OWN6, PEER6, UDP, DATA * 2, fragment=(5, False)),
    "total length 0": ip(OWN4, PEER4, TCP, tcp(40_000, 443, DATA))[:2] + b"\0\0"
    + ip(OWN4, PEER4, TCP, tcp(40_000, 443, DATA))[4:],
}  # fmt: skip


def forms(packet: bytes) -> Iterator[Frame]:
    """Out and in, padded, tagged, without a link header, cut by a snaplen."""
    yield outgoing(packet)
    yield incoming(packet)
    yield framed(ethernet(OWN, PEER, packet) + bytes(9))
    yield framed(ethernet(OWN, PEER, packet, tags=(5,)))
    yield framed(packet, "ip")
    yield framed(ethernet(OWN, PEER, packet)[:60], original=14 + len(packet))


@pytest.mark.parametrize("action", ["pseudo", "zero", "kept"])
@pytest.mark.parametrize("name", CUT)
def test_cut_to_every_length(name: str, action: str) -> None:
    packets = list(forms(CUT[name]))
    for length in range(1, len(CUT[name]) + 40):
        cause = {"mtu": length} if length % 3 == 0 else {"packet_length": length}
        copies = msgspec.structs.replace(PLAIN, **cause)
        assert disagreements(mirror(copies, truncated_checksum=action), packets) == [], length


def test_without_offload_checksums_stay() -> None:
    source = msgspec.structs.replace(SOURCE, offload=False)
    copies = msgspec.structs.replace(PLAIN, packet_length=60)
    (outcome,) = outcomes(mirror(copies, source), [outgoing(CUT["TCP"])])
    assert (outcome.checksum, outcome.cut_by) == ("kept", ("packet_length",))
    (outcome,) = outcomes(mirror(copies), [outgoing(CUT["TCP"])])
    assert outcome.checksum == "pseudo"


@pytest.mark.parametrize("name", COPIES)
def test_the_largest_copy(name: str) -> None:
    packets = [
        framed(ethernet(OWN, PEER, bytes([0x45]) + bytes(size), 0x88B5)) for size in range(65_535 - 180, 65_535 - 20)
    ]
    sent = outcomes(mirror(COPIES[name]), packets)
    edge = [outcome.fate for outcome in sent].index("skipped")
    around = (36 if "vxlan over IPv4" in name else 56) + (68 if "geneve" in name else 0)
    # IPv6's length leaves its own header out.
    outermost = 40 if name == "vxlan over IPv6" or "geneve over IPv6" in name else 0
    around += (20 if "geneve over IPv6" in name else 0) - outermost
    assert (sent[edge - 1].fate, sent[edge - 1].sent) == ("mirrored", 65_535 - around)
    assert {(outcome.fate, outcome.reason) for outcome in sent[edge:]} == {("skipped", "too_large")}


@pytest.mark.parametrize("everything", [False, True])
def test_frames_cut_in_the_link_header(everything: bool) -> None:
    frame = outgoing(CUT["TCP"])
    packets = [Frame(1, frame.data[:size], len(frame.data), "ethernet") for size in range(20)]
    packets += [Frame(1, CUT["TCP"][:size], len(CUT["TCP"]), "ip") for size in range(40)]
    outcomes(mirror(everything=everything), packets)


def test_two_services_in_one_packet() -> None:
    both = [
        incoming(ip(src, dst, UDP, udp(123, 123)))
        for src in (TIME, METADATA, "169.254.169.250")
        for dst in (TIME, METADATA, "169.254.169.250")
    ]
    for setting in ("amazon", "all", "none"):
        reasons = [outcome.reason for outcome in outcomes(mirror(exclude_ntp=setting), both)]
        assert reasons[1] == "instance_metadata", setting
        assert reasons[0] == ("rule" if setting == "none" else "ntp")


def test_padding_is_no_copy() -> None:
    header = vxlan(101, b"")
    bare = ip(OWN4, "10.0.9.9", UDP, udp(65_410, 4789))
    copy = ip(OWN4, "10.0.9.9", UDP, udp(65_410, 4789, header))
    packets = [framed(ethernet(OWN, PEER, bare) + header), outgoing(copy), incoming(copy)]
    packets += [outgoing(ip(PEER4, OWN4, UDP, udp(65_410, 4789, header)))]
    packets += [outgoing(ip(OWN4, "10.0.9.9", UDP, udp(65_410, 4789, vxlan(102, b""))))]
    reasons = [outcome.reason for outcome in outcomes(mirror(), packets)]
    assert reasons == ["rule", "mirrored_copy", "mirrored_copy", "rule", "rule"]


def test_an_arp_message_however_cut_or_tagged() -> None:
    frame = ethernet(OWN, PEER, arp(OWN4, PEER4), ARP)
    tagged = ethernet(OWN, PEER, arp(OWN4, PEER4), ARP, tags=(5, 6))
    packets = [Frame(1, frame[:size], len(frame), "ethernet") for size in range(12, len(frame) + 1)]
    packets += [framed(tagged), framed(ethernet(OWN, PEER, arp(OWN4, PEER4), ARP, tags=(5, 6, 7, 8)))]
    reasons = [outcome.reason for outcome in outcomes(mirror(), packets)]
    assert reasons == ["rule"] * 2 + ["arp"] * (len(reasons) - 3) + ["rule"]


def test_both_ends_at_one_source() -> None:
    """A packet to itself has one outcome, egress; one between two sources has two, egress first."""
    two = msgspec.structs.replace(SOURCE, interface="eni-2", mac=PEER, addresses=(packed(PEER4),))
    both = msgspec.structs.replace(mirror(), sources=(two, SOURCE))
    packets = [framed(ethernet(OWN, OWN, CUT["TCP"])), outgoing(CUT["TCP"]), framed(CUT["TCP"], "ip")]
    seen = [(outcome.packet, outcome.source, outcome.direction) for outcome in outcomes(both, packets)]
    assert seen == [
        (1, "eni-1", "egress"),
        *((packet, *end) for packet in (2, 3) for end in (("eni-1", "egress"), ("eni-2", "ingress"))),
    ]


def test_without_a_mac_address_the_packets_tell() -> None:
    bare = msgspec.structs.replace(SOURCE, mac=b"")
    packets = [outgoing(CUT["TCP"]), framed(CUT["TCP"], "ip"), framed(ethernet(PEER, PEER, CUT["TCP"]))]
    packets += [framed(ethernet(OWN, PEER, arp(OWN4, PEER4), ARP))]
    packets += [framed(ethernet(OWN, PEER, b"", 0x88B5))]
    directions = [outcome.direction for outcome in outcomes(mirror(source=bare), packets)]
    assert directions == ["egress", "egress", "egress", None, None]


def pair(proto: int, src: str, dst: str, sport: int, dport: int) -> list[Frame]:
    """A packet and its answer."""
    make = tcp if proto == TCP else udp
    return [outgoing(ip(src, dst, proto, make(sport, dport))), incoming(ip(dst, src, proto, make(dport, sport)))]


def test_ports_and_receivers_are_the_same_both_ways() -> None:
    """`disagreements` compares what the two directions were given."""
    packets = [
        frame
        for port in range(40_000, 40_100)
        for proto, src, dst in ((TCP, OWN4, PEER4), (UDP, OWN6, PEER6))
        for frame in pair(proto, src, dst, port, 443)
    ]
    packets += [outgoing(ip(OWN4, PEER4, ICMP, icmp(8))), incoming(ip(PEER4, OWN4, ICMP, icmp(0)))]
    packets += [outgoing(CUT["first fragment"]), outgoing(CUT["later fragment"]), outgoing(CUT["GRE"])]
    packets += pair(UDP, OWN4, RESOLVER, 40_000, 53)
    for name, copies in COPIES.items():
        many = (copies.dst[0], *(address[:15] + b"\x77" for address in copies.dst))
        behind = copies.gateway and msgspec.structs.replace(copies.gateway, dst=(*copies.gateway.dst, many[1]))
        if behind is not None and behind.dst[0][:12] != many[1][:12]:
            behind = copies.gateway
        balanced = msgspec.structs.replace(copies, dst=many, gateway=behind)
        for first_port in (65_408, 49_152):
            assert disagreements(mirror(balanced, first_port=first_port), packets) == [], name


def test_security_groups_know_flows_and_acls_do_not() -> None:
    https = plan.PacketMatch(protocol=TCP, dports=(443, 443))
    guard = plan.Firewall(
        ingress=(),
        egress=(https,),
        acl=(plan.FilterRule(id="", accept=False, match=plan.PacketMatch(protocol=TCP, sports=(8443, 8443))), *ALL),
        subnet=((packed("10.0.0.0"), packed("10.0.0.255")),),
    )
    guarded = msgspec.structs.replace(SOURCE, firewall=0)
    asked, answered = pair(TCP, OWN4, PEER4, 40_000, 443)
    packets = [answered, asked, answered, *pair(TCP, OWN4, PEER4, 40_000, 80)]
    packets += [pair(TCP, OWN4, "203.0.113.6", 443, 8443)[1], pair(TCP, OWN4, "10.0.0.77", 40_001, 8443)[1]]
    packets += [outgoing(CUT["first fragment"]), outgoing(CUT["later fragment"]), *pair(UDP, OWN4, RESOLVER, 4000, 53)]
    packets += [outgoing(ethernet(OWN, PEER, b"", 0x88B5))]
    reasons = [outcome.reason for outcome in outcomes(mirror(source=guarded, firewalls=(guard,)), packets)]
    assert reasons == [
        "security_group", "rule", "rule", "security_group", "security_group", "network_acl", "security_group",
        "rule", "rule", "amazon_dns", "amazon_dns", "rule",
    ]  # fmt: skip


def test_a_whole_copy_keeps_its_checksums_whatever_length_its_header_claims() -> None:
    segment = tcp(40_000, 443, b"twelve bytes")
    for packet, length in ((ip(OWN4, PEER4, TCP, segment), 2), (ip(OWN6, PEER6, TCP, segment), 4)):
        claims_more = packet[:length] + b"\x10\0" + packet[length + 2 :]
        limits = msgspec.structs.replace(PLAIN, packet_length=200)
        (whole,) = outcomes(mirror(limits), [outgoing(claims_more)])
        assert (whole.cut, whole.checksum) == (0, "kept")
