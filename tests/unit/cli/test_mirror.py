"""`tmrx mirror show` and `check`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.mirror.build import filter_of, interface, ports, rule, session, to_interface
from tmrx import cli
from tmrx.mirror.findings import CHECKS

V4 = {"SourceCidrBlock": "10.0.0.0/8", "DestinationCidrBlock": "0.0.0.0/0"}
TABLES: dict[str, Any] = {
    "TrafficMirrorSessions": [
        session(2, PacketLength=128, TrafficMirrorFilterId="tmf-2"),
        session(1, Tags=[{"Key": "Name", "Value": "web\x1b[31m"}]),
    ],
    "TrafficMirrorFilters": [
        filter_of(
            ingress=[rule(20), rule(10, "reject", Protocol=6, DestinationPortRange=ports(22), **V4)],
            Description="no ssh",
        ),
        filter_of("tmf-2", NetworkServices=["amazon-dns"]),
    ],
    "TrafficMirrorTargets": [to_interface()],
    "NetworkInterfaces": [
        interface(TagSet=[{"Key": "Name", "Value": "front"}]),
        interface("eni-t", PrivateIpAddress="10.0.0.9"),
    ],
}


@pytest.fixture
def mirror(tmp_path: Path) -> str:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(TABLES))
    return str(path)


def output(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = cli.run(["mirror", *args])
    out, err = capsys.readouterr()
    return code, out, err


def test_show(capsys: pytest.CaptureFixture[str], mirror: str) -> None:
    code, out, err = output(capsys, "show", mirror)
    assert (code, err) == (0, "")
    assert (
        out
        == """\
1 source, 2 sessions, 2 filters, 1 target

source eni-1 "front"
  10.0.0.1, vpc-1, subnet-1
  1  tms-1 "web\\x1b[31m": VNI 1, whole packets
     filter tmf-1 "no ssh" → target tmt-1
  2  tms-2: VNI 2, the first 128 bytes
     filter tmf-2 → target tmt-1

filter tmf-1 "no ssh"
  direction  number  action  protocol  source      ports  destination  ports
  ingress        10  reject  TCP       10.0.0.0/8  any    0.0.0.0/0    22
  ingress        20  accept  any       any         any    any          any
  no egress rules: nothing outbound is mirrored

filter tmf-2
  network services: amazon-dns
  no ingress rules: nothing inbound is mirrored but amazon-dns
  no egress rules: nothing outbound is mirrored but amazon-dns

target tmt-1
  network interface eni-t
  at 10.0.0.9
"""
    )


def test_show_as_json(capsys: pytest.CaptureFixture[str], mirror: str) -> None:
    code, out, _ = output(capsys, "show", mirror, "--format", "json")
    shown = json.loads(out)
    assert code == 0
    assert [one["number"] for one in shown["sources"][0]["sessions"]] == [1, 2]
    assert [one["packet_length"] for one in shown["sources"][0]["sessions"]] == [None, 128]
    assert shown["filters"][0]["rules"][0] == {
        "direction": "ingress", "number": 10, "action": "reject", "protocol": "TCP",
        "source": "10.0.0.0/8", "source_ports": "any", "destination": "0.0.0.0/0", "destination_ports": "22",
        "rule": "", "description": "",
    }  # fmt: skip
    assert shown["targets"][0]["addresses"] == ["10.0.0.9"]


def test_show_as_csv(capsys: pytest.CaptureFixture[str], mirror: str) -> None:
    code, out, _ = output(capsys, "show", mirror, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [(row["session"], row["rule_number"], row["target_addresses"]) for row in rows] == [
        ("tms-1", "10", "10.0.0.9"),
        ("tms-1", "20", "10.0.0.9"),
        ("tms-2", "", "10.0.0.9"),
    ]


def test_a_session_without_a_source_is_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text('[[traffic_mirror_sessions]]\ntraffic_mirror_session_id = "web"\n')
    _, out, _ = output(capsys, "show", str(path))
    assert "source not said\n  1  web: VNI " in out
    assert " (drawn), whole packets\n     filter not said → target not said\n" in out


def test_check(capsys: pytest.CaptureFixture[str], mirror: str) -> None:
    code, out, err = output(capsys, "check", mirror)
    assert (code, err) == (1, "")
    assert (
        out
        == f"""\
missed-direction  {mirror}: TrafficMirrorFilters[0]
  accepts by ingress rules only: no outbound traffic is mirrored
  → add egress rules, unless one side of each conversation is enough

1 source, 2 sessions, 2 filters, 1 target: 1 missed-direction
"""
    )


def test_check_ignores_what_it_is_told(capsys: pytest.CaptureFixture[str], mirror: str) -> None:
    code, out, _ = output(capsys, "check", mirror, "--ignore", "missed-direction", "--ignore", "one-zone")
    assert (code, out) == (0, "1 source, 2 sessions, 2 filters, 1 target: nothing found\n")


def test_check_as_records(capsys: pytest.CaptureFixture[str], mirror: str) -> None:
    code, out, _ = output(capsys, "check", mirror, "--format", "json")
    (one,) = json.loads(out)
    assert code == 1
    assert one["name"] == "missed-direction"
    assert one["place"] == f"{mirror}: TrafficMirrorFilters[0]"
    code, out, _ = output(capsys, "check", mirror, "--format", "csv", "--ignore", "missed-direction")
    assert (code, out) == (0, "name,place,text,advice\n")


def test_faults_come_first(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"TrafficMirrorSessions": [session(0), session(9, PacketLength=9000)]}))
    for command in ("show", "check"):
        code, out, err = output(capsys, command, str(path))
        assert (code, out) == (2, "")
        assert err.splitlines() == [
            f"tmrx: error: {path}: TrafficMirrorSessions[0].SessionNumber: 0 is below 1 (1 to 32766)",
            f"tmrx: error: {path}: TrafficMirrorSessions[1].PacketLength: 9000 is above 8500 (1 to 8500)",
        ]


def test_an_unknown_name_is_told_with_the_known_ones(capsys: pytest.CaptureFixture[str], mirror: str) -> None:
    code, _, err = output(capsys, "check", mirror, "--ignore", "nonsense")
    assert code == 2
    assert all(name in err for name in CHECKS)
