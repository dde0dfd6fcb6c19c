"""Whatever is written in rules, threshold files and lists ends as a fault or a warning, never as another error."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tmrx.rules.catalogue import keywords
from tmrx.rules.datasets import TYPES, Datasets, Declared, Settings, from_text, to_text
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import BufferDraft, Context, Draft
from tmrx.rules.interner import Interner
from tmrx.rules.options import datasets, state
from tmrx.rules.parser import Option
from tmrx.rules.reputation import categories, scores
from tmrx.rules.sources import Source
from tmrx.rules.thresholds import Thresholds
from tmrx.rules.variables import Variables

HANDLERS = {**state.HANDLERS, **datasets.HANDLERS}
VOCABULARY = """
set unset isset isnotset toggle noalert a b|c track ip_src ip_pair tx expire type limit both backoff count seconds
multiplier by_src by_flow unique_on src_port string md5 ip load f save state format json ndjson value_key array_key
context_key remove_key match subdomain hashsize memcap any src bad + - = == > >= 1 0 4294967296 -1 ٣ $X gen_id
sig_id suppress threshold rate_filter new_action drop timeout 10.0.0.0/8 [ ] { } \\
"""
WORDS = st.sampled_from(VOCABULARY.split())
GAPS = st.sampled_from([",", " ", ", ", "\n"])
SENTENCES = st.lists(st.tuples(WORDS, GAPS), max_size=12).map(lambda words: "".join(map("".join, words)))
TEXT = st.text(max_size=40) | SENTENCES


@given(name=st.sampled_from(sorted(HANDLERS)), value=TEXT, data=st.binary(max_size=60))
def test_options(name: str, value: str, data: bytes) -> None:
    sets = Datasets(Settings(folder="kept"), lambda _: data)
    draft = Draft("ip", Context({}, {}, categories={"bad": 1}, datasets=sets))
    draft.open(BufferDraft("ip.src", keywords()["ip.src"], 0))
    with contextlib.suppress(Fault):
        HANDLERS[name](draft, Option(keywords()[name], value, False, 0, 0))


@given(text=TEXT)
def test_files(text: str) -> None:
    source = Source(
        "file", text.encode("utf-8", "surrogateescape") if text.isascii() else text.encode("utf-8", "replace")
    )
    Thresholds(source, Interner(Variables()))
    categories(source)
    scores([source])


@given(
    data=st.one_of(st.binary(max_size=80), TEXT.map(lambda text: text.encode("utf-8", "replace"))),
    kind=st.sampled_from(sorted(set(TYPES.values()))),
    form=st.sampled_from(["csv", "json", "ndjson"]),
    numbered=st.booleans(),
)
def test_values(data: bytes, kind: str, form: str, numbered: bool) -> None:
    wanted = Declared(
        name="a", type=kind, load="f", format=form, value_key="a.b", context_key="c", remove_key=True, numbered=numbered
    )  # type: ignore[arg-type]
    sets = Datasets(Settings(), lambda _: data)
    with contextlib.suppress(Fault):
        sets.number(wanted, Path())
        for value in sets.sets[0].values:
            assert from_text(to_text(value, kind), kind) == value  # type: ignore[arg-type]
