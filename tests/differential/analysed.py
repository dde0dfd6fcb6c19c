"""What tmrx says of a capture file, as `tmrx analyze` would write it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow

from tmrx import _core, config, pipeline
from tmrx.mirror import Mirror
from tmrx.plan import EVERYTHING, Outputs, Rules

Event = dict[str, Any]


@dataclass(frozen=True)
class Analysed:
    """EVE events, in order, the rows of the table `packets`, and the summary document."""

    events: list[Event]
    packets: list[dict[str, Any]]
    summary: dict[str, Any]

    def of(self, kind: str) -> list[Event]:
        """The events of a type."""
        return [event for event in self.events if event["event_type"] == kind]


def analyse(
    path: Path,
    *,
    outer: bool = False,
    settings: Sequence[str] = (),
    rules: Rules | None = None,
    frames: int | None = None,
) -> Analysed:
    """Run over a capture, or its first `frames`; `outer` inspects outer packets too, `settings` are `NAME=VALUE`."""
    plan = pipeline.make_plan(
        mirror=Mirror(),
        settings=config.from_options(settings),
        rules=rules,
        outputs=Outputs(eve=(EVERYTHING,), tables=("packets",)),
        inspect_outer=outer,
    )
    engine = _core.Engine(plan.encode(), 1)
    capture = _core.Capture(str(path))
    batches = [engine.run(capture, frames or 0)]
    while not (batches[-1].ended or frames):
        batches.append(engine.run(capture))
    batches.append(engine.finish())
    while not batches[-1].ended:
        batches.append(engine.finish())
    assert not any(batch.quarantine for batch in batches), "the core panicked"
    events = [json.loads(line) for batch in batches for line in batch.eve[0].splitlines()]
    packets = [row for batch in batches for row in pyarrow.table(batch.table("packets")).to_pylist()]
    return Analysed(events, packets, json.loads(engine.stats()))
