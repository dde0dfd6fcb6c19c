"""What the mirror is: sessions, their sources, filters and targets, read from files and checked.

document  bytes → a document, its format recognised by content
read      a document → rows of checked values, every fault with its place
merge     rows of several documents → one row an id
complete  rules into their filters, VNIs that AWS would draw
check     contradictions among them, and limits that they break
mirror    the result, and the identities that the core is told of
findings  what is allowed and does not do what was meant

model, network and tables say what rows there are; guide has the lists and quotas of AWS's guide.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from tmrx import config
from tmrx.errors import ConfigError
from tmrx.mirror import check, limits
from tmrx.mirror.complete import adopt_rules, draw_networks
from tmrx.mirror.document import Document, parse
from tmrx.mirror.merge import merge, rows_of
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import (
    Instance,
    NetworkInterface,
    TrafficMirrorFilter,
    TrafficMirrorSession,
    TrafficMirrorTarget,
)
from tmrx.mirror.network import NetworkAcl, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint
from tmrx.mirror.read import Reader, build
from tmrx.mirror.values import Model

__all__ = ["Document", "Mirror", "from_documents", "load", "parse"]

_M = TypeVar("_M", bound=Model)


def load(paths: Iterable[str | Path]) -> Mirror:
    """The mirror that these files describe together; `-` is standard input.

    Raises ConfigError with every fault found.
    """
    documents, faults = [], []
    for path in paths:
        try:
            documents.append(parse(str(path), _read(str(path))))
        except ConfigError as error:
            faults.append(error)
    return from_documents(documents, faults)


def from_documents(documents: Iterable[Document], faults: Iterable[ConfigError] = ()) -> Mirror:
    """The mirror that these documents describe together. Raises ConfigError with every fault, `faults` first."""
    faults = list(faults)
    rows, settings = [], config.Settings()
    for document in documents:
        reader = Reader(document)
        faults += document.faults
        rows += rows_of(reader)
        settings = _settings(reader).over(settings)
        faults += reader.faults
    merged = merge(rows, faults)
    adopt_rules(merged, faults)
    drawn = draw_networks(merged)
    built = {model: _build(of_model, faults) for model, of_model in merged.items()}
    mirror = Mirror(
        sessions=_of(built, TrafficMirrorSession),
        targets=_of(built, TrafficMirrorTarget),
        filters=_of(built, TrafficMirrorFilter),
        interfaces=_of(built, NetworkInterface),
        vpcs=_of(built, Vpc),
        subnets=_of(built, Subnet),
        instances=_of(built, Instance),
        vpc_endpoints=_of(built, VpcEndpoint),
        security_groups=_of(built, SecurityGroup),
        network_acls=_of(built, NetworkAcl),
        route_tables=_of(built, RouteTable),
        settings=settings,
        drawn=drawn,
        rows=merged,
    )
    faults += check.faults(mirror)
    faults += limits.faults(mirror)
    if faults:
        raise ConfigError.of(faults)
    return replace(mirror, warnings=_warnings(mirror)) if mirror.sessions or mirror.filters else mirror


def _warnings(mirror: Mirror) -> tuple[str, ...]:
    from tmrx.mirror import findings  # noqa: PLC0415 - loaded where there is something to find

    return tuple(map(str, findings.warnings(mirror)))


def _build(rows: Mapping[str, Any], faults: list[ConfigError]) -> dict[str, Model]:
    built = ((key, build(row, faults)) for key, row in rows.items())
    return {key: model for key, model in built if model is not None}


def _of(built: Mapping[type[Model], dict[str, Model]], model: type[_M]) -> dict[str, _M]:
    return cast("dict[str, _M]", built[model])


def _settings(reader: Reader) -> config.Settings:
    section = reader.document.content.get("settings") if reader.document.own else None
    if section is None:
        return config.Settings()
    if not isinstance(section, dict):
        reader.fault("settings", "is not a section", "as in [settings]")
        return config.Settings()
    settings, faults = config.read(section, f"{reader.document.source}: settings.")
    reader.faults += faults
    return settings


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ConfigError(path, f"can't be read: {why}", "expected a file that says what the mirror is") from None
