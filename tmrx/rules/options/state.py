"""Keywords with memory: bits and variables of flows and addresses, scores of addresses, thresholds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, get_args

from msgspec.structs import replace

from tmrx.plan import (
    Captured,
    Flowbits,
    FlowintTest,
    Iprep,
    Limit,
    Number,
    SetFlowbits,
    SetFlowint,
    SetXbit,
    XbitTest,
)
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft, number_of
from tmrx.rules.options.payload import literal
from tmrx.rules.parser import Option

U32 = 2**32 - 1
# detect.flowbits.max-per-signature.
MAX_FLOWBITS = 8
HOSTBIT_EXPIRE = 300
XBIT_EXPIRE = 30
# Categories of reputation (reputation-categories-file) and scores.
MAX_SCORE = 127

_Set = Literal["set", "unset", "toggle"]
_Track = Literal["ip_src", "ip_dst", "ip_pair", "tx"]
_Side = Literal["any", "src", "dst", "both"]
_IntChange = Literal["add", "sub", "set"]


def words(option: Option) -> list[str]:
    """The value's parts between commas, blanks around them taken off."""
    return [word.strip() for word in option.value.split(",")]


def _one_of(word: str, known: tuple[str, ...], what: str, option: Option) -> None:
    if word not in known:
        hint = did_you_mean(word, known) or ", ".join(known)
        raise Fault(f"'{word}' is no {what} of '{option.keyword.name}'", hint, at=option.value_at)


def _integer(text: str, option: Option, lowest: int = 0, highest: int = U32) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(U32)) or not lowest <= int(text) <= highest:
        raise Fault(f"'{text}' is no number from {lowest} to {highest}", at=option.value_at)
    return int(text)


# --- bits and variables

_BIT_TESTS = ("isset", "isnotset")
_BIT_CHANGES = ("set", "unset", "toggle")


def _flowbits(draft: Draft, option: Option) -> None:
    command, *names = words(option)
    if command == "noalert" and not names:
        draft.noalert = True
        return
    _one_of(command, ("set", "unset", *_BIT_TESTS, "noalert"), "command", option)
    if command == "noalert" or len(names) != 1:
        raise Fault(f"'{option.value}' is no flowbit", "set,NAME; isset,NAME|OTHER; noalert", at=option.value_at)
    bits = tuple(number_of(_bit_name(name, option), draft.context.names.flowbits) for name in names[0].split("|"))
    _count_flowbits(draft, len(bits), option)
    if command in _BIT_TESTS:
        draft.checks.append(Flowbits(isset=command == "isset", bits=bits))
    elif len(bits) > 1:
        draft.warn(f"'{option.value}' changes nothing", "one flowbit at a time", option.value_at)
    else:
        draft.effects.append(SetFlowbits(set=command == "set", bits=bits))


def _count_flowbits(draft: Draft, more: int, option: Option) -> None:
    used = [entry for entry in (*draft.checks, *draft.effects) if isinstance(entry, Flowbits | SetFlowbits)]
    if sum(len(entry.bits) for entry in used) + more > MAX_FLOWBITS:
        raise Fault(f"more than {MAX_FLOWBITS} flowbits in one rule", at=option.at)


def _bit_name(text: str, option: Option) -> str:
    name = text.strip()
    if not name or any(char.isspace() for char in name):
        raise Fault(f"'{text}' is no name of a bit", "one word", at=option.value_at)
    return name


_INT_COMPARISONS: dict[str, Literal["eq", "ne", "lt", "le", "gt", "ge"]] = {
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}
_INT_TESTS: dict[str, Literal["isset", "isnotset"]] = {"isset": "isset", "isnotset": "isnotset", "notset": "isnotset"}
_INT_CHANGES: dict[str, _IntChange] = {"+": "add", "-": "sub", "=": "set"}
_INT_NAME = re.compile(r"[a-zA-Z][\w./]+", re.ASCII)


def _flowint(draft: Draft, option: Option) -> None:
    parts = words(option)
    if len(parts) not in (2, 3):
        raise Fault(f"'{option.value}' is no flowint", "NAME,OPERATOR,VALUE or NAME,isset", at=option.value_at)
    name = _flowint_name(draft, parts[0], option)
    op = parts[1]
    _one_of(op, (*_INT_CHANGES, *_INT_COMPARISONS, *_INT_TESTS), "operator", option)
    if (op in _INT_TESTS) != (len(parts) == 2):  # noqa: PLR2004  # name and operator
        raise Fault(f"'{op}' takes {'no' if op in _INT_TESTS else 'a'} value", at=option.value_at)
    if op in _INT_TESTS:
        draft.checks.append(FlowintTest(name=name, op=_INT_TESTS[op]))
        return
    value, other = _flowint_value(draft, parts[2], option)
    if op in _INT_CHANGES:
        draft.effects.append(SetFlowint(name=name, op=_INT_CHANGES[op], value=value, other=other))
    else:
        draft.checks.append(FlowintTest(name=name, op=_INT_COMPARISONS[op], value=value, other=other))


