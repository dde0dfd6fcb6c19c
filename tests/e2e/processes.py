"""Commands as processes of their own, for the tests here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "tmrx", *map(str, args)]


Run = Callable[..., subprocess.CompletedProcess[bytes]]


class Listening:
    """`tmrx listen` on a free port, once it listens."""

    def __init__(self, folder: Path, *args: str | Path) -> None:
        program = command("listen", "--on", "vxlan:127.0.0.1:0", *args)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(program, stdout=pipe, stderr=pipe, cwd=folder, env=ENV)

    def __enter__(self) -> Listening:
        assert self.process.stderr is not None
        found = re.search(rb"listening on vxlan:127\.0\.0\.1:(\d+)", self.process.stderr.readline())
        assert found is not None
        self.port = int(found[1])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def result(self) -> tuple[int, bytes, bytes]:
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err
