"""Where frames come from: `capture.pcap`, `pcap:FILE`, a folder or pattern, `-` (standard input), `udp://ADDR:PORT`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmrx.errors import InputError, UsageError
from tmrx.sources import find
from tmrx.sources.find import STDIN
from tmrx.sources.reading import Reading, Whole
from tmrx.units import GENEVE_PORT, VXLAN_PORT, Encapsulation, Endpoint, endpoint

if TYPE_CHECKING:
    from tmrx._core import Listener, Merged

__all__ = ["STDIN", "Captures", "Reading", "Sockets", "Whole"]


@dataclass(frozen=True)
class Captures:
    """Captures that are read as one, merged by time; `-` is standard input."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Captures:
        """From what the user named; a folder or pattern stands for the captures that it has. Raises InputError."""
        paths = tuple(path for name in names for path in find.files(name.removeprefix("pcap:")))
        if paths.count(STDIN) > 1:
            raise UsageError("standard input", "is asked for twice", "name it once")
        return cls(paths)

    def open(self) -> Merged:
        """Look at all of them, so that one which can't be read is known of now. Raises InputError."""
        from tmrx._core import Merged  # noqa: PLC0415

        return Merged(self.paths)


@dataclass(frozen=True)
class Sockets:
    """UDP sockets to receive on."""

    on: tuple[Endpoint, ...]

    @classmethod
    def of(cls, specs: Sequence[str]) -> Sockets:
        """From `ADDR:PORT`, `geneve:ADDR:PORT` or `udp://ADDR:PORT`; without any, the two usual ports on all addresses.

        Raises InputError.
        """
        return cls(tuple(map(_endpoint, specs)) or _usual())

    def open(self) -> Listener:
        """Bind them; port 0 is any free one. Raises InputError."""
        from tmrx._core import Listener  # noqa: PLC0415

        return Listener([(at.kind, at.address, at.port) for at in self.on])


def _endpoint(spec: str) -> Endpoint:
    try:
        return endpoint(spec.removeprefix("udp://"), lowest=0)
    except ValueError as why:
        raise InputError(spec, str(why), "as in 0.0.0.0:4789, [::]:4789 or geneve:127.0.0.1:6081") from None


def _usual() -> tuple[Endpoint, ...]:
    ports: tuple[tuple[Encapsulation, int], ...] = (("vxlan", VXLAN_PORT), ("geneve", GENEVE_PORT))
    addresses = ("0.0.0.0", "::")  # noqa: S104 -- receiving is what it is for
    return tuple(Endpoint(kind, address, port) for kind, port in ports for address in addresses)
