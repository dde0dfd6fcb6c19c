"""The reference pages say what the tables say, and every command is documented."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click
import pytest

from docs import generate

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", generate.PAGES)
def test_page_is_up_to_date(name: str) -> None:
    assert (generate.FOLDER / name).read_text() == generate.PAGES[name](), f"{name} is out of date: make docs"


@pytest.mark.parametrize("path", generate.commands(), ids=" ".join)
def test_command_is_documented(path: tuple[str, ...]) -> None:
    command = generate.commands()[path].command
    assert command.help, "no help"
    if not isinstance(command, click.Group):
        assert "Example" in command.help, "no example in the help"
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_changelog_names_the_version() -> None:
    version = tomllib.loads((ROOT / "core" / "Cargo.toml").read_text())["package"]["version"]
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    entries = [line for line in lines if line.startswith("## ")]
    assert entries[0] == "## [Unreleased]"
    assert version == "0.1.0" or entries[1].startswith(f"## [{version}]")
