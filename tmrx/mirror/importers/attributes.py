"""The attributes of one of Terraform's instances, what a plan leaves open resolved as far as it can be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tmrx.mirror.importers.instances import Instance
from tmrx.mirror.importers.references import HINT, Configuration
from tmrx.mirror.placed import Unknown

_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LATER = Unknown("is known only after apply", HINT)


def snake(name: str) -> str:
    """A word of AWS's as Terraform spells it."""
    return _SNAKE.sub("_", name).lower()


@dataclass(frozen=True)
class View:
    """The attributes of an instance. Without a configuration (of a state) what is absent is not there."""

    instance: Instance
    configuration: Configuration | None

    def plain(self, name: str) -> Any:
        """A value, or what one is unknown for; Terraform's empty texts are none."""
        if name in self.instance.values:
            value = self.instance.values[name]
            return None if value == "" else value
        return LATER if self._said(name) else None

    def one(self, name: str) -> Any:
        """An id."""
        if self.instance.values.get(name):
            return self.instance.values[name]
        return only(self._ids(name)) if self._said(name) else None

    def many(self, name: str) -> Any:
        """A list of ids."""
        value = self.instance.values.get(name)
        if isinstance(value, list) and None not in value:
            return value
        return self._ids(name) if self._said(name) else None

    def blocks(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Nested blocks, each with its index."""
        value = self.instance.values.get(name)
        for index, block in enumerate(value if isinstance(value, list) else []):
            if isinstance(block, dict):
                yield index, block

    def inner(self, name: str, index: int, block: Mapping[str, Any], attribute: str) -> Any:
        """An id in a nested block."""
        if block.get(attribute):
            return block[attribute]
        where = (name, index, attribute)
        return only(self._ids(*where)) if attribute not in block and self._said(*where) else None

    def _said(self, *where: str | int) -> bool:
        return self.configuration is not None and self.configuration.says(self.instance, *where)

    def _ids(self, *where: str | int) -> list[str] | Unknown:
        return self.configuration.ids(self.instance, *where) if self.configuration else []


def only(ids: list[str] | Unknown) -> str | Unknown:
    """The one id that there is."""
    if isinstance(ids, Unknown) or len(ids) == 1:
        return ids if isinstance(ids, Unknown) else ids[0]
    return Unknown(f"may be {' or '.join(ids[:3])}", HINT) if ids else LATER
