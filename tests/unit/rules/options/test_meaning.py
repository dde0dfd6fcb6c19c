"""What options come to in the plan."""

from __future__ import annotations

import pytest

from tests.unit.rules.compiling import drafted
from tmrx import plan
from tmrx.plan import (
    Absent,
    Application,
    Asn1,
    Base64,
    Bsize,
    BufferTest,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Capture,
    ChecksumIs,
    Content,
    Digits,
    Entropy,
    Event,
    Field,
    FlowCheck,
    FlowElephant,
    FlowNumber,
    FragBits,
    Instances,
    IpOption,
    IsDataAt,
    Number,
    Pcre,
    Rpc,
    StreamSize,
    Tag,
    TcpSession,
    Transform,
    Variable,
    VlanId,
)
from tmrx.rules.buffers import buffer_tests
from tmrx.rules.diagnostics import Fault


def eq(value: int) -> Number:
    return Number(op="eq", a=value)


def a(**more: object) -> Content:
    return Content(pattern=b"a", **more)  # type: ignore[arg-type]


def on(buffer: str, *matches: plan.Match, transforms: tuple[Transform, ...] = ()) -> BufferTest:
    return BufferTest(buffer=buffer, transforms=transforms, matches=matches)


LOWER, MD5 = Transform(name="to_lowercase"), Transform(name="to_md5")
FLOW_X, ALERT_Z = Capture(kind="flow", name="x"), Capture(kind="alert", name="z")
HERE = Number(op="gt", a=1)

