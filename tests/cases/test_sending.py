"""Run every folder here whose case.toml says `kind = "send"`: what a mirror's sources make of a capture.

what = "what the case shows"             mirror = ["FILE", …]      its files, from the folder
packets = ["what packet 1 is", …]        of input.pcap, in order
errors = ["FILE: PLACE: WHY (HINT)", …]  instead: the mirror is refused, for these reasons

`expected.pcap` are the copies, byte for byte, and `truth.jsonl` is what the source did; both were checked by hand. For
the guide's examples `guide.py` writes the rest.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cases.guide import cases, document
from tests.differential.test_source_agrees import Hashed
from tests.support import read_pcap
from tmrx import config, mirror
from tmrx.cli import run
from tmrx.mirror.source import source_plan
from tmrx.reference.mirror import Mirror

HERE = Path(__file__).parent
EVERY = {path.parent.name: tomllib.loads(path.read_text()) for path in sorted(HERE.glob("*/case.toml"))}
CASES = {name: case for name, case in EVERY.items() if case.get("kind") == "send"}
SENT = [name for name, case in CASES.items() if "packets" in case]
REFUSED = [name for name in CASES if name not in SENT]


def options(case: dict[str, Any]) -> list[str]:
    """The case's mirror, as options of a command."""
    return [word for name in case["mirror"] for word in ("--mirror", name)]


@pytest.mark.parametrize("name", SENT)
def test_sent(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / name)
    out, truth = tmp_path / "out.pcap", tmp_path / "truth.jsonl"
    assert run(["send", "input.pcap", "-w", str(out), *options(CASES[name]), "--truth", str(truth), "--quiet"]) == 0
    assert truth.read_text() == Path("truth.jsonl").read_text()
    assert out.read_bytes() == Path("expected.pcap").read_bytes()


@pytest.mark.parametrize("name", SENT)
def test_the_reference_says_so_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / name)
    packets, copies = read_pcap(Path("input.pcap")), read_pcap(Path("expected.pcap"))
    assert packets is not None
    assert copies is not None
    assert len(packets) == len(CASES[name]["packets"])
    plan = source_plan(mirror.load(CASES[name]["mirror"]), config.Settings())
    reference, hashed, expected = Mirror(plan), Hashed(plan), iter(copies)
    told = []
    for packet in packets:
        for outcome in reference.decide(packet):
            told.append(outcome.truth())
            if outcome.copy is not None:
                copy = next(expected)
                assert copy.data == hashed.frame(outcome.copy, copy.data)
                assert copy.time == packet.time
    assert next(expected, None) is None
    assert told == [json.loads(line) for line in Path("truth.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", REFUSED)
def test_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(HERE / name)
    capture = HERE / SENT[0] / "input.pcap"
    assert run(["send", str(capture), "-w", str(tmp_path / "out.pcap"), *options(CASES[name])]) == 2
    assert capsys.readouterr().err.splitlines() == [f"tmrx: error: {error}" for error in CASES[name]["errors"]]
    assert list(tmp_path.iterdir()) == []


def test_the_folders_are_as_the_guides_examples_say() -> None:
    for case in cases():
        folder = HERE / case.name
        assert (folder / "case.toml").read_text() == document(case), case.name
        assert json.loads((folder / case.file).read_text()) == case.tables, case.name
        if case.packets:
            packets = read_pcap(folder / "input.pcap")
            assert [packet.data for packet in packets or []] == [frame for _, frame in case.packets], case.name
