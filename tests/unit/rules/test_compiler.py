"""Whatever the text: a rule, or a fault with a place, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmrx.rules import Variables
from tmrx.rules.catalogue import keywords
from tmrx.rules.compiler import Compiler
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Context
from tmrx.rules.interner import Interner
from tmrx.rules.lexer import MAX_RULE_BYTES

# Many times what the slowest takes, on a busy machine too.
SLOW_S = 0.5
HEADER = "alert tcp any any -> any any ("


def fault(text: str) -> Fault | None:
    try:
        Compiler(Interner(Variables()), Context({}, {})).compile(text)
    except Fault as found:
        return found
    return None


def filled(before: str, piece: str, after: str) -> str:
    """The longest rule of this kind."""
    return before + piece * ((MAX_RULE_BYTES - len(before) - len(after)) // len(piece)) + after


LONG = {
    "lists": filled("alert tcp [", "[", "10.0.0.1 any -> any any (sid:1;)"),
    "addresses": filled("alert tcp [10.0.0.0/8", ",!10.1.2.3", "] any -> any any (sid:1;)"),
    "ports": filled("alert tcp any [1", ",!7:9", "] -> any any (sid:1;)"),
    "parentheses": filled(HEADER, "(", "sid:1;)"),
    "closing": filled(HEADER + "sid:1;", ")", ")"),
    "blanks": filled(HEADER + "sid", " ", ":1;)"),
    "contents": filled(HEADER, 'content:"a"; within:9; ', "sid:1;)"),
    "buffers": filled(HEADER, 'http.uri; content:"a"; ', "sid:1;)"),
    "several": filled(HEADER, 'dns.query; content:"a"; ', "sid:1;)"),
    "variables": filled(HEADER, "byte_extract:1,0,ab; ", "sid:1;)"),
    "alternatives": filled(HEADER + 'pcre:"/a', "|(b+)*", '/"; sid:1;)'),
    "requirements": filled(HEADER + "requires: version >= 1", " | >= 1", "; sid:1;)"),
}


@pytest.mark.parametrize("what", LONG)
def test_long_rules_take_no_long_time(what: str) -> None:
    began = time.process_time()
    fault(LONG[what])
    assert time.process_time() - began < SLOW_S


@pytest.mark.parametrize("piece", ["1", "a,", ",", "-", "!", "0x", "\\", " ", "|", "<"])
def test_long_values_take_no_long_time(piece: str) -> None:
    for name, keyword in keywords().items():
        quote = '"' if keyword.quotes == "required" else ""
        text = filled(f"{HEADER}{name}:{quote}", piece, f"{quote}; sid:1;)")
        began = time.process_time()
        fault(text)
        assert time.process_time() - began < SLOW_S, name


NAMES = sorted(keywords())
VALUES = st.text(alphabet='0123456789ab!<>=&|,:.-+*~ $[]()/\\"', max_size=20)
OPTIONS = st.lists(
    st.builds(
        lambda name, value, quoted: f'{name}:"{value}";' if quoted else f"{name}:{value};" if value else f"{name};",
        st.sampled_from(NAMES),
        VALUES,
        st.booleans(),
    ),
    max_size=6,
)
WORDS = st.sampled_from(
    [
        "tcp",
        "udp",
        "ip",
        "http",
        "http1:request_line",
        "http2:stream:x",
        "dns",
        "pkthdr",
        "ether",
        "tcp-pkt",
        "tcp:flow_start",
        "tls:<",
        "::",
    ]
)
ENDS = st.sampled_from(
    ["any", "!any", "$HOME_NET", "[10.0.0.0/8,!10.1.0.0/16]", "1.2.3.4-1.2.3.5", "80", "[1:5,!3]", ":", "[", "]]", "!"]
)


@given(
    word=WORDS, ends=st.lists(ENDS, min_size=4, max_size=4), arrow=st.sampled_from(["->", "<>", "=>"]), options=OPTIONS
)
@settings(max_examples=300, deadline=None)
def test_any_rule_compiles_or_has_a_fault_with_a_place(
    word: str, ends: list[str], arrow: str, options: list[str]
) -> None:
    text = f"alert {word} {ends[0]} {ends[1]} {arrow} {ends[2]} {ends[3]} ({''.join(options)} sid:1;)"
    found = fault(text)
    assert found is None or (found.at is not None and 0 <= found.at <= len(text))