BUFFERS = {
    # contents
    'content:"a"; nocase; offset:1; depth:2;': [on("payload", a(nocase=True, offset=1, depth=2))],
    'content:!"a"; content:"a"; distance:-1; within:3;': [
        on("payload", a(negated=True), a(relative=True, distance=-1, within=3))
    ],
    'content:"a|42 43|\\;"; fast_pattern:0,2;': [
        on("payload", Content(pattern=b"aBC;", fast_pattern=True, chop=(0, 2)))
    ],
    'content:"a"; startswith; endswith; rawbytes; replace:"b";': [on("payload", a(startswith=True, endswith=True))],
    # buffers
    'http.uri; content:"a"; http.host; content:"a"; http.uri; content:"b";': [
        on("http.uri", a(), Content(pattern=b"b")), on("http.host", a()),
    ],
    'dns.query; content:"a"; dns.query; content:"a";': [on("dns.query", a()), on("dns.query", a())],
    'content:"a"; http.uri; content:"a"; pkt_data; content:"a";': [on("payload", a(), a()), on("http.uri", a())],
    'file_data; content:"a";': [on("file.data", a())],
    'frame:tls.pdu; content:"a";': [on("frame.tls.pdu", a())],
    # the old modifiers
    'content:"a"; http_uri; nocase; content:"a"; http_raw_uri; content:"a";': [
        on("payload", a()), on("http.uri", a(nocase=True)), on("http.uri.raw", a()),
    ],
    'uricontent:"a"; isdataat:!1,relative; pcre:"/a/PR";': [
        on("http.uri", a(), IsDataAt(at=1, negated=True, relative=True)),
        on("http.request_body", Pcre(pattern=b"a", relative=True)),
    ],
    'http.uri; content:"a"; pcre:"/a/Ui";': [on("http.uri", a(), Pcre(pattern=b"a", flags="i"))],
    "urilen:>1,raw;": [on("http.uri.raw", Bsize(number=HERE))],
    "l3_proto:ip6;": [on("ipv6.hdr", IsDataAt(at=0))],
    # transforms
    'http.uri; to_lowercase; to_md5; content:"a";': [on("http.uri", a(), transforms=(LOWER, MD5))],
    'http.uri; content:"a"; to_md5; content:"a";': [on("http.uri", a()), on("http.uri", a(), transforms=(MD5,))],
    'http.uri; xor:"0aff"; content:"a";': [
        on("http.uri", a(), transforms=(Transform(name="xor", text=b"\x0a\xff"),))
    ],
    'http.uri; xor:offset 7,extract 1 6; content:"a";': [
        on("http.uri", a(), transforms=(Transform(name="xor", numbers=(7, 1, 6)),))
    ],
    'http.uri; subslice:1,-3,truncate; content:"a";': [
        on("http.uri", a(), transforms=(Transform(name="subslice", numbers=(1, -3, 1)),))
    ],
    'http.uri; from_base64:offset 6, mode strict; content:"a";': [
        on("http.uri", a(), transforms=(Transform(name="from_base64", text=b"strict", numbers=(None, 6)),))
    ],
    'http.uri; gunzip; zlib_deflate: max-size 8; content:"a";': [
        on("http.uri", a(), transforms=(Transform(name="gunzip", numbers=(1024,)),
                                          Transform(name="zlib_deflate", numbers=(8,))))
    ],
    'http.uri; pcrexform:"a(b)"; content:"a";': [
        on("http.uri", a(), transforms=(Transform(name="pcrexform", text=b"a(b)"),))
    ],
    # a buffer as a whole
    "http.uri; bsize:>1;": [on("http.uri", Bsize(number=HERE))],
    'http.uri; absent: or_else; content:"a";': [on("http.uri", Absent(or_else=True), a())],
    "http.uri.raw; entropy:offset 2, value !4-5;": [
        on("http.uri.raw", Entropy(op="outside", a=4, b=5, offset=2, name="http_raw_uri"))
    ],
    "entropy:value >= 7.5, bytes 9;": [on("payload", Entropy(op="ge", a=7.5, bytes=9, name="content"))],
    # numbers in the bytes
    "byte_test:2,!&,0x10,-2,relative,little;": [
        on("payload", ByteTest(bytes=2, op="and", negated=True, value=16, offset=-2, relative=True,
                                 digits=Digits(little=True)))
    ],
    "byte_test:0,<=,5,1,string,hex,bitmask 0f0;": [
        on("payload", ByteTest(bytes=0, op="le", value=5, offset=1, digits=Digits(text=True, base=16), mask=0xF0))
    ],
    "byte_jump:1,10,from_end,post_offset -3,multiplier 2,align;": [
        on("payload", ByteJump(bytes=1, offset=10, base="end", post_offset=-3, multiplier=2, align=True))
    ],
    'byte_extract:1,11,v; content:"a"; offset:v; depth:v; byte_test:v,=,v,v; isdataat:v; byte_jump:v,v;': [
        on(
            "payload",
            ByteExtract(bytes=1, offset=11, var=0),
            a(offset=Variable(var=0), depth=Variable(var=0)),
            ByteTest(bytes=Variable(var=0), op="eq", value=Variable(var=0), offset=Variable(var=0)),
            IsDataAt(at=Variable(var=0)),
            ByteJump(bytes=Variable(var=0), offset=Variable(var=0)),
        )
    ],
    'byte_extract:2,0,v,big; byte_math:bytes 1,offset 1,oper <<,rvalue v,result r; http.uri; content:"a"; depth:r;': [
        on(
            "payload",
            ByteExtract(bytes=2, var=0),
            ByteMath(bytes=1, offset=1, oper="shl", operand=Variable(var=0), var=1),
        ),
        on("http.uri", a(depth=Variable(var=1))),
    ],
    # base64
    'base64_decode:bytes 4,relative; base64_data; content:"a"; pkt_data; content:"a";': [
        on("payload", Base64(bytes=4, relative=True, matches=(a(),)), a())
    ],
    "base64_decode;": [on("payload", Base64())],
    'content:"a"; asn1:double_overflow, oversize_length 9, relative_offset -1;': [
        on("payload", a(), Asn1(double_overflow=True, oversize_length=9, offset=-1, relative=True))
    ],
    "asn1: bitstring_overflow, absolute_offset 4;": [on("payload", Asn1(bitstring_overflow=True, offset=4))],
    # pcre
    'pcre:"!/a(b)/RixsmO,flow:x"; pcre:"/(?:.)[(](?P<pkt_y>.)/";': [
        on(
            "payload",
            Pcre(pattern=b"a(b)", negated=True, flags="imsxO", relative=True, captures=(FLOW_X,)),
            Pcre(pattern=b"(?:.)[(](?P<pkt_y>.)", captures=(Capture(kind="packet", name="y"),)),
        )
    ],
    'pcre:"/(a)(?<alert_z>b)(?<c>d)/";': [
        on("payload", Pcre(pattern=b"(a)(?<alert_z>b)(?<c>d)", captures=(None, ALERT_Z)))
    ],
    'pcre:"/(a)(b)/, pkt:key, pkt:value, alert:z";': [
        on("payload", Pcre(pattern=b"(a)(b)", captures=(
            Capture(kind="packet_key", name="key"), Capture(kind="packet", name="value"), ALERT_Z
        )))
    ],
}  # fmt: skip

