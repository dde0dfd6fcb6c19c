"""Keywords that test what frames of HTTP/2 say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tmrx.plan import Instances, Number, TransactionValue
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft
from tmrx.rules.numbers import U8, U32, U64, number_text
from tmrx.rules.options.instances import counted, parted, which
from tmrx.rules.parser import Option

# RFC 9113, sections 6 and 7; words are compared without case and underscores.
_FRAMES = "data headers priority rststream settings pushpromise ping goaway windowupdate continuation"
_ERRORS = (
    "noerror protocolerror internalerror flowcontrolerror settingstimeout streamclosed framesizeerror refusedstream "
    "cancel compressionerror connecterror enhanceyourcalm inadequatesecurity http11required"
)
# RFC 9113, section 6.5.2, RFC 8441 and RFC 9218.
_SETTINGS = {
    "SETTINGS_HEADER_TABLE_SIZE": 1,
    "SETTINGS_ENABLE_PUSH": 2,
    "SETTINGS_MAX_CONCURRENT_STREAMS": 3,
    "SETTINGS_INITIAL_WINDOW_SIZE": 4,
    "SETTINGS_MAX_FRAME_SIZE": 5,
    "SETTINGS_MAX_HEADER_LIST_SIZE": 6,
    "SETTINGS_ENABLE_CONNECT_PROTOCOL": 8,
    "SETTINGS_NO_RFC7540_PRIORITIES": 9,
}
_SETTING = re.compile(r"(SETTINGS_[A-Z0-9_]+)\s*(.*)")

_FRAME_NUMBERS = {name: number for number, name in enumerate(_FRAMES.split(" "))}
_ERROR_NUMBERS = {name: number for number, name in enumerate(_ERRORS.split(" "))}


def _number(text: str, highest: int, names: Mapping[str, int], option: Option) -> Number:
    """A test on a number, or `[!]name`. Raises Fault."""
    name = text.removeprefix("!").strip().lower().replace("_", "")
    if not name[:1].isalpha():
        return number_text(text, highest, option)
    if name not in names:
        raise Fault(f"'{name}' is no value of '{option.keyword.name}'", did_you_mean(name, names), at=option.value_at)
    return Number(op="ne" if text.startswith("!") else "eq", a=names[name])


def _test(draft: Draft, option: Option, number: Number, instances: Instances, negated: bool = False) -> None:
    draft.need(option)
    test = TransactionValue(value=option.keyword.name, number=number, instances=instances, negated=negated)
    draft.checks.append(test)


def _several(draft: Draft, option: Option, highest: int, names: Mapping[str, int]) -> None:
    """Any of the numbers, or those that an index and a slice name, or how many there are."""
    value, *places = (part.strip() for part in option.value.split(","))
    if count := counted(value, option):
        _test(draft, option, count, Instances(which="count"))
        return
    instances = which(places[0], option) if places else Instances()
    if places[1:]:
        instances = parted(instances, ",".join(places[1:]), option)
    _test(draft, option, _number(value, highest, names, option), instances)


def _frame_type(draft: Draft, option: Option) -> None:
    _several(draft, option, U8, _FRAME_NUMBERS)


def _error_code(draft: Draft, option: Option) -> None:
    _several(draft, option, U32, _ERROR_NUMBERS)


def _priority(draft: Draft, option: Option) -> None:
    _several(draft, option, U8, {})


def _window(draft: Draft, option: Option) -> None:
    _several(draft, option, U32, {})


def _size_update(draft: Draft, option: Option) -> None:
    _test(draft, option, number_text(option.value, U64, option), Instances())


def _settings(draft: Draft, option: Option) -> None:
    """A setting that is there, or whose value passes a test; the core has its number above the value's 32 bits."""
    match = _SETTING.fullmatch(option.value.strip())
    if match is None or match[1] not in _SETTINGS:
        name = match[1] if match else option.value
        raise Fault(f"'{name}' is no setting", did_you_mean(name, _SETTINGS), at=option.value_at)
    base = _SETTINGS[match[1]] << 32
    is_there = Number(op="between", a=base - 1, b=base + 2**32)
    if not match[2]:
        _test(draft, option, is_there, Instances())
        return
    number = number_text(match[2], U32, option)
    if number.op in ("ne", "outside"):
        # It is there, and does not pass the opposite.
        value = Number(op="eq", a=base + number.a)
        opposite = value if number.op == "ne" else Number(op="between", a=base + number.a, b=base + number.b)
        _test(draft, option, is_there, Instances())
        _test(draft, option, opposite, Instances(), negated=True)
        return
    low, high = {
        "eq": (number.a - 1, number.a + 1),
        "lt": (-1, number.a),
        "le": (-1, number.a + 1),
        "gt": (number.a, 2**32),
        "ge": (number.a - 1, 2**32),
        "between": (number.a, number.b),
    }[number.op]
    _test(draft, option, Number(op="between", a=base + low, b=base + high), Instances())


# The keywords, a function each.
HANDLERS = {
    "http2.frametype": _frame_type,
    "http2.errorcode": _error_code,
    "http2.priority": _priority,
    "http2.window": _window,
    "http2.size_update": _size_update,
    "http2.settings": _settings,
}
