"""Captures that grow, are rotated and appear."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

from tests.unit.test_sources import HEADER, capture
from tmrx._core import Engine
from tmrx.errors import InputError, UsageError
from tmrx.plan import Plan
from tmrx.sources import follow
from tmrx.sources.follow import Followed, Following


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks come one after another."""
    monkeypatch.setattr(follow, "PAUSE", 0.001)


class Reader:
    """Reads what there is for now."""

    def __init__(self, *names: str | Path) -> None:
        self.following: Following = Followed.of(map(str, names)).open()
        self._turns = self.following.turns()
        self._engine = Engine(Plan().encode())

    def frames(self) -> int:
        """Frames that came since, up to the second pause in a row."""
        frames = pauses = 0
        while pauses < 2:
            source = next(self._turns)
            if source is None:
                pauses += 1
                continue
            try:
                batch = self._engine.run(source)
            except InputError as error:
                self.following.failed(error)
                continue
            self.following.took(batch)
            frames += batch.frames
            pauses = 0 if batch.frames else pauses
        return frames

    @property
    def warnings(self) -> list[str]:
        return list(self.following.warnings)


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


RECORD = capture(1)[len(HEADER) :]


def test_a_capture_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(b"")
    reader = Reader(path)
    assert reader.frames() == 0
    append(path, HEADER[:10])
    assert reader.frames() == 0
    append(path, HEADER[10:] + RECORD + RECORD[:30])
    assert reader.frames() == 1
    append(path, RECORD[30:])
    assert (reader.frames(), reader.warnings) == (1, [])
    assert reader.following.position == path.stat().st_size


def test_compressed_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(capture(1)))
    reader = Reader(path)
    assert reader.frames() == 1
    append(path, gzip.compress(RECORD)[:12])
    reader.frames()
    append(path, gzip.compress(RECORD)[12:])
    time.sleep(0.15)  # the decompressor looks ten times a second
    assert (reader.frames(), reader.warnings) == (1, [])


def test_a_capture_that_gives_way_to_another(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(capture(1))
    reader = Reader(path)
    assert reader.frames() == 1
    path.rename(tmp_path / "a.pcap.1")
    append(tmp_path / "a.pcap.1", RECORD)
    assert reader.frames() == 1, "under its new name it may still be written"
    path.write_bytes(capture(3))
    append(tmp_path / "a.pcap.1", RECORD)
    assert (reader.frames(), reader.warnings) == (2, [])
    append(path, RECORD)
    assert reader.frames() == 1


def test_a_capture_that_is_begun_anew_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(capture(1, 2, 3))
    reader = Reader(tmp_path)
    assert reader.frames() == 3
    path.write_bytes(capture(4))
    assert (reader.frames(), reader.warnings) == (1, [])


def test_files_that_appear_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    for name, second in (("c", 1), ("b", 2), ("a", 3)):
        (tmp_path / f"{name}.pcap").write_bytes(capture(second))
    (tmp_path / "notes.txt").write_text("no capture")
    reader = Reader(tmp_path)
    assert [Path(path).name for path, _ in reader.following._waiting] == ["c.pcap", "b.pcap", "a.pcap"]
    assert reader.frames() == 3
    (tmp_path / "trace1").write_bytes(capture(4))
    append(tmp_path / "a.pcap", RECORD)
    assert reader.frames() == 2, "the one before is read on"
    assert reader.warnings == []


def test_a_pattern_of_nothing_yet(tmp_path: Path) -> None:
    reader = Reader(f"{tmp_path}/*.pcap")
    assert reader.frames() == 0
    (tmp_path / "a.pcap").write_bytes(capture(1))
    (tmp_path / "b.log").write_bytes(capture(1))
    assert reader.frames() == 1


def test_one_compressed_after_it_was_read_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(capture(1))
    reader = Reader(tmp_path)
    assert reader.frames() == 1
    (tmp_path / "a.pcap.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert (reader.frames(), reader.warnings) == (0, [])


def test_only_the_newest_stay_open_and_what_they_miss_is_told(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.pcap").write_bytes(capture(number))
    reader = Reader(tmp_path)
    assert reader.frames() == 30
    assert len(reader.following._open) == follow.MOST_OPEN
    append(tmp_path / "00.pcap", RECORD)
    assert reader.frames() == 0
    append(tmp_path / "00.pcap", RECORD)
    assert reader.frames() == 0
    (warning,) = reader.warnings
    assert warning.endswith("00.pcap: grew after newer ones had come; what it grows by is left unread")


def test_a_partial_record_of_a_file_that_is_left_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(capture(1) + RECORD[:20])
    reader = Reader(path)
    assert reader.frames() == 1
    path.unlink()
    path.write_bytes(capture(2))
    assert reader.frames() == 1
    (warning,) = reader.warnings
    assert warning.endswith("a.pcap: damaged at byte 100: the last record is cut; 20 bytes left unread")


def test_what_is_no_capture(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(b"Dear reader, this is no capture at all")
    (tmp_path / "b.pcap").write_bytes(capture(1))
    reader = Reader(tmp_path)
    assert reader.frames() == 1, "one of many is left out"
    assert "is not a capture" in reader.warnings[0]
    reader = Reader(tmp_path / "a.pcap")
    with pytest.raises(InputError, match="is not a capture"):
        reader.frames()


def test_what_cannot_be_followed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="standard input can't be followed"):
        Followed.of(["-"])
    with pytest.raises(InputError, match="no such file"):
        Followed.of([f"{tmp_path}/a.pcap"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is no plain file"):
        Followed.of([f"{tmp_path}/pipe"])
    with pytest.raises(UsageError, match="would be read as one"):
        Followed.of([str(tmp_path)]).check(f"{tmp_path}/out.pcap")
    Followed.of([str(tmp_path)]).check("elsewhere/out.pcap")
