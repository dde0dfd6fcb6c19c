"""What the keywords of HTTP/2's frames compile to."""

from __future__ import annotations

import pytest

from tests.unit.rules.compiling import drafted
from tmrx import plan
from tmrx.rules.diagnostics import Fault


@pytest.mark.parametrize(
    ("text", "value", "number"),
    [
        ("http2.frametype:GOAWAY;", "http2.frametype", plan.Number(op="eq", a=7)),
        ("http2.frametype:!rst_stream;", "http2.frametype", plan.Number(op="ne", a=3)),
        ("http2.frametype:>4;", "http2.frametype", plan.Number(op="gt", a=4)),
        ("http2.errorcode:NO_ERROR;", "http2.errorcode", plan.Number(op="eq", a=0)),
        ("http2.errorcode:INADEQUATE_SECURITY;", "http2.errorcode", plan.Number(op="eq", a=12)),
        ("http2.priority:<200;", "http2.priority", plan.Number(op="lt", a=200)),
        ("http2.window:>=65536;", "http2.window", plan.Number(op="ge", a=65_536)),
        ("http2.size_update:4096;", "http2.size_update", plan.Number(op="eq", a=4_096)),
    ],
)
def test_numbers(text: str, value: str, number: plan.Number) -> None:
    assert drafted(text).checks == [plan.TransactionValue(value=value, number=number, instances=plan.Instances())]


def test_which_of_several() -> None:
    [part] = drafted("http2.frametype:DATA,all,1:-2;").checks
    assert isinstance(part, plan.TransactionValue)
    assert part.instances == plan.Instances(which="all", first=1, end=-2)
    [many] = drafted("http2.window:count >3;").checks
    assert isinstance(many, plan.TransactionValue)
    assert (many.instances.which, many.number) == ("count", plan.Number(op="gt", a=3))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("SETTINGS_ENABLE_PUSH", -1, 2**32),
        ("SETTINGS_ENABLE_PUSH 0", -1, 1),
        ("SETTINGS_ENABLE_PUSH=1", 0, 2),
        ("SETTINGS_ENABLE_PUSH >5", 5, 2**32),
        ("SETTINGS_ENABLE_PUSH <=5", -1, 6),
        ("SETTINGS_ENABLE_PUSH 2<>5", 2, 5),
    ],
)
def test_settings(text: str, low: int, high: int) -> None:
    base = 2 << 32
    [check] = drafted(f"http2.settings:{text};").checks
    assert isinstance(check, plan.TransactionValue)
    assert check.number == plan.Number(op="between", a=base + low, b=base + high)


def test_another_value_of_a_setting() -> None:
    there, other = drafted("http2.settings:SETTINGS_MAX_FRAME_SIZE !16384;").checks
    assert isinstance(there, plan.TransactionValue)
    assert isinstance(other, plan.TransactionValue)
    assert not there.negated
    assert other.negated
    assert other.number == plan.Number(op="eq", a=(5 << 32) + 16_384)


@pytest.mark.parametrize(
    "text",
    [
        "http2.frametype:nonsense;",
        "http2.frametype:256;",
        "http2.errorcode:none;",
        "http2.settings:SETTINGS_NONSENSE;",
        "http2.settings:ENABLE_PUSH;",
        "http2.window:1,any,x;",
    ],
)
def test_what_is_wrong(text: str) -> None:
    with pytest.raises(Fault):
        drafted(text)
