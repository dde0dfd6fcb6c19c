"""Captures that are still being written: read to the end, then on as they grow; rotated ones, and those that appear."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmrx.errors import InputError, UsageError
from tmrx.sources import find

if TYPE_CHECKING:
    from tmrx._core import Batch, Capture

PAUSE = 0.1  # seconds between two looks at what has changed
MOST_OPEN = 8  # captures that may be growing at the same time
_PACKED = (".gz", ".zst", ".lz4")

Identity = tuple[int, int]


@dataclass
class _File:
    """A capture that is read: its path when it was found, device and inode, and how it goes."""

    path: str
    identity: Identity
    capture: Capture
    idle: bool = False


@dataclass(frozen=True)
class Followed:
    """Captures to follow, as named: files, folders, patterns."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Followed:
        """From what the user named. Raises UsageError, InputError."""
        plain = tuple(name.removeprefix("pcap:") for name in names)
        for name in plain:
            if name == find.STDIN:
                raise UsageError("--follow", "standard input can't be followed", "it is read as it comes anyway")
            if not find.is_several(name) and not os.path.exists(name):
                raise InputError(name, "no such file", "to wait for one, name its folder or a pattern in quotes")
            if os.path.exists(name) and not (os.path.isdir(name) or os.path.isfile(name)):
                raise UsageError("--follow", f"{name} is no plain file", "a pipe is read as it comes anyway")
        return cls(plain)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that there are now."""
        return tuple(path for name in self.names for path in _listed(name))

    def check(self, output: str | None) -> None:
        """The capture that is written may not be taken for one that appears. Raises UsageError."""
        folders = {
            name if os.path.isdir(name) else os.path.dirname(name) for name in self.names if find.is_several(name)
        }
        if output is not None and os.path.realpath(os.path.dirname(output)) in map(os.path.realpath, folders):
            raise UsageError(output, "lies where captures are followed, and would be read as one", "write elsewhere")

    def open(self) -> Following:
        """Begin with the files that there are. Raises InputError."""
        return Following(self.names)


class Following:
    """A `Reading` of captures that grow, are rotated and appear; it has no end.

    All that are open are read by turns. The next is begun once those before it have no more for now, so that what there
    was at first is read in the order of its first times. A file whose name now is another's, or that was cut, is read
    to its end and left; of those that only have newer ones beside them, the last `MOST_OPEN` are kept open.
    """

    overflowed = None

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._sizes: dict[Identity, int] = {}
        self._taken: set[str] = set()
        self._passed: dict[Identity, int] = {}
        self._told: set[Identity] = set()
        self._open: list[_File] = []
        self._waiting: deque[tuple[str, Identity]] = deque()
        self._read = 0
        self._captured: list[tuple[int, int]] = []
        self._warnings: list[str] = []
        self._batch: Batch | None = None
        self._error: InputError | None = None
        self._look()

    def turns(self) -> Iterator[Capture | None]:
        """The captures that are open, by turns; None after a pause in which nothing came."""
        looked = time.monotonic()
        while True:
            came = False
            for file in tuple(self._open):
                yield file.capture
                came |= self._after(file)
            caught_up = all(file.idle for file in self._open)
            if caught_up and self._waiting:
                self._begin(*self._waiting.popleft())
                continue
            if not came:
                time.sleep(PAUSE)
                yield None
            if time.monotonic() - looked >= PAUSE:
                looked = time.monotonic()
                self._look()

    def took(self, batch: Batch) -> None:
        """What came of the turn."""
        self._batch = batch

    def failed(self, error: InputError) -> None:
        """The turn's capture can't be read on."""
        self._error = error

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._read + sum(file.capture.position for file in self._open)

    @property
    def captured(self) -> tuple[int, int] | None:
        """Packets received and dropped where captures were made, where they say so."""
        now = [counts for file in self._open if (counts := file.capture.captured) is not None]
        said = self._captured + now
        return (sum(received for received, _ in said), sum(dropped for _, dropped in said)) if said else None

    @property
    def warnings(self) -> Sequence[str]:
        """Damaged captures, and what was not read."""
        return self._warnings

    def _after(self, file: _File) -> bool:
        """After its turn; whether anything came."""
        batch, error, self._batch, self._error = self._batch, self._error, None, None
        if error is not None:
            self._open.remove(file)
            self._refuse(file.path, error)
        if batch is None:
            return False
        file.idle = batch.idle
        if batch.ended:
            self._close(file)
        return batch.frames > 0

    def _close(self, file: _File) -> None:
        self._open.remove(file)
        self._read += file.capture.position
        self._sizes[file.identity] = max(self._sizes.get(file.identity, 0), file.capture.position)
        if file.capture.captured is not None:
            self._captured.append(file.capture.captured)
        if file.capture.warning:
            self._warnings.append(f"{file.path}: {file.capture.warning}")

    def _begin(self, path: str, identity: Identity) -> None:
        """Open the next one."""
        from tmrx._core import Capture  # noqa: PLC0415

        try:
            self._open.append(_File(path, identity, Capture(path, follow=True)))
        except InputError as error:
            self._refuse(path, error)
        for file in self._open[:-MOST_OPEN]:
            file.capture.settle()

    def _refuse(self, path: str, error: InputError) -> None:
        """Of several, one that can't be read is no reason to end. Raises `error` where it was named itself."""
        if path in self._names:
            raise error
        self._warnings.append(f"{error}; left there")

    def _look(self) -> None:
        """Find what is new, and what has been replaced or cut."""
        found: list[tuple[str, Identity]] = []
        there: set[Identity] = set()
        for path, about, in_folder in self._there():
            identity = (about.st_dev, about.st_ino)
            there.add(identity)
            before = self._sizes.get(identity)
            if before is None and not self._is_new(path, identity, about.st_size, in_folder=in_folder):
                continue
            if before is None or about.st_size < before:
                found += self._anew(path, identity)
            elif about.st_size > before:
                self._grew(path, identity)
            self._sizes[identity] = about.st_size
        for file in self._open if found else ():
            if file.identity not in there:
                file.capture.settle()
        self._forget(there | {file.identity for file in self._open})
        self._waiting.extend(sorted(found, key=_first))

    def _there(self) -> Iterator[tuple[str, os.stat_result, bool]]:
        """Each file that there is, and whether it is one of a folder, where there are others than captures."""
        for name in self._names:
            for path in _listed(name):
                try:
                    yield path, os.stat(path), os.path.isdir(name)
                except OSError:
                    continue

    def _is_new(self, path: str, identity: Identity, size: int, *, in_folder: bool) -> bool:
        """Whether it is a capture that was not read under another name: compressed after it was rotated."""
        stem, suffix = os.path.splitext(path)
        if self._passed.get(identity) == size or (suffix in _PACKED and stem in self._taken):
            return False
        if in_folder and not find.is_capture(path):
            self._passed[identity] = size
            return False
        self._taken.add(path)
        return True

    def _anew(self, path: str, identity: Identity) -> list[tuple[str, Identity]]:
        """A file to begin with: a new one, or one that was cut, so that what is in it now is another capture."""
        for file in [file for file in self._open if file.identity == identity]:
            if not file.idle:
                self._warnings.append(f"{file.path}: was overwritten before it was read to its end")
            self._close(file)
        return [] if self._is_waiting(identity) else [(path, identity)]

    def _grew(self, path: str, identity: Identity) -> None:
        """Say once that a file which was left grows on."""
        is_open = any(file.identity == identity for file in self._open)
        if not (is_open or self._is_waiting(identity) or identity in self._told):
            self._told.add(identity)
            self._warnings.append(f"{path}: grew after newer ones had come; what it grows by is left unread")

    def _is_waiting(self, identity: Identity) -> bool:
        return any(waiting == identity for _, waiting in self._waiting)

    def _forget(self, kept: set[Identity]) -> None:
        """Forget files that are gone: their numbers will be those of others."""
        self._told &= kept
        for known in (self._sizes, self._passed):
            for identity in known.keys() - kept:
                del known[identity]


def _listed(name: str) -> Iterable[str]:
    if find.is_several(name):
        return find.candidates(name)
    return [name] if os.path.exists(name) else []


def _first(found: tuple[str, Identity]) -> tuple[float, float, str]:
    """Captures in the order of their first frames; those that have none yet come last, the older first."""
    from tmrx._core import first_time  # noqa: PLC0415

    path = found[0]
    try:
        first = first_time(path)
        changed = os.stat(path).st_mtime
    except (InputError, OSError):
        return float("inf"), float("inf"), path
    return float("inf") if first is None else first, changed, path
