"""The captures that a name stands for."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.unit.test_sources import capture
from tmrx.errors import InputError
from tmrx.sources.find import files


def names(found: list[str]) -> list[str]:
    return [Path(path).name for path in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Captures by name and by content, and what is none."""
    for name in ("b.pcap", "a.pcapng", "c.cap", "r.pcap0", "r.pcap12", "z.pcap.zst", "x.pcapng.lz4"):
        (tmp_path / name).write_bytes(b"1234")
    (tmp_path / "trace").write_bytes(capture(1))
    (tmp_path / "packed").write_bytes(gzip.compress(capture(1)))
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"some log"))
    (tmp_path / "notes.txt").write_bytes(b"12")
    (tmp_path / ".hidden.pcap").write_bytes(b"1234")
    (tmp_path / "new.pcap").touch()
    (tmp_path / "d.pcap").mkdir()
    return tmp_path


def test_a_folder_stands_for_its_captures(folder: Path) -> None:
    named = ["a.pcapng", "b.pcap", "c.cap", "r.pcap0", "r.pcap12", "x.pcapng.lz4", "z.pcap.zst"]
    assert names(files(str(folder))) == sorted([*named, "trace", "packed"])


def test_a_pattern_stands_for_what_matches(folder: Path) -> None:
    assert names(files(f"{folder}/*.pcap")) == ["b.pcap"]
    assert names(files(f"{folder}/[a-b].*")) == ["a.pcapng", "b.pcap"]
    (folder / "odd[1].pcap").write_bytes(b"1234")
    assert names(files(f"{folder}/odd[1].pcap")) == ["odd[1].pcap"], "a file's own name is no pattern"


def test_a_name_stands_for_itself(tmp_path: Path) -> None:
    assert files("-") == ["-"]
    assert files(f"{tmp_path}/nowhere.pcap") == [f"{tmp_path}/nowhere.pcap"]


def test_what_stands_for_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder without captures"):
        files(str(tmp_path))
    with pytest.raises(InputError, match=r"\*\.pcap: matches no capture"):
        files(f"{tmp_path}/*.pcap")
