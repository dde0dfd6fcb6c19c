"""Keywords that ask about files, and filestore. All of a rule are of one file, in one check of the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from tmrx.plan import File, FileHash, FileMagic, FileName, FileSize, Filestore, FileTest
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft
from tmrx.rules.numbers import U64, number_text
from tmrx.rules.options.payload import literal
from tmrx.rules.options.state import words
from tmrx.rules.parser import Option

_Hash = Literal["md5", "sha1", "sha256"]
# Hex digits of a digest.
_DIGITS: dict[_Hash, int] = {"md5": 32, "sha1": 40, "sha256": 64}
_HEX = re.compile(r"[0-9a-f]*", re.IGNORECASE)

_Side = Literal["to_server", "to_client", "both"]
_SIDES: dict[str, _Side] = {
    "request": "to_server",
    "to_server": "to_server",
    "response": "to_client",
    "to_client": "to_client",
    "both": "both",
}
_Scope = Literal["file", "tx", "flow"]
_SCOPES: dict[str, _Scope] = {"file": "file", "tx": "tx", "ssn": "flow", "flow": "flow"}


def _ask(draft: Draft, option: Option, *tests: FileTest) -> None:
    """Add tests to the rule's check on files, which only applications with files have."""
    draft.need(option)
    for place, check in enumerate(draft.checks):
        if isinstance(check, File):
            draft.checks[place] = replace(check, tests=(*check.tests, *tests))
            return
    draft.checks.append(File(tests=tests))


def _text(option: Option) -> bytes:
    text = literal(option)
    if not text:
        raise Fault(f"'{option.keyword.name}' without a text", option.keyword.value, at=option.value_at)
    return text


def _name(draft: Draft, option: Option) -> None:
    end = option.keyword.name == "fileext"
    _ask(draft, option, FileName(text=_text(option).lower(), negated=option.negated, end=end))


def _magic(draft: Draft, option: Option) -> None:
    _ask(draft, option, FileMagic(text=_text(option), negated=option.negated))


def _size(draft: Draft, option: Option) -> None:
    _ask(draft, option, FileSize(number=number_text(option.value, U64, option)))


def _hash(draft: Draft, option: Option) -> None:
    kind: _Hash = option.keyword.name.removeprefix("file")  # type: ignore[assignment]  # the table has these three
    name = option.value.removeprefix("!").strip()
    if not name or re.search(r"[\s,]", name):
        raise Fault(f"'{option.value}' names no list of digests", option.keyword.value, at=option.value_at)
    path = str(draft.context.folder / name)
    data = draft.context.read(path)
    if data is None:
        raise Fault(f"the list of digests {path} can't be read", at=option.value_at)
    digests = b"".join(sorted(_digests(data, kind, path, option)))
    _ask(draft, option, FileHash(hash=kind, digests=digests, negated=option.value.startswith("!")))


def _digests(data: bytes, kind: _Hash, path: str, option: Option) -> Iterator[bytes]:
    """A digest a line, in hex; what follows it is ignored, as in what md5sum and its like write."""
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        word, *_ = line.split(maxsplit=1) or [""]
        if not word or word.startswith("#"):
            continue
        if len(word) != _DIGITS[kind] or not _HEX.fullmatch(word):
            hint = f"{_DIGITS[kind]} hex digits a line"
            raise Fault(f"{path}, line {number}: '{word[:80]}' is no digest", hint, at=option.value_at)
        yield bytes.fromhex(word)


def _store(draft: Draft, option: Option) -> None:
    draft.once(option)
    side, scope = (*words(option), "", "")[:2] if option.value else ("", "")
    if (side and side not in _SIDES) or (scope and scope not in _SCOPES) or option.value.count(",") > 1:
        raise Fault(f"'{option.value}' is no value of 'filestore'", option.keyword.value, at=option.value_at)
    _ask(draft, option)
    draft.effects.append(
        Filestore(side=_SIDES[side] if side else "rule", scope=_SCOPES[scope] if scope else "file"),
    )


HANDLERS = {
    "fileext": _name,
    "filemagic": _magic,
    "filemd5": _hash,
    "filename": _name,
    "filesha1": _hash,
    "filesha256": _hash,
    "filesize": _size,
    "filestore": _store,
}
