"""The page on scenarios: its table is the whole table, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from tests.support import REPO
from tmrx.interop.scenarios import SOURCE, names, neighbour
from tmrx.interop.scene import Scene, service

PAGE = (REPO / "docs" / "how-to" / "scenarios.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_table_has_every_scenario() -> None:
    rows = re.findall(r"^\| ([a-z0-9-]+) \|", PAGE, re.MULTILINE)
    assert rows[2:] == list(names())


def test_the_programs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("scapy", reason="scapy is not installed")
    monkeypatch.chdir(tmp_path)
    frames, own = PROGRAMS
    exec(frames, {})  # noqa: S102 - our own page
    assert (tmp_path / "dns.pcap").stat().st_size > 1000
    found: dict[str, object] = {}
    exec(own, found)  # noqa: S102 - our own page
    chance = Random(0)  # noqa: S311 - repeatable
    scene = Scene(SOURCE, neighbour(SOURCE), service("10.0.0.2", "fd00:ec2::253"), chance)
    play = found["play"]
    assert callable(play)
    assert len(list(play(scene))) == 12
