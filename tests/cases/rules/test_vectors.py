"""Matching in a payload from text to alert: `vectors.toml`."""

from __future__ import annotations

import struct
import tomllib
from pathlib import Path

from tests.cases.rules.alerting import MOST, alerted, capture

VECTORS = tomllib.loads(Path(__file__).with_name("vectors.toml").read_text())
HEADER = "alert udp any any -> any any"
PAYLOAD = b"abcdefghij\x01\x02\x03\x04 123 0x1f 077xyz"


def datagram() -> bytes:
    """A frame with the payload; checksums are not looked at."""
    udp = struct.pack("!HHHH", 1000, 2000, 8 + len(PAYLOAD), 0) + PAYLOAD
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 0x0A000001, 0x0A000002)
    return bytes(12) + b"\x08\x00" + ip + udp


def test_what_matches(tmp_path: Path) -> None:
    capture(tmp_path, datagram())
    every = VECTORS["match"]
    for start in range(0, len(every), MOST):
        some = every[start : start + MOST]
        assert alerted(some, tmp_path, HEADER) == some


def test_what_does_not(tmp_path: Path) -> None:
    capture(tmp_path, datagram())
    assert alerted(VECTORS["miss"], tmp_path, HEADER) == []
