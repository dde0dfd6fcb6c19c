"""Levels of messages, and where they go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmrx.sinks import Output
from tmrx.suricata.messages import Level, Messages, level


def test_levels_by_name() -> None:
    assert (level("info"), level("Notice"), level("debug"), level("loud")) == (
        Level.INFO,
        Level.NOTICE,
        Level.CONFIG,
        None,
    )


def test_where_messages_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    messages = Messages()
    messages.files.append((Output(str(tmp_path / "log")), Level.INFO))
    messages.error("detect", "bad \x1b rule")
    messages.warning("detect", "odd")
    messages.info("detect", "1 rule")
    said = capsys.readouterr()
    assert said.err == "Error: detect: bad \\x1b rule\n"
    assert said.out == "Warning: detect: odd\n"
    assert (tmp_path / "log").read_text() == f"{said.err}{said.out}Info: detect: 1 rule\n"
