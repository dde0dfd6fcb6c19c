"""`-f`: libpcap compiles, and the core's interpreter agrees with libpcap's own."""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import struct
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.packets import UDP, ip, udp
from tests.support import known_sessions, sample
from tmrx import _core
from tmrx.errors import ConfigError, InputError, UsageError
from tmrx.filters import capture
from tmrx.filters.capture import compiled
from tmrx.plan import EVERYTHING, Outputs, Plan, Program

LIBPCAP = ctypes.util.find_library("pcap")
pytestmark = pytest.mark.skipif(LIBPCAP is None, reason="libpcap is not installed")

# Ethernet inside, and no fragments: these leave as they came.
NAMES = (
    "attack", "checksums", "excluded", "geneve-vxlan-aws", "icmp-arp", "identities", "ipv6-outer", "truncated-64",
    "truncated-1500", "truncated-otherwise", "two-sessions", "vlan", "vxlan-ipv4",
)  # fmt: skip
HEADER = struct.Struct("<IIII")
PLAN = Plan(identity=known_sessions(), outputs=Outputs(pcap=True))


class Header(ctypes.Structure):
    """`struct pcap_pkthdr`."""

    _fields_ = (("sec", ctypes.c_long), ("usec", ctypes.c_long), ("caplen", ctypes.c_uint32), ("len", ctypes.c_uint32))


def run(programs: tuple[Program, ...]) -> tuple[list[tuple[bytes, int]], dict[str, int]]:
    """The inner frames that are taken in, with their lengths; what became of all."""
    engine = _core.Engine(Plan(identity=PLAN.identity, outputs=PLAN.outputs, filter=programs).encode())
    data = b"".join(
        engine.push([(f.time, f.data, f.original) for f in sample(name)], "ethernet").pcap for name in NAMES
    )
    found, at = [], 24
    while at < len(data):
        _, _, captured, original = HEADER.unpack_from(data, at)
        found.append((data[at + 16 : at + 16 + captured], original))
        at += 16 + captured
    engine.finish()
    return found, json.loads(engine.stats())["frames"]


@cache
def everything() -> list[tuple[bytes, int]]:
    return run(())[0]


def by_libpcap(program: Program, frames: list[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
    """Those that libpcap's interpreter lets through; frames of raw IP, without addresses, are left out."""
    library = ctypes.CDLL(LIBPCAP)
    rows = (capture._Instruction * len(program.code))(*program.code)
    code = capture._Program(len(rows), rows)
    return [
        (data, original)
        for data, original in frames
        if library.pcap_offline_filter(ctypes.byref(code), ctypes.byref(Header(0, 0, len(data), original)), data)
    ]


def ethernet(frames: list[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
    """Without those whose link header is made up."""
    return [(data, original) for data, original in frames if data[:12] != bytes(12)]


NUMBERS = st.sampled_from([0, 1, 2, 6, 17, 40, 53, 64, 80, 443, 1000, 4789, 65535])
ADDRESSES = st.sampled_from(["10.0.1.10", "10.0.1.20", "203.0.113.66", "2001:db8::10", "172.31.0.238"])
FIELDS = st.sampled_from(
    ["ip[8]", "ip[2:2]", "tcp[13]", "udp[4:2]", "ether[0]", "ether[12:2]", "icmp[0]", "len", "ip[0] & 15"]
)
PRIMITIVES = st.one_of(
    st.sampled_from(["tcp", "udp", "icmp", "arp", "ip", "ip6", "vlan", "icmp6", "multicast", "ip broadcast", "not ip"]),
    st.builds("{} port {}".format, st.sampled_from(["tcp", "udp", "src", "dst", ""]), NUMBERS),
    st.builds("{} host {}".format, st.sampled_from(["src", "dst", ""]), ADDRESSES),
    st.builds("net 10.0.{}.0/24".format, st.integers(0, 3)),
    st.builds("portrange {}-65000".format, NUMBERS),
    st.builds("{} {}".format, st.sampled_from(["greater", "less", "ip proto", "vlan"]), NUMBERS),
    st.builds("{} {} {}".format, FIELDS, st.sampled_from(["=", "!=", "<", ">", ">="]), NUMBERS),
    st.builds(
        "({} {} {}) = {}".format,
        FIELDS,
        st.sampled_from(["&", "|", "^", "+", "-", "*", "<<", ">>", "/", "%"]),
        NUMBERS,
        NUMBERS,
    ),
    st.builds("{} / {} = 1".format, FIELDS, FIELDS),
)
EXPRESSIONS = st.recursive(
    PRIMITIVES,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=5,
)


@given(expression=EXPRESSIONS)
def test_the_core_agrees_with_libpcap(expression: str) -> None:
    try:
        programs = compiled(expression).programs
    except UsageError:
        assume(False)  # such as one that nothing can match, which libpcap refuses
    program = next((program for program in programs if program.link == "ethernet"), None)
    assume(program is not None)
    taken, fates = run(programs)
    assert ethernet(taken) == by_libpcap(program, ethernet(everything()))
    assert fates["decoded"] + sum(fates["rejected"].values()) == fates["received"]


def test_what_is_not_taken_in_leaves_nothing() -> None:
    plan = Plan(outputs=Outputs(eve=(EVERYTHING,), tables=("packets", "flows")), filter=compiled("udp port 1").programs)
    engine = _core.Engine(plan.encode())
    frames = [(f.time, f.data, f.original) for f in sample("vxlan-ipv4")]
    batch, end = engine.push(frames), engine.finish()
    stats = json.loads(engine.stats())
    assert stats["frames"]["rejected"] == {"filtered": len(frames)}
    assert (stats["packets"]["total"], stats["flows"]["total"], stats["sessions"]) == (0, 0, [])
    assert len(batch.table("packets")) == len(end.table("flows")) == 0


@pytest.mark.parametrize(("expression", "taken"), [("udp port 53", 1), ("tcp", 0), ("ether host 00:00:5e:00:53:01", 0)])
def test_raw_ip(expression: str, taken: int) -> None:
    frame = ip("10.0.0.1", "10.0.0.2", UDP, udp(5000, 53, b"?"))
    engine = _core.Engine(Plan(filter=compiled(expression).programs).encode())
    engine.push([(0, frame, len(frame))], "ip")
    assert json.loads(engine.stats())["frames"]["decoded"] == taken


def test_links_that_an_expression_can_not_be_asked_of() -> None:
    found = compiled("ether host 00:11:22:33:44:55")
    assert {program.link for program in found.programs} == {"ethernet", "wifi", "radiotap"}
    assert found.warning.startswith("-f: nothing matches in frames of link type raw IP, ")
    assert compiled("tcp port 80").warning == ""


@pytest.mark.parametrize(("expression", "why"), [("tpc", "syntax error"), ("vlan 5000", "maximum 4095")])
def test_libpcaps_own_words(expression: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as raised:
        compiled(expression)
    assert expression in str(raised.value)


def test_only_a_kernel_knows() -> None:
    assert {program.link for program in compiled("inbound").programs}.isdisjoint({"ethernet", "ip"})
    loads = Program(link="ethernet", code=((0x28, 0, 0, 0xFFFF_F004), (6, 0, 0, 1)))
    with pytest.raises(ConfigError, match="only a kernel"):
        _core.Engine(Plan(filter=(loads,)).encode())


def test_without_libpcap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda _name: None)
    capture._library.cache_clear()
    with pytest.raises(InputError, match="libpcap is not installed"):
        compiled("tcp")
    capture._library.cache_clear()
