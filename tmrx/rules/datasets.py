"""Datasets: sets of values that rules look buffers up in, from files and for files.

Files of values: one a line, text in base64, hashes in hex, addresses as text; with datarep `value,number`. Or JSON: an
array of objects, or an object a line (`ndjson`).
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from tmrx import plan
from tmrx.rules.diagnostics import Fault

Type = Literal["string", "md5", "sha256", "ipv4", "ip"]
Format = Literal["csv", "json", "ndjson"]
# Suricata's words for them.
TYPES: dict[str, Type] = {
    "string": "string",
    "md5": "md5",
    "sha256": "sha256",
    "ipv4": "ipv4",
    "ip": "ip",
    "ipv6": "ip",
}
MAX_HASHSIZE = 65_536
MAX_HASHSIZES = 16_777_216
MAX_NUMBER = 65_535
_DIGEST_SIZES = {"md5": 16, "sha256": 32}


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset as a rule or the configuration describes it.

    `type` is empty for that of an earlier description. `load`, `state`, `save` are files as written: values at the
    start, values kept from run to run, where values go at the end.
    """

    name: str
    type: Type | Literal[""] = ""
    load: str = ""
    state: str = ""
    save: str = ""
    format: Format = "csv"
    # JSON: where the value is in its object, where the array is, what is left out, and the name in alerts.
    value_key: str = ""
    array_key: str = ""
    context_key: str = ""
    remove_key: bool = False
    hashsize: int = 0
    numbered: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where datasets are kept: `folder` is that of `state` and `save`, empty for none.

    `declared`: those of the configuration, whose `load` counts from the working directory.
    """

    folder: str = ""
    allow_write: bool = True
    allow_absolute: bool = False
    declared: tuple[Declared, ...] = ()


class Saved(msgspec.Struct, frozen=True):
    """A dataset whose values are written to a file when the run ends."""

    name: str
    type: Type
    path: str


class Datasets:
    """The datasets of a run, each described by the first rule that does and numbered from 0.

    `read` gives a file's bytes, None for one that is not there.
    """

    def __init__(self, settings: Settings, read: Callable[[str], bytes | None]) -> None:
        """Raises Fault for one of the configuration that can't be."""
        self._settings = settings
        self._read = read
        self._known: dict[str, tuple[int, Declared]] = {}
        self._hashsizes = 0
        self.sets: list[plan.Dataset] = []
        self.saved: list[Saved] = []
        for declared in settings.declared:
            self.number(declared, Path())

    def number(self, wanted: Declared, folder: Path) -> int:
        """The number of a dataset; `folder` is where the rule's file is. Raises Fault."""
        known = self._known.get(wanted.name)
        if known is not None:
            number, first = known
            _check_same(first, wanted)
            return number
        if not wanted.type:
            raise Fault(f"dataset '{wanted.name}' has no type", "type string, md5, sha256, ip, or ipv4")
        self._hashsizes += wanted.hashsize
        if wanted.hashsize > MAX_HASHSIZE or self._hashsizes > MAX_HASHSIZES:
            raise Fault(f"hashsize {wanted.hashsize} is too much", f"at most {MAX_HASHSIZE} a set")
        dataset = self._load(wanted, wanted.type, folder)
        number = len(self.sets)
        self.sets.append(dataset)
        self._known[wanted.name] = number, wanted
        return number

    def _load(self, wanted: Declared, kind: Type, folder: Path) -> plan.Dataset:
        path = str(folder / wanted.load) if wanted.load else ""
        if wanted.state or wanted.save:
            kept = self._kept(wanted.state or wanted.save)
            self.saved.append(Saved(wanted.name, kind, kept))
            path = path or (kept if wanted.state else "")
        data = self._read(path) if path else b""
        if data is None and not wanted.state:
            raise Fault(f"dataset '{wanted.name}': {path} can't be read")
        text = (data or b"").decode("utf-8", "surrogateescape")
        try:
            rows = list(_rows(text, wanted, kind))
        except ValueError as error:
            raise Fault(f"dataset '{wanted.name}': {path}: {error}") from None
        return plan.Dataset(
            name=wanted.name,
            type=kind,
            values=tuple([value for value, _, _ in rows]),
            numbers=tuple([number for _, number, _ in rows]) if wanted.numbered else (),
            contexts=tuple([context for _, _, context in rows]) if wanted.format != "csv" else (),
            context_key=wanted.context_key,
            saved=bool(wanted.state or wanted.save),
        )

    def _kept(self, name: str) -> str:
        """Where a file that is written goes."""
        settings, path = self._settings, Path(name)
        if not settings.allow_write:
            raise Fault(f"rules may not write {name}", "datasets.rules.allow-write")
        if (path.is_absolute() or ".." in path.parts) and not settings.allow_absolute:
            raise Fault(f"{name} leads out of the data folder", "a name within it")
        if not settings.folder and not path.is_absolute():
            raise Fault(f"there is no data folder to keep {name} in", "--data-dir FOLDER")
        return str(Path(settings.folder) / path)


