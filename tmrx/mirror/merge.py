"""Several documents → one set of rows: rows of one id become one, tmrx's TOML over AWS's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tmrx.errors import ConfigError
from tmrx.mirror.model import Attachment, Instance, NetworkInterface
from tmrx.mirror.read import INSTANCE, Reader, Row, did_you_mean
from tmrx.mirror.tables import TABLES
from tmrx.mirror.values import Model

Rows = dict[type[Model], dict[str, Row]]
_IDS = {model: name for _, model, name in TABLES}


def rows_of(reader: Reader) -> list[Row]:
    """Every row of a document."""
    content = reader.document.content
    if reader.document.own:
        _unknown_tables(reader)
    rows = [row for key, model, _ in TABLES for row in reader.table(content, key, model)]
    if not reader.document.own:
        rows += _instances(reader, content, "")
        for index, reservation in enumerate(_objects(content, "Reservations")):
            under = f"Reservations[{index}]."
            rows += reader.table(reservation, "Instances", Instance, under) + _instances(reader, reservation, under)
    return rows


def _unknown_tables(reader: Reader) -> None:
    known = {reader.spell(key): None for key, _, _ in TABLES} | {"settings": None}
    for name in (name for name in reader.document.content if name not in known):
        reader.fault(name, "is not known", did_you_mean(name, known))


def _objects(content: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    values = content.get(key)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _instances(reader: Reader, content: Mapping[str, Any], under: str) -> list[Row]:
    """The interfaces that instances hold."""
    rows = []
    for index, instance in enumerate(_objects(content, "Instances")):
        for row in reader.table(instance, "NetworkInterfaces", NetworkInterface, f"{under}Instances[{index}]."):
            row.layer = INSTANCE
            row.values["attachment"] = Attachment(instance_id=str(instance.get("InstanceId", "")))
            rows.append(row)
    return rows


def merge(rows: Iterable[Row], faults: list[ConfigError]) -> Rows:
    """Rows by model and id. Within a layer, rows of one id that contradict each other are a fault."""
    merged: Rows = {model: {} for _, model, _ in TABLES}
    for row in sorted(rows, key=lambda row: row.layer):
        name = _IDS[row.model]
        if name not in row.values:
            if name not in row.places:
                faults.append(ConfigError(f"{row.place}.{name}", "is missing", "every object is named by its id"))
            continue
        known = merged[row.model].setdefault(row.values[name], row)
        if known is not row:
            _over(known, row, faults)
    return merged


def _over(known: Row, row: Row, faults: list[ConfigError]) -> None:
    for name, value in row.values.items():
        if row.layer == known.layer and name in known.values and known.values[name] != value:
            hint = "one of the two is out of date"
            faults.append(
                ConfigError(row.at(name), f"{value!r} contradicts {known.at(name)}: {known.values[name]!r}", hint)
            )
        known.values[name] = value
    known.places.update(row.places)
    known.layer, known.place = row.layer, row.place
    known.described = known.described or row.described
