"""TCP conversations as frames, for captures that tests make themselves. Checksums are left to the card."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests import packets

CLIENT, SERVER = "10.0.0.7", "10.0.0.8"


class Sides:
    """A connection: both sides' sequence numbers."""

    def __init__(self, port: int) -> None:
        self.port, self.at = port, {True: 1000, False: 5000}

    def say(self, up: bool, payload: bytes, flags: int = packets.PSH_ACK) -> bytes:
        ports = (self.port, 80) if up else (80, self.port)
        ends = (CLIENT, SERVER) if up else (SERVER, CLIENT)
        macs = [packets.mac(f"02:00:00:00:00:0{number}") for number in (1, 2)]
        segment = packets.tcp(*ports, payload, flags, self.at[up], self.at[not up] if flags & packets.ACK else 0)
        self.at[up] += len(payload) + bool(flags & 3)
        src, dst = macs if up else macs[::-1]
        return packets.ethernet(src, dst, packets.ip(*ends, packets.TCP, segment, checksum=False))

    def open(self) -> Iterator[bytes]:
        yield self.say(True, b"", packets.SYN)
        yield self.say(False, b"", packets.SYN_ACK)
        yield self.say(True, b"", packets.ACK)

    def close(self) -> Iterator[bytes]:
        yield self.say(True, b"", packets.ACK | 1)
        yield self.say(False, b"", packets.ACK | 1)
        yield self.say(True, b"", packets.ACK)


def capture(frames: Iterator[bytes]) -> bytes:
    records = (
        struct.pack("<IIII", 1_700_000_000, 50 * number, len(frame), len(frame)) + frame
        for number, frame in enumerate(frames)
    )
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + b"".join(records)
