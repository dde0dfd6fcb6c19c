"""Stored files: a folder with each content once, by the name of its SHA-256 (specification, app-layer.md, "Files")."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tmrx.sinks.output import Output, fault

if TYPE_CHECKING:
    from tmrx._core import Batch

# Where files are while their bytes come.
_UNFINISHED = "tmp"


class _File(msgspec.Struct):
    file_id: int = 0
    sha256: str = ""


class _Told(msgspec.Struct):
    timestamp: str
    fileinfo: _File


class StoredFiles:
    """The folder `filestore`. Its 256 subfolders are made when it is opened; every fault is an OutputError.

    With `infos`, what is told of a file is written beside it: SHA256.SECOND.NUMBER.json.
    """

    def __init__(self, folder: str, *, infos: bool) -> None:
        self._infos = infos
        self._folder = Path(folder)
        self._open: set[int] = set()
        _try(self._make_folders, self._folder)

    def _make_folders(self) -> None:
        for name in (_UNFINISHED, *(f"{number:02x}" for number in range(256))):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    def take(self, batch: Batch) -> None:
        """The next pieces of files, and what is told of those that ended. A file without digest can't be stored."""
        for number, data, digest, ended in batch.files:
            if ended and not digest:
                self._unfinished(number).unlink(missing_ok=True)
                self._open.discard(number)
                continue
            self._add(number, data)
            if ended:
                self._finish(number, digest)
        if self._infos:
            self._tell(batch.eve[-1])

    def _tell(self, lines: bytes) -> None:
        """Write what is told of stored files: the lines of EVE's last section."""
        for line in lines.splitlines():
            told = msgspec.json.decode(line, type=_Told)
            info = told.fileinfo
            output = Output(str(self._place(info.sha256)) + f".{_second(told.timestamp)}.{info.file_id}.json")
            output.write(line + b"\n")
            output.close()

    def close(self) -> None:
        """What was not finished is not kept."""
        for number in self._open:
            self._unfinished(number).unlink(missing_ok=True)
        with suppress(OSError):
            (self._folder / _UNFINISHED).rmdir()

    def _unfinished(self, number: int) -> Path:
        return self._folder / _UNFINISHED / f"file.{os.getpid()}.{number}"

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _add(self, number: int, data: bytes) -> None:
        path, mode = self._unfinished(number), "ab" if number in self._open else "wb"
        self._open.add(number)

        def append() -> None:
            with path.open(mode) as file:
                file.write(data)

        _try(append, path)

    def _finish(self, number: int, digest: str) -> None:
        path, place = self._unfinished(number), self._place(digest)
        _try(lambda: path.unlink() if place.exists() else os.replace(path, place), place)
        self._open.discard(number)


def _second(timestamp: str) -> int:
    """The second that a timestamp of EVE stands for."""
    return int(datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp())


def _try(act: Callable[[], object], path: Path) -> None:
    try:
        act()
    except OSError as error:
        raise fault(str(path), error) from None
