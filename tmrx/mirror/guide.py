"""The lists and quotas of AWS's guide, from `guide.toml`, which is read when it is first asked."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Guide:
    """What the guide lists; `updated` is the date of its last change of the lists."""

    updated: datetime.date
    virtualized: frozenset[str]
    bare_metal: frozenset[str]
    large_targets: frozenset[str]
    sessions: int
    targets: int
    filters: int
    sessions_per_source: int
    rules_per_filter: int
    sources_per_target: int
    sources_per_large_target: int


@cache
def guide() -> Guide:
    """The guide's lists and quotas."""
    data = tomllib.loads(Path(__file__).with_name("guide.toml").read_text(encoding="utf-8"))
    families, quotas = _sets(data["sources"]), _sets(data["quotas"])
    return Guide(updated=data["updated"], **families, **quotas)


def can_be_mirrored(instance_type: str) -> bool:
    """Whether instances of that type (`m5.24xlarge`) can be sources."""
    family, _, size = instance_type.lower().partition(".")
    return family in (guide().bare_metal if size.startswith("metal") else guide().virtualized)


def sources_per_target(instance_type: str) -> int:
    """How many sources an interface of an instance of that type can be the target of."""
    large = instance_type.lower() in guide().large_targets
    return guide().sources_per_large_target if large else guide().sources_per_target


def _sets(section: dict[str, Any]) -> dict[str, Any]:
    return {key: frozenset(value) if isinstance(value, list) else value for key, value in section.items()}
