"""Where frames come from: `capture.pcap`, `pcap:FILE`, a folder of captures, `-` (standard input), `udp://ADDR:PORT`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmrx.errors import InputError
from tmrx.units import GENEVE_PORT, VXLAN_PORT, Encapsulation, Endpoint, endpoint

if TYPE_CHECKING:
    from tmrx._core import Capture, Listener

STDIN = "-"
_SUFFIXES = (".pcap", ".pcapng", ".cap")


@dataclass(frozen=True)
class Captures:
    """Capture files, read one after another; `-` is standard input."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, specs: Iterable[str]) -> Captures:
        """From what the user named; a folder stands for the captures in it. Raises InputError."""
        return cls(tuple(path for spec in specs for path in _files(spec.removeprefix("pcap:"))))

    @property
    def size(self) -> int | None:
        """Bytes in all; None where one is no plain file."""
        return sum(os.stat(path).st_size for path in self.paths) if all(map(_plain, self.paths)) else None

    def check(self) -> None:
        """Open every plain file once, so that one which can't be read is known of before anything is written."""
        from tmrx._core import Capture  # noqa: PLC0415

        for path in self.paths:
            if path != STDIN and (_plain(path) or not os.path.exists(path)):
                Capture(path)

    def open(self) -> Iterator[tuple[str, Capture]]:
        """Each with its path, opened when its turn comes. Raises InputError."""
        from tmrx._core import Capture  # noqa: PLC0415

        for path in self.paths:
            yield path, Capture(path)


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


def _files(path: str) -> list[str]:
    if path == STDIN or not os.path.isdir(path):
        return [path]
    try:
        found = sorted(entry for entry in Path(path).iterdir() if entry.suffix in _SUFFIXES and entry.is_file())
    except OSError as error:
        raise InputError(path, f"can't be read: {(error.strerror or str(error)).lower()}") from None
    if not found:
        raise InputError(path, "is a folder without captures", f"expected files named {', '.join(_SUFFIXES)}")
    return list(map(str, found))


def _plain(path: str) -> bool:
    try:
        return path != STDIN and stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False
