"""classification.config: what a rule's `classtype` stands for."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from tmrx.errors import ConfigError

# tmrx's own: a link to the one beside its rules, which a wheel does not have.
SHIPPED = Path(__file__).with_name("classification.config")
_LINE = re.compile(r"config\s+classification\s*:\s*([\w-]+)\s*,\s*([^,]*?)\s*,\s*(\d{1,3})\s*")


class Class(msgspec.Struct, frozen=True):
    """A class of alerts: the category that records print, and its priority (1 is the most urgent)."""

    category: str
    priority: int


def parse(text: str, file: str) -> dict[str, Class]:
    """The classes by their short names, in lower case. Raises ConfigError with all lines that are wrong."""
    classes: dict[str, Class] = {}
    faults: list[ConfigError] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            hint = "config classification: short-name,description,priority"
            faults.append(ConfigError(f"{file}:{number}", f"'{line}' is no classification", hint))
        else:
            classes.setdefault(match[1].lower(), Class(match[2], int(match[3])))
    if faults:
        raise ConfigError.of(faults)
    return classes
