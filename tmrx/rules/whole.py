"""What a rule as a whole has to keep to: its options together, and with its header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tmrx import plan
from tmrx.rules import supported
from tmrx.rules.diagnostics import Fault, unsupported
from tmrx.rules.draft import PAYLOAD, BufferDraft, ContentDraft, Draft
from tmrx.rules.header import ApplicationHook, Header
from tmrx.rules.kinds import WITH_EVENTS, needs_packet, needs_stream
from tmrx.rules.parser import Option
from tmrx.rules.protocols import APPLICATIONS, FAMILIES, WITH_FILES, Side

_SIDES: dict[str, Side] = {"ts": "to_server", "tc": "to_client"}
_SHORT = {side: short for short, side in _SIDES.items()}
_ON_ANY = frozenset(("ip", "ipv4", "ipv6"))
_ON_TCP = frozenset(("tcp", "tcp-pkt", "tcp-stream"))
# The catalogue's word for HTTP/1 is http.
_CATALOGUE = {"http1": "http"}


class Application(NamedTuple):
    """The applications that a rule is for: as the plan has them, and in the catalogue's words. None: it needs none."""

    name: str
    words: frozenset[str] | None


def check(header: Header, draft: Draft, options: Iterable[Option]) -> Application:
    """Check all that can be told without the core; the rule's application. Completes the flow check. Raises Fault."""
    if header.word == "pkthdr":
        _check_events_only(options)
    application = _application(header, draft)
    _check_direction(header, draft)
    _check_packet_or_stream(header, draft)
    _check_frames(draft)
    if header.hook is not None:
        _check_hook(header.hook, header.application, draft)
    _check_dsize(draft)
    return application


def lacks(header: Header, draft: Draft, application: Application) -> Iterator[Fault]:
    """What is right and not supported yet."""
    known = application.name == "" or not supported.applications().isdisjoint(application.name.split("|"))
    if header.application and not known:
        yield unsupported(f"protocol '{header.word}'", at=header.protocol_at)
    yield from draft.missing
    for buffer in draft.buffers:
        if buffer.keyword is not None and buffer.name not in supported.buffers():
            yield unsupported(f"keyword '{buffer.keyword.name}'", at=buffer.at)
    if draft.needs and not known:
        yield unsupported(f"keyword '{draft.needs[0].what}'", at=draft.needs[0].at)


def _check_events_only(options: Iterable[Option]) -> None:
    for option in options:
        if option.keyword.name not in WITH_EVENTS:
            raise Fault(f"'{option.keyword.name}' in a pkthdr rule", "pkthdr goes with events of packets", at=option.at)


# --- applications


def _application(header: Header, draft: Draft) -> Application:
    """The applications that the header and all options have in common."""
    own = header.application
    words = FAMILIES.get(own, frozenset((own,))) if own else None
    if not draft.needs:
        return Application(own, words)
    asked = f"a rule of {own}"
    for need in draft.needs:
        wanted = WITH_FILES if "files" in need.protocols else need.protocols
        left = wanted if words is None else words & wanted
        if not left:
            raise Fault(f"'{need.what}' is of {_listed(wanted)} and does not go with {asked}", at=need.at)
        # DoH is DNS and HTTP/2 at once.
        if left != words and own != "doh2":
            words, asked = left, f"'{need.what}'"
    if not own and words is not None:
        _check_carried(header, words, draft.needs[0].at)
    return Application(own if words == FAMILIES.get(own) else _named(words or frozenset()), words)


def _listed(words: frozenset[str]) -> str:
    return "/".join(sorted(words))


def _named(words: frozenset[str]) -> str:
    """A family's name; the names of several that are none, joined by `|`."""
    for family in ("http", "http1", "dns", "dcerpc"):
        if words == FAMILIES[family]:
            return family
    return "|".join(sorted(words))


def _check_carried(header: Header, words: frozenset[str], at: int) -> None:
    if header.word in _ON_ANY:
        return
    carriers = {APPLICATIONS[word] for word in words}
    own = "tcp" if header.word in _ON_TCP else header.word
    if own not in ("tcp", "udp") or not carriers & {own, "ip"}:
        raise Fault(f"{_listed(words)} is not carried by {header.word}", at=at)


# --- directions


