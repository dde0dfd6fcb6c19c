"""TLS records and handshake messages: RFC 5246, RFC 8446, and their extensions. Needs no scapy.

All that is seen of a real connection, but for keys: those are random bytes, and nobody holds them.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from random import Random

TLS10, TLS12, TLS13 = 0x0301, 0x0303, 0x0304
CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION = 20, 21, 22, 23
X25519 = 29
ECDHE_ECDSA_AES128_GCM, AES128_GCM_13 = 0xC02B, 0x1301
CIPHERS_13 = (AES128_GCM_13, 0x1303, 0x1302)
CIPHERS = (*CIPHERS_13, ECDHE_ECDSA_AES128_GCM, 0xC02F, 0xCCA9, 0xCCA8, 0xC02C, 0xC030)
SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)
# Bytes of a record (RFC 8446, section 5.1).
MAX_RECORD = 1 << 14
# Self-signed for www.example.com, valid from November 2025 for ten years.
CERTIFICATE = base64.b64decode(
    "MIIBhzCCAS2gAwIBAgIEUasMLTAKBggqhkjOPQQDAjAsMRAwDgYDVQQKDAdFeGFtcGxlMRgwFgYDVQQDDA93d3cuZXhhbXBs"
    "ZS5jb20wHhcNMjUxMTAxMDAwMDAwWhcNMzUxMTAxMDAwMDAwWjAsMRAwDgYDVQQKDAdFeGFtcGxlMRgwFgYDVQQDDA93d3cu"
    "ZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS+cM4XWSELAyMEdvbUl3f06wFKiFPtY5QHi6lQedA9h8O3"
    "LAidsVUD+gk3CprmA3D6nnkAzQj6rDhzJUavL6rqoz0wOzAaBgNVHREEEzARgg93d3cuZXhhbXBsZS5jb20wHQYDVR0OBBYE"
    "FBlt2XcOJTOJciO6L53FZ58263gLMAoGCCqGSM49BAMCA0gAMEUCIQCEBTvZtremtTgBZXI93xmiXj+RJhcE1VD57lSy7rya"
    "UwIgKpcSaUO4OVrfuG/o3qHAdIRn4XI5TBUJFW2hzemg3rM="
)


def record(kind: int, data: bytes, version: int = TLS12) -> bytes:
    """One record, or as many as the data needs."""
    pieces = (data[at : at + MAX_RECORD] for at in range(0, len(data), MAX_RECORD))
    return b"".join(struct.pack(">BHH", kind, version, len(piece)) + piece for piece in pieces)


def handshake(kind: int, body: bytes) -> bytes:
    """A handshake message, without its record."""
    return bytes([kind]) + _sized(3, body)


def client_hello(chance: Random, name: str, protocols: Sequence[str], *, tls13: bool = True) -> bytes:
    """The client's first record: a server name (RFC 6066) and ALPN (RFC 7301) in it."""
    ciphers = [cipher for cipher in CIPHERS if tls13 or cipher not in CIPHERS_13]
    extensions = [
        (0, _sized(2, b"\0" + _sized(2, name.encode()))),
        (23, b""),
        (0xFF01, b"\0"),
        (10, _sized(2, _numbers(X25519, 23, 24))),
        (11, b"\x01\0"),
        (35, b""),
        (16, _sized(2, b"".join(_sized(1, protocol.encode()) for protocol in protocols))),
        (5, b"\x01\0\0\0\0"),
        (13, _sized(2, _numbers(*SIGNATURES))),
    ]
    if tls13:
        share = _numbers(X25519) + _sized(2, chance.randbytes(32))
        extensions += [(51, _sized(2, share)), (43, _sized(1, _numbers(TLS13, TLS12))), (45, b"\x01\x01")]
    session = chance.randbytes(32 if tls13 else 0)
    body = _numbers(TLS12) + chance.randbytes(32) + _sized(1, session) + _sized(2, _numbers(*ciphers)) + b"\x01\0"
    return record(HANDSHAKE, handshake(1, body + _extensions(extensions)), TLS10)


def server_hello(chance: Random, protocol: str, session: bytes = b"", *, tls13: bool = True) -> bytes:
    """The server's choice, without its record. TLS 1.3 repeats the client's session id, and hides ALPN."""
    cipher = AES128_GCM_13 if tls13 else ECDHE_ECDSA_AES128_GCM
    if tls13:
        share = _numbers(X25519) + _sized(2, chance.randbytes(32))
        extensions = [(51, share), (43, _numbers(TLS13))]
    else:
        extensions = [(0xFF01, b"\0"), (11, b"\x01\0"), (23, b""), (16, _sized(2, _sized(1, protocol.encode())))]
    body = _numbers(TLS12) + chance.randbytes(32) + _sized(1, session) + _numbers(cipher) + b"\0"
    return handshake(2, body + _extensions(extensions))


def certificates() -> bytes:
    """TLS 1.2's Certificate, without its record."""
    return handshake(11, _sized(3, _sized(3, CERTIFICATE)))


def server_key_exchange(chance: Random) -> bytes:
    """An X25519 key, and what has a signature's form (RFC 8422, section 5.4)."""
    numbers = b"".join(b"\x02\x20" + bytes([chance.randint(1, 127)]) + chance.randbytes(31) for _ in range(2))
    key = b"\x03" + _numbers(X25519) + _sized(1, chance.randbytes(32))
    return handshake(12, key + _numbers(SIGNATURES[0]) + _sized(2, b"\x30" + _sized(1, numbers)))


def client_key_exchange(chance: Random) -> bytes:
    """An X25519 key."""
    return handshake(16, _sized(1, chance.randbytes(32)))


def _extensions(found: Sequence[tuple[int, bytes]]) -> bytes:
    return _sized(2, b"".join(_numbers(kind) + _sized(2, data) for kind, data in found))


def _numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def _sized(width: int, data: bytes) -> bytes:
    """Data after its length, which takes `width` bytes."""
    return len(data).to_bytes(width, "big") + data
