"""The exception tree.

    TmrxError
    ├── UsageError     an argument or option that can't be               exit code 2
    ├── InputError     a capture, socket or stream that can't be read    exit code 2
    ├── OutputError    an output that can't be written                   exit code 2
    ├── ConfigError    a mirror configuration, setting, rule or plan     exit code 2
    └── InternalError  a fault of tmrx itself                            exit code 3

Every error has three parts, printed as ``WHAT: WHY (HINT)``. ConfigError carries all faults found, each with its place.
"""

from __future__ import annotations

from collections.abc import Sequence


class TmrxError(Exception):
    """What went wrong (`what`), why (`why`), and what to do about it (`hint`, may be empty)."""

    exit_code = 2
    # Shown under the line: the source, and a caret at the place.
    excerpt = ""

    def __init__(self, what: str, why: str, hint: str = "") -> None:
        super().__init__(what, why, hint)
        self.what, self.why, self.hint = what, why, hint

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" + (f" ({self.hint})" if self.hint else "")

    def lines(self) -> list[str]:
        """One line for each fault."""
        return [str(self)]


class UsageError(TmrxError):
    """An argument or option that can't be."""


class InputError(TmrxError):
    """A capture, socket or stream that can't be read."""


class OutputError(TmrxError):
    """An output that can't be written."""


class ConfigError(TmrxError):
    """A configuration, setting, rule or plan that can't be taken; `faults` holds them all, this one first."""

    faults: tuple[TmrxError, ...] = ()

    @classmethod
    def of(cls, faults: Sequence[TmrxError]) -> ConfigError:
        """One error that stands for several faults. Raises IndexError when there are none."""
        first = faults[0]
        error = cls(first.what, first.why, first.hint)
        error.faults = tuple(faults)
        return error

    def lines(self) -> list[str]:
        """One line for each fault."""
        return [str(fault) for fault in self.faults] or [str(self)]


class InternalError(TmrxError):
    """A fault of tmrx itself."""

    exit_code = 3
