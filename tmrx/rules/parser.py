"""An option's keyword, and its value without quotes and negation; no meaning yet."""

from __future__ import annotations

import msgspec

from tmrx.rules.catalogue import Keyword, keywords, nearest_keyword
from tmrx.rules.diagnostics import Fault
from tmrx.rules.lexer import RawOption


class Option(msgspec.Struct, frozen=True, gc=False):
    """An option with its keyword; quotes and a negation before them are taken off the value ("" where there is none).

    `at` and `value_at` are where its name and its value start in the rule's text.
    """

    keyword: Keyword
    value: str
    negated: bool
    at: int
    value_at: int


def resolve(raw: RawOption) -> Option:
    """Look an option's keyword up and check its value's form. Raises Fault."""
    name, value = raw.name, raw.value
    table = keywords()
    keyword = table.get(name) or table.get(name.lower())
    if keyword is None:
        raise Fault(f"unknown keyword '{name}'", nearest_keyword(name), at=raw.at)
    if not value:
        if keyword.takes == "value" or value is not None:
            raise Fault(f"keyword '{name}' needs a value", f"{name}: {keyword.value}", at=raw.at)
        return Option(keyword, "", False, raw.at, raw.at)
    if keyword.takes == "nothing":
        raise Fault(f"keyword '{name}' takes no value", at=raw.value_at)
    if keyword.quotes == "optional" and value[0] not in '"!':
        return Option(keyword, value, False, raw.at, raw.value_at)
    return _unquoted(keyword, raw, value)


def _unquoted(keyword: Keyword, raw: RawOption, value: str) -> Option:
    at, negated = raw.value_at, False
    if keyword.negatable and value[0] == "!":
        bare = value[1:].lstrip(" \t")
        at, value, negated = at + len(value) - len(bare), bare, True
    if value[:1] != '"':
        if keyword.quotes == "required":
            raise Fault(f"the value of '{raw.name}' must be in quotes", at=at)
        return Option(keyword, value, negated, raw.at, at)
    if keyword.quotes == "no":
        raise Fault(f"the value of '{raw.name}' must not be in quotes", at=at)
    if len(value) == 1 or value[-1] != '"':
        raise Fault("the quote that opens here is not closed", "is a '\"' or a ';' missing?", at=at)
    return Option(keyword, value[1:-1], negated, raw.at, at + 1)
