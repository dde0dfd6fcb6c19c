"""The one table of keywords: every keyword of the language by name, supported or not.

`keywords.csv` beside this file holds it; its columns are Suricata's facts and tmrx's own `mirror.*` keywords.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Collection
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import msgspec

_FILE = Path(__file__).with_name("keywords.csv")
# Names of nonsense are not compared with the whole table.
_LONGEST_GUESS = 40
_TRANSPORTS = frozenset(("tcp", "udp", "icmp", "icmpv4", "icmpv6", "sctp", "igmp"))


Direction = Literal["", "both", "ts", "tc"]


class Keyword(msgspec.Struct, frozen=True, eq=False):
    """A keyword. `protocol` and `value` are in the words of the table; `name` is the one that tmrx uses for it.

    `multi`: a buffer of which a transaction has several. `direction`: to server or to client, where only one has it.
    """

    name: str
    aliases: tuple[str, ...]
    kind: str
    protocol: frozenset[str]
    # Those of `protocol` that are transports.
    carried: frozenset[str]
    value: str
    takes: Literal["nothing", "maybe", "value"]
    quotes: Literal["required", "optional", "no"]
    negatable: bool
    multi: bool
    direction: Direction
    # How far a transaction is when the buffer is there, by application and direction: "http/ts".
    progress: dict[str, int]
    note: str


def _keyword(row: dict[str, str]) -> Keyword:
    value = row["value"]
    return Keyword(
        name=row["name"],
        aliases=tuple(row["aliases"].split()),
        kind=row["kind"],
        protocol=(protocol := frozenset(row["protocol"].split())),
        carried=protocol & _TRANSPORTS,
        value=value,
        takes="nothing" if value == "none" else "maybe" if value.startswith("none |") else "value",
        quotes=row["quotes"],  # type: ignore[arg-type]  # the table's test checks the words
        negatable=value.startswith('[!]"'),
        multi=row["multi"] == "yes",
        direction=row["direction"],  # type: ignore[arg-type]
        progress={place: int(number) for place, _, number in (w.partition(":") for w in row["min_progress"].split())},
        note=row["note"],
    )


@cache
def keywords() -> dict[str, Keyword]:
    """All keywords by name and alias, in lower case."""
    table: dict[str, Keyword] = {}
    with _FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            keyword = _keyword(row)
            table |= dict.fromkeys((keyword.name, *keyword.aliases), keyword)
    return {name.lower(): keyword for name, keyword in table.items()}


def did_you_mean(name: str, known: Collection[str]) -> str:
    """A hint with the nearest of the known names, or nothing."""
    folded = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name.lower()[:_LONGEST_GUESS], folded, n=1)
    return f"did you mean '{folded[near[0]]}'?" if near else ""


@lru_cache(maxsize=1024)
def nearest_keyword(name: str) -> str:
    """`did_you_mean` for a keyword."""
    return did_you_mean(name, keywords().keys())
