"""Where results go."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from tmrx import plan
from tmrx._core import Engine
from tmrx.errors import OutputError, UsageError
from tmrx.sinks import Output, Paths, Rotation, Sinks
from tmrx.sinks.captures import numbered

# Ethernet, IPv4, UDP, nothing.
UDP = "ffffffffffff 020000000001 0800 4500001c 00010000 40110000 0a000001 0a000002 0001000200080000"


def test_only_what_is_named_is_planned() -> None:
    assert Paths().plan() == plan.Outputs()
    assert Paths(eve="e", stats="s").plan() == plan.Outputs(eve=(plan.EVERYTHING,))
    assert Paths(fast="f", pcap="-").plan() == plan.Outputs(fast=True, pcap=True)


def test_each_section_has_its_file(tmp_path: Path) -> None:
    wanted = {
        "flow.json": plan.Eve(flow=True),
        "stats.json": plan.Eve(stats=plan.StatsEvents()),
        "none.json": plan.Eve(),
    }
    sections = tuple((str(tmp_path / name), section) for name, section in wanted.items())
    own = str(tmp_path / "eve.json")
    paths = Paths(eve=own, sections=sections, stats_log=str(tmp_path / "stats.log"))
    engine = Engine(plan.Plan(outputs=paths.plan()).encode())
    with Sinks(paths) as sinks:
        sinks.take(engine.push([(0, bytes.fromhex(UDP), 42)]))
        sinks.take(engine.finish())
    kinds = {
        path.name: [json.loads(line)["event_type"] for line in path.read_text().splitlines()]
        for path in tmp_path.glob("*.json")
    }
    assert kinds == {
        "eve.json": ["flow", "netflow", "stats"],
        "flow.json": ["flow"],
        "stats.json": ["stats"],
        "none.json": [],
    }
    line = re.search(r"^decoder\.udp +\| Total +\| 1$", (tmp_path / "stats.log").read_text(), re.MULTILINE)
    assert line is not None


def test_a_report_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    with Sinks(Paths(stats=str(path))) as sinks:
        sinks.report(b"a long one")
        assert path.read_bytes() == b"a long one\n"
        sinks.report(b"short")
    assert path.read_bytes() == b"short\n"


@pytest.mark.parametrize(
    ("path", "why"),
    [("none/x", "no such file or directory"), (".", "is a directory")],
)
def test_what_cannot_be_opened(tmp_path: Path, path: str, why: str) -> None:
    eve = tmp_path / "eve.json"
    with pytest.raises(OutputError, match=f"can't be written: {why}"):
        Sinks(Paths(eve=str(eve), fast=str(tmp_path / path)))


def test_a_full_disk() -> None:
    output = Output("/dev/full")
    with pytest.raises(OutputError, match=r"^/dev/full: can't be written: no space left on device \("):
        output.write(b"x")
    output.close()


def test_no_input_is_overwritten(tmp_path: Path) -> None:
    capture = tmp_path / "in.pcap"
    capture.write_bytes(b"bytes")
    link = tmp_path / "link"
    link.symlink_to(capture)
    with pytest.raises(UsageError, match="would be overwritten"):
        Paths(pcap=str(link)).check([str(capture)])
    assert capture.read_bytes() == b"bytes"


@pytest.mark.parametrize("path", ["-", "new.json", "./x/../new.json"])
def test_no_two_outputs_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    first = "-" if path == "-" else "new.json"
    why = "asked for twice" if path == "-" else "would be overwritten"
    with pytest.raises(UsageError, match=why):
        Paths(eve=first, fast=path).check([])


def test_devices_take_any_number_of_outputs() -> None:
    Paths(eve="/dev/null", fast="/dev/null").check(["/dev/null", "-"])
    Paths(eve="-").check(["-"])


@pytest.mark.parametrize(
    ("path", "pcapng"),
    [("a.pcap", False), ("-", False), ("a", False), ("pcapng", False), ("a.pcapng", True), ("a.pcapng.zst", True),
     ("a.PCAPNG.GZ", True), ("a.pcap.gz", False), ("a.pcapng.txt", False)],
)  # fmt: skip
def test_a_name_says_what_a_capture_is(path: str, pcapng: bool) -> None:
    rotation = Rotation(size=7, time=1.5)
    wanted = plan.CaptureSettings(pcapng=pcapng, rotate_size=7, rotate_time=1_500_000_000)
    assert Paths(pcap=path, rotation=rotation).plan().capture == wanted


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/out.pcap", "a/out_00012_20160527065611.pcap"), ("out.pcapng.zst", "out_00012_20160527065611.pcapng.zst"),
     ("out.zst", "out_00012_20160527065611.zst"), ("b.c/out", "b.c/out_00012_20160527065611")],
)  # fmt: skip
def test_names_in_rotation(path: str, name: str) -> None:
    assert numbered(path, 12, 1_464_332_171_999_999_999) == name


def test_a_file_in_rotation_overwrites_no_input(tmp_path: Path) -> None:
    earlier = str(tmp_path / "out_00001_20160527065611.pcap")
    paths = Paths(pcap=str(tmp_path / "out.pcap"), rotation=Rotation(size=1))
    with pytest.raises(UsageError, match="may be overwritten by the files of"):
        paths.check([earlier])
    paths.check([str(tmp_path / name) for name in ("out.pcap", "out_1.pcap", "out_00001_20160527065611.pcapng")])
    Paths(pcap=str(tmp_path / "out.pcap")).check([earlier])


def test_the_newest_files_stay(tmp_path: Path) -> None:
    paths = Paths(pcap=str(tmp_path / "out.pcap.gz"), rotation=Rotation(size=1, keep=2))
    engine = Engine(plan.Plan(outputs=paths.plan()).encode())
    with Sinks(paths) as sinks:
        for second in range(4):
            sinks.take(engine.push([(second * 10**9, bytes(60), 60)]))
        sinks.take(engine.finish())
    names = ["out_00003_19700101000002.pcap.gz", "out_00004_19700101000003.pcap.gz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert [len(gzip.decompress((tmp_path / name).read_bytes())) for name in names] == [24 + 16 + 60] * 2


def test_files_that_are_named_by_their_first_second(tmp_path: Path) -> None:
    paths = Paths(pcap=str(tmp_path / "log.pcap"), rotation=Rotation(size=1, stamped=True))
    engine = Engine(plan.Plan(outputs=paths.plan()).encode())
    with Sinks(paths) as sinks:
        for nanoseconds in (10**9, 10**9 + 7_000, 2 * 10**9):
            sinks.take(engine.push([(nanoseconds, bytes(60), 60)]))
        sinks.take(engine.finish())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.pcap.1", "log.pcap.1.000007", "log.pcap.2"]
