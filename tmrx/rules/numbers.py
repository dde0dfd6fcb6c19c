"""The number syntax that keywords share: `n`, `=n`, `!n`, `<n`, `a-b`, `a<>b`, `!a-b`, `&mask=n` and so on."""

from __future__ import annotations

import re
from typing import Literal

from tmrx.plan import Number
from tmrx.rules.diagnostics import Fault
from tmrx.rules.parser import Option

U8, U16, U32, U64 = 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**64 - 1

Operator = Literal["eq", "ne", "lt", "le", "gt", "ge"]

OPERATORS: dict[str, Operator] = {
    "": "eq",
    "=": "eq",
    "!": "ne",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}
# All of these powers of 1024, as sizes in the configuration.
_UNITS = {"": 1, "kb": 2**10, "kib": 2**10, "mb": 2**20, "mib": 2**20, "gb": 2**30, "gib": 2**30}
_DIGITS = r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20}\s*(?:[kKmMgG][iI]?[bB])?)"
_SINGLE = re.compile(rf"([!<>]?=?)\s*{_DIGITS}")
_RANGE = re.compile(rf"(!?)\s*{_DIGITS}\s*(?:-|<>)\s*{_DIGITS}")
_MASK = re.compile(rf"&\s*{_DIGITS}\s*(!?)=\s*{_DIGITS}")
_UNSIGNED = re.compile(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20}")
_SIGNED = re.compile(r"[-+]?[0-9]{1,20}")


def value_of(text: str) -> int:
    """The number that digits, hex digits or a size stand for."""
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    if text.isdigit():
        return int(text)
    digits = text.rstrip("kKmMgGiIbB")
    return int(digits) * _UNITS[text[len(digits) :].lower()]


def unsigned(option: Option, lowest: int, highest: int) -> int:
    """A plain decimal number within bounds. Raises Fault."""
    if not (option.value.isascii() and option.value.isdigit()) or len(option.value) > len(str(highest)):
        raise Fault(f"'{option.value}' is no number from {lowest} to {highest}", at=option.value_at)
    return _within(int(option.value), lowest, highest, option)


def unsigned_text(text: str, lowest: int, highest: int, option: Option) -> int:
    """A number, decimal or 0x, that is a part of an option's value. Raises Fault."""
    if not _UNSIGNED.fullmatch(text):
        raise Fault(f"'{text}' is no number from {lowest} to {highest}", at=option.value_at)
    return _within(value_of(text), lowest, highest, option)


def signed_text(text: str, lowest: int, highest: int, option: Option) -> int:
    """A decimal number that may be negative. Raises Fault."""
    if not _SIGNED.fullmatch(text):
        raise Fault(f"'{text}' is no number", at=option.value_at)
    return _within(int(text), lowest, highest, option)


def _within(value: int, lowest: int, highest: int, option: Option) -> int:
    if not lowest <= value <= highest:
        raise Fault(f"{value} is not from {lowest} to {highest}", at=option.value_at)
    return value


def number(option: Option, highest: int) -> Number:
    """A test on a number from 0 to `highest`; ranges exclude both ends, and one that can't be true is a Fault."""
    return number_text(option.value, highest, option)


def number_text(text: str, highest: int, option: Option) -> Number:
    """`number` of a part of an option's value."""
    text = text.strip()
    if match := _SINGLE.fullmatch(text):
        return _single(OPERATORS[match[1]], value_of(match[2]), text, highest, option)
    if match := _RANGE.fullmatch(text):
        return _range(bool(match[1]), value_of(match[2]), value_of(match[3]), highest, option)
    if match := _MASK.fullmatch(text):
        return _mask(value_of(match[1]), bool(match[2]), value_of(match[3]), highest, option)
    raise Fault(f"'{text}' is no number or range", "n, !n, <n, <=n, >n, >=n, a-b, or &mask=n", at=option.value_at)


def _single(op: Operator, value: int, text: str, highest: int, option: Option) -> Number:
    if value > highest:
        raise Fault(f"{value} is above {highest}", at=option.value_at)
    if (op == "lt" and value == 0) or (op == "gt" and value == highest):
        raise Fault(f"no number from 0 to {highest} is {text}", at=option.value_at)
    return Number(op=op, a=value)


def _range(negated: bool, low: int, high: int, highest: int, option: Option) -> Number:
    if high > highest:
        raise Fault(f"{high} is above {highest}", at=option.value_at)
    if high <= low + 1:
        raise Fault(f"nothing is between {low} and {high}", "a range excludes both its ends", at=option.value_at)
    return Number(op="outside" if negated else "between", a=low, b=high)


def _mask(mask: int, negated: bool, value: int, highest: int, option: Option) -> Number:
    for part in (mask, value):
        if part > highest:
            raise Fault(f"{part} is above {highest}", at=option.value_at)
    return Number(op="mask_ne" if negated else "mask_eq", a=mask, b=value)
