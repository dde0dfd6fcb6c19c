"""Where results go: EVE, fast.log, captures, the summary document.

Writing only: every byte was made before it came here.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmrx import plan
from tmrx.errors import OutputError, UsageError

if TYPE_CHECKING:
    from tmrx._core import Batch

STDOUT = "-"
# Where frames go that made the core fail.
QUARANTINE = "tmrx-quarantine.pcap"


class Output:
    """A file, or `-` for standard output. Made when opened; every fault is an OutputError."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._file = sys.stdout.fileno() if path == STDOUT else os.open(path, _FLAGS, 0o666)
        except OSError as error:
            raise self._fault(error) from None

    def write(self, data: bytes) -> None:
        """All of `data`, at once: nothing is held back."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._fault(error) from None

    def again(self) -> None:
        """Begin anew: what was written gives way to what comes. Only a plain file can."""
        if stat.S_ISREG(os.fstat(self._file).st_mode) and self.path != STDOUT:
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)

    def close(self) -> None:
        """Close it; standard output is left open."""
        if self.path == STDOUT:
            return
        try:
            os.close(self._file)
        except OSError as error:
            raise self._fault(error) from None

    def _fault(self, error: OSError) -> OutputError:
        why = (error.strerror or str(error)).lower()
        return OutputError(
            self.path, f"can't be written: {why}", _HINTS.get(type(error), "what was written so far is kept")
        )


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_HINTS: dict[type[OSError], str] = {
    FileNotFoundError: "make its folder first",
    PermissionError: "choose a place that you may write to",
    IsADirectoryError: "name a file",
}


@dataclass(frozen=True)
class Paths:
    """The outputs that were asked for, None for none."""

    eve: str | None = None
    fast: str | None = None
    pcap: str | None = None
    stats: str | None = None
    # Lines of packets, on standard output.
    lines: plan.Lines | None = None

    def named(self) -> list[str]:
        """Those that were."""
        named = (self.eve, self.fast, self.pcap, self.stats, STDOUT if self.lines else None)
        return [path for path in named if path is not None]

    def records(self) -> bool:
        """Whether one of them takes records: the summary document is none."""
        return any(path is not None for path in (self.eve, self.fast, self.pcap))

    def plan(self) -> plan.Outputs:
        """What the core has to build for them."""
        return plan.Outputs(
            eve=self.eve is not None, fast=self.fast is not None, pcap=self.pcap is not None, lines=self.lines
        )

    def check(self, inputs: Iterable[str]) -> None:
        """As `keep_apart`."""
        keep_apart(self.named(), inputs)


def keep_apart(outputs: Iterable[str], inputs: Iterable[str]) -> None:
    """No output may be an input or another output. Raises UsageError, before anything is opened."""
    # `-` among the inputs is standard input, among the outputs standard output: two streams.
    taken = {key: path for path in inputs if path != "-" and (key := _identity(path))}
    for path in outputs:
        key = _identity(path)
        if key == STDOUT and key in taken:
            raise UsageError("standard output", "is asked for twice", "name a file for one of them")
        if key is not None and key in taken:
            raise UsageError(path, f"is also {taken[key]!r}, and would be overwritten", "name another output")
        if key is not None:
            taken[key] = path


def _identity(path: str) -> tuple[int, int] | str | None:
    """What two names of one file have in common; None for what takes any number of writers (a device, a pipe)."""
    if path == STDOUT:
        return STDOUT
    try:
        found = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


class Sinks:
    """The open outputs of a run. A context: left, all are closed."""

    def __init__(self, paths: Paths) -> None:
        self._open: list[Output] = []
        self._quarantined = False
        try:
            self._parts = [(self._output(path), part) for path, part in _parts(paths) if path is not None]
            self._stats = self._output(paths.stats) if paths.stats is not None else None
        except OutputError:
            self.close()
            raise

    def __enter__(self) -> Sinks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, batch: Batch) -> None:
        """Write what one call of the engine gave."""
        for output, part in self._parts:
            data = part(batch)
            if data:
                output.write(data)

    def report(self, stats: bytes) -> None:
        """Write the summary document, over an earlier one."""
        if self._stats is not None:
            self._stats.again()
            self._stats.write(stats + b"\n")

    def quarantine(self, batch: Batch) -> str | None:
        """Keep the first frames that made the core fail; where, or None. Later ones are only counted."""
        if self._quarantined or not batch.quarantine:
            return None
        self._quarantined = True
        self._output(QUARANTINE).write(batch.quarantine)
        return QUARANTINE

    def close(self) -> None:
        """Close all of them."""
        while self._open:
            self._open.pop().close()

    def _output(self, path: str) -> Output:
        output = Output(path)
        self._open.append(output)
        return output


def _parts(paths: Paths) -> list[tuple[str | None, Callable[[Batch], bytes]]]:
    return [
        (paths.eve, lambda batch: batch.eve),
        (paths.fast, lambda batch: batch.fast),
        (paths.pcap, lambda batch: batch.pcap),
        (STDOUT if paths.lines else None, lambda batch: batch.lines),
    ]
