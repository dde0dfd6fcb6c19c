"""`tmrx mirror explain`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.unit.cli import sends
from tmrx import cli
from tmrx.cli.explain import Numbers
from tmrx.cli.explained import Packet

EGRESS = sends.tcp(sends.HOST, sends.OTHER, 80, 40000, macs=(sends.MAC, sends.PEER))
STRANGE = sends.tcp("10.9.9.1", "10.9.9.2", 1, 2, macs=("02:09:00:00:00:01", "02:09:00:00:00:02"))
ARP = bytes.fromhex("ffffffffffff" + sends.MAC.replace(":", "") + "0806") + bytes(46)
DNS = sends.tcp("169.254.169.253", sends.HOST, 53, 40000, macs=(sends.PEER, sends.MAC))
FRAMES = (sends.into(80, 40), sends.into(22), sends.into(443), EGRESS, STRANGE, ARP, DNS)

TOLD = """\
1  22:13:20.000000  TCP 10.0.0.7:40000 → 10.0.0.1:80 SYN, 94 bytes
    ingress at front: session 1 web: rule 10 accepts TCP to any port 80 → mirrored, 60 of 94 bytes:
    cut by the packet length
2  22:13:20.001000  TCP 10.0.0.7:40000 → 10.0.0.1:22 SYN, 54 bytes
    ingress at front: session 1 web: no ingress rule matches; session 2 tms-2: rule 5 rejects TCP
    from 10.0.0.0/8 to any port 22 → not mirrored
3  22:13:20.002000  TCP 10.0.0.7:40000 → 10.0.0.1:443 SYN, 54 bytes
    ingress at front: session 1 web: no ingress rule matches; session 2 tms-2: rule 10 accepts
    everything over IPv4 → mirrored, all 54 bytes
4  22:13:20.003000  TCP 10.0.0.1:80 → 10.0.0.7:40000 SYN, 54 bytes
    egress at front: session 1 web: no egress rules; session 2 tms-2: no egress rules → not mirrored
5  22:13:20.004000  TCP 10.9.9.1:1 → 10.9.9.2:2 SYN, 54 bytes
    at no source: from 02:09:00:00:00:01 to 02:09:00:00:00:02
6  22:13:20.005000  ARP 02:00:00:00:00:01 → ff:ff:ff:ff:ff:ff, 60 bytes
    egress at front: never mirrored: ARP
7  22:13:20.006000  TCP 169.254.169.253:53 → 10.0.0.1:40000 SYN, 54 bytes
    ingress at front: session 1 web: the VPC resolver's, without amazon-dns; session 2 tms-2:
    amazon-dns takes the VPC resolver's traffic → mirrored, all 54 bytes
