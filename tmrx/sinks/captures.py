"""Captures on their way out: their names say what they are, and many files can follow each other.

The core made every byte and says where files begin; here they are cut there, compressed and given names.
"""

from __future__ import annotations

import os
import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from errno import ENOENT
from typing import TYPE_CHECKING, Literal

from tmrx import plan
from tmrx.sinks.output import STDOUT, Output, fault

if TYPE_CHECKING:
    from tmrx._core import Batch

_COMPRESSIONS: dict[str, Literal["gzip", "zstd"]] = {".gz": "gzip", ".zst": "zstd"}
_NUMBER = re.compile(r"_\d{5,}_\d{14}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rotation:
    """When the next file begins, and how many stay.

    `size` in bytes before compression, `time` in seconds of packet time, 0 for never. `keep` are the newest files that
    stay, 0 for all. With `stamped`, names end in the second of the file's first packet, as Suricata's do.
    """

    size: int = 0
    time: float = 0
    keep: int = 0
    stamped: bool = False

    @property
    def wanted(self) -> bool:
        """Whether files have names of their own: there may be several."""
        return bool(self.size or self.time or self.stamped)


def is_pcapng(path: str) -> bool:
    """Whether a name asks for pcapng: it ends in `.pcapng`, compressed or not."""
    return path.lower().removesuffix(_ending(path)).endswith(".pcapng")


def capture_settings(path: str, rotation: Rotation) -> plan.CaptureSettings:
    """What the core has to make for a capture of that name."""
    time = round(rotation.time * 1e9)
    return plan.CaptureSettings(pcapng=is_pcapng(path), rotate_size=rotation.size, rotate_time=time)


def stamped(path: str, first: int, taken: bool) -> str:
    """The name of a file as Suricata's: `log.pcap` → `log.pcap.1444144603`.

    `first` is the time of its first packet in nanoseconds; where the last file has that name, its microseconds follow.
    """
    seconds, rest = divmod(first, 10**9)
    return f"{path}.{seconds}.{rest // 1000:06}" if taken else f"{path}.{seconds}"


def numbered(path: str, number: int, first: int) -> str:
    """The name of a file in rotation, as dumpcap's: `out.pcap` → `out_00001_20160527065611.pcap`.

    `first` is the time of its first packet in nanoseconds, which is spelled in UTC.
    """
    stem, suffix = _split(path)
    time = _EPOCH + timedelta(microseconds=first // 1000)
    return f"{stem}_{number:05}_{time:%Y%m%d%H%M%S}{suffix}"


def is_numbered(name: str, path: str) -> bool:
    """Whether one of the files in rotation of `path` could have this name."""
    stem, suffix = _split(os.path.realpath(path))
    name = os.path.realpath(name)
    fits = name.startswith(stem) and name.endswith(suffix)
    return fits and _NUMBER.fullmatch(name[len(stem) : len(name) - len(suffix)]) is not None


def _ending(path: str) -> str:
    """The ending that says how it is compressed, in lower case; empty for none."""
    ending = os.path.splitext(path)[1].lower()
    return ending if ending in _COMPRESSIONS else ""


def _split(path: str) -> tuple[str, str]:
    """A name before its endings, and them: `a/out`, `.pcapng.zst`."""
    stem, suffix = path[: len(path) - len(_ending(path))], path[len(path) - len(_ending(path)) :]
    stem, ending = os.path.splitext(stem)
    return stem, ending + suffix


class CaptureFile:
    """A capture that is written, compressed as its name says. Every fault is an OutputError."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._output = Output(path)
        self._compressor = None
        if path != STDOUT and _ending(path):
            from tmrx._core import Compressor  # noqa: PLC0415

            self._compressor = Compressor(_COMPRESSIONS[_ending(path)])

    def write(self, data: bytes) -> None:
        """All of `data`, at once: whatever happens next, it can be read again."""
        self._output.write(data if self._compressor is None else self._compressor.compress(data))

    def close(self) -> None:
        """End and close it."""
        try:
            if self._compressor is not None:
                self._output.write(self._compressor.finish())
        finally:
            self._output.close()


class CaptureFiles:
    """A capture in one file, or in files that follow each other."""

    def __init__(self, path: str, rotation: Rotation) -> None:
        self._path = path
        self._rotation = rotation
        self._number = 0
        self._kept: deque[str] = deque()
        # Files in rotation have the times of their packets in their names; what can be said before is said now.
        self._file = None if rotation.wanted else CaptureFile(path)
        if rotation.wanted and not os.path.isdir(os.path.dirname(path) or "."):
            raise fault(path, FileNotFoundError(ENOENT, os.strerror(ENOENT)))

    def take(self, batch: Batch) -> None:
        """Write what one call of the engine gave."""
        written = 0
        for start, first in batch.pcap_files if self._rotation.wanted else ():
            self._write(batch.pcap[written:start])
            self._next(first)
            written = start
        self._write(batch.pcap[written:])

    def close(self) -> None:
        """End and close the last file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, data: bytes) -> None:
        if data and self._file is not None:
            self._file.write(data)

    def _next(self, first: int) -> None:
        self.close()
        while self._rotation.keep and len(self._kept) >= self._rotation.keep:
            _remove(self._kept.popleft())
        self._number += 1
        name = self._name(first)
        self._file = CaptureFile(name)
        self._kept.append(name)

    def _name(self, first: int) -> str:
        if not self._rotation.stamped:
            return numbered(self._path, self._number, first)
        name = stamped(self._path, first, taken=False)
        return stamped(self._path, first, taken=True) if name in self._kept else name


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass  # someone else did
    except OSError as error:
        raise fault(path, error, "removed") from None
