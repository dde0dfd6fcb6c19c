"""HTTPS of the source: one connection over TLS 1.2, where the certificate is in the clear, one over TLS 1.3."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tmrx.interop import tls
from tmrx.interop.line import Line
from tmrx.interop.scene import Party, Scene, Timed, together
from tmrx.interop.tcp import Tcp

PORT = 443
NAME = "www.example.com"
# What AES-GCM adds to a record: TLS 1.2 a nonce and a tag, TLS 1.3 a tag and the type.
GCM12, GCM13 = 24, 17
FINISHED12, FINISHED13 = 16 + GCM12, 36 + GCM13


def play(scene: Scene) -> Iterator[Timed]:
    """The peer is the web server."""
    return together(
        fetch12(scene, scene.peer, (400, 30_000)),
        fetch13(scene.later(3), scene.peer, (300, 1200, 250, 60_000)),
    )


def fetch12(scene: Scene, server: Party, sizes: tuple[int, ...], name: str = NAME) -> Iterator[Timed]:
    """TLS 1.2 (RFC 5246, section 7.3); then requests and responses in turn, of so many bytes."""
    chance, talk = scene.chance, Tcp(Line(scene, scene.source, server), PORT)
    yield from talk.open()
    yield from talk.ask(tls.client_hello(chance, name, ("h2", "http/1.1"), tls13=False))
    flight = [tls.server_hello(chance, "http/1.1", chance.randbytes(32), tls13=False), tls.certificates()]
    flight += [tls.server_key_exchange(chance), tls.handshake(14, b"")]
    yield from talk.answer(b"".join(tls.record(tls.HANDSHAKE, message) for message in flight))
    finished = _change() + tls.record(tls.HANDSHAKE, chance.randbytes(FINISHED12))
    yield from talk.ask(tls.record(tls.HANDSHAKE, tls.client_key_exchange(chance)) + finished)
    yield from talk.answer(_change() + tls.record(tls.HANDSHAKE, chance.randbytes(FINISHED12)))
    yield from _data(talk, chance, sizes, GCM12)
    yield from talk.ask(tls.record(tls.ALERT, chance.randbytes(2 + GCM12)))
    yield from talk.close()


def fetch13(scene: Scene, server: Party, sizes: tuple[int, ...], name: str = NAME) -> Iterator[Timed]:
    """TLS 1.3 (RFC 8446, section 2), as middleboxes want to see it (appendix D.4)."""
    chance, talk = scene.chance, Tcp(Line(scene, scene.source, server), PORT)
    hello = tls.client_hello(chance, name, ("h2", "http/1.1"))
    # After the record's header (5), the message's (4), a version (2), random bytes (32), and a length (1).
    session = hello[44 : 44 + hello[43]]
    yield from talk.open()
    yield from talk.ask(hello)
    sealed = 6 + 11 + len(tls.CERTIFICATE) + 13 + 80 + 36 + GCM13
    flight = tls.record(tls.HANDSHAKE, tls.server_hello(chance, "h2", session)) + _change()
    yield from talk.answer(flight + tls.record(tls.APPLICATION, chance.randbytes(sealed)))
    yield from talk.ask(_change() + tls.record(tls.APPLICATION, chance.randbytes(FINISHED13)))
    yield from _data(talk, chance, sizes, GCM13)
    yield from talk.ask(tls.record(tls.APPLICATION, chance.randbytes(2 + GCM13)))
    yield from talk.close()


def _change() -> bytes:
    return tls.record(tls.CHANGE_CIPHER, b"\x01")


def _data(talk: Tcp, chance: Random, sizes: tuple[int, ...], extra: int) -> Iterator[Timed]:
    for number, size in enumerate(sizes):
        sealed = tls.record(tls.APPLICATION, chance.randbytes(size + extra))
        yield from talk.answer(sealed) if number % 2 else talk.ask(sealed)