def _check_same(first: Declared, again: Declared) -> None:
    for name in ("type", "load", "state", "save"):
        before, now = getattr(first, name), getattr(again, name)
        if now and now != before:
            raise Fault(f"dataset '{again.name}' is known with {name} '{before}'", "the same, or no word of it")


# --- what is in the files


def _rows(text: str, wanted: Declared, kind: Type) -> Iterator[tuple[bytes, int, bytes]]:
    """Value, number and JSON object of each row. Raises ValueError."""
    if wanted.format == "csv":
        yield from _lines(text, wanted, kind)
        return
    for place, entry in enumerate(_objects(text, wanted), 1):
        value = _pick(entry, wanted.value_key)
        if value is None:
            # An object may be about something else.
            continue
        if not isinstance(value, str):
            raise ValueError(f"no text at '{wanted.value_key}' of object {place}")
        raw = value.encode() if kind == "string" else from_text(value, kind)
        if wanted.remove_key:
            _remove(entry, wanted.value_key)
        yield raw, 0, msgspec.json.encode(entry)


def _lines(text: str, wanted: Declared, kind: Type) -> Iterator[tuple[bytes, int, bytes]]:
    for place, line in enumerate(text.splitlines(), 1):
        value, comma, number = line.strip().partition(",") if wanted.numbered else (line.strip(), "", "")
        if not value:
            continue
        known = number.strip()
        if wanted.numbered and not (comma and known.isascii() and known.isdigit() and int(known[:6]) <= MAX_NUMBER):
            raise ValueError(f"line {place}: no VALUE,NUMBER up to {MAX_NUMBER}")
        try:
            yield from_text(value.strip(), kind), int(known or 0), b""
        except ValueError as error:
            raise ValueError(f"line {place}: {error}") from None


def from_text(text: str, kind: Type) -> bytes:
    """A value as buffers have it, from its form in files. Raises ValueError."""
    if kind == "string":
        try:
            value = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"'{text}' is no base64") from None
        if not value:
            raise ValueError("an empty value")
        return value
    if kind in ("ip", "ipv4"):
        return _address(text, kind)
    value = bytes.fromhex(text)
    if len(value) != _DIGEST_SIZES[kind]:
        raise ValueError(f"'{text}' is no {kind}")
    return value


def _address(text: str, kind: Type) -> bytes:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv4Address):
        return b"\0" * 10 + b"\xff\xff" + address.packed
    if kind == "ipv4":
        raise ValueError(f"'{text}' is no IPv4 address")
    return address.packed


def to_text(value: bytes, kind: Type) -> str:
    """A value's form in files."""
    if kind == "string":
        return base64.b64encode(value).decode()
    if kind in ("ip", "ipv4"):
        address = ipaddress.IPv6Address(value)
        return str(address.ipv4_mapped or address)
    return value.hex()


def _objects(text: str, wanted: Declared) -> Iterator[dict[str, object]]:
    try:
        if wanted.format == "ndjson":
            entries: object = [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
        else:
            entries = _pick(msgspec.json.decode(text), wanted.array_key)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"no array of objects{f' at {wanted.array_key}' if wanted.array_key else ''}")
    yield from entries


def _pick(document: object, path: str) -> object:
    """What is at a dotted path, None for nothing; the empty path is the document."""
    for key in path.split(".") if path else ():
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _remove(entry: dict[str, object], path: str) -> None:
    *above, last = path.split(".")
    inner = _pick(entry, ".".join(above))
    if isinstance(inner, dict):
        inner.pop(last, None)
