"""TLS records, read back by their lengths."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tmrx.interop import tls


def records(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        length = int.from_bytes(data[3:5], "big")
        assert len(data) >= 5 + length
        yield data[0], data[5 : 5 + length]
        data = data[5 + length :]


def extensions(hello: bytes) -> dict[int, bytes]:
    """Of a ClientHello's record."""
    ((kind, message),) = records(hello)
    assert (kind, message[0]) == (tls.HANDSHAKE, 1)
    assert int.from_bytes(message[1:4], "big") == len(message) - 4
    at = 4 + 2 + 32
    at += 1 + message[at]
    at += 2 + int.from_bytes(message[at : at + 2], "big")
    at += 1 + message[at]
    assert int.from_bytes(message[at : at + 2], "big") == len(message) - at - 2
    at, found = at + 2, {}
    while at < len(message):
        kind, length = (int.from_bytes(message[i : i + 2], "big") for i in (at, at + 2))
        found[kind] = message[at + 4 : at + 4 + length]
        at += 4 + length
    return found


@pytest.mark.parametrize("tls13", [False, True])
def test_a_client_says_whom_it_wants_and_what_it_speaks(tls13: bool) -> None:
    chance = Random(1)  # noqa: S311 - repeatable
    found = extensions(tls.client_hello(chance, "a.example", ("h2", "http/1.1"), tls13=tls13))
    assert found[0] == b"\x00\x0c\x00\x00\x09a.example"
    assert found[16] == b"\x00\x0c\x02h2\x08http/1.1"
    assert (43 in found, 51 in found) == (tls13, tls13)


def test_long_data_takes_several_records() -> None:
    data = bytes(40_000)
    found = list(records(tls.record(tls.APPLICATION, data)))
    assert [len(piece) for _, piece in found] == [16384, 16384, 7232]
    assert {kind for kind, _ in found} == {tls.APPLICATION}


def test_the_certificate_is_one() -> None:
    assert tls.CERTIFICATE[:2] == b"\x30\x82"
    assert int.from_bytes(tls.CERTIFICATE[2:4], "big") == len(tls.CERTIFICATE) - 4
    assert b"www.example.com" in tls.CERTIFICATE
