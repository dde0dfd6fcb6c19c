"""Where results go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmrx import plan
from tmrx.errors import OutputError, UsageError
from tmrx.sinks import Output, Paths, Sinks


def test_only_what_is_named_is_planned() -> None:
    assert Paths().plan() == plan.Outputs()
    assert Paths(eve="e", stats="s").plan() == plan.Outputs(eve=True)
    assert Paths(fast="f", pcap="-").plan() == plan.Outputs(fast=True, pcap=True)


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
