"""Fixtures of the tests with processes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.processes import ENV, Run, command


@pytest.fixture
def tmrx(tmp_path: Path) -> Run:
    """Runs a command line in an empty folder."""

    def run(*args: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command(*args), input=stdin, capture_output=True, cwd=tmp_path, env=ENV, timeout=50, check=False
        )

    return run
