"""The reference decoder, against bytes written out by hand, dpkt's own parsers and the sample captures."""

from __future__ import annotations

import re
import struct

import dpkt
import pytest

from tests.support import REPO, known_sessions, sample, sample_module, sample_names
from tmrx.plan import DecapSettings, Identity, IdentitySettings, Plan
from tmrx.reference import Frame, Packet, Reference, decode
from tmrx.reference.checksum import ones_sum
from tmrx.reference.options import tcp_options
from tmrx.reference.packet import AUTHENTICATION

malformed = sample_module("malformed")
arrivals = sample_module("malformed_arrivals")
# Fragments in their thousands and chunks in their dozens: core/src/restore and core/src/decode show them. Truncated
# packets are invalid in Suricata's mode alone: tests/unit/suricata shows them.
NOT_SHOWN = {
    "ipv4.fragment_ignored", "ipv6.fragment_ignored", "ipv4.truncated", "ipv6.truncated", "sctp.many_chunks",
    "sctp.many_data_chunks",
}  # fmt: skip
TRANSPORT = ("tcp", "udp", "icmp", "icmpv6")
# How far in a layer is; all others are transports or have none.
DEPTH = {"none": 0, **dict.fromkeys(("ethernet", "vlan", "link"), 1), **dict.fromkeys(("arp", "ipv4", "ipv6"), 2)}

# The first frame of a real AWS capture, as the specification's section 5 has it.
AWS = bytes.fromhex(
    "06e2439cff5e061d3c34d0770800" "4500007e00000000ff115086ac1f00eeac1f11bc" "ffa512b5006a0000" "0800000054fa1100"
    "02292374c77d028569c2ab020800" "4500004c09514000ff1119edac1f00ee4e2e5d27" "ecd7007b00380192"
)  # fmt: skip


def innermost(data: bytes, original: int | None = None, **settings: object) -> Packet:
    plan = Plan(identity=IdentitySettings(**settings)) if settings else Plan(identity=known_sessions())  # type: ignore[arg-type]
    return Reference(plan).decode(Frame(0, data, original or len(data))).packets[-1]


def test_the_specifications_frame() -> None:
    p = innermost(AWS, original=140)
    assert p.wrap is not None
    assert (p.wrap.vni, p.wrap.encapsulation, p.wrap.copy_length, p.wrap.carrier_length) == (5569041, "vxlan", 90, 126)
    assert p.wrap.outer_src[-4:] == bytes([172, 31, 0, 238])
    assert (p.layer, p.sport, p.dport, p.ttl, p.src[-4:]) == ("udp", 60631, 123, 255, bytes([172, 31, 0, 238]))
    assert (p.captured, p.original, p.truncated) == (42, 90, {"snaplen"})
    assert (p.l3_checksum, p.l4_checksum) == ("valid", "unverifiable")
    assert p.anomalies == {"mirror.unknown_identity"}


def test_rfc_1071_example() -> None:
    assert ones_sum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2


@pytest.mark.parametrize(
    ("options", "sound"),
    [
        ("", True),
        ("01010101", True),
        ("00ffffff", True),
        ("020405b4", True),
        ("02", False),
        ("0201", False),
        ("0205aabb", False),
    ],
)
def test_options(options: str, sound: bool) -> None:
    assert ("tcp.options" not in tcp_options(bytes.fromhex(options))) is sound


# ------------------------------------------------------------------------------------------------------- anomalies


def catalogue() -> list[str]:
    """The names in the core's table."""
    source = (REPO / "core/src/anomaly.rs").read_text()
    return re.findall(r'^    \w+ "([a-z0-9_.]+)" "', source, re.MULTILINE)


def test_every_anomaly_has_a_frame() -> None:
    assert sorted(malformed.FRAMES | arrivals.SHOWN) == sorted(set(catalogue()) - NOT_SHOWN)


@pytest.mark.parametrize("name", [*malformed.FRAMES, *arrivals.SHOWN])
def test_each_frame_shows_its_anomaly_and_no_other(name: str) -> None:
    shown = arrivals.SHOWN.get(name) or arrivals.one(malformed.FRAMES[name])
    reference = Reference(Plan(identity=known_sessions(), decap=DecapSettings(vxlan_gpe_ports=(4790,))))
    outcomes = [reference.decode(Frame(0, data, len(data), shown.link)) for data in shown.frames]
    assert set().union(*(outcome.packets[-1].anomalies for outcome in outcomes)) == {name}


