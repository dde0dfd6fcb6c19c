"""What the compiler has to say about a rule, and where."""

from __future__ import annotations

from typing import Literal

import msgspec

from tmrx.errors import ConfigError

# error: the rule is wrong. unsupported: right, but not supported yet. skipped: its `requires` is not met.
# A rule with one of these is left out; one with a warning is loaded.
Severity = Literal["error", "unsupported", "skipped", "warning"]

EXCERPT_WIDTH = 110
_LEAD = 40


class Fault(Exception):
    """Ends the compilation of one rule. `at` is the 0-based place in its text, None: that of the option in work."""

    def __init__(self, why: str, hint: str = "", at: int | None = None, severity: Severity = "error") -> None:
        super().__init__(why)
        self.why, self.hint, self.at, self.severity = why, hint, at, severity


def unsupported(what: str, at: int | None = None) -> Fault:
    """The fault for a part of the language that is known by name and not supported yet."""
    return Fault(f"{what} is known, not supported yet", at=at, severity="unsupported")


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding. `line` (the rule's first) and `column` count from 1; `text` is the rule, its lines joined."""

    severity: Severity
    file: str
    line: int
    column: int
    why: str
    hint: str
    text: str

    @property
    def refused(self) -> bool:
        """The rule is left out because tmrx can't take it."""
        return self.severity in {"error", "unsupported"}

    @property
    def place(self) -> str:
        """FILE:LINE:COLUMN."""
        return f"{self.file}:{self.line}:{self.column}"

    def __str__(self) -> str:
        return f"{self.place}: {self.why}" + (f" ({self.hint})" if self.hint else "")

    def excerpt(self) -> str:
        """The source line and, under it, a caret; a long line is cut around the caret."""
        at = self.column - 1
        start = max(0, at - _LEAD) if len(self.text) > EXCERPT_WIDTH else 0
        end = start + EXCERPT_WIDTH
        shown = "".join(c if c.isprintable() else "·" if c != "\t" else " " for c in self.text[start:end])
        before, after = "…" if start else "", "…" if end < len(self.text) else ""
        return f"    {before}{shown}{after}\n    {' ' * (len(before) + at - start)}^"

    def error(self) -> ConfigError:
        """As an error, for those who can't go on without the rule."""
        return ConfigError(self.place, self.why, self.hint)
