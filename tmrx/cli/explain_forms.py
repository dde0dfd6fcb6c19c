"""Explained packets as text for people, JSON and CSV, batch by batch. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from tmrx.cli import console, mirror_text
from tmrx.cli.explained import Packet, Words

_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = (
    "packet", "time", "length", "captured", "src", "sport", "dst", "dport", "protocol", "source", "source_name",
    "direction", "fate", "reason", "session", "rule", "rule_number", "sent", "cut", "cut_by", "checksum", "summary",
    "why",
)  # fmt: skip
# Of the truth's.
_TOLD = (
    "source", "direction", "fate", "reason", "session", "rule", "sent", "cut", "cut_by", "checksum",
)  # fmt: skip

Record = dict[str, Any]


class _Table:
    """Text for people: a line a packet, and one for each outcome."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.width = mirror_text.width()

    def begin(self) -> str:
        return ""

    def batch(self, packets: Iterable[Packet]) -> str:
        return "".join(f"{line}\n" for packet in packets for line in self._lines(packet))

    def end(self) -> str:
        return ""

    def _lines(self, packet: Packet) -> Iterator[str]:
        time = f"{_second(packet.time)[11:]}{_micros(packet.time)}"
        yield f"{console.heading(str(packet.number))}  {time}  {packet.summary()}"
        for outcome in packet.outcomes:
            yield from _wrapped(self.words.told(packet, outcome), self.width)


class _Json:
    """One JSON array, a record a line."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._between = ""

    def begin(self) -> str:
        return "["

    def batch(self, packets: Iterable[Packet]) -> str:
        lines = []
        for record in _records(packets, self.words):
            lines.append(f"{self._between}\n{json.dumps(record, ensure_ascii=False)}")
            self._between = ","
        return "".join(lines)

    def end(self) -> str:
        return "\n]\n"


class _Csv:
    """A header and a line a record."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def begin(self) -> str:
        return console.as_csv([], _COLUMNS)

    def batch(self, packets: Iterable[Packet]) -> str:
        return console.as_csv(list(_records(packets, self.words)), _COLUMNS, header=False)

    def end(self) -> str:
        return ""


FORMS: dict[str, type[_Table | _Json | _Csv]] = {"table": _Table, "json": _Json, "csv": _Csv}


def _records(packets: Iterable[Packet], words: Words) -> Iterator[Record]:
    """A record for each packet and outcome."""
    for packet in packets:
        known = _packet(packet)
        for outcome in packet.outcomes:
            told = {name: getattr(outcome, name) for name in _TOLD}
            told |= {"source_name": words.source_name(outcome.source), "rule_number": words.rule_number(outcome)}
            record = known | told | {"why": words.told(packet, outcome)}
            yield {name: record[name] for name in _COLUMNS} | {
                "asked": list(map(msgspec.structs.asdict, outcome.asked))
            }


def _packet(packet: Packet) -> Record:
    return {
        "packet": packet.number,
        "time": f"{_second(packet.time)}{_micros(packet.time)}+0000",
        "length": packet.length,
        "captured": packet.captured,
        "src": packet.src or None,
        "sport": packet.sport,
        "dst": packet.dst or None,
        "dport": packet.dport,
        "protocol": packet.protocol,
        "summary": packet.summary(),
    }


@lru_cache(1 << 12)
def _wrapped(told: str, width: int) -> tuple[str, ...]:
    """Most packets are told the same as one before."""
    return tuple(mirror_text.wrapped([(" " * 4, told)], width))


def _second(time: int) -> str:
    return _date(time // _NS)


def _micros(time: int) -> str:
    return f".{time % _NS // 1000:06}"


@lru_cache(1024)
def _date(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")
