"""Where frames come from."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tmrx._core import Engine
from tmrx.errors import InputError, UsageError
from tmrx.plan import Plan
from tmrx.sources import Captures, Sockets, Whole
from tmrx.units import Endpoint

HEADER = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def capture(*seconds: int) -> bytes:
    """Frames of these times."""
    return HEADER + b"".join(struct.pack("<IIII", second, 0, 60, 60) + bytes(60) for second in seconds)


def test_captures_are_read_as_one(tmp_path: Path) -> None:
    for name, seconds in (("b.pcap", (1, 3)), ("a.pcap", (2, 4, 5))):
        (tmp_path / name).write_bytes(capture(*seconds))
    captures = Captures.of([str(tmp_path), f"pcap:{tmp_path}/b.pcap"])
    assert [Path(path).name for path in captures.paths] == ["a.pcap", "b.pcap", "b.pcap"]
    merged = captures.open()
    assert merged.size == 3 * 24 + 7 * 76
    reading, frames = Whole(merged), 0
    engine = Engine(Plan().encode())
    for source in reading.turns():
        assert source is not None
        batch = engine.run(source)
        frames += batch.frames
        reading.took(batch)
    assert (frames, reading.position, list(reading.warnings)) == (7, merged.size, [])
    assert (reading.overflowed, reading.captured) == (None, None)


def test_standard_input_is_one_stream() -> None:
    assert Captures.of(["-"]).paths == ("-",)
    with pytest.raises(UsageError, match="asked for twice"):
        Captures.of(["-", "-"])


def test_a_damaged_tail_is_told_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(capture(1, 2)[:-1])
    merged = Captures.of([str(path)]).open()
    engine = Engine(Plan().encode())
    while not engine.run(merged).ended:
        pass
    assert merged.warnings == [f"{path}: damaged at byte 100: the last record is cut; 75 bytes left unread"]


def test_sockets() -> None:
    on = Sockets.of(["udp://127.0.0.1:5000", "geneve:[::1]:5001"]).on
    assert on == (Endpoint("vxlan", "127.0.0.1", 5000), Endpoint("geneve", "::1", 5001))


def test_the_usual_sockets() -> None:
    on = Sockets.of([]).on
    assert {(at.kind, at.port) for at in on} == {("vxlan", 4789), ("geneve", 6081)}
    assert "0.0.0.0" in {at.address for at in on}


def test_a_bad_address() -> None:
    with pytest.raises(InputError, match=r"^nowhere:1: has 'nowhere', which is not an IP address \("):
        Sockets.of(["nowhere:1"])
