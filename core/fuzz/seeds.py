"""Seeds for the fuzz targets, made from captures: `seeds.py OUT CAPTURE…` writes OUT/TARGET/NAME.

Formats of the inputs: `entries.rs`.
"""

from __future__ import annotations

import gzip
import lzma
import struct
import sys
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ORDERS = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\x3c\x4d": ">"}
# Rows of LINKS in entries.rs, by link type.
LINKS = {1: 0, 12: 1, 14: 1, 101: 1, 228: 1, 229: 1, 0: 3, 108: 3, 113: 4, 276: 5, 9: 6, 50: 6, 104: 7, 105: 8, 127: 9}
FRAMES = 12  # of a capture: the first of it say most
LARGEST = 4096  # bytes of a frame, and of a capture as a seed
LAST = 2  # piece of a datagram
BUFFERS = 48  # of a protocol that rules of seeds look into


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
            pieces = [
                (kind | 4 * (piece != LAST), 1, piece * 3, 24 + 8 * (piece == 1), piece, 1, 40) for piece in order
            ]
            yield b"\x01" + b"".join(struct.pack("<BBHBBBB", *piece) for piece in pieces)


def conversations() -> Iterator[bytes]:
    """TCP sessions: handshake, data of both sides in order or not, the end; with each of the settings."""
    up, down, look, ack = 0, 1, 2, 0x10
    opening = [(up, 2, 512, 0, 0), (down, 0x12, 612, 513, 0), (up, ack, 513, 613, 0)]
    data = [
        (up, ack, 513, 613, 40),
        (up, ack, 553, 613, 40),
        (down, ack | look, 613, 593, 0),
        (down, ack, 613, 593, 80),
    ]
    closing = [(up, 0x11, 593, 693, 0), (down, 0x11, 693, 594, 0), (up | look, ack, 594, 694, 0)]
    for bits in range(0, 256, 5):
        for middle in (data, data[::-1], data[1:], data + data, [(kind | 32, *rest) for kind, *rest in data]):
            pieces = [*opening, *middle, *closing]
            yield bytes([bits]) + b"".join(struct.pack("<BBHHBB", *piece, 9) for piece in pieces)


