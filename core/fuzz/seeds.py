"""Seeds for the fuzz targets, made from captures: `seeds.py OUT CAPTURE…` writes OUT/TARGET/NAME.

Formats of the inputs: `entries.rs`.
"""

from __future__ import annotations

import gzip
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

ORDERS = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\x3c\x4d": ">"}
# Rows of LINKS in entries.rs, by link type.
LINKS = {1: 0, 12: 1, 14: 1, 101: 1, 228: 1, 229: 1, 0: 3, 108: 3, 113: 4, 276: 5, 9: 6, 50: 6, 104: 7, 105: 8, 127: 9}
FRAMES = 12  # of a capture: the first of it say most
LARGEST = 4096  # bytes of a frame, and of a capture as a seed


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The first records of a classic pcap: how each begins, and its bytes."""
    order = ORDERS[data[:4]]
    link = LINKS.get(struct.unpack_from(f"{order}I", data, 20)[0] & 0xFFFF)
    at = 24
    for _ in range(FRAMES):
        if link is None or at + 16 > len(data):
            return
        (captured,) = struct.unpack_from(f"{order}I", data, at + 8)
        yield link, data[at + 16 : at + 16 + captured][:LARGEST]
        at += 16 + captured


def seeds(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Target and input."""
    head = data[:LARGEST]
    yield from (("reader", head), ("reader", gzip.compress(head, mtime=0)))
    if data[:4] not in ORDERS:
        return
    run = b"\x02"
    for link, frame in frames(data):
        yield from ((target, bytes([link, 0]) + frame) for target in ("decap", "decode"))
        run += struct.pack("<BBH", link, 1, len(frame)) + frame
    yield "engine", run


def fragments() -> Iterator[bytes]:
    """Datagrams in pieces: in order, backwards, overlapping, with a gap, each inside and outside of a mirror's copy."""
    orders = ([0, 1, 2], [2, 1, 0], [0, 0, 1, 2], [0, 2], [1, 2])
    for kind in (0, 1, 2, 3, 0x10, 0x12, 0x20, 0x23):
        for order in orders:
            pieces = [(kind | 4 * (piece < 2), 1, piece * 3, 24 + 8 * (piece == 1), piece, 1, 40) for piece in order]
            yield b"\x01" + b"".join(struct.pack("<BBHBBBB", *piece) for piece in pieces)


def conversations() -> Iterator[bytes]:
    """TCP sessions: handshake, data of both sides in order or not, the end; with each of the settings."""
    up, down, look, ack = 0, 1, 2, 0x10
    opening = [(up, 2, 512, 0, 0), (down, 0x12, 612, 513, 0), (up, ack, 513, 613, 0)]
    data = [(up, ack, 513, 613, 40), (up, ack, 553, 613, 40), (down, ack | look, 613, 593, 0), (down, ack, 613, 593, 80)]
    closing = [(up, 0x11, 593, 693, 0), (down, 0x11, 693, 594, 0), (up | look, ack, 594, 694, 0)]
    for bits in range(0, 256, 5):
        for middle in (data, data[::-1], data[1:], data + data, [(kind | 32, *rest) for kind, *rest in data]):
            pieces = [*opening, *middle, *closing]
            yield bytes([bits]) + b"".join(struct.pack("<BBHHBB", *piece, 9) for piece in pieces)


def main(out: Path, captures: list[Path]) -> None:
    """Write all seeds."""
    made = [(target, data) for path in captures for target, data in seeds(path.read_bytes())]
    for number, (target, data) in enumerate([
        *made,
        *(("restore", data) for data in fragments()),
        *(("stream", data) for data in conversations()),
    ]):
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:05}").write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
