"""One file that is written, or standard output."""

from __future__ import annotations

import os
import stat
import sys

from tmrx.errors import OutputError

STDOUT = "-"


class Output:
    """A file, or `-` for standard output. Made when opened; every fault is an OutputError."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._file = sys.stdout.fileno() if path == STDOUT else os.open(path, _FLAGS, 0o666)
        except OSError as error:
            raise fault(self.path, error) from None

    def write(self, data: bytes) -> None:
        """All of `data`, at once: nothing is held back."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise fault(self.path, error) from None

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
            raise fault(self.path, error) from None


def fault(path: str, error: OSError, what: str = "written") -> OutputError:
    """Why a file can't be written, or whatever else was to be done to it."""
    why = (error.strerror or str(error)).lower()
    return OutputError(path, f"can't be {what}: {why}", _HINTS.get(type(error), "what was written so far is kept"))


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_HINTS: dict[type[OSError], str] = {
    FileNotFoundError: "make its folder first",
    PermissionError: "choose a place that you may write to",
    IsADirectoryError: "name a file",
}
