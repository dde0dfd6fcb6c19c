"""Where rules are: files, folders, globs, standard input."""

from __future__ import annotations

import glob
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tmrx.errors import InputError


class Source(NamedTuple):
    """A rule file's name, as it was asked for, and its bytes."""

    name: str
    data: bytes


class Noted:
    """Reads files that rules name, and keeps their digests, "" for one that can't be read."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None where it can't be read."""
        try:
            data = Path(name).read_bytes()
        except OSError:
            self.digests[name] = ""
            return None
        self.digests[name] = hashlib.sha256(data).hexdigest()
        return data

    def unchanged(self, before: Mapping[str, str]) -> bool:
        """Whether files still have the digests that they had."""
        for name in before:
            self.read(name)
        return self.digests == before


def read(paths: Sequence[Path | str]) -> list[Source]:
    """All rule files, in the order asked for; a folder or glob gives its files by name. Raises InputError."""
    return [_read(name) for path in paths for name in _expand(str(path))]


def _expand(path: str) -> list[str]:
    if path == "-":
        return [path]
    if Path(path).is_dir():
        found = sorted(str(file) for file in Path(path).glob("*.rules"))
        if not found:
            raise InputError(path, "no *.rules file in this folder")
        return found
    if glob.has_magic(path) and not Path(path).exists():
        found = sorted(glob.glob(path))
        if not found:
            raise InputError(path, "no file fits this pattern")
        return found
    return [path]


def _read(name: str) -> Source:
    if name == "-":
        return Source("<stdin>", sys.stdin.buffer.read())
    return Source(name, read_bytes(name))


def read_bytes(name: str) -> bytes:
    """A file's bytes. Raises InputError."""
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InputError(name, (error.strerror or str(error)).lower()) from None
