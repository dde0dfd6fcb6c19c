"""What suricata.yaml says of flows, from their packets to their events: guessed transactions, what rules noted, what
is encrypted. (specification, eve.md and app-layer.md)"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conversations import Sides, capture
from tmrx.suricata import run

YAML = """%YAML 1.1
---
detect: {detect}
app-layer: {{protocols: {{http: {{enabled: yes}}, tls: {tls}}}}}
outputs:
- eve-log: {{enabled: yes, types: [alert, flow, metadata]}}
"""


@pytest.fixture
def told(tmp_path: Path) -> Any:
    """Events by their types."""

    def tell(frames: Iterator[bytes], rules: str, *, detect: str = "{}", tls: str = "{}") -> dict[str, Any]:
        (tmp_path / "test.pcap").write_bytes(capture(frames))
        (tmp_path / "test.rules").write_text(rules)
        (tmp_path / "test.yaml").write_text(YAML.format(detect=detect, tls=tls))
        args = ["-c", "test.yaml", "-S", "test.rules", "-r", "test.pcap", "-k", "none", "-l", "."]
        paths = {"test.yaml", "test.rules", "test.pcap", "."}
        assert run.main([str(tmp_path / arg) if arg in paths else arg for arg in args]) == 0
        events = [json.loads(line) for line in (tmp_path / "eve.json").read_text().splitlines()]
        kinds = {event["event_type"] for event in events}
        return {kind: [event for event in events if event["event_type"] == kind] for kind in kinds}

    return tell


def exchange(times: int = 1) -> Iterator[bytes]:
    """Requests with their answers on one connection."""
    sides = Sides(40_000)
    yield from sides.open()
    for number in range(times):
        yield sides.say(True, b"GET /%d HTTP/1.1\r\nHost: a\r\nUser: bob\r\n\r\n" % number)
        yield sides.say(False, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    yield from sides.close()


@pytest.mark.parametrize("guesses", [True, False])
def test_the_transaction_of_an_alert_on_the_stream_is_guessed(told: Any, guesses: bool) -> None:
    detect = "{guess-applayer-tx: yes}" if guesses else "{}"
    (alert,) = told(exchange(), 'alert tcp any any -> any any (content:"Host: a"; sid:1;)', detect=detect)["alert"]
    assert (alert.get("tx_guessed"), alert.get("tx_id")) == ((True, 0) if guesses else (None, None))


def test_what_rules_captured_is_told_of_the_packet(told: Any) -> None:
    rules = r'alert http any any -> any any (pcre:"/User: (\w+)/, pkt:who"; flow:to_server; noalert; sid:1;)'
    events = told(exchange(times=2), rules)
    assert "alert" not in events
    assert [event["metadata"]["pktvars"] for event in events["metadata"]] == [[{"who": "bob"}]] * 2


def record(kind: int, data: bytes) -> bytes:
    """A record of TLS 1.2 (RFC 5246, section 6.2.1)."""
    return bytes([kind, 3, 3]) + len(data).to_bytes(2, "big") + data


def hello(kind: int, rest: bytes) -> bytes:
    """A hello with no session (RFC 5246, section 7.4.1)."""
    body = b"\x03\x03" + bytes(33) + rest
    return record(22, bytes([kind]) + len(body).to_bytes(3, "big") + body)


def encrypted() -> Iterator[bytes]:
    """A TLS session whose encrypted part looks as if it were readable."""
    sides = Sides(40_000)
    yield from sides.open()
    yield sides.say(True, hello(1, b"\x00\x02\xc0\x2f\x01\x00"))
    yield sides.say(False, hello(2, b"\xc0\x2f\x00") + record(22, b"\x0e\x00\x00\x00"))
    for up in (True, False):
        yield sides.say(up, record(20, b"\x01") + record(22, bytes(16)))
    for _ in range(3):
        yield sides.say(True, record(23, b"secret"))
        yield sides.say(False, record(23, b"secret"))
    yield from sides.close()


READS = 'alert tcp-pkt any any -> any any (content:"secret"; sid:1;)\n'
ASKS = 'alert tls any any -> any any (tls.sni; content:"nobody"; sid:2;)\n'


@pytest.mark.parametrize(
    ("handling", "rules", "alerts", "bypassed"),
    [
        # The first packet with data says that there are such.
        ("track-only", READS + ASKS, 1, False),
        ("bypass", READS + ASKS, 1, True),
        ("bypass", READS, 1, True),
        ("full", READS + ASKS, 6, False),
    ],
)
def test_what_is_encrypted(told: Any, handling: str, rules: str, alerts: int, bypassed: bool) -> None:
    events = told(encrypted(), rules, tls=f"{{encryption-handling: {handling}}}")
    assert len(events.get("alert", [])) == alerts
    (flow,) = events["flow"]
    assert flow["app_proto"] == "tls"
    assert ("bypassed" in flow["flow"]) == bypassed
