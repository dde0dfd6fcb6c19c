"""A document → rows of checked values, with every fault and the place of each.

A row may be partial: rows of one id, from several documents, are merged before they are built into models.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any, cast

from msgspec import inspect

from tmrx.errors import ConfigError
from tmrx.mirror.document import Document
from tmrx.mirror.placed import Placed, Unknown
from tmrx.mirror.values import Model

_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHOWN = 60  # characters of a wrong value that a message repeats

# What a type says of its values beyond what msgspec checks.
Extra = Mapping[str, Any]

# Layers: what an instance says of its interfaces, what AWS's JSON says, what tmrx's TOML says.
INSTANCE, AWS, OWN = range(3)

# IANA's numbers of the protocols that AWS's tables call by name.
_PROTOCOLS = {"all": -1, "icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}

_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", re.ASCII)


def _mac(text: str) -> str:
    if not _MAC.fullmatch(text.lower()):
        raise ValueError
    return text.lower()


def _protocol(text: str) -> str:
    number = _PROTOCOLS.get(text.lower())
    number = int(text) if number is None else number
    if not -1 <= number <= 255:  # noqa: PLR2004 - one byte (RFC 791, section 3.1)
        raise ValueError
    return str(number)


# Strings with a form of their own: what puts them in their usual spelling, or raises ValueError.
_FORMATS: Mapping[str, Callable[[str], str]] = {
    "an IP address": lambda text: str(ip_address(text)),
    "a CIDR block": lambda text: str(ip_network(text, strict=False)),
    "a MAC address": _mac,
    "an IP protocol": _protocol,
}


class Bad(Exception):
    """A value that was noted as a fault."""


@dataclass
class Row:
    """One object of a document: its values by field, and where each stands. `layer`: a higher one overrides a lower.

    `described`: AWS described it.
    """

    model: type[Model]
    layer: int
    place: str
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    described: bool = False

    def at(self, name: str) -> str:
        """Where that field stands, or the row if it has none."""
        return self.places.get(name, self.place)

    def item(self, name: str, index: int) -> str:
        """Where one item of a list stands."""
        item = f"[{index}]"
        return self.places.get(name + item) or self.at(name) + item


class Reader:
    """Reads the rows of one document; `faults` collects what is wrong with them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[ConfigError] = []
        # Of lists that bad items were left out of, by their place: where each of the others stands.
        self.left: dict[str, list[int]] = {}

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
        layer = OWN if self.document.own else AWS
        placed = value if isinstance(value, Placed) else None
        place = placed.place if placed else place
        row = Row(model, layer, f"{self.document.source}: {place}", described=self.document.described)
        fields = {self._name(known): known for known in _fields(model)}
        if self.document.own:
            self._unknown(value, fields, place)
        for name, known in fields.items():
            if value.get(name) is None:
                continue
            here = placed.at(name) if placed else f"{place}.{name}"
            row.places[known.name] = f"{self.document.source}: {here}"
            try:
                row.values[known.name] = self.value(known.type, value[name], here)
                for now, was in enumerate(self.left.get(here, ())):
                    row.places[f"{known.name}[{now}]"] = f"{self.document.source}: {here}[{was}]"
            except Bad:
                # Left out, but known to have been given: not reported as missing too.
                continue
        return row

    def value(self, kind: inspect.Type, value: Any, place: str) -> Any:
        """A value of that kind. Raises Bad after noting the fault."""
        if isinstance(value, Unknown):
            raise self.bad(place, value.why, value.hint)
        if isinstance(kind, inspect.UnionType):
            kind = kind.types[0]
        more: Extra = {}
        if isinstance(kind, inspect.Metadata):
            more, kind = kind.extra or {}, kind.type
        return _CONVERT[type(kind)](self, kind, value, place, more)

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


@cache
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


def _int(reader: Reader, kind: inspect.IntType, value: Any, place: str, more: Extra) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise reader.bad(place, f"{_show(value)} is not a whole number")
    least, most = kind.ge, more.get("le", kind.le)
    hint = f"{least} to {most}"
    if least is not None and value < least:
        raise reader.bad(place, f"{_show(value)} is below {least}", hint)
    if most is not None and value > most:
        raise reader.bad(place, f"{_show(value)} is above {most}", hint)
    return value


def _str(reader: Reader, kind: inspect.StrType, value: Any, place: str, more: Extra) -> str:
    if not isinstance(value, str):
        raise reader.bad(place, f"{_show(value)} is not a string")
    if len(value) < (kind.min_length or 0):
        raise reader.bad(place, "is empty")
    if kind.max_length is not None and len(value) > kind.max_length:
        raise reader.bad(place, f"has {len(value):,} characters", f"at most {kind.max_length}")
    if not reader.document.described and "reserved" in more and value.lower().startswith(more["reserved"]):
        raise reader.bad(place, f"{_show(value)} begins with {more['reserved']}", "AWS keeps that for itself")
    try:
        return _FORMATS[more["format"]](value) if "format" in more else value
    except ValueError:
        raise reader.bad(place, f"{_show(value)} is not {more['format']}") from None


def _bool(reader: Reader, _kind: inspect.BoolType, value: Any, place: str, _: Extra) -> bool:
    if not isinstance(value, bool):
        raise reader.bad(place, f"{_show(value)} is neither true nor false")
    return value


def _literal(reader: Reader, kind: inspect.LiteralType, value: Any, place: str, _: Extra) -> Any:
    if value not in kind.values:
        raise reader.bad(place, f"{_show(value)} is not {' or '.join(map(str, kind.values))}")
    return value


def _list(reader: Reader, kind: inspect.VarTupleType, value: Any, place: str, _: Extra) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise reader.bad(place, f"{_show(value)} is not a list")
    items = {}
    for index, item in enumerate(value):
        try:
            items[index] = reader.value(kind.item_type, item, f"{place}[{index}]")
        except Bad:
            continue
    if len(items) < len(value):
        reader.left[place] = list(items)
    return tuple(items.values())


def _struct(reader: Reader, kind: inspect.StructType, value: Any, place: str, _: Extra) -> Model:
    row = reader.row(cast("type[Model]", kind.cls), value, place)
    if row is None:
        raise Bad
    built = build(row, reader.faults)
    if built is None:
        raise Bad
    return built


def build(row: Row, faults: list[ConfigError]) -> Model | None:
    """The model of a merged row; None, and a fault for each, where required fields are missing or bad."""
    required = [known.name for known in _fields(row.model) if known.required]
    return row.model(**row.values) if has(row, required, faults) else None


def has(row: Row, names: Iterable[str], faults: list[ConfigError]) -> bool:
    """Whether a row has these fields; a fault for each that was not given."""
    missing = [name for name in names if name not in row.values]
    # One that was given, and was no good, has been noted.
    faults += [
        ConfigError(f"{row.place}.{_like(row, name)}", "is missing") for name in missing if name not in row.places
    ]
    return not missing


def _like(row: Row, name: str) -> str:
    """A field as the row's document spells it."""
    spelled = {known.name: known.encode_name for known in _fields(row.model)}
    return name if row.layer == OWN else spelled[name]


_CONVERT: Mapping[type, Callable[[Reader, Any, Any, str, Extra], Any]] = {
    inspect.IntType: _int,
    inspect.StrType: _str,
    inspect.BoolType: _bool,
    inspect.LiteralType: _literal,
    inspect.VarTupleType: _list,
    inspect.StructType: _struct,
}
