"""What stands at the right of a comparison, by the kind of its column: ranges of numbers, or words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from tmrx.filters.fault import Fault, near
from tmrx.filters.lexer import Token

# Other names of columns: the table's name is plural where a cell holds several.
ALIASES = {"anomaly": "anomalies"}
# IP protocols by name (IANA), for `proto`.
PROTOCOLS = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58,
    "sctp": 132,
}  # fmt: skip
HIGHEST = (1 << 128) - 1
_NUMBER_LIMIT = 1 << 64
_EPOCH = 1 << 63  # see tmrx.plan.Numbers
_SECOND = 1_000_000_000
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_SECONDS = re.compile(r"\d{1,10}(\.\d{1,9})?", re.ASCII)

Range = tuple[int, int]


class Column(NamedTuple):
    """A column of the packets table. `kind`: number, time, address, flag, text, word or words."""

    name: str
    kind: str
    meaning: str
    words: tuple[str, ...]


def columns() -> dict[str, Column]:
    """Every column that an expression may name."""
    from tmrx import _core  # noqa: PLC0415  # a run that filters nothing needs no list

    return {name: Column(name, kind, meaning, tuple(words)) for name, kind, meaning, words in _core.columns()}


def column(token: Token) -> Column:
    """The column that a token names. Raises Fault."""
    known = columns()
    name = ALIASES.get(token.text, token.text)
    if name not in known:
        raise Fault(f'no column "{token.text}"', token.at, near(token.text, known))
    return known[name]


def span(of: Column, token: Token) -> Range:
    """The numbers that a value stands for, ends included. Raises Fault."""
    try:
        return _SPANS[of.kind](of, token.text)
    except ValueError as why:
        raise Fault(f'{of.name}: "{token.text}" {why}', token.at, _HINTS[of.kind]) from None


def word(of: Column, token: Token) -> str:
    """A word that the column may hold. Raises Fault."""
    if of.words and token.text not in of.words:
        raise Fault(f'{of.name} is never "{token.text}"', token.at, near(token.text, of.words))
    return token.text


def _number(of: Column, text: str) -> Range:
    if of.name == "proto" and text in PROTOCOLS:
        return PROTOCOLS[text], PROTOCOLS[text]
    number = _whole(text)
    return number, number


def _whole(text: str) -> int:
    if not text.isascii() or not re.fullmatch(r"\d{1,20}|0[xX][0-9a-fA-F]{1,16}", text):
        raise ValueError("is not a number")
    number = int(text, 16 if text[:2].lower() == "0x" else 10)
    if number >= _NUMBER_LIMIT:
        raise ValueError("is above 64 bits")
    return number


def mask(token: Token) -> int:
    """The number of a mask. Raises Fault."""
    try:
        return _whole(token.text)
    except ValueError as why:
        raise Fault(f'"{token.text}" {why}', token.at, "as in tcp_flags & 0x12") from None


def _flag(_of: Column, text: str) -> Range:
    if text not in _FLAGS:
        raise ValueError("is neither true nor false")
    return _FLAGS[text], _FLAGS[text]


_FLAGS = {"true": 1, "false": 0, "1": 1, "0": 0}


def _address(_of: Column, text: str) -> Range:
    """An address or a block; IPv4 in its mapped form."""
    try:
        block = ip_network(text, strict=False)
    except ValueError:
        raise ValueError("is no address or block") from None
    mapped = int(ip_address("::ffff:0:0")) if block.version == 4 else 0  # noqa: PLR2004
    return mapped + int(block.network_address), mapped + int(block.broadcast_address)


def _time(_of: Column, text: str) -> Range:
    """A time in UTC unless it says otherwise, or seconds since 1970."""
    if _SECONDS.fullmatch(text):
        nanos = int(Decimal(text) * _SECOND)
    elif match := _TIME.fullmatch(text):
        nanos = _nanoseconds(*match.groups())
    else:
        raise ValueError("is no time")
    shifted = max(nanos + _EPOCH, 0)
    return shifted, shifted


def _nanoseconds(day: str, clock: str | None, fraction: str | None, zone: str | None) -> int:
    moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone or 'Z'}")
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return seconds * _SECOND + int((fraction or "").ljust(9, "0"))


_SPANS: Mapping[str, Callable[[Column, str], Range]] = {
    "number": _number,
    "flag": _flag,
    "address": _address,
    "time": _time,
}
_HINTS = {
    "number": "as in 443 or 0x1bb",
    "flag": "or the name of the column alone",
    "address": "as in 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32",
    "time": 'as in "2026-11-21T10:00:00Z"',
}