def test_malformed_layers_are_told_as_far_as_they_go() -> None:
    p = innermost(malformed.FRAMES["tcp.header_length"])
    assert (p.layer, p.stop, p.sport, p.l4_checksum) == ("tcp", "malformed", 5000, "unverifiable")
    p = innermost(malformed.FRAMES["tcp.too_short"])
    assert (p.layer, p.stop, p.sport, p.l4_checksum) == ("ipv4", "malformed", 0, "absent")
    p = innermost(malformed.FRAMES["udp.length_too_short"])
    assert (p.stop, p.payload_original, p.payload_captured, p.l4_checksum) == ("complete", 2, 2, "valid")
    p = innermost(malformed.FRAMES["ipv4.total_length_zero"])
    assert (p.stop, p.length_source, p.l4_checksum) == ("complete", "frame", "valid")


# -------------------------------------------------------------------------------------------------------- verdicts


def verdicts(frame: bytes) -> tuple[str, str]:
    p = decode(frame, max(len(frame), len(UDP4)), "ethernet")
    return p.l3_checksum, p.l4_checksum


def with_field(frame: bytes, at: int, value: int) -> bytes:
    return frame[:at] + struct.pack(">H", value) + frame[at + 2 :]


UDP4 = malformed.eth(malformed.ip4(malformed.udp()))
UDP6 = malformed.eth6(malformed.ip6(malformed.udp(v6=True)))
PSEUDO4 = ones_sum(malformed.pseudo(17, 14))
PSEUDO6 = ones_sum(malformed.pseudo(17, 14, v6=True))


@pytest.mark.parametrize(
    ("frame", "verdict"),
    [
        (UDP4, ("valid", "valid")),
        (with_field(UDP4, 40, 0), ("valid", "absent")),
        (with_field(UDP4, 40, PSEUDO4), ("valid", "not_calculated")),
        (with_field(UDP4, 40, 0x1234), ("valid", "bad")),
        (UDP4[:-1], ("valid", "unverifiable")),
        (with_field(UDP4, 40, PSEUDO4)[:-1], ("valid", "not_calculated")),
        (with_field(UDP4, 24, 0), ("not_calculated", "valid")),
        (with_field(UDP4, 24, 1), ("bad", "valid")),
        (with_field(UDP4, 24, 1)[:-1], ("bad", "unverifiable")),
        (UDP4[:30], ("unverifiable", "absent")),
        (with_field(UDP4, 24, 0)[:30], ("not_calculated", "absent")),
        (UDP4[:41], ("valid", "unverifiable")),
        (UDP6, ("absent", "valid")),
        (with_field(UDP6, 60, 0), ("absent", "not_calculated")),
        (with_field(UDP6, 60, PSEUDO6), ("absent", "not_calculated")),
        (with_field(UDP6, 60, 0x1234), ("absent", "bad")),
    ],
)
def test_verdicts_in_the_specifications_order(frame: bytes, verdict: tuple[str, str]) -> None:
    assert verdicts(frame) == verdict


def test_fragments_have_no_verdict_that_needs_the_whole_datagram() -> None:
    first = malformed.eth(malformed.ip4(malformed.udp(length=999), flags_offset=0x2000))
    later = malformed.eth(malformed.ip4(b"more....", flags_offset=0x0001))
    p, q = decode(first, len(first), "ethernet"), decode(later, len(later), "ethernet")
    assert (p.stop, p.fragment, p.sport, p.l4_checksum, p.anomalies) == ("complete", True, 5000, "unverifiable", set())
    assert (q.stop, q.fragment, q.sport, q.l4_checksum, q.layer) == ("fragment", True, 0, "absent", "ipv4")
    assert (q.l4, q.payload, q.payload_original) == (34, 34, 8)


