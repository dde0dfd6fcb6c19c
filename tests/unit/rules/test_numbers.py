from __future__ import annotations

import pytest

from tmrx.plan import Number
from tmrx.rules.catalogue import keywords
from tmrx.rules.diagnostics import Fault
from tmrx.rules.numbers import number
from tmrx.rules.parser import Option


def option(value: str) -> Option:
    return Option(keywords()["ttl"], value, False, 0, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", ("eq", 5, 0)),
        ("=5", ("eq", 5, 0)),
        ("!5", ("ne", 5, 0)),
        ("!=5", ("ne", 5, 0)),
        ("< 5", ("lt", 5, 0)),
        ("<=5", ("le", 5, 0)),
        (">5", ("gt", 5, 0)),
        (" >=5 ", ("ge", 5, 0)),
        ("0xfF", ("eq", 255, 0)),
        ("3-9", ("between", 3, 9)),
        ("3<>9", ("between", 3, 9)),
        ("3 <> 9", ("between", 3, 9)),
        ("!3-9", ("outside", 3, 9)),
        ("<255", ("lt", 255, 0)),
        (">0", ("gt", 0, 0)),
        (">=255", ("ge", 255, 0)),
    ],
)
def test_number(text: str, expected: tuple[str, int, int]) -> None:
    op, a, b = expected
    assert number(option(text), 255) == Number(op=op, a=a, b=b)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "x", "-1", "256", "<0", ">255", "9-3", "3-4", "3-256", "5 6", "1e3", "٣", "!<5"])
def test_no_number(text: str) -> None:
    with pytest.raises(Fault) as fault:
        number(option(text), 255)
    assert fault.value.at == 4
