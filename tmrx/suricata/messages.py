"""What Suricata says of its work: `Level: subsystem: text`, errors on standard error, the rest on standard output."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import IntEnum

from tmrx.sinks import Output


class Level(IntEnum):
    """How much it matters; larger matters less."""

    ERROR = 1
    WARNING = 2
    NOTICE = 3
    INFO = 4
    PERF = 5
    CONFIG = 6


def level(word: str) -> Level | None:
    """The level of that name; those beyond the last one are the last one. None for what is none."""
    if word.lower() == "debug":
        return Level.CONFIG
    return Level.__members__.get(word.upper())


@dataclass
class Messages:
    """Where messages go; those above `level` go nowhere."""

    level: Level = Level.NOTICE
    # suricata.log, once it is open, with its own level.
    files: list[tuple[Output, Level]] = field(default_factory=list)

    def error(self, subsystem: str, text: str) -> None:
        """What goes wrong."""
        self._say(Level.ERROR, subsystem, text)

    def warning(self, subsystem: str, text: str) -> None:
        """What may be wrong."""
        self._say(Level.WARNING, subsystem, text)

    def notice(self, subsystem: str, text: str) -> None:
        """What everybody wants to know."""
        self._say(Level.NOTICE, subsystem, text)

    def info(self, subsystem: str, text: str) -> None:
        """What those want to know who ask."""
        self._say(Level.INFO, subsystem, text)

    def _say(self, level: Level, subsystem: str, text: str) -> None:
        shown = text if text.isprintable() else _made_printable(text)
        line = f"{level.name.capitalize()}: {subsystem}: {shown}\n"
        if level <= self.level:
            stream = sys.stderr if level is Level.ERROR else sys.stdout
            stream.write(line)
            stream.flush()
        for file, most in self.files:
            if level <= most:
                file.write(line.encode("utf-8", "backslashreplace"))


def _made_printable(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
