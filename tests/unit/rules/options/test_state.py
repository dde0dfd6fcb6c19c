from __future__ import annotations

import pytest

from tmrx import plan
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Context, Draft
from tmrx.rules.lexer import RawOption
from tmrx.rules.options.state import HANDLERS
from tmrx.rules.parser import resolve

CATEGORIES = {"bad": 4}


def draft_of(*options: str) -> Draft:
    """A draft that these options were read into, each `name:value`."""
    draft = Draft("ip", Context({}, {}, categories=CATEGORIES))
    for text in options:
        name, _, value = text.partition(":")
        option = resolve(RawOption(name, value, 0, len(name) + 1))
        HANDLERS[option.keyword.name](draft, option)
    return draft


CHECKS: dict[str, plan.Check] = {
    "flowbits:isset,a": plan.Flowbits(isset=True, bits=(0,)),
    "flowbits: isnotset , a | b": plan.Flowbits(isset=False, bits=(0, 1)),
    "flowint:count,>=,5": plan.FlowintTest(name=0, op="ge", value=5),
    "flowint:count, ==, other": plan.FlowintTest(name=0, op="eq", other=1),
    "flowint:count,notset": plan.FlowintTest(name=0, op="isnotset"),
    "xbits:isset,a,track ip_pair": plan.XbitTest(isset=True, bit=0, track="ip_pair"),
    "flowvar:ua, c|75|rl": plan.Captured(of="flow", name="ua", text=b"curl"),
    'pktvar:x.y,"a\\;b"': plan.Captured(of="packet", name="x.y", text=b"a;b"),
    "hostbits:isnotset,a": plan.XbitTest(isset=False, bit=0, track="ip_src"),
    "hostbits:isset,a,both": plan.XbitTest(isset=True, bit=0, track="ip_both"),
    "iprep:any,bad,>,30": plan.Iprep(side="any", category=4, number=plan.Number(op="gt", a=30)),
    "iprep:src,bad,=,127": plan.Iprep(side="src", category=4, number=plan.Number(op="eq", a=127)),
    "iprep:both,bad,isnotset": plan.Iprep(side="both", category=4, op="isnotset"),
}

EFFECTS: dict[str, plan.Effect] = {
    "flowbits:set,a.b/c": plan.SetFlowbits(set=True, bits=(0,)),
    "flowbits:unset,a": plan.SetFlowbits(set=False, bits=(0,)),
    "flowint:http.anomaly.count,+,1": plan.SetFlowint(name=0, op="add", value=1),
    "flowint:a1,=,b1": plan.SetFlowint(name=0, op="set", other=1),
    "xbits:set,a,track ip_src": plan.SetXbit(op="set", bit=0, track="ip_src", expire=30),
    "xbits:toggle, a, track ip_dst, expire 3": plan.SetXbit(op="toggle", bit=0, track="ip_dst", expire=3),
    "hostbits:unset,a,dst": plan.SetXbit(op="unset", bit=0, track="ip_dst", expire=300),
}

LIMITS: dict[str, plan.Limit] = {
    "threshold:type limit, track by_src, count 1, seconds 60": plan.Limit(
        type="limit", track="by_src", count=1, seconds=60
    ),
    "threshold: seconds 60,count 3 , track by_both,type threshold": plan.Limit(
        type="threshold", track="by_both", count=3, seconds=60
    ),
    "threshold:type backoff, track by_flow, count 1, multiplier 10": plan.Limit(
        type="backoff", track="by_flow", count=1, multiplier=10
    ),
    "detection_filter:track by_dst, count 3, seconds 60, unique_on src_port": plan.Limit(
        type="detection_filter", track="by_dst", count=3, seconds=60, unique_on="src_port"
    ),
}


@pytest.mark.parametrize(("text", "check"), CHECKS.items())
def test_check(text: str, check: plan.Check) -> None:
    assert draft_of(text).checks == [check]


@pytest.mark.parametrize(("text", "effect"), EFFECTS.items())
def test_effect(text: str, effect: plan.Effect) -> None:
    assert draft_of(text).effects == [effect]


@pytest.mark.parametrize(("text", "limit"), LIMITS.items())
def test_limit(text: str, limit: plan.Limit) -> None:
    assert draft_of(text).limits == [limit]


@pytest.mark.parametrize(
    "text",
    [
        "flowbits:toggle,a",
        "flowbits:set",
        "flowbits:set,",
        "flowbits:isset,a b",
        "flowbits:isset,a,b",
        "flowbits:noalert,a",
        "flowbits:isset,a|b|c|d|e|f|g|h|i",
        "flowint:c,+,1",
        "flowint:count,+",
        "flowint:count,isset,1",
        "flowint:count,**,1",
        "flowint:count,+,4294967296",
        "flowint:count,+,",
        "xbits:set,a",
        "xbits:set,a,track ip_any",
        "xbits:set,a,track ip_src,expire 0",
        "xbits:set,a,track ip_src,expire 1,expire 2",
        "xbits:toggle,a,track tx",
        "hostbits:set",
        "hostbits:set,a,any",
        "hostbits:set,a,src,dst",
        "iprep:any,good,>,30",
        "iprep:any,bad,>,128",
        "iprep:any,bad,~,1",
        "iprep:any,bad",
        "iprep:left,bad,isset",
        "threshold:type limit, track by_src, count 1",
        "threshold:type limit, track by_src, count 1, count 1, seconds 2",
        "threshold:type limit, track by_either, count 1, seconds 2",
        "threshold:type limit, track by_src, count -1, seconds 2",
        "threshold:type limit, track by_src, count 0, seconds 2",
        "threshold:type most, track by_src, count 1, seconds 2",
        "threshold:type backoff, track by_src, count 1, multiplier 10",
        "threshold:type limit, track by_src, count 1, seconds 2, multiplier 2",
        "detection_filter:track by_rule, count 3, seconds 60",
        "detection_filter:track by_src, count 3, seconds 60, unique_on port",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Fault):
        draft_of(text)


def test_what_goes_together() -> None:
    threshold, filtered = next(iter(LIMITS)), list(LIMITS)[-1]
    assert len(draft_of(threshold, threshold).limits) == 2
    for pair in [(threshold, filtered), (filtered, threshold), (filtered, filtered)]:
        with pytest.raises(Fault):
            draft_of(*pair)


def test_names_are_numbered_once() -> None:
    draft = draft_of("flowbits:isset,a|b", "flowbits:set,b", "hostbits:set,b", "xbits:isset,b,track ip_src")
    assert draft.effects[0] == plan.SetFlowbits(set=True, bits=(1,))
    assert (draft.context.names.flowbits, draft.context.names.xbits) == ({"a": 0, "b": 1}, {"b": 0})


def test_what_changes_nothing_is_said() -> None:
    draft = draft_of("flowbits:set,a|b")
    assert not draft.effects
    assert draft.warnings
    assert draft_of("flowbits:noalert").noalert