def _flowint_name(draft: Draft, text: str, option: Option) -> int:
    if not _INT_NAME.fullmatch(text):
        raise Fault(f"'{text}' is no name of a flowint", "a letter, then at least one more sign", at=option.value_at)
    return number_of(text, draft.context.names.flowints)


def _flowint_value(draft: Draft, text: str, option: Option) -> tuple[int, int | None]:
    """A number, or the number of another variable's name."""
    if text[:1].isdigit():
        return _integer(text, option), None
    return 0, _flowint_name(draft, text, option)


def _xbits(draft: Draft, option: Option) -> None:
    parts = words(option)
    _one_of(parts[0], (*_BIT_CHANGES, *_BIT_TESTS), "command", option)
    settings = dict(_setting(part) for part in parts[2:])
    if len(parts) < 3 or len(settings) != len(parts) - 2 or not {"track"} <= settings.keys() <= {"track", "expire"}:  # noqa: PLR2004
        hint = "set,NAME,track ip_src,expire SECONDS"
        raise Fault(f"'{option.value}' is no xbit", hint, at=option.value_at)
    track: _Track = settings["track"]  # type: ignore[assignment]  # checked in the next line
    _one_of(track, get_args(_Track), "track", option)
    expire = _integer(settings["expire"], option, 1) if "expire" in settings else XBIT_EXPIRE
    if track == "tx" and parts[0] not in ("set", "isset"):
        raise Fault(f"'{parts[0]}' does not go with track tx", "set or isset", at=option.value_at)
    _address_bit(draft, parts[0], _bit_name(parts[1], option), track, expire)


def _setting(part: str) -> tuple[str, str]:
    name, _, value = part.partition(" ")
    return name, value.strip()


def _address_bit(
    draft: Draft, command: str, name: str, track: Literal["ip_src", "ip_dst", "ip_pair", "ip_both", "tx"], expire: int
) -> None:
    bit = number_of(name, draft.context.names.xbits)
    if command in _BIT_TESTS:
        draft.checks.append(XbitTest(isset=command == "isset", bit=bit, track=track))
    else:
        change: _Set = command  # type: ignore[assignment]  # the caller has checked it
        draft.effects.append(SetXbit(op=change, bit=bit, track=track, expire=expire))


_HOSTBIT_TRACKS: dict[str, Literal["ip_src", "ip_dst", "ip_both"]] = {
    "src": "ip_src",
    "dst": "ip_dst",
    "both": "ip_both",
}


def _hostbits(draft: Draft, option: Option) -> None:
    command, *rest = words(option)
    _one_of(command, (*_BIT_CHANGES, *_BIT_TESTS), "command", option)
    if len(rest) not in (1, 2):
        raise Fault(f"'{option.value}' is no hostbit", "set,NAME,src", at=option.value_at)
    side = rest[1] if len(rest) > 1 else "src"
    _one_of(side, tuple(_HOSTBIT_TRACKS), "side", option)
    _address_bit(draft, command, _bit_name(rest[0], option), _HOSTBIT_TRACKS[side], HOSTBIT_EXPIRE)


_CAPTURED = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*,\s*")


def _captured(of: Literal["flow", "packet"]) -> Callable[[Draft, Option], None]:
    """flowvar, pktvar: the name that a `pcre` captured under, and a literal as that of `content`."""

    def handler(draft: Draft, option: Option) -> None:
        match = _CAPTURED.match(option.value)
        value, at = option.value[match.end() :] if match else "", option.value_at + (match.end() if match else 0)
        if len(value) > 1 and value[0] == value[-1] == '"':
            value, at = value[1:-1], at + 1
        text = literal(replace(option, value=value, value_at=at))
        if match is None or not text:
            raise Fault(f"'{option.value}' is no variable and its text", option.keyword.value, at=option.value_at)
        draft.checks.append(Captured(of=of, name=match[1], text=text))

    return handler


# --- reputation


