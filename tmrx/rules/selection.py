"""Selection of rules as suricata-update does it: disable, then enable, then drop, then modify.

A file has a matcher a line: `GID:SID`, `SID`, `re:REGEX` (on the rule's text), `group:NAME` (the rule file's name, with
or without `.rules`), `filename:PATH` (all of it), `metadata:KEY VALUE`, or `*`; `#` begins a comment. In names `*` and
`?` stand for anything. A line of a modify file goes on with `"REGEX" "REPLACEMENT"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import NamedTuple, TypeVar

from tmrx.errors import ConfigError
from tmrx.rules.lexer import Line, decode, rule_lines
from tmrx.rules.sources import Source

_COMMENTED = re.compile(r"#+\s*(?=(?:alert|pass|drop|reject(?:src|dst|both)?|config)(?::\w+)?\s)", re.IGNORECASE)
_SID = re.compile(r"[;(\s]sid\s*:\s*\"?\s*(\d{1,10})", re.IGNORECASE)
_GID = re.compile(r"[;(\s]gid\s*:\s*\"?\s*(\d{1,10})", re.IGNORECASE)
_METADATA = re.compile(r"[;(\s]metadata\s*:\s*([^;]*)", re.IGNORECASE)
_NOALERT = re.compile(r"noalert\s*;", re.IGNORECASE)
_ALERT = re.compile(r"alert(?=[\s:])", re.IGNORECASE)
_ID = re.compile(r"(?:(\d{1,10})\s*:\s*)?(\d{1,10})")
_CHANGE = re.compile(r'(?:modifysid\s+)?(.+?)\s+"((?:\\.|[^"\\])*)"\s+(?:\|\s+)?"((?:\\.|[^"\\])*)"')
_UNESCAPE = re.compile(r'\\(["\\])')


_T = TypeVar("_T")


class Candidate(NamedTuple):
    """A rule that may be chosen: the file it stands in, and its text."""

    file: str
    text: str

    @property
    def id(self) -> tuple[int, int]:
        """Its gid and sid; 0 where it has none."""
        gid, sid = _GID.search(self.text), _SID.search(self.text)
        return int(gid[1]) if gid else 1, int(sid[1]) if sid else 0


Matcher = Callable[[Candidate], bool]


class Matchers:
    """The matchers of some lines; identities are looked up, the others asked one by one."""

    def __init__(self) -> None:
        self._ids: set[tuple[int, int]] = set()
        self._others: list[Matcher] = []

    def add(self, text: str) -> None:
        """Add one. Raises ValueError."""
        match = _ID.fullmatch(text)
        if match:
            self._ids.add((int(match[1] or 1), int(match[2])))
        else:
            self._others.append(_matcher(text))

    def match(self, rule: Candidate) -> bool:
        """Whether one of them is for the rule."""
        return (bool(self._ids) and rule.id in self._ids) or any(matches(rule) for matches in self._others)


def _matcher(text: str) -> Matcher:
    kind, colon, value = text.partition(":")
    value = value.strip()
    if text == "*":
        return lambda _: True
    if not colon or not value:
        raise ValueError("no GID:SID, SID, re:, group:, filename: or metadata:")
    if kind == "re":
        regex = _regex(value)
        return lambda rule: regex.search(rule.text) is not None
    if kind == "group":
        return lambda rule: _in_group(rule.file, value)
    if kind == "filename":
        return lambda rule: fnmatchcase(rule.file, value)
    if kind == "metadata":
        wanted = " ".join(value.lower().split())
        return lambda rule: wanted in _metadata(rule.text)
    raise ValueError(f"'{kind}' is no kind of matcher")


def _regex(text: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise ValueError(f"the regular expression '{text}' is wrong: {error}") from None


def _in_group(file: str, pattern: str) -> bool:
    name = PurePath(file).name
    return fnmatchcase(name, pattern) or fnmatchcase(name.removesuffix(".rules"), pattern)


def _metadata(text: str) -> set[str]:
    found = (item for match in _METADATA.finditer(text) for item in match[1].lower().split(","))
    return {" ".join(item.split()) for item in found}


class Change(NamedTuple):
    """A line of a modify file: which rules, what in them, and what comes in its place."""

    rules: Matchers
    regex: re.Pattern[str]
    replacement: str

    def apply(self, rule: Candidate) -> Candidate:
        """The rule as changed. Raises re.error for a replacement that refers to a group that is not there."""
        if not self.rules.match(rule):
            return rule
        return rule._replace(text=self.regex.sub(self.replacement, rule.text))


class Selection:
    """What is chosen of rule files and how it is changed."""

    def __init__(
        self,
        *,
        disable: Sequence[Source] = (),
        enable: Sequence[Source] = (),
        drop: Sequence[Source] = (),
        modify: Sequence[Source] = (),
    ) -> None:
        """Read the files. Raises ConfigError with all lines that are wrong."""
        faults: list[ConfigError] = []
        self._disable = _matchers(disable, faults)
        self._enable = _matchers(enable, faults)
        self._drop = _matchers(drop, faults)
        self._changes = list(_read(modify, _change, faults))
        self._enabling = bool(enable)
        self._any = bool(disable or enable or drop or modify)
        if faults:
            raise ConfigError.of(faults)

    def lines(self, file: Source) -> Iterator[Line]:
        """The rules of a file that are to be loaded, as they are to be loaded."""
        text = decode(file.data)
        if not self._any:
            return rule_lines(text)
        lines = _with_commented(text) if self._enabling else ((line, True) for line in rule_lines(text))
        return self._chosen(file.name, lines)

    def _chosen(self, file: str, lines: Iterable[tuple[Line, bool]]) -> Iterator[Line]:
        for line, active in lines:
            rule = Candidate(file, line.text)
            wanted = (active and not self._disable.match(rule)) or self._enable.match(rule)
            if wanted:
                yield Line(line.number, self._changed(rule).text)

    def _changed(self, rule: Candidate) -> Candidate:
        if self._drop.match(rule) and not _NOALERT.search(rule.text):
            rule = rule._replace(text=_ALERT.sub("drop", rule.text, count=1) if _ALERT.match(rule.text) else rule.text)
        for change in self._changes:
            rule = change.apply(rule)
        return rule


def _with_commented(text: str) -> Iterator[tuple[Line, bool]]:
    """The rules of a file, also those that stand in a comment, and whether they do not."""
    commented = (
        Line(number, line[match.end() :].rstrip())
        for number, line in enumerate(text.split("\n"), 1)
        if line.startswith("#") and (match := _COMMENTED.match(line))
    )
    both = [(line, True) for line in rule_lines(text)] + [(line, False) for line in commented]
    return iter(sorted(both))


def _matchers(files: Sequence[Source], faults: list[ConfigError]) -> Matchers:
    found = Matchers()
    # Each is added as it is read.
    list(_read(files, found.add, faults))
    return found


def _change(text: str) -> Change:
    match = _CHANGE.fullmatch(text)
    if match is None:
        raise ValueError('no MATCHER "REGEX" "REPLACEMENT"')
    rules = Matchers()
    rules.add(match[1])
    regex = _regex(_UNESCAPE.sub(r"\1", match[2]), 0)
    replacement = _UNESCAPE.sub(r"\1", match[3])
    try:
        # Whether the replacement's groups are there shows only when it is used.
        re.compile(f"(?:{regex.pattern})|").sub(replacement, "")
    except (re.error, IndexError) as error:
        raise ValueError(f"the replacement '{replacement}' is wrong: {error}") from None
    return Change(rules, regex, replacement)


def _read(files: Sequence[Source], read: Callable[[str], _T], faults: list[ConfigError]) -> Iterator[_T]:
    """What `read` makes of each line; what is wrong goes to `faults`."""
    for file in files:
        for number, raw in enumerate(decode(file.data).splitlines(), 1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            try:
                yield read(line)
            except ValueError as why:
                faults.append(ConfigError(f"{file.name}:{number}", f"'{line}': {why}", "see suricata-update's files"))
