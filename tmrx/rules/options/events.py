"""Events: decode-event, stream-event, engine-event, app-layer-event.

`events.csv` lists Suricata's names, those of applications with their protocol in front.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tmrx.plan import Event, TransactionEvent
from tmrx.rules import supported
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft, Need
from tmrx.rules.parser import Option

_FILE = Path(__file__).parents[1] / "events.csv"
_APPLICATION = "app-layer"
# How these names were written before.
_RENAMED = ("_with_different_", "_with_diff_")
_OLD_PROTOCOLS = {"ikev2": "ike", "http1": "http", "smb2": "smb"}


class Known(NamedTuple):
    """An event of the table. `note` says of some that they are never raised."""

    layer: str
    protocol: str
    note: str


@cache
def events() -> dict[str, Known]:
    """All events by name, in lower case."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {row["name"]: Known(row["layer"], row["protocol"], row["note"]) for row in csv.DictReader(lines)}


def _packet_event(draft: Draft, option: Option) -> None:
    prefix = {"decode-event": "decoder.", "stream-event": "stream."}.get(option.keyword.name, "")
    name = f"{prefix}{option.value.strip().lower()}".replace(*_RENAMED)
    known = events().get(name)
    if known is None or known.layer == _APPLICATION:
        hint = did_you_mean(name, events().keys())
        raise Fault(f"unknown event '{option.value}'", hint, at=option.value_at)
    if known.note:
        draft.warn(f"'{name}' is {known.note}", "", option.value_at)
    draft.checks.append(Event(name=name))


def _application_event(draft: Draft, option: Option) -> None:
    """An unknown name leaves the rule out and does no harm else, as in Suricata."""
    name = option.value.strip().lower()
    protocol, dot, event = name.partition(".")
    if dot:
        protocol = _OLD_PROTOCOLS.get(protocol, protocol)
        name = f"{protocol}.{event}"
    known = events().get(name)
    if known is None or known.layer != _APPLICATION:
        hint = did_you_mean(name, events().keys())
        raise Fault(f"unknown event '{option.value}': the rule is left out", hint, option.value_at, "warning")
    if known.protocol != "any":
        # The catalogue's word for all applications with files is in the plural.
        owner = "files" if known.protocol == "file" else known.protocol
        draft.needs.append(Need(f"app-layer-event:{name}", frozenset((owner,)), "both", option.at))
    if name not in supported.events():
        draft.lack(f"event '{name}'", option.at)
    owner, _, own = name.rpartition(".")
    draft.checks.append(TransactionEvent(protocol=owner or "applayer", name=own))


HANDLERS = {
    "decode-event": _packet_event,
    "stream-event": _packet_event,
    "engine-event": _packet_event,
    "app-layer-event": _application_event,
}
