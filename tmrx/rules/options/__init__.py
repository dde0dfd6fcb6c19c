"""The keywords, a function each: it reads the option and adds to the draft, or raises Fault."""

from __future__ import annotations

from collections.abc import Callable

from tmrx.rules import supported
from tmrx.rules.catalogue import Keyword
from tmrx.rules.draft import Draft
from tmrx.rules.options import (
    application,
    buffers,
    byteops,
    datasets,
    dns,
    events,
    files,
    flow,
    ftp,
    http2,
    meta,
    mirror,
    packet,
    payload,
    regex,
    state,
    tls,
)
from tmrx.rules.parser import Option

Handler = Callable[[Draft, Option], None]

# Where two have a keyword, the later one's function is taken: those of application read their syntax only.
_MODULES = (
    meta, payload, regex, byteops, buffers, packet, flow, state, datasets, events, application, dns, files, ftp,
    http2, mirror, tls,
)  # fmt: skip
HANDLERS: dict[str, Handler] = {name: handler for module in _MODULES for name, handler in module.HANDLERS.items()}

# The buffers of keywords that are not named like them.
_BUFFERS = {**payload.OLD_NAMES, "uricontent": "http.uri", "urilen": "http.uri", "l3_proto": "ipv4.hdr"}


def is_evaluated(keyword: Keyword) -> bool:
    """Whether rules with this keyword load; the others are read and refused by its name."""
    if keyword.name in application.MISSING and HANDLERS[keyword.name] is application.HANDLERS[keyword.name]:
        return False
    buffer = _BUFFERS.get(keyword.name, keyword.name)
    named = buffer != keyword.name or keyword.kind == "sticky buffer"
    # Frames are buffers by their own names.
    return not named or keyword.name in (*buffers.OWN, "frame") or buffer in supported.buffers()
