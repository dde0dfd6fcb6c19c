"""Rule files into rules, and a rule into the fields of its header and its options; nothing is looked up here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from tmrx.rules.diagnostics import Fault

MAX_RULE_BYTES = 8192
_IGNORED_STARTS = ("#", " ", "\t", "\r")
_BLANKS = " \t\r\n\f\v"
# Besides the control characters: what `surrogateescape` makes of bytes that are not UTF-8.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\udc80-\udcff]")
_FIELD_END = re.compile(r"[\[\] \t]")
_OPTIONS_START = re.compile(r"[ \t\r\n(]*")
# A `;` ends an option unless a backslash stands before it, inside quotes too.
# (A repeated group is not possessive: Python before 3.11.5 takes it for matched where it is not.)
_OPTION = re.compile(r"[ \t\r\n]*+([^:;\s]*+)[ \t\r\n]*+(?::[ \t\r\n]*+((?:[^;]*+(?<=\\);)*[^;]*+))?(?<!\\);")

FIELDS = ("action", "protocol", "source", "source port", "direction", "destination", "destination port")


class Line(NamedTuple):
    """A rule's text, its continuations joined, and the number of its first line."""

    number: int
    text: str


class Field(NamedTuple):
    """A part of a header, and where it starts in the rule's text."""

    text: str
    at: int


class RawOption(msgspec.Struct, frozen=True, gc=False):
    """An option as written: its value with quotes and negation, None (and a place of -1) where there is no colon."""

    name: str
    value: str | None
    at: int
    value_at: int


def decode(data: bytes) -> str:
    """A file's bytes as text; those that are not UTF-8 are kept for `check_text` to find."""
    return data.decode("utf-8", "surrogateescape")


def rule_lines(text: str) -> Iterator[Line]:
    """The rules of a file. Comments, empty lines and lines that start with a blank are none (as in Suricata)."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not parts and (not line or line.startswith(_IGNORED_STARTS)):
            continue
        first = first if parts else number
        bare = line.rstrip(_BLANKS)
        if bare.endswith("\\"):
            parts.append(bare[:-1])
            continue
        yield Line(first, "".join((*parts, bare)))
        parts.clear()
    if parts:
        yield Line(first, "".join(parts))


def check_text(text: str) -> None:
    """Raise Fault for a rule that is too long, not UTF-8, or holds control characters."""
    if bad := _FORBIDDEN.search(text):
        what = "a byte that is not UTF-8" if bad[0] > "\x7f" else f"the control character 0x{ord(bad[0]):02x}"
        raise Fault(f"the rule holds {what}", "write such bytes in hex, |..|", at=bad.start())
    if len(text) > MAX_RULE_BYTES or (not text.isascii() and len(text.encode()) > MAX_RULE_BYTES):
        raise Fault(f"the rule is longer than {MAX_RULE_BYTES} bytes", at=0)


def _field(text: str, start: int, name: str) -> Field:
    """The field from `start`, which is no blank; blanks count as its part only inside brackets."""
    depth = 0
    for mark in _FIELD_END.finditer(text, start):
        if mark[0] == "[":
            depth += 1
        elif mark[0] == "]":
            depth -= 1
        elif depth <= 0:
            return Field(text[start : mark.start()], start)
    if depth > 0:
        raise Fault(f"the {name}'s '[' is not closed", at=start)
    return Field(text[start:], start)


def header(text: str) -> tuple[tuple[Field, ...], int]:
    """The seven fields of a rule's header, and where its options start."""
    at, fields = 0, []
    for name in FIELDS:
        while text[at : at + 1] in (" ", "\t"):
            at += 1
        if at >= len(text) or text[at] == "(":
            raise Fault(f"the {name} is missing", "ACTION PROTOCOL SOURCE PORT -> DESTINATION PORT (OPTIONS)", at=at)
        field = _field(text, at, name)
        if "(" in field.text:
            raise Fault(f"the {name} holds a '('", "put a blank before it", at=at + field.text.index("("))
        fields.append(field)
        at += len(field.text)
    return tuple(fields), at


def options(text: str, start: int) -> list[RawOption]:
    """The options of a rule. Runs of blanks and parentheses around them are dropped; the last `;` is needed."""
    end = len(text.rstrip(_BLANKS + ")"))
    opening = _OPTIONS_START.match(text, start)
    at = opening.end() if opening else start
    if at >= end:
        raise Fault("the rule has no options", "it needs at least (sid:NUMBER;)", at=len(text) - 1)
    found = []
    match = _OPTION.match
    while at < end:
        option = match(text, at, end)
        if option is None:
            raise _broken_option(text, at, end)
        name, value = option.groups()
        if not name:
            raise Fault("an option without a name", at=option.start(1))
        found.append(RawOption(name, value and value.rstrip(_BLANKS), option.start(1), option.start(2)))
        at = option.end()
    return found


def _broken_option(text: str, at: int, end: int) -> Fault:
    name = re.compile(r"[ \t\r\n]*([^:;\s]*)[ \t\r\n]*").match(text, at, end)
    if name and name.end() < end and text[name.end()] not in ":;":
        return Fault(f"a ':' or ';' is missing after '{name[1]}'", at=name.end())
    return Fault("the last option has no ';'", "each option ends with ';', the last one too", at=end)
