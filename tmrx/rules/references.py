"""reference.config: where a rule's `reference` leads."""

from __future__ import annotations

import re

from tmrx.errors import ConfigError

_LINE = re.compile(r"config\s+reference\s*:\s*([\w-]+)\s+(\S+)\s*")


def parse(text: str, file: str) -> dict[str, str]:
    """What stands before a reference's value, by its type in lower case. Raises ConfigError with all wrong lines."""
    prefixes: dict[str, str] = {}
    faults: list[ConfigError] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            hint = "config reference: type prefix"
            faults.append(ConfigError(f"{file}:{number}", f"'{line}' is no type of reference", hint))
        else:
            prefixes[match[1].lower()] = match[2]
    if faults:
        raise ConfigError.of(faults)
    return prefixes
