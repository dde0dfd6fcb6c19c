"""Rules in words."""

from __future__ import annotations

from typing import get_args

import pytest

from tmrx import plan
from tmrx.rules import RuleSet, words

KNOWN = words._MATCHES.keys() | words._CHECKS.keys() | words._EFFECTS.keys()


def test_every_part_of_a_rule_has_words() -> None:
    parts = {*get_args(plan.Match), *get_args(plan.Check), *get_args(plan.Effect)}
    assert parts - KNOWN == set()
    assert set(get_args(plan.Kind)) == set(words.KINDS)


@pytest.mark.parametrize("op", get_args(plan.Number.__annotations__["op"]) or ["eq", "between", "mask_eq"])
def test_every_operator_has_words(op: str) -> None:
    assert words.number(plan.Number(op=op, a=7, b=9)).startswith(("is ", "has ", "does "))  # type: ignore[arg-type]


BUFFERS = {
    'content:"a|00 ff|b"; offset:2; depth:9; nocase;': ['payload: "a|00 ff|b", from byte 2, in 9 bytes, in any case'],
    'content:!"abc"; startswith; endswith;': ['payload: not: "abc", at the start, at the end'],
    'content:"a"; content:"b"; distance:1; within:2; content:"c"; distance:0;': [
        'payload: "a"',
        'payload: "b", from 1 bytes after the last match, within 2 bytes',
        'payload: "c", after the last match',
    ],
    'pcre:"/a+/Ri"; isdataat:!1,relative;': ["payload: /a+/iR", "payload: not: data 1 bytes on from the last match"],
    "byte_test:2,>,100,4,relative;": ["payload: the number of 2 bytes at 4 behind the last match > 100"],
    'byte_extract:1,0,len; content:"a"; offset:len;': [
        "payload: variable 0 is the number of 1 bytes at 0 in the buffer",
        'payload: "a", from byte variable 0',
    ],
    'base64_decode:bytes 4; base64_data; content:"a";': ['payload: base64 decoded: "a"'],
    'tcp.hdr; to_sha1; content:"a"; bsize:20;': ['tcp.hdr | to_sha1: "a"', "tcp.hdr | to_sha1: its size is 20"],
}


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("options", BUFFERS)
def test_buffers(options: str, one) -> None:
    assert words.buffers(one(f"alert tcp any any -> any any ({options} sid:1;)")) == BUFFERS[options]


CONDITIONS = {
    "flow:established,to_server;": ["data to the server", "the flow is established"],
    "flags:SA,12; ttl:>5;": ["TCP flags are exactly SA", "ttl is above 5"],
    "dsize:1<>9;": ["the payload's size is between 1 and 9, both excluded"],
    "fragbits:+MD;": ["fragment bits are at least M, D"],
    "flowbits:isnotset,one|two; flowint:name,>,3;": ["flowbit one or two is not set", "flowint name gt 3"],
    'filename:"a.b"; fileext:!"exe"; filesize:>9; filemagic:"PDF"; filestore;': [
        'a file, whose name has "a.b", not: whose name ends in "exe", whose size is above 9, whose type has "PDF"'
    ],
    "mirror.vni:!7; mirror.truncated:mtu,snaplen;": ["the VNI is not 7", "truncated by mtu, snaplen"],
}  # fmt: skip


@pytest.mark.parametrize("options", CONDITIONS)
def test_conditions(options: str, rules) -> None:
    found: RuleSet = rules(f"alert tcp any any -> any any ({options} sid:1;)")
    assert words.conditions(found.rules[0].compiled, found.plan()) == CONDITIONS[options]


def test_what_comes_of_a_match(rules) -> None:
    options = (
        "flowbits:set,one; flowint:name,+,1; xbits:set,two,track ip_src,expire 9; tag:session,5,packets; "
        "threshold:type limit, track by_src, count 1, seconds 60;"
    )
    found: RuleSet = rules(f"alert tcp any any -> any any ({options} sid:1;)")
    (rule,) = found.rules
    assert words.effects(rule.compiled, found.plan()) == [
        "set flowbit one",
        "flowint name add 1",
        "set bit two of ip_src for 9 s",
        "log the session for 5 packets",
    ]
    assert words.limits(rule.compiled) == ["limit, by_src, count 1, 60 s"]


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ("", ""),
        ('content:!"abc";', ""),
        ('content:"ab"; content:"abc"; content:"abd";', '"abc" in payload'),
        ('content:"ab"; fast_pattern; content:"abc";', '"ab" in payload'),
        ('content:"abcd"; fast_pattern:1,2;', '"bc" in payload'),
    ],
)
def test_what_is_looked_for_first(options: str, first: str, one) -> None:
    assert words.prefilter(one(f"alert tcp any any -> any any ({options} sid:1;)")) == first
