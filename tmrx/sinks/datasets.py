"""Datasets that rules keep: written to their files when a run ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from tmrx.rules.datasets import Saved, to_text
from tmrx.sinks.output import Output, fault


def keep(saved: Iterable[Saved], values: Callable[[str], list[bytes]]) -> None:
    """Write each dataset's values, one a line; `values` gives them by its name. Raises OutputError."""
    for one in saved:
        folder = Path(one.path).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise fault(str(folder), error) from None
        output = Output(one.path)
        output.write("".join(f"{to_text(value, one.type)}\n" for value in values(one.name)).encode())
        output.close()
