"""What tmrx says of a capture of the shared suite."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.score import shared
from tmrx._core import Capture, Engine

Event = dict[str, Any]


def events(encoded: bytes, capture: str) -> list[Event]:
    """The events of a capture, in order, as the first EVE section of an encoded plan has them."""
    core, lines = Engine(encoded), b""
    source = Capture(str(shared() / "conformance" / "suite" / "tests" / capture))
    for step in (lambda: core.run(source), core.finish):
        while True:
            batch = step()
            lines += batch.eve[0]
            if batch.ended:
                break
    return [json.loads(line) for line in lines.splitlines()]
