"""SSH (RFC 4253): passwords are guessed, a connection for every three, and then one fits."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from random import Random

from tmrx.interop.line import Line
from tmrx.interop.scene import Party, Scene, Timed, together
from tmrx.interop.tcp import Tcp

PORT = 22
# Connections, passwords on each, and seconds from one to the next.
ATTEMPTS, GUESSES, PAUSE = 10, 3, 12
LEAST_PADDING = 4
SERVER, CLIENT, ADMIN = (
    b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n",
    b"SSH-2.0-libssh_0.10.6\r\n",
    b"SSH-2.0-OpenSSH_9.7\r\n",
)
KEXINIT, NEWKEYS, ECDH_INIT, ECDH_REPLY = 20, 21, 30, 31
CIPHERS = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com"
MACS = "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com"
# Key exchange, host key, then for each direction ciphers, MACs, compression and languages (section 7.1).
LISTS = (
    *("curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group14-sha256", "ssh-ed25519,rsa-sha2-512"),
    *(CIPHERS, CIPHERS, MACS, MACS, "none,zlib@openssh.com", "none,zlib@openssh.com", "", ""),
)


def play(scene: Scene) -> Iterator[Timed]:
    """The peer guesses at the source's."""
    rejected = (guesses(scene.later(attempt * PAUSE), scene.peer) for attempt in range(ATTEMPTS))
    return together(*rejected, session(scene.later(ATTEMPTS * PAUSE), scene.peer, CLIENT, commands=12))


def guesses(scene: Scene, client: Party) -> Iterator[Timed]:
    """Wrong passwords, until the server hangs up."""
    login = Login(scene, client, scene.source, CLIENT)
    yield from login.begin()
    for _ in range(GUESSES):
        yield from login.guess(fits=False)
    yield from login.talk.close(by_client=False)


def session(scene: Scene, client: Party, banner: bytes = ADMIN, commands: int = 5) -> Iterator[Timed]:
    """Someone gets in, and types."""
    login = Login(scene, client, scene.source, banner)
    yield from login.begin()
    yield from login.guess(fits=True)
    for _ in range(commands):
        login.talk.line.wait(scene.chance.uniform(300, 3000))
        yield from login.talk.ask(login.sealed(36, 100))
        yield from login.talk.answer(login.sealed(100, 3000))
    yield from login.talk.close()


class Login:
    """A client's connection to a server. After the keys are there, only lengths can be seen."""

    def __init__(self, scene: Scene, client: Party, server: Party, banner: bytes) -> None:
        self.chance, self.banner = scene.chance, banner
        self.talk = Tcp(Line(scene, client, server), PORT)

    def begin(self) -> Iterator[Timed]:
        """Banners, key exchange (RFC 8731), and the service request."""
        talk, chance = self.talk, self.chance
        yield from talk.open()
        yield from talk.ask(self.banner)
        yield from talk.answer(SERVER)
        yield from talk.ask(kexinit(chance))
        yield from talk.answer(kexinit(chance))
        yield from talk.ask(packet(chance, bytes([ECDH_INIT]) + string(chance.randbytes(32))))
        key = string(b"ssh-ed25519") + string(chance.randbytes(32))
        proof = string(b"ssh-ed25519") + string(chance.randbytes(64))
        agreed = bytes([ECDH_REPLY]) + string(key) + string(chance.randbytes(32)) + string(proof)
        yield from talk.answer(packet(chance, agreed) + packet(chance, bytes([NEWKEYS])) + self.sealed(280, 320))
        yield from talk.ask(packet(chance, bytes([NEWKEYS])))
        yield from talk.ask(self.sealed(44, 44))
        yield from talk.answer(self.sealed(44, 44))

    def guess(self, *, fits: bool) -> Iterator[Timed]:
        """A password; a wrong one is answered late (OpenSSH waits)."""
        yield from self.talk.ask(self.sealed(84, 148))
        self.talk.line.wait(5 if fits else self.chance.uniform(1500, 2500))
        yield from self.talk.answer(self.sealed(28, 28) if fits else self.sealed(52, 52))

    def sealed(self, least: int, most: int) -> bytes:
        """An encrypted packet, a multiple of 4 bytes long."""
        return self.chance.randbytes(self.chance.randint(least // 4, most // 4) * 4)


def kexinit(chance: Random) -> bytes:
    """What one end can do."""
    lists = b"".join(string(names.encode()) for names in LISTS)
    return packet(chance, bytes([KEXINIT]) + chance.randbytes(16) + lists + bytes(5))


def packet(chance: Random, payload: bytes) -> bytes:
    """The binary packet protocol before there are keys: padded to 8 bytes, with at least 4 (section 6)."""
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < LEAST_PADDING else 0
    return struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + chance.randbytes(padding)


def string(data: bytes) -> bytes:
    """A length and bytes (RFC 4251, section 5)."""
    return struct.pack(">I", len(data)) + data
