"""suricata.yaml as text: mappings, lists and scalars, with includes and `--set` worked in.

YAML 1.1 as libyaml reads it. What a scalar means is its reader's to say; it stays text and knows its place. A key that
comes again replaces all that the first one had, which is how a file overrides what it includes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from tmrx.errors import ConfigError

DEEPEST = 64
MOST_INCLUDES = 64
_HEAD = "%YAML 1.1"
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Text(str):
    """A scalar, and where it stands: `FILE:LINE`, or the option that it comes from."""

    __slots__ = ("place",)
    place: str

    def __new__(cls, text: str, place: str) -> Text:
        made = super().__new__(cls, text)
        made.place = place
        return made


Node = Text | list["Node"] | dict[str, "Node"]


def load(path: Path) -> dict[str, Node]:
    """A file with all that it includes. Raises ConfigError."""
    return _Files().read(path)


def include(document: dict[str, Node], path: Path) -> None:
    """One more file over what is there. Raises ConfigError."""
    document.update(_Files().read(path))


def override(document: dict[str, Node], option: str) -> None:
    """`--set PATH=VALUE`: a dotted path, a list's entries by number. Raises ConfigError."""
    path, equals, value = option.partition("=")
    if not equals or not path:
        raise ConfigError(f"--set {option}", "is not NAME=VALUE", "as in --set stream.midstream=true")
    _put(document, path.strip().split("."), Text(value.strip(), f"--set {path}"))


def lines(node: Node, path: str = "") -> Iterator[str]:
    """Every scalar as `a.b.0.c = value`, as `--dump-config` prints them."""
    if isinstance(node, Text):
        yield f"{path} = {node}"
        return
    for key, inner in node.items() if isinstance(node, dict) else ((str(at), item) for at, item in enumerate(node)):
        own = f"{path}.{key}" if path else key
        if not isinstance(inner, Text):
            yield f"{own} = (null)"
        yield from lines(inner, own)


def _put(node: dict[str, Node] | list[Node], path: list[str], value: Text) -> None:
    key, rest = path[0], path[1:]
    inner = _entry(node, key, value.place)
    if rest and not isinstance(inner, dict | list):
        inner = {}
    made: Node = value if not rest else inner  # type: ignore[assignment]
    if isinstance(node, dict):
        node[key] = made
    elif int(key) == len(node):
        node.append(made)
    else:
        node[int(key)] = made
    if rest:
        _put(inner, rest, value)  # type: ignore[arg-type]


def _entry(node: dict[str, Node] | list[Node], key: str, place: str) -> Node | None:
    if isinstance(node, dict):
        return node.get(key)
    if not key.isascii() or not key.isdigit() or len(key) > 6 or int(key) > len(node):  # noqa: PLR2004 -- a long list
        raise ConfigError(place, f"there is no entry {key} in this list", f"it has {len(node)}, counted from 0")
    return node[int(key)] if int(key) < len(node) else None


class _Files:
    """One configuration's files: how many there are is bounded, and none is in itself."""

    def __init__(self) -> None:
        self._left = MOST_INCLUDES
        self._open: list[Path] = []

    def read(self, path: Path) -> dict[str, Node]:
        """Raises ConfigError."""
        self._left -= 1
        if self._left < 0:
            raise ConfigError(str(path), f"is one of more than {MOST_INCLUDES} files that are included")
        if path.resolve() in self._open:
            raise ConfigError(str(path), "includes itself")
        self._open.append(path.resolve())
        try:
            return _Reader(self, path).document()
        finally:
            self._open.pop()


class _Reader:
    """A file's events → nodes."""

    def __init__(self, files: _Files, path: Path) -> None:
        self._files = files
        self._path = path
        self._depth = 0

    def document(self) -> dict[str, Node]:
        """The mapping that the file is; an empty file is an empty one."""
        text = self._text()
        try:
            self._events = yaml.parse(text, Loader=_LOADER)
            return self._start()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            why = " ".join(filter(None, (error.context, error.problem)))
            raise ConfigError(f"{self._path}:{line}", f"is not YAML: {why}") from None
        except yaml.YAMLError as error:
            raise ConfigError(str(self._path), f"is not YAML: {' '.join(str(error).split())}") from None

    def _text(self) -> str:
        try:
            text = self._path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise ConfigError(str(self._path), (error.strerror or str(error)).lower()) from None
        if not text.startswith(_HEAD):
            raise ConfigError(str(self._path), f"does not begin with {_HEAD}", f"its first lines are {_HEAD} and ---")
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def _start(self) -> dict[str, Node]:
        for event in self._events:
            if isinstance(event, yaml.MappingStartEvent):
                return self._mapping()
            if isinstance(event, yaml.SequenceStartEvent) or (isinstance(event, yaml.ScalarEvent) and event.value):
                raise ConfigError(self._place(event), "is no mapping of settings")
            if isinstance(event, yaml.DocumentEndEvent):
                break
        return {}

    def _place(self, event: yaml.Event) -> str:
        mark = event.start_mark
        return f"{self._path}:{mark.line + 1}" if mark else str(self._path)

    def _mapping(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                raise ConfigError(self._place(event), "a key is no text")
            value = self._node(next(self._events))
            if event.value == "include":
                self._include(found, value)
            else:
                found[event.value] = value
        return found

    def _include(self, into: dict[str, Node], names: Node) -> None:
        for name in names if isinstance(names, list) else [names]:
            if not isinstance(name, Text):
                raise ConfigError(str(self._path), "include: names no file")
            if name:
                into.update(self._files.read(self._path.parent / name))

    def _node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            if event.tag == "!include":
                return dict(self._files.read(self._path.parent / event.value))
            return Text(event.value, self._place(event))
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(self._place(event), "is an alias, which Suricata does not take")
        self._depth += 1
        if self._depth > DEEPEST:
            raise ConfigError(self._place(event), f"is nested deeper than {DEEPEST}")
        node: Node = self._mapping() if isinstance(event, yaml.MappingStartEvent) else self._list()
        self._depth -= 1
        return node

    def _list(self) -> list[Node]:
        found: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._node(event))
        return found
