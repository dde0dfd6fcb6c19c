"""One run of a command: how long it took, how much memory it had at most, and what it answered."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.captures import Capture

TMRX = [sys.executable, "-m", "tmrx"]


@dataclass(frozen=True)
class Run:
    """Seconds from start to end, those that a processor worked for it, the largest resident set in bytes, and the
    `--stats` document where there is one.
    """

    seconds: float
    worked: float
    peak: int
    stats: dict[str, Any]


def _pin(cores: int) -> Callable[[], None] | None:
    if not hasattr(os, "sched_setaffinity"):
        return None
    chosen = sorted(os.sched_getaffinity(0))[-cores:]
    return lambda: os.sched_setaffinity(0, chosen)


def run(command: Sequence[str], cores: int = 1) -> Run:
    """Run it to its end, on that many cores. Raises RuntimeError when it fails."""
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=_pin(cores))  # noqa: PLW1509
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {errors.read().decode(errors='replace').strip()}")
    scale = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale, {})


def tcpdump(capture: Capture) -> Run:
    """The yardstick: read every frame, write it nowhere."""
    return run(["tcpdump", "-r", str(capture.path), "-w", os.devnull])


def tmrx(capture: Capture, *options: str, workers: int = 1, cores: int | None = None) -> Run:
    """`tmrx analyze` with the summary as only output; its own count of the frames is checked.

    On as many cores as there are workers, unless said.
    """
    with tempfile.TemporaryDirectory() as folder:
        stats = Path(folder) / "stats.json"
        command = [*TMRX, "analyze", str(capture.path), "--quiet", "--stats", str(stats), "--workers", str(workers)]
        done = run([*command, *options], cores or workers)
        document = json.loads(stats.read_text())
    frames = document["frames"]
    if frames["received"] != capture.frames or frames["held"]:
        raise RuntimeError(f"{capture.name}: {capture.frames} frames, {frames['received']} received: {frames}")
    return replace(done, stats=document)


def sender(capture: Capture, plan: Path, kind: str, name: str = "", port: int = 0) -> Run:
    """The sender, flat out; that it decided on every frame and sent every copy is checked."""
    with tempfile.TemporaryDirectory() as folder:
        stats = Path(folder) / "stats.json"
        to = f"{kind},{name},{port}"
        command = [sys.executable, "-m", "bench.sender", str(capture.path), str(plan), to, str(stats)]
        done = run(command)
        document = json.loads(stats.read_text())
    sent = document["copies"]["sent"]
    if document["outcomes"] != capture.frames or not 0 < sent == document["mirrored"]:
        raise RuntimeError(f"{capture.name}: {capture.frames} frames, {sent} copies sent: {document}")
    return replace(done, stats=document)


def pairs(first: Callable[[], Run], second: Callable[[], Run], rounds: int) -> tuple[list[Run], list[Run]]:
    """Both by turns, A B A B, so that what disturbs the machine disturbs both."""
    both = [(first(), second()) for _ in range(rounds)]
    return [a for a, _ in both], [b for _, b in both]


def median(runs: Sequence[Run]) -> float:
    """The median of their seconds."""
    return statistics.median(each.seconds for each in runs)