def test_the_pseudo_header_takes_the_final_destination() -> None:
    """RFC 8200, section 8.1; the header's own destination is another while segments are left."""
    hop = bytes.fromhex("20010db8000100000000000000000099")
    routing = bytes([17, 2, 2, 1]) + bytes(4) + malformed.DST6
    frame = malformed.eth6(malformed.ip6(routing + malformed.udp(v6=True), proto=43))
    frame = frame.replace(malformed.DST6, hop, 1)
    assert verdicts(frame) == ("absent", "valid")
    done = frame.replace(routing[:4], bytes([17, 2, 2, 0]))
    assert verdicts(done) == ("absent", "bad")


def test_the_pseudo_header_takes_the_home_address() -> None:
    """RFC 6275, section 6.3."""
    care_of = bytes.fromhex("20010db8000100000000000000000077")
    options = bytes([17, 2, 1, 2, 0, 0, 0xC9, 16]) + malformed.SRC6
    frame = malformed.eth6(malformed.ip6(options + malformed.udp(v6=True), proto=60))
    assert verdicts(frame.replace(malformed.SRC6, care_of, 1)) == ("absent", "valid")


# ---------------------------------------------------------------------------------------------------------- causes

BIG = malformed.eth(malformed.ip4(malformed.udp(bytes(3000))))


def cut(length: int, snaplen: int = 99_999, **limits: int) -> set[str]:
    frame = malformed.vxlan(BIG[:length])
    known = (Identity(vni=malformed.KNOWN_VNI, **limits),)
    return innermost(frame[:snaplen], original=len(frame), known=known).truncated


def test_causes() -> None:
    assert cut(len(BIG)) == set()
    assert cut(len(BIG), packet_length=len(BIG)) == set()
    assert cut(100) == {"unknown"}
    assert cut(100, packet_length=100) == {"packet_length"}
    assert cut(100, packet_length=101) == {"unknown"}
    assert cut(1464, target_mtu=1500) == {"mtu"}
    assert cut(1460, target_mtu=1500) == {"mtu"}
    assert cut(1464, target_mtu=1500, packet_length=1464) == {"mtu", "packet_length"}
    assert cut(len(BIG), snaplen=200) == {"snaplen"}
    assert cut(1464, snaplen=200, target_mtu=1500) == {"mtu", "snaplen"}
    assert cut(20) == {"unknown"}
    assert cut(20, packet_length=20) == {"packet_length"}
    assert cut(9, packet_length=9) == {"packet_length"}


@pytest.mark.parametrize("length", [20, 64, 128, 1500])
def test_truncated_samples_say_so(length: int) -> None:
    reference = Reference(Plan(identity=known_sessions()))
    for frame in sample(f"truncated-{length}"):
        p = reference.decode(frame).packets[-1]
        assert p.captured <= length
        assert p.truncated == ({"packet_length"} if p.original > length or p.stop == "truncated" else set())


def test_a_hosts_own_tunnel_that_the_mirror_cut() -> None:
    own = malformed.vxlan(malformed.PLAIN)
    frame = malformed.vxlan(own[:70], vni=7)
    p = innermost(frame, known=(Identity(vni=7, packet_length=70),))
    assert p.wrap is not None
    assert (p.wrap.vni, p.parent, p.truncated) == (7, 1, {"packet_length"})


# ------------------------------------------------------------------------------------------------ identity, domain


def test_identity_fits_best_first() -> None:
    mapped = bytes(10) + b"\xff\xff" + malformed.SRC4
    known = tuple(
        Identity(vni=101, session=session, outer_src=src, domain=domain)
        for session, src, domain in (("any", b"", 3), ("exact", mapped, 4))
    )
    p = innermost(malformed.vxlan(malformed.PLAIN), known=known)
    assert p.identity is not None
    assert (p.identity.session, p.domain) == ("exact", 4)


def test_unknown_identities() -> None:
    frame = Frame(0, malformed.FRAMES["mirror.unknown_identity"], 200)
    refused = Reference(Plan(identity=IdentitySettings(unknown="refuse"))).decode(frame)
    assert (refused.fate, refused.reason, refused.packets) == ("rejected", "unknown_identity", ())
    own = Reference(Plan(identity=IdentitySettings(unknown_domain="own")))
    first, again = own.decode(frame).packets[-1], own.decode(frame).packets[-1]
    assert first.domain == again.domain >= 0x8000_0000
    assert (first.anomalies, again.anomalies) == ({"mirror.unknown_identity"}, set())


