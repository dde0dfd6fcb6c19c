"""What a run reads, a turn at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from tmrx.errors import InputError

if TYPE_CHECKING:
    from tmrx._core import Batch, Capture, Listener, Merged

    Source = Capture | Merged | Listener


class Reading(Protocol):
    """What a run reads."""

    def turns(self) -> Iterator[Source | None]:
        """The source to read next, again and again until all is read; None where there is none for now."""

    def took(self, batch: Batch) -> None:
        """What came of the turn."""

    def failed(self, error: InputError) -> None:
        """The turn's source can't be read on. Raises `error` where nothing else can be read either."""

    @property
    def position(self) -> int:
        """Bytes read so far."""

    @property
    def overflowed(self) -> int | None:
        """Datagrams lost at the sockets; None without sockets."""

    @property
    def captured(self) -> tuple[int, int] | None:
        """Packets received and dropped where captures were made, where they say so."""

    @property
    def warnings(self) -> Sequence[str]:
        """What the user should know, so far."""


class Whole:
    """One source, to its end."""

    def __init__(self, source: Merged | Listener) -> None:
        self._source = source
        self._ended = False

    def turns(self) -> Iterator[Source | None]:
        """The source, until it is at its end."""
        while not self._ended:
            yield self._source

    def took(self, batch: Batch) -> None:
        """Whether it is at its end."""
        self._ended = batch.ended

    def failed(self, error: InputError) -> None:
        """There is no other source. Raises `error`."""
        raise error

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._source.position

    @property
    def overflowed(self) -> int | None:
        """Datagrams lost at the sockets; None without sockets."""
        return getattr(self._source, "overflowed", None)

    @property
    def captured(self) -> tuple[int, int] | None:
        """Packets received and dropped where captures were made, where they say so."""
        return getattr(self._source, "captured", None)

    @property
    def warnings(self) -> Sequence[str]:
        """Damaged tails of captures."""
        return getattr(self._source, "warnings", ())
