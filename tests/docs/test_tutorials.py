"""The tutorials print what the commands do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tmrx import cli

ROOT = Path(__file__).parents[2]
LAPTOP = (ROOT / "docs" / "tutorials" / "laptop.md").read_text()


def after(command: str) -> str:
    """What the tutorial says that a command prints."""
    found = re.search(rf"```sh\n{re.escape(command)}[^\n]*\n```\n(?:[^`]|`(?!``))*```text\n(.*?)```", LAPTOP, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The capture; the configuration is in the folder, as the tutorial has it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    (config,) = re.findall(r"```toml\n(.*?)```", LAPTOP, re.DOTALL)
    Path("laptop.toml").write_text(config)
    return str(ROOT / "sample_pcaps" / "attack.pcap")


@pytest.mark.parametrize(
    ("args", "of", "stream"),
    [
        (["mirror", "check", "laptop.toml"], "tmrx mirror check", 0),
        (["mirror", "explain", "{sample}", "--mirror", "laptop.toml", "--packet", "3,42,66"], "tmrx mirror explain", 0),
        (["send", "{sample}", "--mirror", "laptop.toml", "-w", "out.pcap"], "tmrx send", 1),
    ],
)
def test_a_mirror_on_a_laptop(
    capsys: pytest.CaptureFixture[str], sample: str, args: list[str], of: str, stream: int
) -> None:
    assert cli.run([arg.format(sample=sample) for arg in args]) == 0
    assert capsys.readouterr()[stream] == after(of)
