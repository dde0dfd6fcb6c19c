"""Quantities as people write them: sizes, rates, durations, addresses with ports.

Pure; a bad text raises a ValueError that says why.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address
from typing import Literal, get_args

_QUANTITY = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)\s*([A-Za-z]*)", re.ASCII)
_PORT = re.compile(r"\d{1,5}", re.ASCII)
MAX_PORT = 65_535
_SIZES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "": Decimal(1)}
_PREFIXES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_RATES: dict[str, tuple[int, Literal["pps", "bps"]]] = {
    **{f"{prefix}pps": (scale, "pps") for prefix, scale in _PREFIXES.items()},
    **{f"{prefix}bps": (scale, "bps") for prefix, scale in _PREFIXES.items()},
}

VXLAN_PORT = 4789  # RFC 7348, section 5
GENEVE_PORT = 6081  # RFC 8926, section 3.3

Encapsulation = Literal["vxlan", "geneve", "vxlan-gpe", "gre-in-udp"]
ENCAPSULATIONS: tuple[Encapsulation, ...] = get_args(Encapsulation)


@dataclass(frozen=True)
class Rate:
    """So many packets (`pps`) or bits (`bps`) a second."""

    amount: int
    unit: Literal["pps", "bps"]


@dataclass(frozen=True)
class Endpoint:
    """A UDP address and what is expected there."""

    kind: Encapsulation
    address: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.kind}:{host}:{self.port}"


def size(text: str) -> int:
    """A count: `65536`, `64k`, `1.5Gi`. k M G are powers of 1000, Ki Mi Gi of 1024."""
    number, unit = _split(text)
    if unit not in _SIZES:
        raise ValueError("has a unit that is none of k M G Ki Mi Gi")
    return _whole(number * _SIZES[unit])


def duration(text: str) -> float:
    """Seconds: `500ms`, `10s`, `5m`, `1h`; a bare number is seconds."""
    number, unit = _split(text)
    if unit not in _SECONDS:
        raise ValueError("has a unit that is none of ms s m h")
    return float(number * _SECONDS[unit])


def seconds(text: str) -> int:
    """A duration in whole seconds."""
    value = duration(text)
    if value != math.floor(value):
        raise ValueError("is not in whole seconds")
    return int(value)


def share(text: str) -> float:
    """A part of a whole: `1%` or `0.01`; 0 to 1."""
    number, unit = _split(text.removesuffix("%"))
    value = float(number / 100 if text.endswith("%") else number)
    if unit or value > 1:
        raise ValueError("is not a share, from 0% to 100% or 0 to 1")
    return value


def rate(text: str) -> Rate:
    """A rate: `10kpps`, `1.5Gbps`. Above zero."""
    number, unit = _split(text)
    if unit not in _RATES:
        raise ValueError("has a unit that is none of pps kpps Mpps bps kbps Mbps Gbps")
    scale, base = _RATES[unit]
    amount = _whole(number * scale)
    if amount == 0:
        raise ValueError("is no rate at all")
    return Rate(amount, base)


def endpoint(text: str, port: int | None = None, lowest: int = 1) -> Endpoint:
    """`ADDR:PORT`, `[V6]:PORT`, either after a kind, as in `geneve:ADDR:PORT`; with `port` given, `ADDR` alone too.

    Port 6081 is GENEVE, any other VXLAN, unless said. `lowest` is the first port that may be given.
    """
    kind, rest = _kind(text)
    address, number = _address(rest, port, lowest)
    assumed: Encapsulation = "geneve" if number == GENEVE_PORT else "vxlan"
    return Endpoint(kind or assumed, address, number)


def _kind(text: str) -> tuple[Encapsulation | None, str]:
    head, _, rest = text.partition(":")
    for kind in ENCAPSULATIONS:
        if head == kind:
            return kind, rest
    return None, text


def _address(text: str, port: int | None, lowest: int) -> tuple[str, int]:
    if port is not None and _is_address(text.strip("[]")):
        return str(ip_address(text.strip("[]"))), port
    host, colon, tail = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed):
        raise ValueError("is not of the form ADDR:PORT or [V6]:PORT")
    host = host[1:-1] if bracketed else host
    if not _is_address(host):
        raise ValueError(f"has {host!r}, which is not an IP address")
    return str(ip_address(host)), _port(tail, lowest)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _port(text: str, lowest: int) -> int:
    if not (_PORT.fullmatch(text) and lowest <= int(text) <= MAX_PORT):
        raise ValueError(f"has port {text!r}, which is not from {lowest} to {MAX_PORT}")
    return int(text)


def _split(text: str) -> tuple[Decimal, str]:
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ValueError("is not a number with a unit")
    return Decimal(match[1]), match[2]


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value():
        raise ValueError("is not a whole number")
    return int(number)
