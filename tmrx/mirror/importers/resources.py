"""Resources as CloudFormation and Terraform describe them: one form for both, in CloudFormation's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tmrx.mirror.placed import Unknown


@dataclass(frozen=True)
class Resource:
    """One resource. `kind` is the last word of CloudFormation's type, and properties go by CloudFormation's names.

    `get` a property: resolved, None where it is absent, Unknown (within lists and objects too) where it can't be known.
    `at` says where a property stands.
    """

    kind: str
    id: str
    place: str
    get: Callable[[str], Any]
    at: Callable[[str], str]

    def known(self, name: str) -> Any:
        """A property without what is unknown: of a list, the items that hold anything unknown."""
        value = self.get(name)
        if isinstance(value, list):
            return [item for item in value if is_known(item)]
        return value if is_known(value) else None

    def items(self, name: str) -> list[Any]:
        """A property that is a list, what is unknown included; an absent one is empty."""
        value = self.get(name)
        if value is None:
            return []
        return value if isinstance(value, list) else [value]

    def objects(self, name: str) -> list[dict[str, Any]]:
        """The objects of a property that is a list of them."""
        return [item for item in self.items(name) if isinstance(item, dict)]


class Resources:
    """Resources that name each other by id."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_kind: dict[str, list[Resource]] = {}
        for resource in resources:
            self._by_kind.setdefault(resource.kind, []).append(resource)

    def of(self, kind: str) -> list[Resource]:
        """Those of a kind."""
        return self._by_kind.get(kind, [])

    def ids(self, kind: str) -> dict[str, Resource]:
        """Those of a kind by their ids."""
        return {resource.id: resource for resource in self.of(kind)}

    def owned(self, kind: str, name: str) -> dict[str, list[Resource]]:
        """Those of a kind by the id that a property of theirs names."""
        found: dict[str, list[Resource]] = {}
        for resource in self.of(kind):
            owner = resource.get(name)
            if isinstance(owner, str):
                found.setdefault(owner, []).append(resource)
        return found


def is_known(value: Any) -> bool:
    """Whether there is nothing unknown in it."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return not isinstance(value, Unknown)
