from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tmrx import plan
from tmrx.rules.catalogue import keywords
from tmrx.rules.datasets import Datasets, Settings
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import BufferDraft, Context, Draft
from tmrx.rules.lexer import RawOption
from tmrx.rules.options.datasets import HANDLERS
from tmrx.rules.parser import resolve

FILES = {
    "rules/names.lst": b"\n".join(base64.b64encode(name) for name in (b"example.com", b"b.example")),
    "rules/scores.lst": b"10.0.0.1,12\n\n2001:db8::1, 13\n",
    "rules/hosts.json": b'{"a": {"b": [{"host": {"name": "example.com", "x": 1}}]}}',
    "kept/seen.csv": b"AQI=\n",
}


def draft_of(*options: str, sticky: bool = True) -> Draft:
    """A draft that these options were read into, behind a sticky buffer."""
    datasets = Datasets(Settings(folder="kept"), FILES.get)
    draft = Draft("ip", Context({}, {}, datasets=datasets, folder=Path("rules")))
    if sticky:
        draft.open(BufferDraft("ip.src", keywords()["ip.src"], 0))
    for text in options:
        name, _, value = text.partition(":")
        option = resolve(RawOption(name, value, 0, len(name) + 1))
        HANDLERS[option.keyword.name](draft, option)
    return draft


def test_a_set_of_a_file_is_known_by_its_name() -> None:
    draft = draft_of(
        "dataset:isset,names,type string,load names.lst",
        "dataset:isnotset, names, match subdomain",
        "dataset:set,names",
    )
    assert draft.current.entries == [
        plan.DatasetTest(op="isset", set=0),
        plan.DatasetTest(op="isnotset", set=0, subdomain=True),
        plan.DatasetTest(op="set", set=0),
    ]
    assert draft.context.datasets.sets == [
        plan.Dataset(name="names", type="string", values=(b"example.com", b"b.example"))
    ]
    assert not draft.context.datasets.saved


def test_numbers_stand_beside_values() -> None:
    draft = draft_of("datarep:scores,>,12,type ip,load scores.lst")
    assert draft.current.entries == [plan.ReputationTest(set=0, number=plan.Number(op="gt", a=12))]
    [scores] = draft.context.datasets.sets
    assert scores.numbers == (12, 13)
    assert scores.values[0] == bytes(10) + b"\xff\xff\x0a\0\0\1"


def test_json_goes_into_alerts() -> None:
    options = "type string,load hosts.json,format json,array_key a.b,value_key host.name,context_key bad"
    [plain] = draft_of(f"dataset:isset,hosts,{options}").context.datasets.sets
    assert (plain.values, plain.context_key) == ((b"example.com",), "bad")
    assert plain.contexts == (b'{"host":{"name":"example.com","x":1}}',)
    [removed] = draft_of(f"dataset:isset,hosts,{options},remove_key").context.datasets.sets
    assert removed.contexts == (b'{"host":{"x":1}}',)


def test_what_is_kept_is_read_and_written() -> None:
    datasets = draft_of(
        "dataset:set,seen,type string,state seen.csv,memcap 10mb,hashsize 1024",
        "dataset:set,new,type md5,state new.csv",
        "dataset:set,out,type ip,save out.csv",
    ).context.datasets
    assert [(one.values, one.saved) for one in datasets.sets] == [((b"\1\2",), True), ((), True), ((), True)]
    assert [saved.path for saved in datasets.saved] == ["kept/seen.csv", "kept/new.csv", "kept/out.csv"]


@pytest.mark.parametrize(
    "text",
    [
        "dataset:isset",
        "dataset:toggle,a,type string",
        "dataset:isset,a",
        "dataset:isset,a b,type string",
        "dataset:isset,a,type word",
        "dataset:isset,a,type string,type string",
        "dataset:isset,a,type string,load",
        "dataset:isset,a,type string,load missing.lst",
        "dataset:isset,a,type md5,load names.lst",
        "dataset:isset,a,type ip,load names.lst",
        "dataset:isset,a,type string,load scores.lst",
        "dataset:isset,a,type string,hashsize 65537",
        "dataset:isset,a,type string,memcap lots",
        "dataset:isset,a,type ipv6,load names.lst,key ip",
        "dataset:isset,a,type string,load names.lst,context_key x",
        "dataset:isset,a,type string,load names.lst,format xml",
        "dataset:isset,a,type string,load names.lst,format json,context_key x,value_key y",
        "dataset:isset,a,type string,load hosts.json,format json,context_key x,value_key y",
        "dataset:isset,a,type string,load hosts.json,format json,value_key y",
        "dataset:set,a,type string,load hosts.json,format json,array_key a.b,context_key x,value_key host.name",
        "dataset:set,a,type string,match subdomain",
        "dataset:isset,a,type md5,match subdomain",
        "dataset:set,a,type string,state ../a",
        "dataset:set,a,type string,save /a",
        "dataset:set,a,type string,state a,save a",
        "datarep:a,~,1,type ip,load scores.lst",
        "datarep:a,>,70000,type ip,load scores.lst",
        "datarep:a,>,1,type string,load names.lst",
        "datarep:a,>",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Fault):
        draft_of(text)


def test_one_name_is_one_set() -> None:
    for again in ("dataset:isset,a,type md5", "dataset:isset,a,load names.lst"):
        with pytest.raises(Fault):
            draft_of("dataset:set,a,type string", again)
    with pytest.raises(Fault):
        draft_of("dataset:set,a,type string", sticky=False)