"""
SUMMED = """\
mirrored             3
rejected by a rule   1
no rule matches      1
at no source         1
never mirrored: ARP  1
"""


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    return [sends.capture(tmp_path / "in.pcap", *FRAMES), "--mirror", sends.mirror(tmp_path)]


def output(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = cli.run(["mirror", "explain", *args])
    out, err = capsys.readouterr()
    return code, out, err


def test_as_text(capsys: pytest.CaptureFixture[str], given: list[str]) -> None:
    assert output(capsys, *given) == (0, TOLD, SUMMED)


def test_every_source_that_a_packet_touches_has_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    second = sends.interface("eni-2", MacAddress=sends.PEER, PrivateIpAddress=sends.OTHER)
    config = sends.mirror(
        tmp_path,
        NetworkInterfaces=[*sends.TABLES["NetworkInterfaces"], second],
        TrafficMirrorSessions=[
            *sends.TABLES["TrafficMirrorSessions"],
            sends.session(3, NetworkInterfaceId="eni-2", SessionNumber=1),
        ],
    )
    capture = sends.capture(tmp_path / "in.pcap", sends.into(443))
    _, out, _ = output(capsys, capture, "--mirror", config, "-q")
    assert [line.split(":")[0].strip() for line in out.splitlines() if " at " in line] == [
        "egress at eni-2",
        "ingress at front",
    ]


def test_as_json(capsys: pytest.CaptureFixture[str], given: list[str]) -> None:
    _, out, _ = output(capsys, *given, "--format", "json")
    records = json.loads(out)
    assert [record["packet"] for record in records] == [1, 2, 3, 4, 5, 6, 7]
    first, second = records[:2]
    assert (first["fate"], first["rule_number"], first["cut_by"]) == ("mirrored", 10, ["packet_length"])
    assert first["time"] == "2023-11-14T22:13:20.000000+0000"
    assert (second["session"], second["reason"], second["source_name"]) == ("tms-2", "rule", "front")
    assert [(asked["session"], asked["reason"]) for asked in second["asked"]] == [
        ("tms-1", "no_rule"),
        ("tms-2", "rule"),
    ]
    assert second["why"].startswith("ingress at front: session 1 web: no ingress rule matches; ")


def test_as_csv(capsys: pytest.CaptureFixture[str], given: list[str]) -> None:
    _, out, _ = output(capsys, *given, "--format", "csv", "--packet", "1,4-5")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["packet"], row["fate"]) for row in rows] == [
        ("1", "mirrored"),
        ("4", "rejected"),
        ("5", "not_at_source"),
    ]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_capture_without_packets(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, given: list[str], form: str
) -> None:
    empty = sends.capture(tmp_path / "empty.pcap")
    code, out, _ = output(capsys, empty, *given[1:], "--format", form, "-q")
    assert code == 0
    assert (json.loads(out) if form == "json" else list(csv.DictReader(io.StringIO(out)))) == []


def test_count(capsys: pytest.CaptureFixture[str], given: list[str]) -> None:
    _, out, err = output(capsys, *given, "--count", "2")
    assert out == "".join(TOLD.splitlines(keepends=True)[:6])
    assert " ".join(err.split()) == "mirrored 1 rejected by a rule 1"


def test_where_nothing_is_at_a_source_a_hint_says_what_is_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, given: list[str]
) -> None:
    moved = sends.tcp(sends.HOST, sends.OTHER, 1, 2, macs=(sends.PEER, "02:09:00:00:00:02"))
    _, _, err = output(capsys, sends.capture(tmp_path / "moved.pcap", moved), *given[1:])
    assert f"10.0.0.1 of eni-1 has MAC {sends.PEER} there, not {sends.MAC}" in err
    _, _, err = output(capsys, sends.capture(tmp_path / "strange.pcap", STRANGE), *given[1:])
    assert f"sources have {sends.MAC} (eni-1); there are 02:09:00:00:00:01 (10.9.9.1), " in err


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["{in}"], "tmrx mirror explain: wants --mirror FILE ("),
        (["{in}", "--mirror", "{mirror}", "--packet", "3-1"], "'3-1' is not of the form 17, 17-20 or 100- ("),
        (["{in}", "--mirror", "{mirror}", "--packet", "0"], "'0' is not of the form "),
        (["none.pcap", "--mirror", "{mirror}"], "none.pcap: no such file ("),
    ],
)
def test_faults(capsys: pytest.CaptureFixture[str], given: list[str], args: list[str], line: str) -> None:
    code, out, err = output(capsys, *[arg.format(**{"in": given[0], "mirror": given[2]}) for arg in args])
    assert (code, out) == (2, "")
    assert line in err
    assert err.count("\n") == 1


def test_numbers() -> None:
    numbers = Numbers.of("3, 5-7,100-")
    assert [number for number in range(1, 102) if number in numbers] == [3, 5, 6, 7, 100, 101]
    assert not numbers.past(10**9)
    assert Numbers.of("3,5-7").past(8)
    assert not Numbers.of("3,5-7").past(7)
    assert 1 in Numbers()
    assert not Numbers().past(1)


PLAIN = {"number": 1, "time": 0, "length": 60, "captured": 60, "stop": "complete", "outcomes": [], "ip": 4}


@pytest.mark.parametrize(
    ("known", "summary"),
    [
        ({"src": "10.0.0.1", "dst": "10.0.0.2", "protocol": 1, "layer": "icmp", "icmp_type": 8, "icmp_code": 0},
         "ICMP 10.0.0.1 → 10.0.0.2 echo request, 60 bytes"),
        ({"src": "10.0.0.1", "dst": "10.0.0.2", "protocol": 1, "layer": "icmp", "icmp_type": 42, "icmp_code": 1},
         "ICMP 10.0.0.1 → 10.0.0.2 type 42 code 1, 60 bytes"),
        ({"src": "2001:0db8:0000::1", "dst": "ff02::2", "protocol": 17, "layer": "udp", "sport": 1, "dport": 2},
         "UDP [2001:db8::1]:1 → [ff02::2]:2, 60 bytes"),
        ({"src": "10.0.0.1", "dst": "10.0.0.2", "protocol": 17, "layer": "ipv4", "fragment": True, "vlans": [5, 6]},
         "VLAN 5 VLAN 6 UDP 10.0.0.1 → 10.0.0.2 fragment, 60 bytes"),
        ({"src": "10.0.0.1", "dst": "10.0.0.2", "protocol": 6, "layer": "ipv4", "stop": "truncated", "captured": 40},
         "TCP 10.0.0.1 → 10.0.0.2 cut in its headers, 60 bytes, 40 captured"),
        ({"src": "10.0.0.1", "dst": "10.0.0.2", "protocol": 200, "layer": "other", "length": 1514},
         "protocol 200 10.0.0.1 → 10.0.0.2, 1,514 bytes, 60 captured"),
        ({"ip": 0, "ethertype": 0x88CC, "src_mac": sends.MAC, "dst_mac": sends.PEER, "layer": "ethernet"},
         f"EtherType 0x88cc {sends.MAC} → {sends.PEER}, 60 bytes"),
    ],
)  # fmt: skip
def test_summaries(known: dict[str, object], summary: str) -> None:
    assert Packet(**(PLAIN | known)).summary() == summary