CHECKS: dict[str, plan.Check] = {
    "tos:!x10;": Field(field="tos", number=Number(op="ne", a=16)),
    "id:5;": Field(field="ip_id", number=eq(5)),
    "ip_proto:!udp;": Field(field="ip_proto", number=Number(op="ne", a=17)),
    "icmp_seq:1<>4;": Field(field="icmp_seq", number=Number(op="between", a=1, b=4)),
    "tcp.window:&0xff!=3;": Field(field="tcp_window", number=Number(op="mask_ne", a=255, b=3)),
    "sctp.chunk_type:init_ack;": Field(field="sctp_chunk_type", number=eq(2)),
    "app-layer-protocol:dns,to_client;": Application(names=("dns", "doh2"), of="to_client"),
    "app-layer-protocol:!dns|tls,exact;": Application(names=("dns", "tls"), negated=True),
    "vlan.id:>1;": VlanId(number=HERE, instances=Instances(which="any")),
    "vlan.id:>1,nb >1;": VlanId(number=HERE, instances=Instances(which="some", number=HERE)),
    "vlan.id:>1,-2;": VlanId(number=HERE, instances=Instances(which="at", index=-2)),
    "vlan.id:>1,oob_or 1;": VlanId(number=HERE, instances=Instances(which="at_or", index=1)),
    "vlan.id:count >1;": VlanId(number=HERE, instances=Instances(which="count")),
    "fragbits:MD+;": FragBits(op="all", bits=3),
    "ipopts:lsrre;": IpOption(option=131),
    "ipopts:any;": IpOption(option=None),
    "udpv6-csum:invalid;": ChecksumIs(layer="udpv6", valid=False),
    "rpc:100000,*,4;": Rpc(program=100000, procedure=4),
    "decode-event:ipv4.trunc_pkt;": Event(name="decoder.ipv4.trunc_pkt"),
    "engine-event:stream.pkt_invalid_ack;": Event(name="stream.pkt_invalid_ack"),
    "stream-event:est_synack_resend_with_different_ack;": Event(name="stream.est_synack_resend_with_diff_ack"),
    "stream_size: client, >, 1;": StreamSize(side="client", number=HERE),
    "tcp.session:setup,closing;": TcpSession(states=5),
    "flow.age:>1;": FlowNumber(what="age", number=HERE),
    "flow.pkts:either,>1;": FlowNumber(what="packets", side="either", number=HERE),
    "flow.bytes_toclient:>1;": FlowNumber(what="bytes", side="to_client", number=HERE),
    "flow.elephant:toserver;": FlowElephant(side="to_server"),
}
EFFECTS: dict[str, plan.Effect] = {
    "tag:session;": Tag(scope="session"),
    "tag: host, 60, seconds, src;": Tag(scope="host", count=60, unit="seconds", side="src"),
    "bypass;": plan.Bypass(),
    "config:tracking disable, type flow, scope packet;": plan.Untrack(),
    "config:logging disable, type tx, scope tx;": plan.Unlog(of="transaction"),
    "config: logging disable,type flow,scope flow;": plan.Unlog(of="flow"),
}


@pytest.mark.parametrize(("options", "expected"), BUFFERS.items(), ids=str)
def test_buffers(options: str, expected: list[BufferTest]) -> None:
    assert list(buffer_tests(drafted(options))) == expected


@pytest.mark.parametrize(("options", "expected"), CHECKS.items(), ids=str)
def test_checks(options: str, expected: plan.Check) -> None:
    assert drafted(options).checks == [expected]


@pytest.mark.parametrize(("options", "expected"), EFFECTS.items(), ids=str)
def test_effects(options: str, expected: plan.Effect) -> None:
    assert drafted(options).effects == [expected]


def test_flow() -> None:
    assert drafted("flow:from_server, established,no_stream,only_frag;").flow == FlowCheck(
        direction="to_client", state="established", no_stream=True, fragments="only"
    )


def test_what_options_need() -> None:
    draft = drafted('http.uri; content:"a"; file.data: to_client; content:"a"; byte_test:1,=,1,0,dce; filestore;')
    assert [(need.what, bool(need.protocols & {"http", "files"}), need.direction) for need in draft.needs] == [
        ("http.uri", True, "ts"),
        ("file.data", True, "tc"),
        ("dce of byte_test", False, "both"),
        ("filestore", True, "both"),
    ]
    assert draft.missing == []


def test_what_needs_a_packet() -> None:
    assert drafted('ip.src; bsize:4; content:"a";').packet_keyword == ""
    assert drafted("flow.age:1; ttl:5; dsize:1;").packet_keyword == "ttl"
    assert drafted("tcp.hdr; bsize:20;").packet_keyword == "tcp.hdr"


def test_hex_is_folded_as_the_buffer_has_it() -> None:
    (serial,) = buffer_tests(drafted('tls.cert_serial; content:"0a:bb";'))
    assert serial.matches == (Content(pattern=b"0A:BB"),)
    (ja3,) = buffer_tests(drafted(f'ja3.hash; content:"{"AB" * 16}";'))
    assert ja3.matches == (Content(pattern=b"ab" * 16),)


def test_a_rule_has_so_many_variables() -> None:
    many = "".join(f"byte_extract:1,0,v{number};" for number in range(256))
    assert len(drafted(many + "byte_extract:1,0,v7;").variables) == 256
    with pytest.raises(Fault, match="more than 256 variables"):
        drafted(many + "byte_extract:1,0,v256;")
