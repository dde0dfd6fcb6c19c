"""classification.config: what a rule's `classtype` stands for."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from tmrx.rules.lines import matched

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
    for entry in matched(text, file, _LINE, "classification", "config classification: short-name,description,priority"):
        classes.setdefault(entry[1].lower(), Class(entry[2], int(entry[3])))
    return classes
