"""What is wrong with an expression, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tmrx.errors import UsageError


class Fault(Exception):
    """Ends the compilation; `at` is the 0-based place in the expression."""

    def __init__(self, why: str, at: int, hint: str = "") -> None:
        super().__init__(why)
        self.why, self.at, self.hint = why, at, hint

    def error(self, option: str, expression: str) -> UsageError:
        """As users see it: a line, and under it the expression with a caret at the place."""
        error = UsageError(option, self.why, self.hint)
        shown = "".join(char if char.isprintable() else "·" for char in expression)
        error.excerpt = f"    {shown}\n    {' ' * self.at}^"
        return error


def near(word: str, words: Iterable[str]) -> str:
    """A hint at what may have been meant: the nearest word, else all of them where they are few."""
    known = list(words)
    found = difflib.get_close_matches(word, known, 1)
    if found:
        return f"did you mean {found[0]}?"
    return f"one of {', '.join(known)}" if len(known) <= _FEW else ""


_FEW = 20
