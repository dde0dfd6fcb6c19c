"""Header keywords from text to alert: `headers.toml`."""

from __future__ import annotations

import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cases.rules.alerting import alerted, capture

CASES = tomllib.loads(Path(__file__).with_name("headers.toml").read_text())["case"]
A, B = b"\x0a\0\0\1", b"\x0a\0\0\2"
A6, B6 = bytes(15) + b"\1", bytes(15) + b"\2"
IPV4, IPV6 = b"\x08\0", b"\x86\xdd"


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def summed(data: bytes, at: int, before: bytes = b"") -> bytes:
    """With its checksum, at this place."""
    return data[:at] + checksum(before + data).to_bytes(2, "big") + data[at + 2 :]


def ipv4(protocol: int, body: bytes, ends: bytes = A + B, flags: int = 0x4000, **more: Any) -> bytes:
    options = more.get("options", b"")
    size = 20 + len(options) + len(body)
    words = 0x45 + len(options) // 4
    head = struct.pack("!BBHHHBBH", words, 8, size, 1234, flags, 64, protocol, 0) + ends + options
    return (head if "options" in more else summed(head, 10)) + body


def over(protocol: int, body: bytes) -> bytes:
    """The pseudo header."""
    return A + B + struct.pack("!HH", protocol, len(body))


def udp(payload: bytes) -> bytes:
    body = struct.pack("!HHHH", 9, 5353, 8 + len(payload), 0) + payload
    return summed(body, 6, over(17, body))


def ethernet(kind: bytes, body: bytes) -> bytes:
    return bytes(12) + kind + body


SYN = struct.pack("!HHIIBBHHH", 1024, 80, 7, 0, 0x70, 2, 4096, 0, 0) + bytes.fromhex("020405b4 01 030307")
ECHO = struct.pack("!BBHHH", 8, 0, 0, 17, 3)
TOO_BIG = struct.pack("!BBHI", 2, 0, 0, 1280) + bytes(48)
SCTP = struct.pack("!HHII", 9, 5555, 5, 0) + bytes.fromhex("03000010" + "00" * 12) + bytes.fromhex(
    "00030015 00000001 0000 0000 00000000"
) + b"hello\0\0\0"  # fmt: skip
CALL = struct.pack("!IIIIII", 1, 0, 2, 100000, 2, 3) + bytes(16)
FRAMES = {
    "syn": ethernet(IPV4, ipv4(6, summed(SYN, 16, over(6, SYN)))),
    "options": ethernet(
        IPV4, ipv4(17, udp(b"a")[:6] + b"\xde\xad" + b"a", flags=0x8000, options=bytes.fromhex("0707040000000001"))
    ),
    "echo": ethernet(IPV4, ipv4(1, summed(ECHO, 2))),
    "too_big": ethernet(
        IPV6,
        struct.pack("!IHBB", 0x60000000, len(TOO_BIG), 58, 9)
        + A6
        + B6
        + summed(TOO_BIG, 2, A6 + B6 + struct.pack("!II", len(TOO_BIG), 58)),
    ),
    "sctp": ethernet(IPV4, ipv4(132, SCTP)),
    "igmp": ethernet(IPV4, ipv4(2, summed(bytes.fromhex("16000000e0000001"), 2))),
    "vlans": ethernet(b"\x81\0", b"\0\x0a\x81\0" + b"\0\x14" + IPV4 + ipv4(17, udp(b"a"))),
    "arp": ethernet(b"\x08\6", bytes.fromhex("0001080006040001") + bytes(6) + A + bytes(6) + B),
    "call": ethernet(IPV4, ipv4(17, udp(CALL))),
    "land": ethernet(IPV4, ipv4(17, udp(b""), ends=A + A)),
    "wrong": ethernet(IPV4, b"\x44" + ipv4(17, udp(b"a"))[1:]),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['frame']}: {case['match'][0]}")
def test_headers(case: dict[str, Any], tmp_path: Path) -> None:
    capture(tmp_path, FRAMES[case["frame"]])
    assert alerted([*case["match"], *case["miss"]], tmp_path, case["header"]) == case["match"]
