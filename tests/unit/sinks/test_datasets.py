from __future__ import annotations

from pathlib import Path

import pytest

from tmrx.errors import OutputError
from tmrx.rules.datasets import Saved
from tmrx.sinks.datasets import keep

VALUES = {"text": [b"a", b"b"], "hosts": [bytes(10) + b"\xff\xff\x0a\0\0\1"]}


def test_values_are_written_a_line_each(tmp_path: Path) -> None:
    names = Saved("text", "string", str(tmp_path / "new" / "text.csv"))
    hosts = Saved("hosts", "ip", str(tmp_path / "hosts.csv"))
    keep([names, hosts], VALUES.__getitem__)
    assert (tmp_path / "new" / "text.csv").read_text() == "YQ==\nYg==\n"
    assert (tmp_path / "hosts.csv").read_text() == "10.0.0.1\n"


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        keep([Saved("text", "string", str(tmp_path / "file" / "text.csv"))], VALUES.__getitem__)
