"""Instances of Terraform's resources, and the words it names them by."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

# A count's index or a for_each's key; None: neither is used.
Key = int | str | None
# The modules that something is in, outermost first: the name of each call, and its key.
Path = tuple[tuple[str, Key], ...]

_STEP = re.compile(r'\.?([\w-]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]')


@dataclass(frozen=True)
class Instance:
    """One instance of a resource. `values` are its attributes; of a plan, those known before apply."""

    address: str
    path: Path
    mode: str
    type: str
    name: str
    key: Key
    values: dict[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """Its id, or its address where AWS is still to choose one."""
        known = self.values.get("id")
        return known if isinstance(known, str) and known else self.address


@dataclass(frozen=True)
class Step:
    """One word of a traversal such as `module.net["a"].subnet_id`, and the key after it."""

    name: str
    key: Key = None


def steps(text: str) -> list[Step]:
    """The words of a traversal; what does not look like one ends it."""
    found: list[Step] = []
    at = 0
    while match := _STEP.match(text, at):
        at = match.end()
        name, index, key = match.groups()
        if name is not None:
            found.append(Step(name))
        elif found and found[-1].key is None:
            found[-1] = Step(found[-1].name, int(index) if index is not None else _unquoted(key))
    return found


def path(address: str) -> Path:
    """The modules that a module's address names."""
    return tuple((step.name, step.key) for step in steps(address)[1::2])


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]
