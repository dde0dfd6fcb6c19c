"""What alerts and files show of HTTP: bodies, and the client that proxies name. (specification, http.md and eve.md)"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import packets
from tests.conversations import CLIENT, SERVER, Sides, capture
from tmrx.suricata import run

RULES = """
alert http any any -> any any (msg:"asked"; flow:to_server; http.request_body; content:"uid"; sid:1;)
alert http any any -> any any (msg:"answered"; flow:to_client; http.response_body; content:"root"; sid:2;)
"""
YAML = """%YAML 1.1
---
outputs:
- eve-log: {{enabled: yes, filename: a.json, types: [{{alert: {{{alert}}}}}, {{files: {{}}}}], xff: {{{xff}}}}}
- eve-log: {{enabled: yes, filename: b.json, types: [alert, files]}}
"""
FORWARDED = b"192.0.2.1, [2001:db8::2]:4711"


@pytest.fixture
def told(tmp_path: Path) -> Any:
    """Events of both sections by type and then by direction, to the server first."""
    (tmp_path / "test.pcap").write_bytes(capture(conversation()))
    (tmp_path / "test.rules").write_text(RULES)

    def read(name: str, kind: str) -> list[dict[str, Any]]:
        lines = (tmp_path / name).read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["event_type"] == kind]

    def tell(alert: str = "", xff: str = "") -> dict[str, list[dict[str, Any]]]:
        (tmp_path / "test.yaml").write_text(YAML.format(alert=alert, xff=xff))
        args = ["-c", "test.yaml", "-S", "test.rules", "-r", "test.pcap", "-k", "none", "-l", "."]
        paths = {"test.yaml", "test.rules", "test.pcap", "."}
        assert run.main([str(tmp_path / arg) if arg in paths else arg for arg in args]) == 0
        return {f"{name} {kind}": read(f"{name}.json", kind) for name in "ab" for kind in ("alert", "fileinfo")}

    return tell


def conversation() -> Iterator[bytes]:
    sides = Sides(40_000)
    yield from sides.open()
    head = b"POST /a HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\nContent-Length: 6\r\n\r\n" % FORWARDED
    yield sides.say(True, head + b"uid\x00=1")
    yield sides.say(False, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nroot")
    yield from sides.close()


def test_bodies(told: Any) -> None:
    events = told(alert="http-body: yes, http-body-printable: yes")
    asked, answered = (alert["http"] for alert in events["a alert"])
    assert (asked["http_request_body"], asked["http_request_body_printable"]) == ("dWlkAD0x", "uid.=1")
    assert (answered["http_response_body"], answered["http_response_body_printable"]) == ("cm9vdA==", "root")
    assert all("body" not in key for event in events["b alert"] for key in event["http"])


@pytest.mark.parametrize(
    ("deployment", "address"), [("forward", "192.0.2.1"), ("reverse", "2001:0db8:0000:0000:0000:0000:0000:0002")]
)
def test_the_client_beside_the_rest(told: Any, deployment: str, address: str) -> None:
    events = told(xff=f"enabled: yes, deployment: {deployment}")
    assert [alert["alert"]["xff"] for alert in events["a alert"]] == [address] * 2
    assert [file["xff"] for file in events["a fileinfo"]] == [address] * 2
    assert [(alert["src_ip"], alert["dest_ip"]) for alert in events["a alert"]] == [(CLIENT, SERVER), (SERVER, CLIENT)]
    assert not any(
        "xff" in event or "xff" in event.get("alert", {}) for name in events for event in events[name] if name[0] == "b"
    )


def test_the_client_in_place_of_the_proxy(told: Any) -> None:
    events = told(xff="enabled: yes, mode: overwrite, deployment: forward")
    ends = [("192.0.2.1", SERVER), (SERVER, "192.0.2.1")]
    for kind in ("a alert", "a fileinfo"):
        assert [(event["src_ip"], event["dest_ip"]) for event in events[kind]] == ends
        assert not any("xff" in event or "xff" in event.get("alert", {}) for event in events[kind])
    assert {event["src_ip"] for event in events["b alert"]} == {CLIENT, SERVER}
    assert told(xff="enabled: yes, mode: overwrite, header: None")["a alert"][0]["src_ip"] == CLIENT


PARTS = b"".join(b"%04d" % number for number in range(500))


def ranges() -> Iterator[bytes]:
    """A connection for each part of one resource, the last part first."""
    for port, first in enumerate((1500, 1000, 500, 0)):
        sides = Sides(41_000 + port)
        yield from sides.open()
        yield sides.say(True, b"GET /a HTTP/1.1\r\nHost: a\r\nRange: bytes=%d-%d\r\n\r\n" % (first, first + 499))
        head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/2000\r\nContent-Length: 500\r\n\r\n"
        yield sides.say(False, head % (first, first + 499) + PARTS[first : first + 500])
        yield from sides.close()


def test_parts_of_a_file_make_a_file_of_their_own(told: Any, tmp_path: Path) -> None:
    (tmp_path / "test.pcap").write_bytes(capture(ranges()))
    (tmp_path / "test.rules").write_text("alert http any any -> any any (filesize:2000; sid:1;)\n")
    events = told()
    files = [event["fileinfo"] for event in events["b fileinfo"]]
    assert [(file["size"], file.get("start")) for file in files] == [
        (500, 1500), (500, 1000), (500, 500), (500, 0), (2000, None),
    ]  # fmt: skip
    assert [alert["alert"]["signature_id"] for alert in events["b alert"]] == [1]


def long_body() -> Iterator[bytes]:
    sides = Sides(42_000)
    yield from sides.open()
    yield sides.say(True, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
    for piece in (b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n", *[b"x" * 1000] * 3):
        yield sides.say(False, piece)
        yield sides.say(True, b"", packets.ACK)
    yield from sides.close()


def test_a_hook_alone_matches_as_long_as_its_state_lasts(told: Any, tmp_path: Path) -> None:
    (tmp_path / "test.pcap").write_bytes(capture(long_body()))
    hooks = enumerate(("response_headers", "response_body", "response_complete"), 1)
    rules = [f"alert http1:{hook} any any -> any any (sid:{number};)\n" for number, hook in hooks]
    (tmp_path / "test.rules").write_text("".join(rules))
    alerts = [alert["alert"]["signature_id"] for alert in told()["b alert"]]
    assert [alerts.count(number) for number in (1, 2, 3)] == [1, 4, 1]