def pieces(steps: list[tuple[bool, bytes]], size: int, bits: int) -> bytes:
    """What two sides say in turn, in pieces of this size, every seventh of which is missing where `bits` is odd."""
    out, number = bytes([bits]), 0
    for to_server, data in steps:
        for at in range(0, len(data), size):
            number += 1
            kind = 4 if bits & 1 and number % 7 == 0 else 0
            piece = data[at : at + size]
            out += bytes([kind | to_server, len(piece) // 16 if kind else len(piece)]) + (b"" if kind else piece)
    return out


def domain_names() -> Iterator[bytes]:
    """DNS: a question and an answer with every kind of record, over UDP and TCP, whole and cut."""
    question = b"\x03www\x07example\x03com\0\0\x01\0\x01"
    record = lambda kind, data: struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data  # noqa: E731
    records = [
        record(1, bytes(4)), record(5, b"\x01a\xc0\x10"), record(28, bytes(16)), record(16, b"\x02hi\0"),
        record(15, b"\0\x0a\xc0\x10"), record(33, bytes(6) + b"\xc0\x10"), record(44, b"\1\1" + bytes(20)),
        record(6, b"\xc0\x0c\xc0\x10" + bytes(20)), record(41, b"\0\x0a\0\x02ab"), record(10, b"null"),
    ]  # fmt: skip
    asked = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + question
    answered = struct.pack(">6H", 7, 0x8180, 1, len(records) - 2, 1, 1) + question + b"".join(records)
    for bits, cut in ((bits, cut) for bits in range(4) for cut in (0, 10, 60)):
        answer = answered[: len(answered) - cut][:255]
        yield bytes([bits, 15, len(asked)]) + asked + bytes([14 | min(15, cut) << 4, len(answer)]) + answer
    framed = [struct.pack(">H", len(data)) + data for data in (asked, answered)]
    for size, bits in ((200, 0), (50, 1), (7, 2), (1, 3)):
        yield pieces([(True, framed[0]), (False, framed[1] * 2), (True, framed[0])], size, bits)


def exchanges() -> Iterator[bytes]:
    """HTTP: requests and responses of every framing and coding, whole, in pieces and with gaps."""
    packed = [
        gzip.compress(b"some text", mtime=0),
        zlib.compress(b"some text"),
        lzma.compress(b"text", lzma.FORMAT_ALONE),
    ]
    chunks = b"".join(b"%x;e\r\n%s\r\n" % (len(part), part) for part in (b"one", b"two", b""))
    form = b'--B\r\nContent-Disposition: form-data; filename="f"\r\n\r\ndata\r\n--B--\r\n'
    requests = [
        b"GET http://u@h:8/a/../b%2f%u0041//c?d=%41#e HTTP/1.1\r\nHost: h:8\r\nCookie: a=b; c\r\n x\r\n\r\n",
        b"POST /form HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=B\r\n"
        + b"Content-Length: %d\r\n\r\n%s" % (len(form), form),
        b"PUT /chunks HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"T: x\r\n\r\n",
        b"CONNECT h:443 HTTP/1.1\r\n\r\n",
        b"HEAD /old\r\n",
    ]
    head = b"HTTP/1.1 200 OK\r\nContent-Disposition: x; filename=n\r\nContent-Range: bytes 0-9/10\r\nContent-Encoding: "
    answers = [
        *(head + b"%s\r\nContent-Length: %d\r\n\r\n%s" % (name, len(data), data)
          for name, data in zip((b"gzip", b"gzip, deflate", b"lzma"), packed, strict=True)),
        b"HTTP/1.1 100 Continue\n\nHTTP/1.0 204\r A : b\r\nTransfer-Encoding:\r\n xchunked\r\n\r\n" + chunks + b"\r\n",
        head + b"br\r\n\r\n\x0b\x02\x80hello\x03",
    ]  # fmt: skip
    for size, bits in ((250, 0), (60, 1), (60, 7), (9, 2), (1, 3)):
        turns = [step for pair in zip(requests, answers, strict=True) for step in ((True, pair[0]), (False, pair[1]))]
        yield pieces(turns, size, bits)
        yield from (pieces(turns[at : at + 2], size, bits) for at in range(0, len(turns), 2))
        yield pieces([(True, request) for request in requests] + [(False, answer) for answer in answers], size, bits)


def der(tag: int, *contents: bytes) -> bytes:
    """A value in DER."""
    data = b"".join(contents)
    return bytes([tag, 0x82]) + struct.pack(">H", len(data)) + data


def handshakes() -> Iterator[bytes]:
    """TLS: hellos with every extension that is read, a chain of certificates, the change to what is encrypted."""
    name = der(0x30, der(0x31, der(0x30, der(6, b"\x55\4\3"), der(12, b"name"))))
    times = der(0x30, der(23, b"220718082534Z"), der(24, b"20501231235959Z"))
    names = der(0x30, der(6, b"\x55\x1d\x11"), der(4, der(0x30, der(0x82, b"a.example"), der(0x87, bytes(4)))))
    body = der(
        0x30,
        der(0xA0, der(2, b"\2")),
        der(2, b"\7"),
        der(0x30),
        name,
        times,
        name,
        der(0x30),
        der(0xA3, der(0x30, names)),
    )
    certificate = der(0x30, body, der(0x30), der(3, b"x"))
    short = lambda data: struct.pack(">H", len(data)) + data  # noqa: E731
    long = lambda data: struct.pack(">I", len(data))[1:] + data  # noqa: E731
    record = lambda kind, data: bytes([kind, 3, 3]) + short(data)  # noqa: E731
    extensions = {0: short(b"\0" + short(b"a.example")), 10: short(b"\0\x1d"), 11: b"\1\0", 13: short(b"\4\3")}
    offers = b"".join(struct.pack(">H", number) + short(data) for number, data in extensions.items())
    alpn, modern = b"\0\x10" + short(short(b"\2h2")), b"\0\x2b" + short(b"\3\4")
    client = b"\1" + long(b"\3\3" + bytes(33) + short(b"\xc0\x2f") + b"\1\0" + short(offers + alpn))
    end, data = record(20, b"\1") + record(22, b"encrypted"), record(23, b"secret")
    for chosen in (alpn, alpn + modern):
        server = b"\2" + long(b"\3\3" + bytes(33) + b"\xc0\x2f\0" + short(chosen))
        chain = b"\x0b" + long(long(long(certificate) * 2))
        first = record(22, server + chain + b"\x0e\0\0\0")
        for size, bits in ((255, 0), (100, 5), (60, 0xFE), (16, 1), (3, 9), (1, 8)):
            yield pieces([(True, record(22, client)), (False, first), (True, end), (False, end + data)], size, bits)
    yield pieces([(True, b"\x80\x19\1\3\1\0\0\0\0\0\x10" + bytes(16)), (True, record(24, b"\1\0\x40"))], 255, 0)


def transfers() -> Iterator[bytes]:
    """FTP: every kind of command, replies of one line and of several, lines that are too long, TLS."""
    turns = [
        (False, b"220-Welcome\r\n more\r\n220 ready\r\n"), (True, b"USER bob\r\nPASS x\r\nFEAT\r\n"),
        (False, b"331 go on\r\n230 in\r\n211-Features:\r\n211 End\r\n"), (True, b"PASV\r\n"),
        (False, b"227 Entering Passive Mode (10,0,0,1,7,208).\r\n"), (True, b"RETR a file\r\n"),
        (False, b"150 here\r\n"), (False, b"226 done\r\n"), (True, b"PORT 10,0,0,2,7,209\r\n"), (False, b"200 ok\r\n"),
        (True, b"STOR\r\nEPRT |2|::1|2002|\r\n"), (False, b"553 no\r\n200 ok\r\n"), (True, b"nlst\n" + b"A" * 150),
        (False, b"226 " + b"B" * 150 + b"\r\n"), (True, b"\r\nEPSV\r\n"), (False, b"229 on (|||2003|)\r\n"),
        (True, b"AUTH TLS\r\n"), (False, b"234 go\r\n\x16\3\1"),
    ]  # fmt: skip
    for size, bits in ((255, 0), (60, 1), (9, 2), (5, 3), (1, 0), (1, 1)):
        yield pieces(turns, size, bits)
        yield pieces(turns[8:], size, bits)


def contents() -> Iterator[bytes]:
    """FTP's data connections, each way."""
    for bits in range(8):
        yield pieces([(bits & 1 == 0, b"some text" * 20), (bits & 1 == 1, b"none")], 40, bits) + b"\7\0\6\0"
        yield pieces([(bits & 1 == 0, bytes(range(200)))], 9, bits)


def shells() -> Iterator[bytes]:
    """SSH: banners, offers, packets, new keys."""
    packet = lambda code, data: struct.pack(">IBB", len(data) + 2, 0, code) + data  # noqa: E731
    names = [b"kex", b"key", b"c1", b"c2", b"m1", b"m2", b"z1", b"z2", b"", b""]
    offer = packet(20, bytes(16) + b"".join(struct.pack(">I", len(name)) + name for name in names) + bytes(5))
    rest = offer + packet(30, bytes(99)) + packet(21, b"") + bytes(40)
    banners = (b"SSH-2.0-A b\r\n", b"hello\nSSH-1.99-B\n", b"SSH-2.0-C " + b"x" * 300 + b"\n", b"SSH-\n")
    for size, bits in ((255, 0), (60, 1), (30, 5), (9, 2), (1, 0)):
        for one, other in pairwise(banners):
            yield pieces([(True, one + rest), (False, other + rest)], size, bits)


def one_rule(buffer: int, letter: int, bits: int) -> bytes:
    """A rule that looks for a letter in a buffer, as `transactions.rs` reads it."""
    test = bytes([0, 0, buffer, 0, 0, 0, 0, letter, 0, 0, 1, 0, 1, 2, 8])
    return bytes([bits, 0, 1]) + test + bytes([1, buffer % 7, 0])


def guarded() -> Iterator[bytes]:
    """Rules for the transactions of each protocol, and sessions of it."""
    for number, made in enumerate((exchanges, domain_names, handshakes, transfers, shells)):
        sessions = [seed[1:] for seed in made() if seed[0] & 1 == 0]
        for place in range(BUFFERS):
            asked = bytes([1]) + one_rule(place, place % 13, 0) + one_rule(place + 7, place % 11, 64 | place % 4)
            session = sessions[place % len(sessions)]
            is_tcp = session[0] & 14 == 0
            yield bytes([place % 7, len(asked)]) + asked + bytes([number | is_tcp << 4]) + session


def main(out: Path, captures: list[Path]) -> None:
    """Write all seeds."""
    made = [(target, data) for path in captures for target, data in seeds(path.read_bytes())]
    for number, (target, data) in enumerate(
        [
            *made,
            *((target, data) for data in fragments() for target in ("restore", "fragments")),
            *(("stream", data) for data in conversations()),
            *(("dns", data) for data in domain_names()),
            *(("http", data) for data in exchanges()),
            *(("tls", data) for data in handshakes()),
            *(("ftp", data) for data in transfers()),
            *(("ftp_data", data) for data in contents()),
            *(("ssh", data) for data in shells()),
            *(("transactions", data) for data in guarded()),
        ]
    ):
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:05}").write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
