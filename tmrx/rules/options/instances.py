"""Numbers that a packet or a transaction has several of: which of them a test is about.

`NUMBER[,any|all|all_or_absent|or_absent|nb NUMBER|PLACE|oob_or PLACE[,FIRST:END]]`, or `count NUMBER`.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import structs

from tmrx.plan import Instances, Number
from tmrx.rules.diagnostics import Fault
from tmrx.rules.numbers import U32, number_text, signed_text
from tmrx.rules.parser import Option

_WORDS: dict[str, Literal["any", "all", "all_or_absent", "or_absent"]] = {
    "any": "any",
    "all": "all",
    "all_or_absent": "all_or_absent",
    "or_absent": "or_absent",
}
_COUNT = re.compile(r"count\s+(.+)")
_SOME = re.compile(r"nb\s+(.+)")
_PLACE = re.compile(r"(oob_or\s+)?(-?\d+)")
_SLICE = re.compile(r"(-?\d{1,9})?:(-?\d{1,9})?")
MAX_PLACE = 2**31 - 1


def counted(value: str, option: Option) -> Number | None:
    """The test on how many there are, None where the value is another test."""
    count = _COUNT.fullmatch(value)
    return number_text(count[1], U32, option) if count else None


def which(text: str, option: Option) -> Instances:
    """Those that a word or a place names. Raises Fault."""
    if text in _WORDS:
        return Instances(which=_WORDS[text])
    if some := _SOME.fullmatch(text):
        return Instances(which="some", number=number_text(some[1], U32, option))
    if place := _PLACE.fullmatch(text):
        index = signed_text(place[2], -MAX_PLACE, MAX_PLACE, option)
        return Instances(which="at_or" if place[1] else "at", index=index)
    hint = f"{', '.join(_WORDS)}, nb NUMBER, a place, oob_or PLACE"
    raise Fault(f"'{text}' names no instances", hint, at=option.value_at)


def parted(instances: Instances, text: str, option: Option) -> Instances:
    """The same of a part of them: from one place to before another, from the end where negative. Raises Fault."""
    match = _SLICE.fullmatch(text)
    if match is None:
        raise Fault(f"'{text}' is no part of them", "FIRST:END, such as 0:2 or -3:", at=option.value_at)
    first, end = (int(place) if place else None for place in match.groups())
    return structs.replace(instances, first=first or 0, end=end)
