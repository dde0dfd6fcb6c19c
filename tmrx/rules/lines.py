"""Files of one entry a line, blank lines and lines that begin with # between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tmrx.errors import ConfigError


def told(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, without blanks around them, with their numbers from 1."""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield number, line


def matched(text: str, file: str, form: re.Pattern[str], what: str, hint: str) -> list[re.Match[str]]:
    """The entries of a file in which every line is one. Raises ConfigError with all lines that are no `what`."""
    found = [(number, line, form.fullmatch(line)) for number, line in told(text)]
    faults = [ConfigError(f"{file}:{number}", f"'{line}' is no {what}", hint) for number, line, fit in found if not fit]
    if faults:
        raise ConfigError.of(faults)
    return [fit for _, _, fit in found if fit]
