"""reference.config: where a rule's `reference` leads."""

from __future__ import annotations

import re

from tmrx.rules.lines import matched

_LINE = re.compile(r"config\s+reference\s*:\s*([\w-]+)\s+(\S+)\s*")


def parse(text: str, file: str) -> dict[str, str]:
    """What stands before a reference's value, by its type in lower case. Raises ConfigError with all wrong lines."""
    entries = matched(text, file, _LINE, "type of reference", "config reference: type prefix")
    return {entry[1].lower(): entry[2] for entry in entries}
