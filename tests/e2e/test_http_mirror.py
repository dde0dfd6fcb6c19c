"""HTTP through both ends of a mirror that cuts, loses, and leaves checksums to the card (issue 7, "Must show")."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conversations import CLIENT, SERVER, Sides, capture
from tests.e2e.processes import Listening, Run

TRANSACTIONS = 200
RULE = 'alert http any any -> any any (msg:"page"; http.uri; content:"/page/"; startswith; sid:1;)\n'
# Each side's network interface has a session of its own, for what it sends.
MIRROR = """
[[traffic_mirror_targets]]
traffic_mirror_target_id = "tmt-0123456789abcdef0"
network_interface_id = "eni-0123456789abcdeff"

[[traffic_mirror_filters]]
traffic_mirror_filter_id = "tmf-0123456789abcdef0"
egress_filter_rules = [{ rule_number = 10, rule_action = "accept" }]

[[network_interfaces]]
network_interface_id = "eni-0123456789abcdeff"
private_ip_address = "10.0.0.99"
vpc_id = "vpc-0123456789abcdef0"
"""
SOURCE = """
[[network_interfaces]]
network_interface_id = "eni-0123456789abcdef{number}"
private_ip_address = "{address}"
vpc_id = "vpc-0123456789abcdef0"
mac_address = "02:00:00:00:00:0{number}"

[[traffic_mirror_sessions]]
traffic_mirror_session_id = "tms-0123456789abcdef{number}"
virtual_network_id = {number}
session_number = 1
network_interface_id = "eni-0123456789abcdef{number}"
traffic_mirror_target_id = "tmt-0123456789abcdef0"
traffic_mirror_filter_id = "tmf-0123456789abcdef0"
packet_length = {length}
"""


def test_each_transaction_whose_beginning_was_seen_is_told(tmrx: Run, tmp_path: Path) -> None:
    (tmp_path / "plain.pcap").write_bytes(capture(conversation(2)))
    (tmp_path / "test.rules").write_text(RULE)
    for length, loss in ((200, "0"), (200, "1%"), (128, "1%")):
        seen = mirrored(tmrx, tmp_path, length, loss)
        told = through_both_ends(tmrx, tmp_path, length, loss)
        assert_no_checksum_was_taken_for_wrong(told)
        events = [event for event in told if "http" in event]
        requests = Counter(e["http"]["url"] for e in events if e["event_type"] == "http" and "page" in e["http"]["url"])
        alerts = Counter(event["http"]["url"] for event in events if event["event_type"] == "alert")
        statuses = [e["http"]["status"] for e in events if e["event_type"] == "http" and "status" in e["http"]]
        wanted = {f"/page/{number}" for number in seen["requests"]}
        assert (set(requests), set(alerts)) == (wanted, wanted), (length, loss)
        assert {*requests.values(), *alerts.values()} == {1}, (length, loss)
        assert len(statuses) == len(seen["responses"]), (length, loss)
        hosts = {event["http"].get("hostname") for event in events if "page" in event["http"]["url"]}
        assert hosts == {"www.example.com"}


def mirrored(tmrx: Run, folder: Path, length: int, loss: str) -> dict[str, list[int]]:
    """Write mirror.toml, send into a capture, and say of which transactions the beginnings are in it."""
    sources = (SOURCE.format(number=n, address=a, length=length) for n, a in ((1, CLIENT), (2, SERVER)))
    (folder / "mirror.toml").write_text(MIRROR + "".join(sources))
    done = tmrx("send", "plain.pcap", "--mirror", "mirror.toml", "-w", "copies.pcap", "--loss", loss)
    assert done.returncode == 0, done.stderr
    data = (folder / "copies.pcap").read_bytes()
    seen: dict[str, list[int]] = {"requests": [], "responses": []}
    for number in range(TRANSACTIONS):
        if b"GET /page/%d HTTP/1.1\r\nHost: www.example.com\r\n" % number in data:
            seen["requests"].append(number)
        if b"HTTP/1.1 200 OK\r\nX-Number: %d\r\n" % number in data:
            seen["responses"].append(number)
    assert len(seen["requests"]) > TRANSACTIONS * 0.9
    return seen


def assert_no_checksum_was_taken_for_wrong(events: list[dict[str, Any]]) -> None:
    """The card was to calculate them, behind the mirror: copies have none."""
    (stats,) = (event["stats"]["mirror"] for event in events if event["event_type"] == "stats")
    checksums = stats["packets"]["checksum"]["l4"]
    assert (checksums["bad"], checksums["not_calculated"] > TRANSACTIONS) == (0, True), checksums


def through_both_ends(tmrx: Run, folder: Path, length: int, loss: str) -> list[dict[str, Any]]:
    """Send to a receiver that listens; its events. The same seed loses the same copies."""
    eve = f"eve-{length}-{loss.strip('%')}.json"
    with Listening(folder, "--mirror", "mirror.toml", "-S", "test.rules", "--eve", eve) as live:
        to = f"127.0.0.1:{live.port}"
        done = tmrx("send", "plain.pcap", "--mirror", "mirror.toml", "--to", to, "--loss", loss)
        assert done.returncode == 0, done.stderr
        live.process.terminate()
        live.result()
    return [json.loads(line) for line in (folder / eve).read_text().splitlines()]


def conversation(per_connection: int) -> Iterator[bytes]:
    """Frames of connections with so many transactions each; checksums are left to the card."""
    for first in range(0, TRANSACTIONS, per_connection):
        sides = Sides(40_000 + first)
        yield from sides.open()
        for number in range(first, first + per_connection):
            padding = b"X-Padding: %s\r\n" % (b"p" * (100 + 7 * number % 450))
            yield sides.say(True, b"GET /page/%d HTTP/1.1\r\nHost: www.example.com\r\n" % number + padding + b"\r\n")
            body = b"b" * (5 * number)
            head = b"HTTP/1.1 200 OK\r\nX-Number: %d\r\n%sContent-Length: %d\r\n\r\n" % (number, padding, len(body))
            yield sides.say(False, head + body)
        yield from sides.close()
