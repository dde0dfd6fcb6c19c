"""Compiled rules under $XDG_CACHE_HOME/tmrx, by the content of everything they came from.

Small sets are compiled anew, which is quick. A cache that can't be read or written is no error.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from tmrx.rules import supported
from tmrx.rules.settings import Settings
from tmrx.rules.sources import Source

WORTH_IT = 512 * 1024
_KEPT = 8
_PACKAGE = Path(__file__).parent
_T = TypeVar("_T")


def folder() -> Path:
    """Where tmrx caches, whether it exists or not."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "tmrx"


def key(files: Sequence[Source], others: Sequence[Source], settings: Settings) -> str:
    """The name of what these rule files, with these other files, compile to; "" for what is not worth a cache."""
    if sum(len(file.data) for file in files) < WORTH_IT:
        return ""
    digest = hashlib.sha256(_compiler())
    # The names too: diagnostics and rules carry them.
    names = [[file.name for file in group] for group in (files, others)]
    for part in (msgspec.msgpack.encode((names, settings)), *(file.data for file in (*files, *others))):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _compiler() -> bytes:
    """A digest of the compiler itself and of what the core can do: what another one wrote is not read."""
    able = repr((supported.core() is not None, sorted(supported.buffers()), sorted(supported.applications())))
    own = [*sorted(_PACKAGE.rglob("*.py")), *_PACKAGE.glob("*.csv"), *sorted((_PACKAGE.parent / "plan").glob("*.py"))]
    return hashlib.sha256(able.encode() + b"".join(file.read_bytes() for file in own)).digest()


def get(key: str, kind: type[_T]) -> _T | None:
    """What `put` kept under this key, None if nothing usable is there."""
    if not key:
        return None
    try:
        return msgspec.msgpack.decode((folder() / f"rules-{key}").read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None


def put(key: str, value: object) -> None:
    """Keep a value, and drop the oldest ones beyond a few."""
    if not key:
        return
    with contextlib.suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        temporary = folder() / f"rules-{key}.{os.getpid()}"
        temporary.write_bytes(msgspec.msgpack.encode(value))
        temporary.replace(folder() / f"rules-{key}")
        kept = sorted(folder().glob("rules-*"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in kept[_KEPT:]:
            file.unlink(missing_ok=True)
