"""How far a long run is, on a terminal only: frames, bytes, and both a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tmrx.cli.console import terminal


class Progress(Protocol):
    """Is told where a run stands."""

    def __call__(self, frames: int, position: int) -> None:
        """`frames` in all, `position` in bytes."""


@contextmanager
def progress(label: str, size: int | None, *, quiet: bool) -> Iterator[Progress]:
    """A bar of `size` bytes (None: not known); nothing where there is no terminal to show it."""
    if quiet or not terminal():
        yield lambda frames, position: None
        return
    from rich import progress as bars  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TextColumn("{task.fields[frames]:,} frames, {task.fields[rate]:,.0f}/s"),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=size, frames=0, rate=0.0)

        def update(frames: int, position: int) -> None:
            elapsed = bar.tasks[task].elapsed or 0.0
            bar.update(task, completed=position, frames=frames, rate=frames / elapsed if elapsed else 0.0)

        yield update
