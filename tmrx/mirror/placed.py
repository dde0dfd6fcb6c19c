"""Values of AWS's JSON that were made from another format, and remember where they stood there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Unknown:
    """A value that was given but can't be known before deployment. A fault where it is needed."""

    why: str
    hint: str = ""


class Placed(dict[str, Any]):
    """An object of AWS's JSON. `place` is where it stood, `spell` says the same of a property by CloudFormation's name.

    `places` are those of fields that AWS's JSON calls otherwise.
    """

    def __init__(self, place: str, spell: Callable[[str], str]) -> None:
        super().__init__()
        self.place = place
        self.places: dict[str, str] = {}
        self._spell = spell

    def at(self, name: str) -> str:
        """Where a field stood, by AWS's name."""
        return self.places.get(name) or self._spell(name)
