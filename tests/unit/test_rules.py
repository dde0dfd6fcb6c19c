"""The rule language as a table: what each rule compiles to, or exactly what is said against it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tmrx import plan
from tmrx.plan import Content, Number
from tmrx.rules import Diagnostic, RuleSet, Settings, Variables, load, pcre

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = Path(os.environ.get("TMRX_SHARED", ROOT.parent / "shared"))
ET_OPEN = SHARED / "rulesets" / "et-open"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def rules(tmp_path: Path):
    """Load a text as a rule file."""

    def load_text(text: str, **settings: object) -> RuleSet:
        file = tmp_path / "t.rules"
        file.write_text(text, newline="")
        return load([file], Settings(**settings))  # type: ignore[arg-type]

    return load_text


def one(found: RuleSet) -> plan.Rule:
    assert found.diagnostics == ()
    (rule,) = found.rules
    return rule.compiled


def said(found: RuleSet) -> Diagnostic:
    assert found.rules == ()
    (diagnostic,) = found.diagnostics
    return diagnostic


def tcp(options: str) -> str:
    return f"alert tcp any any -> any any ({options} sid:1;)"


# --- what options compile to

PAYLOADS = {
    'content:"abc";': [Content(pattern=b"abc")],
    'content:!"abc";': [Content(pattern=b"abc", negated=True)],
    'content: ! "abc";': [Content(pattern=b"abc", negated=True)],
    r'content:"a\"b\\c\;d\:e";': [Content(pattern=b'a"b\\c;d:e')],
    'content:"|41 42,43|d|0a|";': [Content(pattern=b"ABCd\n")],
    'content:"|4142|";': [Content(pattern=b"AB")],
    'content:"a b ";': [Content(pattern=b"a b ")],
    'content:"é";': [Content(pattern="é".encode())],
    'content:"a"; nocase;': [Content(pattern=b"a", nocase=True)],
    'content:"ab"; offset:3; depth:2;': [Content(pattern=b"ab", offset=3, depth=2)],
    'content:"a"; content:"b"; distance:-6; within:10;': [
        Content(pattern=b"a"),
        Content(pattern=b"b", relative=True, distance=-6, within=10),
    ],
    'content:"b"; within:2;': [Content(pattern=b"b", relative=True, within=2)],
    'content:"abc"; startswith; endswith;': [Content(pattern=b"abc", startswith=True, endswith=True)],
    'content:"abc"; endswith; depth:9;': [Content(pattern=b"abc", endswith=True, depth=9)],
    'content:"abc"; rawbytes; fast_pattern;': [Content(pattern=b"abc", fast_pattern=True)],
    'content:"abc"; fast_pattern:only;': [Content(pattern=b"abc", fast_pattern=True)],
    'content:"abc"; fast_pattern:1,2;': [Content(pattern=b"abc", fast_pattern=True, chop=(1, 2))],
    'content:!"abc"; fast_pattern;': [Content(pattern=b"abc", negated=True, fast_pattern=True)],
    'content:"a"; pcre:"/x/"; nocase;': [Content(pattern=b"a", nocase=True), plan.Pcre(pattern=b"x")],
    'CONTENT:"a"; NoCase;': [Content(pattern=b"a", nocase=True)],
    'pcre:"/a/b/Rsi";': [plan.Pcre(pattern=b"a/b", flags="is", relative=True)],
    'pcre:"!/a/B";': [plan.Pcre(pattern=b"a", negated=True)],
    'pcre:!"/a/";': [plan.Pcre(pattern=b"a", negated=True)],
    r'pcre:"/^\"\;\/$/AEGOxm";': [plan.Pcre(pattern=rb"^\"\;\/$", flags="mxAEGO")],
}


@pytest.mark.parametrize("options", PAYLOADS)
def test_payload(options: str, rules) -> None:
    assert [match for test in one(rules(tcp(options))).buffers for match in test.matches] == PAYLOADS[options]


CHECKS = {
    "dsize:30;": plan.Dsize(number=Number(op="eq", a=30)),
    "dsize: !28;": plan.Dsize(number=Number(op="ne", a=28)),
    "dsize:9<>18;": plan.Dsize(number=Number(op="between", a=9, b=18)),
    "ttl:<=0x40;": plan.Field(field="ttl", number=Number(op="le", a=64)),
    'ttl:"64";': plan.Field(field="ttl", number=Number(op="eq", a=64)),
    "flags:S;": plan.TcpFlags(op="exactly", flags=0x02),
    "tcp.flags:SA,12;": plan.TcpFlags(op="exactly", flags=0x12, mask=0x3F),
    "flags:FPU,CE;": plan.TcpFlags(op="exactly", flags=0x29, mask=0x3F),
    "flags:+SF;": plan.TcpFlags(op="all", flags=0x03),
    "flags:SF+;": plan.TcpFlags(op="all", flags=0x03),
    "flags: *12 ;": plan.TcpFlags(op="any", flags=0xC0),
    "flags:!SR;": plan.TcpFlags(op="not_all", flags=0x06),
    "flags:-U;": plan.TcpFlags(op="not_all", flags=0x20),
    "flags:0;": plan.TcpFlags(op="exactly", flags=0),
    "flags:0,12;": plan.TcpFlags(op="exactly", flags=0, mask=0x3F),
    "flags:!0;": plan.TcpFlags(op="any", flags=0xFF),
    "mirror.session:tms-0123;": plan.MirrorSession(value="tms-0123"),
    "mirror.session:!web*;": plan.MirrorSession(value="web*", negated=True),
    "mirror.vni:5569041;": plan.MirrorVni(number=Number(op="eq", a=5569041)),
    "mirror.vni:!100-200;": plan.MirrorVni(number=Number(op="outside", a=100, b=200)),
    "mirror.truncated;": plan.MirrorTruncated(),
    "mirror.truncated:yes;": plan.MirrorTruncated(),
    "mirror.truncated:no;": plan.MirrorTruncated(negated=True),
    "mirror.truncated:!yes;": plan.MirrorTruncated(negated=True),
    "mirror.truncated:!no;": plan.MirrorTruncated(),
    "mirror.truncated:mtu, snaplen;": plan.MirrorTruncated(causes=6),
    "mirror.truncated:!packet_length,unknown;": plan.MirrorTruncated(causes=9, negated=True),
    "mirror.checksum:bad;": plan.MirrorChecksum(layer="l4", verdicts=2),
    "mirror.checksum:l3,bad;": plan.MirrorChecksum(layer="l3", verdicts=2),
    "mirror.checksum:!l4,valid,absent;": plan.MirrorChecksum(layer="l4", verdicts=17, negated=True),
}


@pytest.mark.parametrize("options", CHECKS)
def test_check(options: str, rules) -> None:
    assert one(rules(tcp(options))).checks == (CHECKS[options],)


def test_icmp_checks(rules) -> None:
    rule = one(rules("alert icmp any any -> any any (itype:>10; icode:!0; sid:1;)"))
    assert rule.checks == (
        plan.Field(field="itype", number=Number(op="gt", a=10)),
        plan.Field(field="icode", number=Number(op="ne", a=0)),
    )


FLOWS = {
    "established,to_server": plan.FlowCheck(direction="to_server", state="established"),
    "from_client": plan.FlowCheck(direction="to_server"),
    "from_server, stateless": plan.FlowCheck(direction="to_client", state="stateless"),
    "not_established,no_stream": plan.FlowCheck(state="not_established", no_stream=True),
    "to_client,only_stream": plan.FlowCheck(direction="to_client", only_stream=True),
}


@pytest.mark.parametrize("value", FLOWS)
def test_flow(value: str, rules) -> None:
    assert one(rules(tcp(f"flow:{value};"))).flow == FLOWS[value]


def test_what_a_rule_says_of_itself(rules) -> None:
    rule = one(
        rules(
            r"""alert tcp any any -> any any (msg:"a \"b\"\; c\\d"; gid:7; rev:"3"; sid: 42; classtype:Network-Scan;"""
            " reference:cve,2021-44228; reference:URL, example.com/a ; target:src_ip; noalert;"
            " metadata:aa 1, bb two words, aa 3, dropped; metadata: cc 4;)"
        )
    )
    assert (rule.msg, rule.gid, rule.rev, rule.sid) == ('a "b"; c\\d', 7, 3, 42)
    assert (rule.category, rule.priority, rule.noalert) == ("Network scan", 3, True)
    assert rule.references == (
        "https://cve.mitre.org/cgi-bin/cvename.cgi?name=2021-44228",
        "http://example.com/a",
    )
    assert rule.metadata == (("aa", ("3", "1")), ("bb", ("two words",)), ("cc", ("4",)))


@pytest.mark.parametrize(
    ("options", "priority"),
    [("", 3), ("classtype:trojan-activity;", 1), ("priority:4; classtype:trojan-activity;", 4), ("priority:255;", 255)],
)
def test_priority(options: str, priority: int, rules) -> None:
    assert one(rules(tcp(options))).priority == priority


# --- headers

HEADERS = {
    "alert tcp any any -> any any": {},
    "ALERT TCP any any -> any any": {},
    "drop:flow ip any any -> any any": {"action": "drop", "scope": "flow", "protocol": "ip"},
    "pass:packet udp any any -> any any": {"action": "pass", "scope": "packet", "protocol": "udp"},
    "rejectboth ip4 any any -> any any": {"action": "reject", "protocol": "ipv4"},
    "reject:packet tcp-pkt any any -> any any": {"action": "reject", "scope": "packet", "protocol": "tcp-pkt"},
    "alert icmpv6 any any <> any any": {"protocol": "icmpv6"},
    "alert tcp any 80 <> any any": {"both_directions": True},
    "alert\ttcp  any any ->\tany any  ": {},
}


@pytest.mark.parametrize("header", HEADERS)
def test_header(header: str, rules) -> None:
    rule = one(rules(f"{header} (sid:1;)"))
    expected = {"action": "alert", "scope": None, "protocol": "tcp", "both_directions": False} | HEADERS[header]
    assert {name: getattr(rule, name) for name in expected} == expected


def test_equal_sets_are_numbered_once(rules) -> None:
    found = rules(
        "alert tcp 10.0.0.0/8 80 -> any any (sid:1;)\nalert tcp any any -> [10.0.0.0/9,10.128.0.0/9] [80] (sid:2;)"
    )
    first, second = (rule.compiled for rule in found.rules)
    assert (first.src, first.sport, first.dst) == (second.dst, second.dport, second.src)
    assert found.plan() == plan.Rules(
        rules=(first, second),
        addresses=(plan.AddressSet(v4=((10 << 24, (11 << 24) - 1),)), plan.AddressSet(any=True)),
        ports=(plan.PortSet(ranges=((80, 80),)), plan.PortSet(any=True)),
    )


# --- what is said against rules

REFUSED = [case.split("\n") for case in (HERE / "rules" / "refused.txt").read_text().split("\n\n")[1:]]


@pytest.mark.parametrize(("marked", "expected"), [(case[0], case[1]) for case in REFUSED])
def test_refused(marked: str, expected: str, rules) -> None:
    found = said(rules(marked.replace("§", "")))
    assert f"{found.severity}: {found.why}" + (f" ({found.hint})" if found.hint else "") == expected
    assert (found.line, found.column) == (1, marked.index("§") + 1)


@pytest.mark.skipif(pcre.check() is pcre.take, reason="the core is not built")
def test_pcre2_is_asked(rules) -> None:
    found = said(rules(tcp('pcre:"/é(b/i";')))
    assert (found.severity, found.why) == ("error", "pcre: missing closing parenthesis")
    assert found.text[: found.column - 1].endswith("/é(b")
    one(rules(tcp('pcre:"/(?<=a)b++(?R)?/i";')))


def test_text_that_is_none(rules) -> None:
    assert said(rules(tcp('msg:"\x01";'))).why == "the rule holds the control character 0x01"
    assert said(rules(tcp(f'msg:"{"x" * 8200}";'))).why == "the rule is longer than 8192 bytes"


LOADS = [
    # what looks wrong and is not
    'content:"a"; distance:1; within:5;',
    'content:"a"; distance:-5;',
    'content:"abc"; endswith; distance:1;',
    'content:"abc"; startswith; endswith;',
    'content:!"abc"; fast_pattern;',
    'dsize:3; content:"abc";',
    'dsize:>3; content:"abcdef";',
    'dsize:3; content:!"abcdef";',
    'requires: version >= 7.0.3 < 8 | >= 8.0.1; content:"a";',
    "requires: version >= 9, keyword content;",
]


@pytest.mark.parametrize("options", LOADS)
def test_loads(options: str, rules) -> None:
    one(rules(tcp(options)))


@pytest.mark.parametrize(
    ("rule", "column", "why", "hint"),
    [
        (tcp("classtype:network-scam;"), 41, "unknown classtype 'network-scam'", "did you mean 'network-scan'?"),
        (tcp("reference:cvee,1;"), 41, "unknown reference type 'cvee'", "did you mean 'cve'?"),
        (
            "alert udp any any -> any any (flags:S; sid:1;)",
            31,
            "'tcp.flags' is of tcp: this udp rule can never match",
            "",
        ),
    ],
)
def test_warnings(rule: str, column: int, why: str, hint: str, rules) -> None:
    found = rules(rule)
    (warning,) = found.diagnostics
    assert len(found.rules) == 1
    assert (warning.severity, warning.column, warning.why, warning.hint) == ("warning", column, why, hint)


def test_variables_of_ones_own(rules) -> None:
    own = Variables(addresses={"X": "[10.0.0.0/8,!$Y]", "Y": "10.1.0.0/16"}, ports={"P": "[80,443]"})
    found = rules("alert tcp $X $P -> !$Y any (sid:1;)", variables=own)
    rule = one(found)
    ten = 10 << 24
    outside = ((ten, ten + 0xFFFF), (ten + 0x20000, ten + 0xFFFFFF))
    assert found.plan().addresses[rule.src] == plan.AddressSet(negated=True, v4=outside)
    assert found.plan().ports[rule.sport].ranges == ((80, 80), (443, 443))


# --- real rules


# What is wrong with rules that were disabled for years: not worth being right.
OLD_FAULTS = ("nothing is between", "digits missing after")


@pytest.mark.skipif(not ET_OPEN.exists(), reason="the given rules are not here")
@pytest.mark.timeout(180)
@pytest.mark.parametrize("disabled", [False, True], ids=["active", "disabled"])
def test_emerging_threats_are_right_and_refused_by_name_only(disabled: bool, rules) -> None:
    text = (ET_OPEN / "emerging-all.rules").read_text()
    if disabled:
        text = "\n".join(line[2:] for line in text.split("\n") if line.startswith("# alert"))
    found = rules(text, classification=str(ET_OPEN / "classification.config"))
    count = text.count("\nalert") + text.startswith("alert")
    assert found.count + len(found.refused) == count > 10_000
    wrong = [diagnostic for diagnostic in found.diagnostics if diagnostic.severity == "error"]
    # Address variables are `any` here, which leaves nothing of their negation.
    left = [str(diagnostic) for diagnostic in wrong if "leaves nothing" not in diagnostic.why]
    assert [said for said in left if not (disabled and any(old in said for old in OLD_FAULTS))] == []
