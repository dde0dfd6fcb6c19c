"""Each keyword's syntax, by examples: `examples.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.unit.rules.compiling import compiled
from tmrx.rules.catalogue import Keyword, keywords
from tmrx.rules.options import is_evaluated

EXAMPLES = tomllib.loads(Path(__file__).with_name("examples.toml").read_text())
# Neither says that a rule is wrong.
HARMLESS = ("none", "unsupported", "skipped")
BEFORE = {"content option": 'content:"abc"; ', "content modifier": 'content:"abc"; ', "transform": "ip.src; "}
AFTER = {"sticky buffer": ' content:"a";', "transform": ' content:"a";'}
ON_BUFFERS = ("absent", "bsize", "dataset", "datarep")
# Contents of these have one size, always.
SIZES = {
    "tls.cert_fingerprint": 59,
    **dict.fromkeys(("ja3.hash", "ja3s.hash", "ssh.hassh", "ssh.hassh.server", "email.body_md5", "quic.cyu.hash"), 32),
}
OF_EITHER_SIDE = ("http.header.raw", "http_raw_header")


def known() -> list[Keyword]:
    return sorted(set(keywords().values()), key=lambda keyword: keyword.name)


def examples(keyword: Keyword) -> dict[str, list[str]]:
    if keyword.takes == "nothing":
        return {"good": [""], "bad": ["x"]}
    return EXAMPLES.get(keyword.name) or EXAMPLES[keyword.value]


def rule(keyword: Keyword, value: str) -> str:
    before, after = BEFORE.get(keyword.kind, ""), AFTER.get(keyword.kind, "")
    if keyword.name in ON_BUFFERS:
        before = "ip.src; "
    if keyword.name == "base64_data":
        before = "base64_decode; "
    if keyword.name in OF_EITHER_SIDE:
        before = f"flow:to_server; {before}"
    after = after.replace('"a"', f'"{"a" * SIZES.get(keyword.name, 1)}"')
    if keyword.name != "sid":
        after += " sid:1;"
    protocol = "http" if keyword.name == "app-layer-state" else "ip"
    return f"alert {protocol} any any -> any any ({before}{keyword.name}{':' if value else ''}{value};{after})"


def test_every_keyword_has_an_example() -> None:
    assert all(examples(keyword)["bad"] for keyword in known())
    used = {name for keyword in known() for name in (keyword.name, keyword.value)}
    assert EXAMPLES.keys() <= used


@pytest.mark.parametrize("keyword", known(), ids=lambda keyword: keyword.name)
def test_what_a_keyword_takes_and_what_it_refuses(keyword: Keyword) -> None:
    values = examples(keyword)
    assert [value for value in values["good"] if compiled(rule(keyword, value))[0] not in HARMLESS] == []
    assert [value for value in values["bad"] if compiled(rule(keyword, value))[0] in HARMLESS] == []


@pytest.mark.parametrize("keyword", known(), ids=lambda keyword: keyword.name)
def test_what_is_said_of_a_keyword_is_true(keyword: Keyword) -> None:
    if good := examples(keyword)["good"]:
        assert any(compiled(rule(keyword, value))[0] == "none" for value in good) == is_evaluated(keyword)
