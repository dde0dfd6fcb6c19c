"""Keywords about the flow and the stream of a packet, and what becomes of them after a match."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from tmrx.plan import Bypass, FlowCheck, FlowElephant, FlowNumber, StreamSize, Tag, TcpSession, Unlog, Untrack
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft
from tmrx.rules.numbers import U32, U64, number, number_text, unsigned_text
from tmrx.rules.parser import Option

Handler = Callable[[Draft, Option], None]

_Direction = Literal["", "to_server", "to_client"]
_State = Literal["", "established", "not_established", "stateless"]
_Fragments = Literal["", "only", "no"]
_DIRECTIONS: dict[str, _Direction] = {
    "to_server": "to_server",
    "from_client": "to_server",
    "to_client": "to_client",
    "from_server": "to_client",
}
_STATES: dict[str, _State] = {
    "established": "established",
    "not_established": "not_established",
    "stateless": "stateless",
}
_STREAMS = {"only_stream": "only_stream", "no_stream": "no_stream"}
_FRAGMENTS: dict[str, _Fragments] = {"only_frag": "only", "no_frag": "no"}
_KINDS: tuple[Mapping[str, str], ...] = (_DIRECTIONS, _STATES, _STREAMS, _FRAGMENTS)
_WORDS = {word: place for place, words in enumerate(_KINDS) for word in words}


def _flow(draft: Draft, option: Option) -> None:
    draft.once(option)
    taken = ["", "", "", ""]
    for word in option.value.lower().split(","):
        word = word.strip()  # noqa: PLW2901
        place = _WORDS.get(word)
        if place is None:
            raise Fault(f"'{word}' is no word of 'flow'", ", ".join(_WORDS), at=option.value_at)
        if taken[place]:
            hint = "one direction, one state, one kind of data"
            raise Fault(f"'{word}' after '{taken[place]}'", hint, at=option.value_at)
        taken[place] = word
    direction, state, stream, fragments = taken
    draft.flow = FlowCheck(
        direction=_DIRECTIONS.get(direction, ""),
        state=_STATES.get(state, ""),
        only_stream=stream == "only_stream",
        no_stream=stream == "no_stream",
        fragments=_FRAGMENTS.get(fragments, ""),
    )


_Side = Literal["to_server", "to_client", "both", "either"]
_SIDES: dict[str, _Side] = {"toserver": "to_server", "toclient": "to_client", "both": "both", "either": "either"}
_What = Literal["age", "packets", "bytes"]


def _side(text: str, option: Option) -> _Side:
    side = _SIDES.get(text.strip())
    if side is None:
        raise Fault(f"'{text.strip()}' is no side of a flow", ", ".join(_SIDES), at=option.value_at)
    return side


def _of_side(what: _What, highest: int) -> Handler:
    """flow.pkts, flow.bytes: side, number."""

    def handler(draft: Draft, option: Option) -> None:
        side, _, rest = option.value.partition(",")
        check = FlowNumber(what=what, side=_side(side, option), number=number_text(rest, highest, option))
        draft.checks.append(check)

    return handler


def _fixed(what: _What, side: _Side, highest: int) -> Handler:
    """The same with the side in the keyword."""

    def handler(draft: Draft, option: Option) -> None:
        draft.checks.append(FlowNumber(what=what, side=side, number=number(option, highest)))

    return handler


def _elephant(draft: Draft, option: Option) -> None:
    draft.checks.append(FlowElephant(side=_side(option.value, option)))


_StreamSide = Literal["client", "server", "both", "either"]
_STREAM_SIDES: dict[str, _StreamSide] = {"client": "client", "server": "server", "both": "both", "either": "either"}
_STREAM_SIZE = re.compile(r"\s*(\w+)\s*,\s*([<>!=]=?)\s*,\s*(\d{1,10})\s*")


def _stream_size(draft: Draft, option: Option) -> None:
    match = _STREAM_SIZE.fullmatch(option.value)
    if match is None or match[1] not in _STREAM_SIDES or match[2] == "==":
        hint = "client, server, both or either; an operator of < > <= >= = !=; bytes"
        raise Fault(f"'{option.value}' is no size of a stream", hint, at=option.value_at)
    size = number_text(match[2] + match[3], U32, option)
    draft.checks.append(StreamSize(side=_STREAM_SIDES[match[1]], number=size))


_SESSION_STATES = {"setup": 1, "established": 2, "closing": 4}


def _tcp_session(draft: Draft, option: Option) -> None:
    states = 0
    for word in (part.strip() for part in option.value.split(",")):
        if word not in _SESSION_STATES:
            raise Fault(f"'{word}' is no state of a session", ", ".join(_SESSION_STATES), at=option.value_at)
        states |= _SESSION_STATES[word]
    draft.checks.append(TcpSession(states=states))


# --- after the match

_TAG = re.compile(
    r"\s*(session|host)\s*(?:,\s*(\d{1,10})\s*,\s*(packets|bytes|seconds)\s*(?:,\s*(src|dst)\s*)?)?", re.IGNORECASE
)


def _tag(draft: Draft, option: Option) -> None:
    match = _TAG.fullmatch(option.value)
    if match is None or (match[4] and match[1].lower() == "session"):
        hint = "session|host[,COUNT,packets|bytes|seconds[,src|dst]]; a side for hosts only"
        raise Fault(f"'{option.value}' is no tag", hint, at=option.value_at)
    if match[2] is None:
        draft.effects.append(Tag(scope=match[1].lower()))  # type: ignore[arg-type]
        return
    draft.effects.append(
        Tag(
            scope=match[1].lower(),  # type: ignore[arg-type]
            count=unsigned_text(match[2], 1, U32, option),
            unit=match[3].lower(),  # type: ignore[arg-type]
            side=(match[4] or "dst").lower(),  # type: ignore[arg-type]
        )
    )


def _bypass(draft: Draft, option: Option) -> None:
    draft.once(option)
    draft.effects.append(Bypass())


_CONFIG = re.compile(r"\s*(logging|tracking)\s+disable\s*,\s*type\s+(tx|flow)\s*,\s*scope\s+(tx|flow|packet)\s*")


def _config(draft: Draft, option: Option) -> None:
    match = _CONFIG.fullmatch(option.value)
    if match is None:
        hint = "logging|tracking disable, type tx|flow, scope tx|flow|packet"
        raise Fault(f"'{option.value}' is no configuration", hint, at=option.value_at)
    if match[1] == "tracking":
        draft.effects.append(Untrack())
    elif match[2] == match[3]:
        draft.effects.append(Unlog(of="flow" if match[2] == "flow" else "transaction"))
    else:
        draft.lack(f"'logging disable' for a {match[2]} with scope {match[3]}", option.value_at)


HANDLERS: dict[str, Handler] = {
    "flow": _flow,
    "flow.age": _fixed("age", "both", U32),
    "flow.pkts": _of_side("packets", U32),
    "flow.bytes": _of_side("bytes", U64),
    "flow.pkts_toserver": _fixed("packets", "to_server", U32),
    "flow.pkts_toclient": _fixed("packets", "to_client", U32),
    "flow.bytes_toserver": _fixed("bytes", "to_server", U64),
    "flow.bytes_toclient": _fixed("bytes", "to_client", U64),
    "flow.elephant": _elephant,
    "stream_size": _stream_size,
    "tcp.session": _tcp_session,
    "tag": _tag,
    "bypass": _bypass,
    "config": _config,
}
