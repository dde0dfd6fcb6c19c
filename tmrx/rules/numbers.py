"""The number syntax that keywords share: `n`, `=n`, `!n`, `<n`, `a-b`, `a<>b`, `!a-b` and so on."""

from __future__ import annotations

import re
from typing import Literal

from tmrx.plan import Number
from tmrx.rules.diagnostics import Fault, unsupported
from tmrx.rules.parser import Option

Operator = Literal["eq", "ne", "lt", "le", "gt", "ge"]

_OPERATORS: dict[str, Operator] = {
    "": "eq",
    "=": "eq",
    "!": "ne",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}
_DIGITS = r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})"
_SINGLE = re.compile(rf"([!<>]?=?)\s*{_DIGITS}")
_RANGE = re.compile(rf"(!?)\s*{_DIGITS}\s*(?:-|<>)\s*{_DIGITS}")


def _int(text: str) -> int:
    return int(text, 16) if text[:2] in ("0x", "0X") else int(text)


def unsigned(option: Option, lowest: int, highest: int) -> int:
    """A plain decimal number within bounds. Raises Fault."""
    if not (option.value.isascii() and option.value.isdigit()) or len(option.value) > len(str(highest)):
        raise Fault(f"'{option.value}' is no number from {lowest} to {highest}", at=option.value_at)
    value = int(option.value)
    if not lowest <= value <= highest:
        raise Fault(f"{value} is not from {lowest} to {highest}", at=option.value_at)
    return value


def number(option: Option, highest: int) -> Number:
    """A test on a number from 0 to `highest`; ranges exclude both ends, and one that can't be true is a Fault."""
    text = option.value.strip()
    if match := _SINGLE.fullmatch(text):
        return _single(_OPERATORS[match[1]], _int(match[2]), highest, option)
    if match := _RANGE.fullmatch(text):
        return _range(bool(match[1]), _int(match[2]), _int(match[3]), highest, option)
    if text.startswith("&"):
        raise unsupported(f"the bit mask '{text}' of '{option.keyword.name}'", at=option.value_at)
    raise Fault(f"'{text}' is no number or range", "n, !n, <n, <=n, >n, >=n, or a-b", at=option.value_at)


def _single(op: Operator, value: int, highest: int, option: Option) -> Number:
    if value > highest:
        raise Fault(f"{value} is above {highest}", at=option.value_at)
    if (op == "lt" and value == 0) or (op == "gt" and value == highest):
        raise Fault(f"no number from 0 to {highest} is {option.value.strip()}", at=option.value_at)
    return Number(op=op, a=value)


def _range(negated: bool, low: int, high: int, highest: int, option: Option) -> Number:
    if high > highest:
        raise Fault(f"{high} is above {highest}", at=option.value_at)
    if high <= low + 1:
        raise Fault(f"nothing is between {low} and {high}", "a range excludes both its ends", at=option.value_at)
    return Number(op="outside" if negated else "between", a=low, b=high)
