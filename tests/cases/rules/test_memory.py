"""What rules remember of a flow, from one packet to the next: captured texts, and what is not to be logged."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.packets import ethernet, ip, tcp, udp
from tmrx.cli import run

PAYLOADS = (b"user=alice id=7", b"again")
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
WHOLE = "alert udp any any -> any any"


def datagrams(*payloads: bytes, port: int = 2000) -> list[bytes]:
    """A client's packets."""
    return [ip(CLIENT, SERVER, 17, udp(1000, port, data)) for data in payloads]


def events(folder: Path, *rules: str, packets: Sequence[bytes] = ()) -> list[dict[str, Any]]:
    """What rules make of packets; without any, of a flow of two datagrams."""
    frames = [ethernet(bytes(6), bytes(6), packet) for packet in packets or datagrams(*PAYLOADS)]
    records = (struct.pack("<IIII", 1_700_000_000, 0, len(frame), len(frame)) + frame for frame in frames)
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    (folder / "two.pcap").write_bytes(header + b"".join(records))
    (folder / "t.rules").write_text("\n".join(rules) + "\n")
    eve = folder / "eve.json"
    options = ["--quiet", "--strict", "-S", str(folder / "t.rules"), "--eve", str(eve)]
    assert run(["analyze", str(folder / "two.pcap"), *options]) == 0
    return [json.loads(line) for line in eve.read_text().splitlines()]


def alerts(folder: Path, *rules: str) -> list[tuple[int, int]]:
    """The packets that rules alerted on, from 1, each with the rule's sid."""
    found = events(folder, *rules)
    return [(e["pcap_cnt"], e["alert"]["signature_id"]) for e in found if e["event_type"] == "alert"]


def test_captured_texts_are_the_flows_or_the_packets(tmp_path: Path) -> None:
    rules = (
        f'{WHOLE} (pcre:"/(user)=(?P<flow_user>[a-z]+) id=(?P<pkt_id>[0-9])/"; noalert; sid:1;)',
        f'{WHOLE} (flowvar:user,"lic"; sid:2;)',
        f'{WHOLE} (flowvar:user,"bob"; sid:3;)',
        f'{WHOLE} (pktvar:id,"7"; sid:4;)',
    )
    assert alerts(tmp_path, *rules) == [(1, 2), (1, 4), (2, 2)]


def test_a_pass_rule_can_alert(tmp_path: Path) -> None:
    rules = (
        'pass udp any any -> any any (content:"user"; sid:1;)',
        'pass udp any any -> any any (content:"again"; alert; sid:2;)',
        f"{WHOLE} (dsize:>0; sid:3;)",
    )
    assert alerts(tmp_path, *rules) == [(2, 2)]


def test_a_flow_that_is_not_logged(tmp_path: Path) -> None:
    config = "config udp any any -> any any (dsize:{}; config:logging disable, type flow, scope flow; sid:1;)"

    def kinds(size: int) -> set[str]:
        return {event["event_type"] for event in events(tmp_path, config.format(size))}

    assert kinds(6) - kinds(5) == {"flow", "netflow"}


def query(name: bytes) -> bytes:
    """A DNS query of one label."""
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + bytes([len(name)]) + name + b"\0\0\x01\0\x01"


def test_a_transaction_that_is_not_logged(tmp_path: Path) -> None:
    config = (
        'config dns any any -> any any (dns.query; content:"secret"; config:logging disable, type tx, scope tx; sid:1;)'
    )
    found = events(tmp_path, config, packets=datagrams(query(b"secret"), query(b"open"), port=53))
    assert [e["dns"]["queries"][0]["rrname"] for e in found if e["event_type"] == "dns"] == ["open"]


SYN, ACK, FIN = 2, 16, 1


def talk(*messages: tuple[bool, bytes]) -> list[bytes]:
    """A whole TCP conversation: who says what, the client first."""
    number = {True: 1, False: 1}
    packets = []

    def send(client: bool, flags: int, data: bytes = b"") -> None:
        ends, ports = ((CLIENT, SERVER), (1000, 80)) if client else ((SERVER, CLIENT), (80, 1000))
        segment = tcp(*ports, data, flags, number[client], number[not client] if flags & ACK else 0)
        packets.append(ip(*ends, 6, segment))
        number[client] += len(data) + bool(flags & (SYN | FIN))

    for client, flags in ((True, SYN), (False, SYN | ACK), (True, ACK)):
        send(client, flags)
    for client, data in messages:
        send(client, ACK, data)
        send(not client, ACK)
    for client, flags in ((True, FIN | ACK), (False, FIN | ACK), (True, ACK)):
        send(client, flags)
    return packets


def test_a_bit_of_a_transaction(tmp_path: Path) -> None:
    exchange = [
        (True, b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"),
        (False, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]
    packets = talk(*((client, data.replace(b"%s", name)) for name in (b"seen", b"other") for client, data in exchange))
    rules = (
        'alert http any any -> any any (http.uri; content:"/seen"; xbits:set,seen,track tx; noalert; sid:1;)',
        'alert http any any -> any any (http.stat_code; content:"200"; xbits:isset,seen,track tx; sid:2;)',
        'alert http any any -> any any (http.stat_code; content:"200"; sid:3;)',
    )
    found = [e for e in events(tmp_path, *rules, packets=packets) if e["event_type"] == "alert"]
    assert sorted((e["alert"]["signature_id"], e["tx_id"]) for e in found) == [(2, 0), (3, 0), (3, 1)]
