"""Keywords that look a buffer up in a set: dataset and datarep."""

from __future__ import annotations

import re
from typing import Literal, get_args

from tmrx.plan import DatasetTest, Number, ReputationTest
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.datasets import MAX_NUMBER, TYPES, Declared, Format
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft
from tmrx.rules.options.state import words
from tmrx.rules.parser import Option

_Command = Literal["set", "unset", "isset", "isnotset"]
_NUMBERS = ("hashsize", "memcap")
_FILES = ("load", "state", "save")
_JSON = ("value_key", "array_key", "context_key")
_FLAGS = ("remove_key",)
_KEYS = ("type", "format", "match", *_FILES, *_NUMBERS, *_JSON, *_FLAGS)
_SIZE = re.compile(r"([0-9]{1,12})\s*(kb|mb|gb|KiB|MiB|GiB)?")


def _settings(parts: list[str], option: Option) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts:
        key, _, value = part.partition(" ")
        if key not in _KEYS:
            raise Fault(f"'{key}' is no setting of a dataset", did_you_mean(key, _KEYS), at=option.value_at)
        if key in found or (key in _FLAGS) == bool(value.strip()):
            what = "given twice" if key in found else "without a value" if key in _FLAGS else "nothing without a value"
            raise Fault(f"'{key}' is {what}", at=option.value_at)
        found[key] = value.strip()
    return found


def _declared(name: str, found: dict[str, str], option: Option, *, numbered: bool) -> Declared:
    if not name or " " in name:
        raise Fault(f"'{name}' is no name of a dataset", at=option.value_at)
    kind = found.get("type", "")
    if kind and kind not in TYPES:
        raise Fault(f"'{kind}' is no type of a dataset", ", ".join(TYPES), at=option.value_at)
    form = found.get("format", "csv")
    if form not in get_args(Format):
        raise Fault(f"'{form}' is no format of a dataset", ", ".join(get_args(Format)), at=option.value_at)
    for key in _NUMBERS:
        if key in found and not _SIZE.fullmatch(found[key]):
            raise Fault(f"'{found[key]}' is no size", at=option.value_at)
    _check_together(found, form, option)
    return Declared(
        name=name,
        type=TYPES[kind] if kind else "",
        load=found.get("load", ""),
        state=found.get("state", ""),
        save=found.get("save", ""),
        format=form,  # type: ignore[arg-type]  # checked above
        value_key=found.get("value_key", ""),
        array_key=found.get("array_key", ""),
        context_key=found.get("context_key", ""),
        remove_key="remove_key" in found,
        hashsize=int(found.get("hashsize", 0)) if found.get("hashsize", "0").isdigit() else 0,
        numbered=numbered,
    )


def _check_together(found: dict[str, str], form: str, option: Option) -> None:
    if form == "csv":
        stray = [key for key in (*_JSON, *_FLAGS) if key in found]
        if stray:
            raise Fault(f"'{stray[0]}' is for JSON", "format json or format ndjson", at=option.value_at)
    else:
        missing = [key for key in ("load", "value_key", "context_key") if key not in found]
        if missing:
            raise Fault(f"format {form} needs '{missing[0]}'", at=option.value_at)
        if "state" in found or "save" in found:
            raise Fault(f"format {form} is not written", "load only", at=option.value_at)
    if "state" in found and ("load" in found or "save" in found):
        raise Fault("'state' is both load and save", at=option.value_at)


def _dataset(draft: Draft, option: Option) -> None:
    command, *rest = words(option)
    if command not in get_args(_Command):
        hint = did_you_mean(command, get_args(_Command)) or ", ".join(get_args(_Command))
        raise Fault(f"'{command}' is no command of 'dataset'", hint, at=option.value_at)
    if not rest:
        raise Fault(f"'{option.value}' names no dataset", at=option.value_at)
    found = _settings(rest[1:], option)
    subdomain = "match" in found
    changes = command in ("set", "unset")
    if subdomain and (found["match"] != "subdomain" or changes or found.get("type", "string") != "string"):
        raise Fault(f"'match {found['match']}' does not go with it", "isset or isnotset, type string", option.value_at)
    if changes and found.get("format", "csv") != "csv":
        raise Fault(f"'{command}' does not go with JSON", at=option.value_at)
    number = _number(draft, _declared(rest[0], found, option, numbered=False), option)
    draft.add(DatasetTest(op=command, set=number, subdomain=subdomain))  # type: ignore[arg-type]  # checked above


_COMPARISONS: dict[str, Literal["lt", "gt", "eq"]] = {"<": "lt", ">": "gt", "==": "eq", "=": "eq"}


def _datarep(draft: Draft, option: Option) -> None:
    parts = words(option)
    if len(parts) < 3 or parts[1] not in _COMPARISONS:  # noqa: PLR2004  # name, operator, number
        raise Fault(f"'{option.value}' is no datarep", "NAME, >, NUMBER, type T, load FILE", at=option.value_at)
    if not (parts[2].isascii() and parts[2].isdigit() and int(parts[2][:6]) <= MAX_NUMBER):
        raise Fault(f"'{parts[2]}' is no number up to {MAX_NUMBER}", at=option.value_at)
    found = _settings(parts[3:], option)
    if found.get("format", "csv") != "csv" or "match" in found:
        raise Fault("a datarep is a file of VALUE,NUMBER", at=option.value_at)
    number = _number(draft, _declared(parts[0], found, option, numbered=True), option)
    draft.add(ReputationTest(set=number, number=Number(op=_COMPARISONS[parts[1]], a=int(parts[2]))))


def _number(draft: Draft, declared: Declared, option: Option) -> int:
    if draft.current.keyword is None:
        raise Fault(f"'{option.keyword.name}' needs a sticky buffer before it", at=option.at)
    try:
        return draft.context.datasets.number(declared, draft.context.folder)
    except Fault as fault:
        fault.at = option.value_at
        raise


HANDLERS = {"datarep": _datarep, "dataset": _dataset}
