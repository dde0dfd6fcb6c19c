"""What a finding is, and what looks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import TrafficMirrorSession


@dataclass(frozen=True)
class Finding:
    """Something that AWS allows and that hardly does what was meant: where it is, what it does, what to do about it."""

    name: str
    place: str
    text: str
    advice: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text} ({self.advice})"


def skipped(mirror: Mirror, session: TrafficMirrorSession) -> bool:
    """Whether a session leaves its packets to the next; what stops a source stops all of its sessions."""
    return mirror.is_active(session) in {"inactive", "target_gone"}


# What a check yields: place, text, advice.
Found = tuple[str, str, str]


@dataclass(frozen=True)
class Check:
    """Looks for one kind of finding; `meaning` is what the documentation says of it."""

    name: str
    meaning: str
    look: Callable[[Mirror], Iterable[Found]]

    def findings(self, mirror: Mirror) -> Iterator[Finding]:
        """Every one of its kind."""
        return (Finding(self.name, *found) for found in self.look(mirror))