def _check_direction(header: Header, draft: Draft) -> None:
    flow = draft.flow or plan.FlowCheck()
    side: Side | None = flow.direction or None
    why = f"flow:{side}"
    if header.hook is not None:
        if side is not None and side != header.hook.side:
            raise Fault(f"the hook is of data {header.hook.side} and the rule's {why} is not", at=header.hook.at)
        side, why = header.hook.side, f"the hook '{header.hook.name}'"
    if header.transactional:
        _check_transactional(draft)
        return
    for need in draft.needs:
        wanted = _SIDES.get(need.direction)
        if wanted is None:
            continue
        if side is not None and side != wanted:
            raise Fault(f"'{need.what}' is of data {wanted} and does not go with {why}", at=need.at)
        side, why = wanted, f"'{need.what}'"
    if side is None:
        _check_raw_header(draft)
    elif flow.direction != side:
        draft.flow = plan.FlowCheck(
            direction=side,
            state=flow.state,
            only_stream=flow.only_stream,
            no_stream=flow.no_stream,
            fragments=flow.fragments,
        )


def _check_raw_header(draft: Draft) -> None:
    for buffer in draft.buffers:
        if buffer.name == "http.header.raw":
            raise Fault("http.header.raw without direction", "add flow:to_server or flow:to_client", at=buffer.at)


def _check_transactional(draft: Draft) -> None:
    sides = set()
    for buffer in draft.buffers:
        if buffer.keyword is None:
            continue
        needs = [need.direction for need in draft.needs if need.at == buffer.at]
        side = needs[0] if needs else buffer.keyword.direction
        if side not in _SIDES:
            raise Fault(f"'{buffer.name}' is of both directions", "with '=>' each buffer is of one", at=buffer.at)
        sides.add(side)
    if len(sides) < len(_SIDES):
        raise Fault("'=>' needs a buffer of each direction", "such as http.uri and http.stat_code", at=0)


# --- packets, streams, frames, hooks


def _check_packet_or_stream(header: Header, draft: Draft) -> None:
    packet, stream = needs_packet(header, draft), needs_stream(header, draft)
    if packet and stream:
        raise Fault(f"'{packet}' wants packets and '{stream}' wants stream data only", at=0)
    if packet and draft.needs:
        need = draft.needs[0]
        raise Fault(f"'{packet}' wants packets and '{need.what}' what an application sent", at=need.at)


def _check_frames(draft: Draft) -> None:
    used = [buffer for buffer in draft.buffers if buffer.entries or buffer.keyword is not None]
    frames = [buffer for buffer in used if _is_frame(buffer)]
    if frames and len(frames) < len(used):
        other = next(buffer for buffer in used if not _is_frame(buffer))
        raise Fault(f"a frame together with '{other.name}'", "one or the other", at=other.at or frames[0].at)


def _is_frame(buffer: BufferDraft) -> bool:
    return buffer.keyword is not None and buffer.keyword.name == "frame"


def _check_hook(hook: ApplicationHook, application: str, draft: Draft) -> None:
    place = f"{_CATALOGUE.get(application, application)}/{_SHORT[hook.side]}"
    for buffer in draft.buffers:
        if buffer.keyword is not None and buffer.keyword.progress.get(place) != hook.progress:
            raise Fault(f"'{buffer.name}' is not of the state '{hook.name}'", at=buffer.at)


# --- sizes


def _check_dsize(draft: Draft) -> None:
    """A payload that `dsize` allows must have room for the contents."""
    if "dsize" not in draft.seen:
        return
    limits = [limit for check in draft.checks if isinstance(check, plan.Dsize) for limit in _largest(check)]
    if not limits:
        return
    end = 0
    for entry in (entry for buffer in draft.buffers if buffer.name == PAYLOAD for entry in buffer.entries):
        if not isinstance(entry, ContentDraft):
            end = 0
        elif not entry.negated:
            start = max(0, end + _number(entry.distance)) if entry.relative else _number(entry.offset)
            end = start + len(entry.pattern)
            if end > min(limits):
                why = f"dsize allows at most {min(limits)} bytes, and this content ends at byte {end} or later"
                raise Fault(why, at=entry.at)


def _number(place: plan.Place | None) -> int:
    return place if isinstance(place, int) else 0


def _largest(check: plan.Dsize) -> list[int]:
    """The largest size that passes, if there is a largest."""
    number = check.number
    if check.negated:
        return []
    return {"eq": [number.a], "lt": [number.a - 1], "le": [number.a], "between": [number.b - 1]}.get(number.op, [])
