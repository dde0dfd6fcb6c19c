"""Stored files: each content once, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tmrx.errors import OutputError
from tmrx.sinks.files import StoredFiles

if TYPE_CHECKING:
    from tmrx._core import Batch

DIGEST = "ab" * 32


@dataclass
class Pieces:
    """What a batch has of stored files."""

    files: list[tuple[int, bytes, str, bool]]
    eve: list[bytes] = field(default_factory=lambda: [b""])


def take(store: StoredFiles, *files: tuple[int, bytes, str, bool], eve: bytes = b"") -> None:
    store.take(cast("Batch", Pieces(list(files), [b"others", eve])))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_in_pieces(tmp_path: Path) -> None:
    store = StoredFiles(str(tmp_path), infos=False)
    take(store, (1, b"one", "", False), (2, b"other", "", False))
    take(store, (1, b" two", "", False))
    take(store, (1, b"", DIGEST, True))
    store.close()
    assert contents(tmp_path) == {f"ab/{DIGEST}": b"one two"}


def test_each_content_once(tmp_path: Path) -> None:
    store = StoredFiles(str(tmp_path), infos=False)
    take(store, (1, b"one", DIGEST, True), (2, b"one", DIGEST, True))
    assert contents(tmp_path) == {f"ab/{DIGEST}": b"one"}


def test_what_can_not_be_whole_is_not_kept(tmp_path: Path) -> None:
    store = StoredFiles(str(tmp_path), infos=False)
    take(store, (1, b"one", "", False), (1, b"", "", True), (2, b"", "", True))
    assert contents(tmp_path) == {}


def test_what_is_told_of_it_is_beside_it(tmp_path: Path) -> None:
    store = StoredFiles(str(tmp_path), infos=True)
    told = {"timestamp": "2026-11-21T19:00:00.999999+0000", "fileinfo": {"file_id": 7, "sha256": DIGEST}}
    line = json.dumps(told).encode() + b"\n"
    take(store, (7, b"one", DIGEST, True), eve=line)
    assert contents(tmp_path) == {f"ab/{DIGEST}": b"one", f"ab/{DIGEST}.1795287600.7.json": line}


def test_a_folder_that_can_not_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        StoredFiles(str(tmp_path / "file" / "store"), infos=False)
