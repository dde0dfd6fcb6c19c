"""What suricata.yaml says of files: what is found out about each whatever rules ask, and what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata.document import Node, Text
from tmrx.suricata.settings import is_true, scalars, size

_HASHES = ("md5", "sha1", "sha256")


@dataclass
class Files:
    """`settings` for the core; the folder that files are stored in, and whether what is told of them goes there too."""

    settings: plan.FileSettings = field(default_factory=plan.FileSettings)
    folder: str | None = None
    infos: bool = False

    def force(self, options: Mapping[str, Node], where: str) -> None:
        """`force-magic` and `force-hash` of an output, also in its old words. Raises ConfigError."""
        asked = [text.lower() for text in scalars(options.get("force-hash"))]
        if _flag(options, "force-md5"):
            asked.append("md5")
        for name in asked:
            if name not in _HASHES:
                raise ConfigError(f"{where}.force-hash", f"{name!r} is no digest", ", ".join(_HASHES))
        hashes = tuple(name for name in _HASHES if name in asked or name in self.settings.hashes)
        magic = self.settings.magic or _flag(options, "force-magic")
        self.settings = msgspec.structs.replace(self.settings, magic=magic, hashes=hashes)

    def store(self, options: Mapping[str, Node]) -> None:
        """`file-store`, version 2. Raises ConfigError."""
        version = _text(options, "version", "1")
        if version != "2":
            raise ConfigError("outputs.file-store.version", f"{version!r} is not supported", "version: 2")
        given = _text(options, "stream-depth", "")
        depth = size(given) if given else None
        if given and depth is None:
            raise ConfigError("outputs.file-store.stream-depth", f"{options['stream-depth']!r} is no size, as in 64mb")
        self.force(options, "outputs.file-store")
        self.folder = _text(options, "dir", "filestore")
        self.infos = _flag(options, "write-fileinfo")
        everything = _flag(options, "force-filestore")
        self.settings = msgspec.structs.replace(self.settings, store=True, store_all=everything, stream_depth=depth)


def _text(options: Mapping[str, Node], key: str, default: str) -> str:
    node = options.get(key)
    return node if isinstance(node, Text) and node else default


def _flag(options: Mapping[str, Node], key: str) -> bool:
    return is_true(_text(options, key, "no"))
