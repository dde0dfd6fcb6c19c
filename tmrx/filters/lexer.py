"""The tokens of a display expression."""

from __future__ import annotations

import re
from typing import NamedTuple

from tmrx.filters.fault import Fault

# Other spellings of operators, as Wireshark has them too.
SPELLINGS = {
    "&&": "and", "||": "or", "!": "not",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
_WORDS = frozenset(("and", "or", "not", "in", "contains", "matches"))
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<operator>&&|\|\||==|!=|<=|>=|\.\.|[<>!&(){},])
    |(?P<bare>(?:(?!\.\.)[\w.:+/@*-])+)
    |(?P<end>$)
    )""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A part of an expression. `kind` is an operator in its first spelling, "value", "quoted" or "end"."""

    kind: str
    text: str
    at: int


def tokens(expression: str) -> list[Token]:
    """All tokens, an "end" last. Raises Fault."""
    if bad := re.search("[\ud800-\udfff]", expression):
        raise Fault("the expression is not UTF-8", bad.start())
    found: list[Token] = []
    at = 0
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(expression, at)
        if match is None:
            raise _broken(expression, at)
        found.append(_token(match))
        at = match.end()
    return found


def _token(match: re.Match[str]) -> Token:
    group = match.lastgroup or "end"
    text, at = match[group], match.start(group)
    if group == "quoted":
        return Token("quoted", re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL), at)
    kind = SPELLINGS.get(text, text)
    if group == "operator" or (group == "bare" and (kind in _WORDS or text in SPELLINGS)):
        return Token(kind, text, at)
    return Token("end" if group == "end" else "value", text, at)


def _broken(expression: str, at: int) -> Fault:
    at += len(expression[at:]) - len(expression[at:].lstrip())
    char = expression[at]
    if char in "\"'":
        return Fault("a quote is not closed", at)
    hint = {"=": "== compares", "|": "|| or the word or"}.get(char, "")
    return Fault(f"{char!r} is no part of an expression", at, hint)