def test_two_vpcs_are_two_domains() -> None:
    reference = Reference(Plan(identity=known_sessions()))
    packets = [reference.decode(frame).packets[-1] for frame in sample("two-vpcs")]
    assert {p.domain for p in packets} == {1, 2}
    assert len({(p.src, p.dst) for p in packets}) == 2


def test_geneve_in_front_of_vxlan_is_one_mirror() -> None:
    p = Reference(Plan()).decode(sample("geneve-vxlan-aws")[0]).packets[-1]
    assert p.wrap is not None
    assert (p.wrap.encapsulation, p.wrap.vni, p.wrap.endpoint) == ("geneve+vxlan", 101, 0x0123456789ABCDEF)
    assert (p.wrap.attachment, p.wrap.flow_cookie) == (0x0FEDCBA987654321, 0x5EED)
    assert (p.start, p.parent) == (118, 1)


def test_ports_are_the_plans() -> None:
    frame = Frame(0, malformed.outer(struct.pack(">II", 8 << 24, 5 << 8) + malformed.PLAIN, 8472), 200)
    assert Reference(Plan()).decode(frame).packets[-1].wrap is None
    plan = Plan(decap=DecapSettings(vxlan_ports=(8472,)))
    wrap = Reference(plan).decode(frame).packets[-1].wrap
    assert wrap is not None
    assert wrap.vni == 5


def test_every_excluded_frame_is_told() -> None:
    reference = Reference(Plan(identity=known_sessions()))
    for frame in sample("excluded"):
        assert reference.decode(frame).packets[-1].anomalies == {"mirror.excluded_traffic"}


# ------------------------------------------------------------------------------------------- second opinion, prefix


@pytest.mark.parametrize("name", [n for n in sample_names() if n not in ("malformed", "geneve")])
def test_dpkt_reads_the_same_in_whole_packets(name: str) -> None:
    reference = Reference(Plan())
    packets = [reference.decode(frame).packets[-1] for frame in sample(name)]
    for p in (p for p in packets if not p.truncated and not p.fragment and p.layer in TRANSPORT):
        if p.ip == 4 and p.data[p.offset("l3") + 9] == AUTHENTICATION:
            continue  # dpkt stops there
        ip = (dpkt.ip.IP if p.ip == 4 else dpkt.ip6.IP6)(p.data[p.offset("l3") : p.captured])
        assert ip.src == p.src[16 - len(ip.src) :]
        upper = ip.data
        assert p.bytes_of_payload() == bytes(upper)[len(bytes(upper)) - p.payload_original :]
        if p.layer in ("tcp", "udp"):
            assert (upper.sport, upper.dport) == (p.sport, p.dport)
        else:
            assert (upper.type, upper.code) == (p.sport, p.dport)


def shape(p: Packet) -> tuple[object, ...]:
    return p.vlans, p.ip, p.src, p.dst, p.ttl, p.sport, p.dport, p.seq


@pytest.mark.parametrize("name", sample_names())
def test_a_cut_frame_decodes_to_a_prefix(name: str) -> None:
    for frame in sample(name)[::9]:
        whole = decode(frame.data, frame.original, frame.link)
        for length in range(min(len(frame.data), 120)):
            part = decode(frame.data[:length], frame.original, frame.link)
            assert DEPTH.get(part.layer, 3) <= DEPTH.get(whole.layer, 3)
            assert part.anomalies <= whole.anomalies
            assert part.original >= part.captured
            for ours, theirs in zip(shape(part), shape(whole), strict=True):
                assert ours in (theirs, 0, bytes(16)) or ours == theirs[: len(ours)]  # type: ignore[index,arg-type]


def test_samples_are_what_make_py_makes() -> None:
    pytest.importorskip("scapy", reason="scapy makes the samples")
    make = sample_module("make")
    for name, build in make.SAMPLES.items():
        assert (make.HERE / f"{name}.pcap").read_bytes() == make.pcap(build(), make.LINKS.get(name, 1)), name
    assert sorted(make.SAMPLES) == sample_names()
