"""HTTP/1.1 at the source: clients one after the other, several requests on a connection, one big download."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tmrx.interop.line import Line
from tmrx.interop.scene import Scene, Timed, together
from tmrx.interop.tcp import Tcp

# Headers of a request that brings none of its own of that name.
EVERYDAY: Mapping[str, str] = {
    "Host": "shop.example.com",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "*/*",
}
DOWNLOAD = 300_000
RULES = 300

Exchange = tuple[bytes, bytes]


def play(scene: Scene) -> Iterator[Timed]:
    """Each client is on the peer's side, at addresses that follow on one another."""
    clients = [replace(scene.peer, ipv4=_next(scene.peer.ipv4, number)) for number in range(2)]
    style = "".join(f".column-{number} {{ width: {number / 3:.2f}%; padding: 0 1rem }}\n" for number in range(RULES))
    sheet = request("/style.css"), response(style.encode(), "text/css")
    visits = [[*pages("/", f"/item/{number}"), sheet] for number in range(len(clients))]
    posted = request("/cart", method="POST", body=b"item=7&count=2", headers={"Cookie": "sid=4f2a"})
    created = response(b'{"ok":true}', "application/json", status="201 Created")
    export = response(scene.chance.randbytes(DOWNLOAD), "application/octet-stream")
    clients.append(scene.peer)
    visits.append([(posted, created), (request("/export.bin"), export)])
    lines = [Line(scene.later(number * 2), client, scene.source) for number, client in enumerate(clients)]
    return together(*map(converse, lines, visits))


def _next(ipv4: str, number: int) -> str:
    head, last = ipv4.rsplit(".", 1)
    return f"{head}.{(int(last) + number - 1) % 254 + 1}"


def converse(line: Line, exchanges: Sequence[Exchange], port: int = 80) -> Iterator[Timed]:
    """One connection, with requests and responses in turn."""
    talk = Tcp(line, port)
    yield from talk.open()
    for number, (question, answer) in enumerate(exchanges):
        if number:
            line.wait(line.scene.chance.uniform(20, 400))
        yield from talk.ask(question)
        yield from talk.answer(answer)
    yield from talk.close()


def pages(*paths: str) -> Iterator[Exchange]:
    """A page for each path."""
    for path in paths:
        text = f"<!doctype html><title>{path}</title>\n" + "<p>All quiet on the mirrored front.</p>\n" * 60
        yield request(path), response(text.encode(), "text/html; charset=utf-8")


def request(path: str, *, method: str = "GET", headers: Mapping[str, str] = EVERYDAY, body: bytes = b"") -> bytes:
    """A request; a body brings its length with it."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**EVERYDAY, **headers}.items())]
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def response(body: bytes, kind: str = "text/plain", *, status: str = "200 OK") -> bytes:
    """A response, and the length of its body."""
    lines = [f"HTTP/1.1 {status}", "Server: nginx/1.24.0", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
