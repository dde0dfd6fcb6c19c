"""`tmrx send`: its options, what contradicts itself in them, its closing table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli import sends
from tests.unit.mirror.build import aws
from tmrx import cli, mirror
from tmrx.cli import fates, sent
from tmrx.cli.options import Inputs
from tmrx.cli.sending import To, Way, parties
from tmrx.config import Settings
from tmrx.errors import UsageError
from tmrx.mirror.source import everything, source_plan
from tmrx.plan import Impairments, Rules

FRAMES = (sends.into(80, 40), sends.into(22), sends.into(443), sends.into(443))


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return [sends.capture(tmp_path / "in.pcap", *FRAMES), "--mirror", sends.mirror(tmp_path)]


def output(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = cli.run(["send", *args])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_closing_table(capsys: pytest.CaptureFixture[str], given: list[str]) -> None:
    code, out, err = output(capsys, *given, "-w", "out.pcap")
    assert (code, out) == (0, "")
    assert (
        err
        == """\
mirror sessions
  session  name  source  vni  copies  bytes  truncated
  tms-2          eni-1     2       2    108          0
  tms-1    web   eni-1     1       1     60          1

packets                            4
  mirrored                         3
  rejected by a rule               1
copies sent                        3
  bytes, outer headers included  318
  cut by the packet length         1