def _iprep(draft: Draft, option: Option) -> None:
    parts = words(option)
    hint = "SIDE,CATEGORY,OPERATOR,SCORE or SIDE,CATEGORY,isset"
    _one_of(parts[0], get_args(_Side), "side", option)
    side: _Side = parts[0]  # type: ignore[assignment]  # checked above
    if len(parts) < 3:  # noqa: PLR2004
        raise Fault(f"'{option.value}' is no reputation test", hint, at=option.value_at)
    categories = draft.context.categories
    if parts[1] not in categories:
        known = did_you_mean(parts[1], categories) or "the reputation-categories-file has the categories"
        raise Fault(f"'{parts[1]}' is no reputation category", known, at=option.value_at)
    category = categories[parts[1]]
    if parts[2] == "isset" and len(parts) == 3:  # noqa: PLR2004
        draft.checks.append(Iprep(side=side, category=category, op="isset"))
    elif parts[2] == "isnotset" and len(parts) == 3:  # noqa: PLR2004
        draft.checks.append(Iprep(side=side, category=category, op="isnotset"))
    else:
        draft.checks.append(Iprep(side=side, category=category, number=_score("".join(parts[2:]), option)))


_SCORE_OPS: dict[str, Literal["eq", "ne", "lt", "le", "gt", "ge"]] = {**_INT_COMPARISONS, "=": "eq"}
_SCORE = re.compile(r"([<>=!]=?)([0-9]{1,3})")


def _score(text: str, option: Option) -> Number:
    match = _SCORE.fullmatch(text)
    if match is None or match[1] not in _SCORE_OPS:
        raise Fault(f"'{text}' is no test of a score", "<, >, <=, >=, =, != and 0 to 127", at=option.value_at)
    return Number(op=_SCORE_OPS[match[1]], a=_integer(match[2], option, 0, MAX_SCORE))


# --- thresholds

_RuleLimit = Literal["limit", "threshold", "both", "backoff"]
RuleTrack = Literal["by_src", "by_dst", "by_both", "by_rule", "by_flow"]
UniqueOn = Literal["src_port", "dst_port"]


def settings(option: Option, wanted: tuple[str, ...], maybe: tuple[str, ...] = ()) -> dict[str, str]:
    """The value's `key value` pairs in any order: all of `wanted`, some of `maybe`, none twice. Raises Fault."""
    found: dict[str, str] = {}
    for name, value in (_setting(part) for part in words(option)):
        _one_of(name, wanted + maybe, "setting", option)
        if name in found:
            raise Fault(f"'{name}' is given twice", at=option.value_at)
        found[name] = value
    missing = [name for name in wanted if name not in found]
    if missing:
        raise Fault(f"'{missing[0]}' is missing", ", ".join(wanted), at=option.value_at)
    return found


def threshold_limit(option: Option, types: tuple[str, ...] = get_args(_RuleLimit)) -> Limit:
    """What the value of `threshold` says. Raises Fault."""
    backoff = re.search(r"\btype\s+backoff\b", option.value) is not None
    found = settings(option, ("type", "track", "count", "multiplier" if backoff else "seconds"))
    _one_of(found["type"], types, "type", option)
    _one_of(found["track"], ("by_flow",) if backoff else get_args(RuleTrack), "track", option)
    return Limit(
        type=found["type"],  # type: ignore[arg-type]  # checked above
        track=found["track"],  # type: ignore[arg-type]
        count=_integer(found["count"], option, 1),
        seconds=0 if backoff else _integer(found["seconds"], option),
        multiplier=_integer(found["multiplier"], option, 1) if backoff else 0,
    )


def _threshold(draft: Draft, option: Option) -> None:
    _not_both(draft, "detection_filter", option)
    draft.seen.add("threshold")
    draft.limits.append(threshold_limit(option))


def _detection_filter(draft: Draft, option: Option) -> None:
    _not_both(draft, "threshold", option)
    draft.once(option)
    found = settings(option, ("track", "count", "seconds"), ("unique_on",))
    _one_of(found["track"], ("by_src", "by_dst", "by_both", "by_flow"), "track", option)
    if "unique_on" in found:
        _one_of(found["unique_on"], get_args(UniqueOn), "port", option)
    limit = Limit(
        type="detection_filter",
        track=found["track"],  # type: ignore[arg-type]  # checked above
        count=_integer(found["count"], option, 1),
        seconds=_integer(found["seconds"], option, 1),
        unique_on=found.get("unique_on", ""),  # type: ignore[arg-type]
    )
    draft.limits.append(limit)


def _not_both(draft: Draft, other: str, option: Option) -> None:
    if other in draft.seen:
        raise Fault(f"'{option.keyword.name}' does not go with '{other}'", at=option.at)


HANDLERS = {
    "detection_filter": _detection_filter,
    "flowbits": _flowbits,
    "flowint": _flowint,
    "flowvar": _captured("flow"),
    "hostbits": _hostbits,
    "iprep": _iprep,
    "pktvar": _captured("packet"),
    "threshold": _threshold,
    "xbits": _xbits,
}
