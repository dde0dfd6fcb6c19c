"""A rule while it is compiled: the options add to it, the compiler makes the plan's rule of it.

Draft ─ checks, effects, limits, flow: what is outside buffers, as the plan has it
      ─ buffers: BufferDraft ─ transforms, and the entries in order: ContentDraft, Base64Draft, the plan's matches
      ─ needs: the applications that options ask for (`Need`)
      ─ missing: what is known by name and has no place in the plan yet
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tmrx import plan
from tmrx.rules.catalogue import Direction, Keyword
from tmrx.rules.classification import Class
from tmrx.rules.datasets import Datasets
from tmrx.rules.datasets import Settings as DatasetSettings
from tmrx.rules.diagnostics import Fault, unsupported
from tmrx.rules.parser import Option

FastPattern = Literal["no", "yes", "only"]
PAYLOAD = "payload"
BASE64 = "base64_data"


class Names:
    """The names that rules share, each kind numbered from 0 in the order of its first use."""

    def __init__(self) -> None:
        self.flowbits: dict[str, int] = {}
        self.flowints: dict[str, int] = {}
        self.xbits: dict[str, int] = {}


def number_of(name: str, table: dict[str, int]) -> int:
    """The number of a name; a new name gets the next one."""
    return table.setdefault(name, len(table))


@dataclass(slots=True)
class Context:
    """What all rules of a run share.

    `references`: where a reference leads, by type in lower case. `categories`: numbers of reputation categories.
    `folder`: where the file is that is read; `read` gives the bytes of a file that a rule names, None for none.
    """

    classes: Mapping[str, Class]
    references: Mapping[str, str]
    names: Names = field(default_factory=Names)
    categories: Mapping[str, int] = field(default_factory=dict)
    datasets: Datasets = field(default_factory=lambda: Datasets(DatasetSettings(), lambda _: None))
    folder: Path = Path()
    read: Callable[[str], bytes | None] = lambda _: None


@dataclass(slots=True)
class ContentDraft:
    """A literal and its modifiers as written; None where one is absent. `at` is the place of its value."""

    pattern: bytes
    negated: bool
    at: int
    nocase: bool = False
    offset: plan.Place | None = None
    depth: plan.Place | None = None
    distance: plan.Place | None = None
    within: plan.Place | None = None
    startswith: bool = False
    endswith: bool = False
    fast_pattern: FastPattern = "no"
    chop: tuple[int, int] | None = None

    @property
    def relative(self) -> bool:
        """Its window counts from the last match."""
        return self.distance is not None or self.within is not None

    @property
    def absolute(self) -> bool:
        """Its window counts from the buffer's start."""
        return self.offset is not None or self.depth is not None or self.startswith

    @property
    def placed(self) -> bool:
        """Its window is not the whole buffer."""
        return self.relative or self.absolute


@dataclass(slots=True)
class Base64Draft:
    """base64_decode; `data` is what base64_data opened."""

    bytes: plan.Place | None
    offset: plan.Place
    relative: bool
    data: BufferDraft | None = None


Entry = ContentDraft | Base64Draft | plan.Match


@dataclass(slots=True)
class BufferDraft:
    """The entries that follow one opening of a buffer. `keyword` is None for the payload, `at` where it was opened.

    `split`: its transforms stand after contents, which are in the draft before it. `old`: what content modifiers such
    as http_uri collect.
    """

    name: str
    keyword: Keyword | None
    at: int
    transforms: list[plan.Transform] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    split: bool = False
    old: bool = False


@dataclass(slots=True)
class Need:
    """An option that only some applications have: `protocols` in the catalogue's words, `direction` what it implies."""

    what: str
    protocols: frozenset[str]
    direction: Direction
    at: int


class Draft:
    """What the options read so far say. `warnings` are faults that do not refuse the rule."""

    def __init__(self, protocol: str, context: Context) -> None:
        # The header's word in lower case, without hook: a packet protocol or an application.
        self.protocol = protocol
        self.context = context
        self.sid = 0
        self.gid = 1
        self.rev = 0
        self.msg = ""
        self.category = ""
        self.class_priority: int | None = None
        self.priority: int | None = None
        self.references: list[str] = []
        self.metadata: dict[str, list[str]] = {}
        self.target: Literal["", "src_ip", "dest_ip"] = ""
        self.noalert = False
        self.alert = False
        self.flow: plan.FlowCheck | None = None
        self.checks: list[plan.Check] = []
        self.effects: list[plan.Effect] = []
        self.limits: list[plan.Limit] = []
        # The payload stands first, used or not.
        self.current = BufferDraft(PAYLOAD, None, 0)
        self.buffers = [self.current]
        # Where the last entry went, and the last content: what modifiers and relative options belong to.
        self.last = self.current
        self.content: ContentDraft | None = None
        # byte_extract's and byte_math's variables.
        self.variables: dict[str, int] = {}
        self.needs: list[Need] = []
        # The first keyword that needs a real packet, if any.
        self.packet_keyword = ""
        self.seen: set[str] = set()
        self.missing: list[Fault] = []
        self.warnings: list[Fault] = []

    def once(self, option: Option) -> None:
        """Raise Fault when the option's keyword was there before."""
        name = option.keyword.name
        if name in self.seen:
            raise Fault(f"'{name}' is given twice", at=option.at)
        self.seen.add(name)

    def add_packet_check(self, check: plan.Check, option: Option) -> None:
        """Add a check that needs a real packet."""
        self.packet_keyword = self.packet_keyword or option.keyword.name
        self.checks.append(check)

    def open(self, buffer: BufferDraft) -> None:
        """Let what follows go to this buffer."""
        self.buffers.append(buffer)
        self.enter(buffer)

    def enter(self, buffer: BufferDraft) -> None:
        """`open`, for a buffer within another."""
        self.current = self.last = buffer
        self.content = None

    def add(self, entry: Entry, relative: bool = False) -> None:
        """Add to the open buffer; without one, what is relative goes to where the last entry is."""
        self.add_to(self.last if relative and self.current.keyword is None else self.current, entry)

    def add_to(self, buffer: BufferDraft, entry: Entry) -> None:
        """Add to this buffer, without opening it."""
        buffer.entries.append(entry)
        self.last = buffer

    def aside(self, name: str, option: Option) -> BufferDraft:
        """The buffer of this name that old keywords add to, which open nothing."""
        for buffer in self.buffers:
            if buffer.old and buffer.name == name:
                return buffer
        self.buffers.append(BufferDraft(name, option.keyword, option.at, old=True))
        return self.buffers[-1]

    def need(self, option: Option) -> None:
        """Note that only the keyword's applications have it."""
        keyword = option.keyword
        self.needs.append(Need(keyword.name, keyword.protocol, keyword.direction, option.at))

    def lack(self, what: str, at: int) -> None:
        """Note a part of the rule that the plan has no words for yet: it is refused when all of it was read."""
        self.missing.append(unsupported(what, at))

    def warn(self, why: str, hint: str, at: int) -> None:
        """Say something that does not refuse the rule."""
        self.warnings.append(Fault(why, hint, at, "warning"))
