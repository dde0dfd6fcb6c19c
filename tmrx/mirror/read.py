"""A document → rows of checked values, with every fault and the place of each.

A row may be partial: rows of one id, from several documents, are merged before they are built into models.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, cast

from msgspec import inspect

from tmrx.errors import ConfigError
from tmrx.mirror.document import Document
from tmrx.mirror.model import Model

_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHOWN = 60  # characters of a wrong value that a message repeats

# Layers: what an instance says of its interfaces, what AWS's JSON says, what tmrx's TOML says.
INSTANCE, AWS, OWN = range(3)

_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", re.ASCII)


def _mac(text: str) -> str:
    if not _MAC.fullmatch(text.lower()):
        raise ValueError
    return text.lower()


# Strings with a form of their own: what puts them in their usual spelling, or raises ValueError.
_FORMATS: Mapping[str, Callable[[str], str]] = {
    "an IP address": lambda text: str(ip_address(text)),
    "a CIDR block": lambda text: str(ip_network(text, strict=False)),
    "a MAC address": _mac,
}


class Bad(Exception):
    """A value that was noted as a fault."""


@dataclass
class Row:
    """One object of a document: its values by field, and where each stands. `layer`: a higher one overrides a lower."""

    model: type[Model]
    layer: int
    place: str
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def at(self, name: str) -> str:
        """Where that field stands, or the row if it has none."""
        return self.places.get(name, self.place)


class Reader:
    """Reads the rows of one document; `faults` collects what is wrong with them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[ConfigError] = []

    def spell(self, key: str) -> str:
        """A word of AWS's JSON as this document spells it."""
        return _SNAKE.sub("_", key).lower() if self.document.own else key

    def fault(self, place: str, why: str, hint: str = "") -> None:
        """Note a fault."""
        self.faults.append(ConfigError(f"{self.document.source}: {place}", why, hint))

    def table(self, content: Mapping[str, Any], key: str, model: type[Model], under: str = "") -> list[Row]:
        """The rows under one key of AWS's; none if the key is absent."""
        place = under + self.spell(key)
        rows = content.get(self.spell(key))
        if rows is None:
            return []
        if not isinstance(rows, list):
            self.fault(place, f"{_show(rows)} is not a list")
            return []
        read = (self.row(model, row, f"{place}[{index}]") for index, row in enumerate(rows))
        return [row for row in read if row is not None]

    def row(self, model: type[Model], value: Any, place: str) -> Row | None:
        """One object's fields, those missing left out. None, and a fault, where it is no object."""
        if not isinstance(value, dict):
            self.fault(place, f"{_show(value)} is not an object")
            return None
        row = Row(model, OWN if self.document.own else AWS, f"{self.document.source}: {place}")
        fields = {self._name(known): known for known in _fields(model)}
        if self.document.own:
            self._unknown(value, fields, place)
        for name, known in fields.items():
            if value.get(name) is None:
                continue
            row.places[known.name] = f"{row.place}.{name}"
            try:
                row.values[known.name] = self.value(known.type, value[name], f"{place}.{name}")
            except Bad:
                # Left out, but known to have been given: not reported as missing too.
                continue
        return row

    def value(self, kind: inspect.Type, value: Any, place: str) -> Any:
        """A value of that kind. Raises Bad after noting the fault."""
        if isinstance(kind, inspect.UnionType):
            kind = kind.types[0]
        form = ""
        if isinstance(kind, inspect.Metadata):
            form, kind = (kind.extra or {}).get("format", ""), kind.type
        return _CONVERT[type(kind)](self, kind, value, place, form)

    def bad(self, place: str, why: str, hint: str = "") -> Bad:
        """Note a fault, to be raised."""
        self.fault(place, why, hint)
        return Bad()

    def _name(self, known: inspect.Field) -> str:
        return known.name if self.document.own else known.encode_name

    def _unknown(self, value: Mapping[str, Any], fields: Mapping[str, inspect.Field], place: str) -> None:
        for name in (name for name in value if name not in fields):
            self.fault(f"{place}.{name}", "is not known", did_you_mean(name, fields))


def did_you_mean(name: str, known: Mapping[str, Any]) -> str:
    """A hint at the word that was probably meant."""
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"


def _fields(model: type[Model]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(model)
    return info.fields if isinstance(info, inspect.StructType) else ()


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "a huge number"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _int(reader: Reader, kind: inspect.IntType, value: Any, place: str, _: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise reader.bad(place, f"{_show(value)} is not a whole number")
    hint = f"{kind.ge} to {kind.le}"
    if kind.ge is not None and value < kind.ge:
        raise reader.bad(place, f"{_show(value)} is below {kind.ge}", hint)
    if kind.le is not None and value > kind.le:
        raise reader.bad(place, f"{_show(value)} is above {kind.le}", hint)
    return value


def _str(reader: Reader, kind: inspect.StrType, value: Any, place: str, form: str) -> str:
    if not isinstance(value, str):
        raise reader.bad(place, f"{_show(value)} is not a string")
    if len(value) < (kind.min_length or 0):
        raise reader.bad(place, "is empty")
    try:
        return _FORMATS[form](value) if form else value
    except ValueError:
        raise reader.bad(place, f"{_show(value)} is not {form}") from None


def _bool(reader: Reader, _kind: inspect.BoolType, value: Any, place: str, _: str) -> bool:
    if not isinstance(value, bool):
        raise reader.bad(place, f"{_show(value)} is neither true nor false")
    return value


def _literal(reader: Reader, kind: inspect.LiteralType, value: Any, place: str, _: str) -> Any:
    if value not in kind.values:
        raise reader.bad(place, f"{_show(value)} is not {' or '.join(map(str, kind.values))}")
    return value


def _list(reader: Reader, kind: inspect.VarTupleType, value: Any, place: str, _: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise reader.bad(place, f"{_show(value)} is not a list")
    items = []
    for index, item in enumerate(value):
        try:
            items.append(reader.value(kind.item_type, item, f"{place}[{index}]"))
        except Bad:
            continue
    return tuple(items)


def _struct(reader: Reader, kind: inspect.StructType, value: Any, place: str, _: str) -> Model:
    row = reader.row(cast("type[Model]", kind.cls), value, place)
    if row is None:
        raise Bad
    built = build(row, reader.faults)
    if built is None:
        raise Bad
    return built


def build(row: Row, faults: list[ConfigError]) -> Model | None:
    """The model of a merged row; None, and a fault for each, where required fields are missing or bad."""
    missing = [known for known in _fields(row.model) if known.required and known.name not in row.values]
    for known in missing:
        if known.name not in row.places:
            faults.append(ConfigError(f"{row.place}.{_like(row, known)}", "is missing"))
    return None if missing else row.model(**row.values)


def _like(row: Row, known: inspect.Field) -> str:
    return known.name if row.layer == OWN else known.encode_name


_CONVERT: Mapping[type, Callable[[Reader, Any, Any, str, str], Any]] = {
    inspect.IntType: _int,
    inspect.StrType: _str,
    inspect.BoolType: _bool,
    inspect.LiteralType: _literal,
    inspect.VarTupleType: _list,
    inspect.StructType: _struct,
}
