"""Scores of addresses: a file of categories (`number,name,text`) and files of `ADDRESS[/LENGTH],CATEGORY,SCORE`."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import msgspec

from tmrx.plan import Reputation
from tmrx.rules.diagnostics import Diagnostic
from tmrx.rules.lexer import decode
from tmrx.rules.lines import told
from tmrx.rules.sources import Source

MAX_CATEGORY = 59
MAX_SCORE = 127
_FIELDS = 3
_V4_IN_V6 = 96


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """The files by name; without categories no rule can ask for a score."""

    categories: str = ""
    scores: tuple[str, ...] = ()


def categories(source: Source) -> tuple[dict[str, int], list[Diagnostic]]:
    """Numbers of categories by name, and a warning for each line that is wrong."""
    found: dict[str, int] = {}
    wrong = []
    for number, line in told(decode(source.data)):
        fields = [field.strip() for field in line.split(",")]
        if len(fields) >= _FIELDS - 1 and _is_number(fields[0], MAX_CATEGORY) and fields[1]:
            found[fields[1]] = int(fields[0])
        else:
            wrong.append(_warning(source, number, line, "no reputation category", "NUMBER,NAME,TEXT"))
    return found, wrong


def scores(sources: Sequence[Source]) -> tuple[list[Reputation], list[Diagnostic]]:
    """The scores of all files, and a warning for each line that is wrong."""
    found: list[Reputation] = []
    wrong = []
    for source in sources:
        for number, line in told(decode(source.data)):
            if line.startswith("ip,"):
                continue
            entry = _score([field.strip() for field in line.split(",")])
            if entry is None:
                wrong.append(_warning(source, number, line, "no reputation score", "ADDRESS[/LENGTH],CATEGORY,SCORE"))
            else:
                found.append(entry)
    return found, wrong


def _score(fields: list[str]) -> Reputation | None:
    if len(fields) != _FIELDS or not (_is_number(fields[1], MAX_CATEGORY) and _is_number(fields[2], MAX_SCORE)):
        return None
    try:
        network = ipaddress.ip_network(fields[0], strict=False)
    except ValueError:
        return None
    packed, prefix = network.network_address.packed, network.prefixlen
    if isinstance(network, ipaddress.IPv4Network):
        packed, prefix = b"\0" * 10 + b"\xff\xff" + packed, prefix + _V4_IN_V6
    return Reputation(network=packed, prefix=prefix, category=int(fields[1]), score=int(fields[2]))


def _is_number(text: str, highest: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(highest)) and int(text) <= highest


def _warning(source: Source, number: int, line: str, why: str, hint: str) -> Diagnostic:
    text = line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Diagnostic("warning", source.name, number, 1, f"'{text}' is {why}", hint, text)
