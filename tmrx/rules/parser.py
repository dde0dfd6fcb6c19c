"""An option's keyword, and its value without quotes and negation; no meaning yet."""

from __future__ import annotations

from typing import NamedTuple

from tmrx.rules.catalogue import Keyword, keywords, nearest_keyword
from tmrx.rules.diagnostics import Fault
from tmrx.rules.lexer import RawOption


class Option(NamedTuple):
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
    table = keywords()
    keyword = table.get(raw.name) or table.get(raw.name.lower())
    if keyword is None:
        raise Fault(f"unknown keyword '{raw.name}'", nearest_keyword(raw.name), at=raw.at)
    if not raw.value:
        if keyword.takes == "value" or raw.value is not None:
            raise Fault(f"keyword '{raw.name}' needs a value", f"{raw.name}: {keyword.value}", at=raw.at)
        return Option(keyword, "", False, raw.at, raw.at)
    if keyword.takes == "nothing":
        raise Fault(f"keyword '{raw.name}' takes no value", at=raw.value_at)
    return _unquoted(keyword, raw, raw.value)


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
