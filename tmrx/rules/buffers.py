"""The buffers of a draft as the plan has them, and what each of them has to keep to."""

from __future__ import annotations

from tmrx import plan
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import PAYLOAD, Base64Draft, BufferDraft, ContentDraft, Draft, Entry


def buffer_tests(draft: Draft) -> tuple[plan.BufferTest, ...]:
    """The buffers that a rule looks into, in the order of their first use. Raises Fault.

    A single-instance buffer that is opened again continues; one with several instances is asked anew.
    """
    tests: dict[object, tuple[BufferDraft, list[plan.Match]]] = {}
    for buffer in draft.buffers:
        if not buffer.entries:
            _check_empty(buffer)
            continue
        anew = buffer.keyword is not None and buffer.keyword.multi
        key = id(buffer) if anew else (buffer.name, tuple(buffer.transforms))
        tests.setdefault(key, (buffer, []))[1].extend(_matches(buffer))
    return tuple(
        plan.BufferTest(buffer=buffer.name, transforms=tuple(buffer.transforms), matches=tuple(matches))
        for buffer, matches in tests.values()
    )


def _check_empty(buffer: BufferDraft) -> None:
    if buffer.name != PAYLOAD and not buffer.split:
        raise Fault(f"nothing is asked of '{buffer.name}'", "add a content or another match", at=buffer.at)


def _matches(buffer: BufferDraft) -> list[plan.Match]:
    _check_fast_pattern(buffer)
    _check_absent(buffer)
    return [_match(entry) for entry in buffer.entries]


def _match(entry: Entry) -> plan.Match:
    if isinstance(entry, ContentDraft):
        return _content(entry)
    if isinstance(entry, Base64Draft):
        return _base64(entry)
    return entry


def _content(draft: ContentDraft) -> plan.Content:
    return plan.Content(
        pattern=draft.pattern,
        negated=draft.negated,
        nocase=draft.nocase,
        relative=draft.relative,
        offset=draft.offset or 0,
        depth=draft.depth,
        distance=draft.distance or 0,
        within=draft.within,
        startswith=draft.startswith,
        endswith=draft.endswith,
        fast_pattern=draft.fast_pattern != "no",
        chop=draft.chop,
    )


def _base64(draft: Base64Draft) -> plan.Base64:
    matches = None if draft.data is None else tuple(_match(entry) for entry in draft.data.entries)
    return plan.Base64(bytes=draft.bytes, offset=draft.offset, relative=draft.relative, matches=matches)


def _check_fast_pattern(buffer: BufferDraft) -> None:
    previous: ContentDraft | None = None
    for entry in buffer.entries:
        if not isinstance(entry, ContentDraft):
            continue
        if entry.fast_pattern != "no" and entry.negated and entry.placed:
            raise Fault("fast_pattern on a negated content with a position", at=entry.at)
        beside_only = previous is not None and previous.fast_pattern == "only"
        if entry.relative and (beside_only or entry.fast_pattern == "only"):
            raise Fault("fast_pattern:only does not go with distance or within around it", at=entry.at)
        previous = entry


def _check_absent(buffer: BufferDraft) -> None:
    for place, entry in enumerate(buffer.entries):
        if not isinstance(entry, plan.Absent):
            continue
        if place or (len(buffer.entries) > 1 and not entry.or_else):
            raise Fault("'absent' stands alone or, with or_else, first after its buffer", at=buffer.at)
