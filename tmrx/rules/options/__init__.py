"""The supported keywords, a function each: it reads the option and adds to the draft, or raises Fault."""

from __future__ import annotations

from collections.abc import Callable

from tmrx.rules.draft import Draft
from tmrx.rules.options import meta, mirror, packet, payload, state
from tmrx.rules.parser import Option

Handler = Callable[[Draft, Option], None]

HANDLERS: dict[str, Handler] = {
    **meta.HANDLERS,
    **payload.HANDLERS,
    **packet.HANDLERS,
    **mirror.HANDLERS,
    **state.HANDLERS,
}
