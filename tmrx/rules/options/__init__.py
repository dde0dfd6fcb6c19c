"""The keywords, a function each: it reads the option and adds to the draft, or raises Fault."""

from __future__ import annotations

from collections.abc import Callable

from tmrx.rules.draft import Draft
from tmrx.rules.options import (
    application,
    buffers,
    byteops,
    datasets,
    events,
    flow,
    meta,
    mirror,
    packet,
    payload,
    regex,
    state,
)
from tmrx.rules.parser import Option

Handler = Callable[[Draft, Option], None]

_MODULES = (meta, payload, regex, byteops, buffers, packet, flow, state, datasets, events, application, mirror)
HANDLERS: dict[str, Handler] = {name: handler for module in _MODULES for name, handler in module.HANDLERS.items()}
