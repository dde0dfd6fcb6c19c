"""Where frames come from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tmrx.errors import InputError
from tmrx.sources import Captures, Sockets
from tmrx.units import Endpoint


def test_a_folder_stands_for_its_captures(tmp_path: Path) -> None:
    for name in ("b.pcap", "a.pcapng", "notes.txt", "c.cap"):
        (tmp_path / name).write_bytes(b"1234")
    (tmp_path / "d.pcap").mkdir()
    captures = Captures.of([str(tmp_path), "-", f"pcap:{tmp_path}/b.pcap"])
    names = [os.path.basename(path) for path in captures.paths]
    assert names == ["a.pcapng", "b.pcap", "c.cap", "-", "b.pcap"]
    assert captures.size is None
    assert Captures.of([str(tmp_path)]).size == 12


def test_a_folder_without_captures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder without captures"):
        Captures.of([str(tmp_path)])


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
