"""Where results go: EVE, fast.log, captures, stored files, the summary document.

Writing only: every byte was made before it came here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tmrx import plan
from tmrx.errors import UsageError
from tmrx.sinks.captures import CaptureFiles, Rotation, capture_settings, is_numbered
from tmrx.sinks.files import StoredFiles
from tmrx.sinks.output import STDOUT, Output

if TYPE_CHECKING:
    from tmrx._core import Batch

__all__ = ["QUARANTINE", "STDOUT", "Output", "Paths", "Rotation", "Sinks", "keep_apart"]

# Where frames go that made the core fail.
QUARANTINE = "tmrx-quarantine.pcap"


# What is told of stored files, beside them.
_STORED = plan.Eve(files=plan.FileEvents(stored=True))


@dataclass(frozen=True)
class Paths:
    """The outputs that were asked for, None for none."""

    eve: str | None = None
    fast: str | None = None
    pcap: str | None = None
    stats: str | None = None
    stats_log: str | None = None
    # Further EVE files, each with what it holds.
    sections: tuple[tuple[str, plan.Eve], ...] = ()
    # The folder of stored files, and whether what is told of them goes there too.
    files: str | None = None
    file_infos: bool = False
    # Lines of packets, on standard output.
    lines: plan.Lines | None = None
    rotation: Rotation = field(default_factory=Rotation)
    # Of the capture: what it leaves out, and that it is of frames as they came.
    pcap_filter: tuple[plan.Program, ...] = ()
    pcap_frames: bool = False

    def named(self) -> list[str]:
        """Those that were."""
        sections = (path for path, _ in self.events())
        rest = (self.fast, self.pcap, self.stats, self.stats_log, STDOUT if self.lines else None)
        named = (*sections, *rest)
        return [path for path in named if path is not None]

    def records(self) -> bool:
        """Whether one of them takes records: the summary document is none."""
        return any((self.events(), self.fast, self.pcap, self.files))

    def events(self) -> tuple[tuple[str, plan.Eve], ...]:
        """The EVE files, in the order of the plan's sections."""
        own = () if self.eve is None else ((self.eve, plan.EVERYTHING),)
        return (*own, *self.sections)

    def plan(self) -> plan.Outputs:
        """What the core has to build for them."""
        capture = plan.CaptureSettings() if self.pcap is None else capture_settings(self.pcap, self.rotation)
        capture = replace(capture, frames=self.pcap_frames, filter=self.pcap_filter)
        infos = (_STORED,) if self.file_infos else ()
        return plan.Outputs(
            eve=(*(section for _, section in self.events()), *infos),
            fast=self.fast is not None,
            stats_log=self.stats_log is not None,
            pcap=self.pcap is not None,
            capture=capture,
            lines=self.lines,
        )

    def check(self, inputs: Iterable[str]) -> None:
        """As `keep_apart`, for the names that files in rotation will have too."""
        inputs = list(inputs)
        if self.pcap is None or not self.rotation.wanted:
            keep_apart(self.named(), inputs)
            return
        others = [path for path in self.named() if path != self.pcap]
        keep_apart(others, inputs)
        for path in (*inputs, *others):
            if is_numbered(path, self.pcap):
                raise UsageError(path, f"may be overwritten by the files of {self.pcap}", "name another output")


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
        self._quarantined = False
        with ExitStack() as opened:
            self._events = [_output(opened, path) for path, _ in paths.events()]
            parts = [(paths.fast, _fast), (paths.stats_log, _log), (STDOUT if paths.lines else None, _lines)]
            self._parts = [(_output(opened, path), part) for path, part in parts if path is not None]
            self._captures = None
            if paths.pcap is not None:
                self._captures = CaptureFiles(paths.pcap, paths.rotation)
                opened.callback(self._captures.close)
            self._files = None
            if paths.files is not None:
                self._files = StoredFiles(paths.files, infos=paths.file_infos)
                opened.callback(self._files.close)
            self._stats = _output(opened, paths.stats) if paths.stats is not None else None
            self._opened = opened.pop_all()

    def __enter__(self) -> Sinks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, batch: Batch) -> None:
        """Write what one call of the engine gave."""
        outputs = [(output, part(batch)) for output, part in self._parts]
        for output, data in (*zip(self._events, batch.eve, strict=False), *outputs):
            if data:
                output.write(data)
        if self._files is not None:
            self._files.take(batch)
        if self._captures is not None:
            self._captures.take(batch)

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
        _output(self._opened, QUARANTINE).write(batch.quarantine)
        return QUARANTINE

    def close(self) -> None:
        """Close all of them."""
        self._opened.close()


def _output(opened: ExitStack, path: str) -> Output:
    output = Output(path)
    opened.callback(output.close)
    return output


def _fast(batch: Batch) -> bytes:
    return batch.fast


def _log(batch: Batch) -> bytes:
    return batch.stats_log


def _lines(batch: Batch) -> bytes:
    return batch.lines