"""
    )


def test_truth_and_stats_are_files(capsys: pytest.CaptureFixture[str], given: list[str], tmp_path: Path) -> None:
    code, _, err = output(capsys, *given, "-w", "out.pcap", "--truth", "t.jsonl", "--stats", "s.json", "-q")
    assert (code, err) == (0, "")
    truth = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [(line["fate"], line["session"]) for line in truth] == [
        ("mirrored", "tms-1"),
        ("rejected", "tms-2"),
        ("mirrored", "tms-2"),
        ("mirrored", "tms-2"),
    ]
    stats = json.loads((tmp_path / "s.json").read_text())
    assert (stats["outcomes"], stats["mirrored"], stats["rejected"]["rule"]) == (4, 3, 1)


def test_count(capsys: pytest.CaptureFixture[str], given: list[str], tmp_path: Path) -> None:
    output(capsys, *given, "-w", "out.pcap", "--truth", "truth.jsonl", "--count", "3")
    assert len((tmp_path / "truth.jsonl").read_text().splitlines()) == 3


def test_with_a_vni_every_frame_is_copied(capsys: pytest.CaptureFixture[str], given: list[str]) -> None:
    args = [given[0], "--vni", "7", "-w", "out.pcap", "--loop", "3", "--loss", "100%"]
    _, _, err = output(capsys, *args)
    assert err.splitlines() == [
        "packets                          12",
        "  mirrored                       12",
        "copies sent                       0",
        "  bytes, outer headers included   0",
        "  lost on the way                12",
    ]


@pytest.mark.parametrize(
    ("args", "faults"),
    [
        (
            [],
            [
                "tmrx send: wants one of CAPTURE and --scenario (see tmrx send --help)",
                "tmrx send: wants one of --to, -w and --raw (see tmrx send --help)",
                "tmrx send: wants one of --mirror and --vni (see tmrx send --help)",
            ],
        ),
        (
            ["{in}", "--scenario", "dns", "--to", "::1", "-w", "x", "--mirror", "{mirror}", "--vni", "1"],
            [
                "tmrx send: wants one of CAPTURE and --scenario (see tmrx send --help)",
                "tmrx send: wants one of --to, -w and --raw (see tmrx send --help)",
                "tmrx send: wants one of --mirror and --vni (see tmrx send --help)",
            ],
        ),
        (
            ["{in}", "-w", "x", "--mirror", "{mirror}", "--packet-length", "9", "--outer-dst", "::1"],
            [
                "--packet-length: goes with --vni: --mirror says this of each session (leave it out)",
                "--outer-dst: goes with --vni: --mirror says this of each session (leave it out)",
            ],
        ),
        (
            ["{in}", "--to", "targets", "--vni", "1", "--set", "outer=ipv6", "--reorder-depth", "2"],
            [
                "--set: goes with --mirror: with --vni every frame is copied as it is",
                "--to targets: goes with --mirror, which says where they are (--to ADDR)",
                "--reorder-depth: goes with --reorder (as in --reorder 1%)",
            ],
        ),
        (
            ["iface:lo", "-w", "x", "--vni", "1", "--rate", "1kpps"],
            ["--rate: goes with a capture: the frames of an interface are sent as they come"],
        ),
        (
            ["{in}", "-w", "x", "--vni", "1", "--rate", "1kpps", "--flat-out"],
            ["tmrx send: wants at most one of --rate, --speed and --flat-out (see tmrx send --help)"],
        ),
        (
            ["{in}", "--to", "nowhere", "--vni", "1"],
            [
                "--to nowhere: is not of the form ADDR:PORT or [V6]:PORT (as in 127.0.0.1, 127.0.0.1:4789, [::1]:4789 "
                "or targets)"
            ],
        ),
        (
            ["{in}", "-w", "x", "--vni", "1", "--loss", "120%"],
            [
                "tmrx send: invalid value for '--loss': '120%' is not a share, from 0% to 100% or 0 to 1 "
                "(see tmrx send --help)"
            ],
        ),
        (["{in}", "-w", "-", "--vni", "1", "--truth", "-"],
         ["standard output: is asked for twice (name a file for one of them)"]),
        (["-", "-w", "x", "--mirror", "-"], ["standard input: is asked for twice (name a file for one of them)"]),
        (["{in}", "-w", "x", "--vni", "1", "--truth", "{in}"], ["{in}: is also '{in}', and would be overwritten ("]),
        (["{in}", "-w", "x", "--mirror", "{mirror}", "--stats", "{mirror}"], ["{mirror}: is also '{mirror}', and "]),
        (["{in}", "-w", "x", "--vni", "1", "--delay", "2h"], ["--delay: is above 1h (as in 10ms)"]),
        (["--scenario", "htpp", "-w", "x", "--vni", "1"], ["scenario htpp: is not known (did you mean http?)"]),
        (["-", "--loop", "2", "-w", "x", "--vni", "1"], ["loop: standard input can be sent once only ("]),
    ],
)  # fmt: skip
def test_faults(capsys: pytest.CaptureFixture[str], given: list[str], args: list[str], faults: list[str]) -> None:
    names = {"in": given[0], "mirror": given[2]}
    code, out, err = output(capsys, *[arg.format(**names) for arg in args])
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == len(faults)
    for line, fault in zip(err.splitlines(), faults, strict=True):
        assert line.startswith("tmrx: error: " + fault.format(**names))


def test_a_pace_changes_nothing_in_a_file(capsys: pytest.CaptureFixture[str], given: list[str]) -> None:
    _, _, err = output(capsys, *given, "-w", "out.pcap", "--speed", "2")
    assert err.startswith("tmrx: warning: --speed changes nothing with -w: copies keep the frames' times\n")
    _, _, err = output(capsys, *given, "-w", "out.pcap", "--flat-out")
    assert "warning" not in err


def test_where_nothing_is_at_a_source_a_hint_says_so(
    capsys: pytest.CaptureFixture[str], given: list[str], tmp_path: Path
) -> None:
    strange = sends.tcp("10.9.9.1", "10.9.9.2", 1, 2, macs=("02:09:00:00:00:01", "02:09:00:00:00:02"))
    _, _, err = output(capsys, sends.capture(tmp_path / "s.pcap", strange), *given[1:], "-w", "out.pcap")
    assert err.splitlines()[-1].startswith("tmrx: warning: nothing was mirrored: no packet is a source's; sources have")


def test_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "--list")
    assert code == 0
    assert "dns-tunnel " in out


def test_a_scenario_is_played_by_the_mirrors_first_source() -> None:
    known = mirror.from_documents([aws(**sends.TABLES)])
    made = parties(Inputs(known, Settings(), Rules()))
    assert (made["source"].mac, made["source"].ipv4, made["resolver"]) == (sends.MAC, sends.HOST, "169.254.169.253")
    assert parties(Inputs(mirror.Mirror(), Settings(), Rules())) == {}


def test_where_copies_go() -> None:
    vxlan, geneve = (everything(1, None, ("192.0.2.1", "192.0.2.2"), gateway=gateway) for gateway in (False, True))
    assert To("127.0.0.1", None, None).target(vxlan) == ("udp", "127.0.0.1", 4789)
    assert To("127.0.0.1", None, None).target(geneve) == ("udp", "127.0.0.1", 6081)
    assert To("[::1]:7", None, None).target(geneve) == ("udp", "::1", 7)
    assert To("targets", None, None).target(vxlan) == ("udp", "", 0)
    assert To(None, "a.pcap", None).target(vxlan) == ("pcap", "a.pcap", 0)
    assert To(None, None, "eth1").target(vxlan) == ("raw", "eth1", 0)


def test_copies_of_both_kinds_need_a_port() -> None:
    gateway = {
        "TrafficMirrorTargetId": "tmt-g",
        "GatewayLoadBalancerEndpointId": "vpce-0123456789abcdef0",
    }
    tables = sends.TABLES | {
        "TrafficMirrorTargets": [*sends.TABLES["TrafficMirrorTargets"], gateway],
        "TrafficMirrorSessions": [sends.session(1), sends.session(2, TrafficMirrorTargetId="tmt-g")],
    }
    plan = source_plan(mirror.from_documents([aws(**tables)]), Settings())
    with pytest.raises(UsageError, match="can't be guessed: some copies are VXLAN, some GENEVE"):
        To("127.0.0.1", None, None).target(plan)
    assert To("127.0.0.1:5", None, None).target(plan) == ("udp", "127.0.0.1", 5)


def test_what_happens_on_the_way() -> None:
    way = Way(7, 0.01, 0, 0.5, None, 0.01, 0.0005, 0)
    want = Impairments(seed=7, loss=0.01, reorder=0.5, delay=10_000_000, jitter=500_000)
    assert way.impairments() == want


def test_every_reason_is_a_row_of_the_table() -> None:
    reasons: dict[str, Any] = {
        fate: {reason: 1 for of, reason in fates.NOT_MIRRORED if of == fate}
        for fate in ("rejected", "excluded", "skipped")
    }
    rows = list(fates.not_mirrored(reasons | {"no_session": {"target_gone": 1}, "not_at_source": 1}))
    assert len(rows) == len(fates.NOT_MIRRORED) + 1
    assert ("no active session: target gone", 1) in rows


def test_only_so_many_sessions_are_shown() -> None:
    known = mirror.from_documents([aws(**sends.TABLES)])
    session = {"session": "tms-1", "vni": 1, "source": "eni-1", "copies": 1, "bytes": 1, "truncated": 0}
    counts = dict.fromkeys(("packet_length", "mtu", "snaplen", "pseudo", "zero", "kept", "dropped", "uncut"), 0)
    copies = dict.fromkeys((*fates.IMPAIRMENTS, "sent", "bytes", "too_large", "refused"), 0)
    stats = {"frames": 2, "outcomes": 3, "mirrored": 3, "not_at_source": 0, "sessions": [session] * 25}
    stats |= {fate: {} for fate in ("rejected", "excluded", "no_session", "skipped")}
    lines = sent.lines(stats | {"truncated": counts, "checksum": counts, "live": counts, "copies": copies}, known)
    assert "  … and 5 more, with fewer copies: --stats has them all" in lines
    assert any(line.split() == ["once", "for", "each", "source", "3"] for line in lines)
