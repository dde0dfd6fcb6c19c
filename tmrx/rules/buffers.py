"""The buffers of a draft as the plan has them, and what each of them has to keep to."""

from __future__ import annotations

from collections.abc import Callable

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
    return tuple(_test(buffer, matches) for buffer, matches in tests.values())


def _test(buffer: BufferDraft, matches: list[plan.Match]) -> plan.BufferTest:
    _check_absent(matches, buffer)
    return plan.BufferTest(buffer=buffer.name, transforms=tuple(buffer.transforms), matches=tuple(matches))


def _check_empty(buffer: BufferDraft) -> None:
    if buffer.name != PAYLOAD and not buffer.split:
        raise Fault(f"nothing is asked of '{buffer.name}'", "add a content or another match", at=buffer.at)


def _matches(buffer: BufferDraft) -> list[plan.Match]:
    _check_fast_pattern(buffer)
    _check_room(buffer)
    if not buffer.transforms and buffer.name in _FORMS:
        _check_form(buffer)
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


def _check_absent(matches: list[plan.Match], buffer: BufferDraft) -> None:
    for place, match in enumerate(matches):
        if not isinstance(match, plan.Absent):
            continue
        if place or (len(matches) > 1 and not match.or_else):
            raise Fault("'absent' stands alone or, with or_else, first after its buffer", at=buffer.at)


def least_size(entries: list[Entry]) -> tuple[int, int]:
    """The size in bytes that a buffer must have for its contents, and the place of the content that asks for it."""
    size, at, end = 0, 0, 0
    for entry in entries:
        if not isinstance(entry, ContentDraft):
            end = 0
        elif not entry.negated:
            start = max(0, end + _known(entry.distance)) if entry.relative else _known(entry.offset)
            end = start + len(entry.pattern)
            if end > size:
                size, at = end, entry.at
    return size, at


def _known(place: plan.Place | None) -> int:
    return place if isinstance(place, int) else 0


def largest(number: plan.Number) -> int | None:
    """The largest number that passes, if there is a largest."""
    return {"eq": number.a, "lt": number.a - 1, "le": number.a, "between": number.b - 1}.get(number.op)


def _check_room(buffer: BufferDraft) -> None:
    """A size that bsize allows must have room for the contents."""
    limits = [largest(entry.number) for entry in buffer.entries if isinstance(entry, plan.Bsize)]
    known = [limit for limit in limits if limit is not None]
    if not known:
        return
    size, at = least_size(buffer.entries)
    if size > min(known):
        why = f"bsize allows at most {min(known)} bytes, and this content ends at byte {size} or later"
        raise Fault(why, at=at)


# What the bytes of some buffers always look like: a content that does not can never match.


def _host(content: ContentDraft) -> str:
    if content.nocase:
        return "http.host is in lower case always: drop nocase"
    return "http.host is in lower case always" if content.pattern != content.pattern.lower() else ""


def _method(content: ContentDraft) -> str:
    return "http.method has no blank at its end" if content.pattern.endswith(b" ") else ""


def _serial(content: ContentDraft) -> str:
    content.pattern = content.pattern.upper()
    lone = len(content.pattern) > len("00") and b":" not in content.pattern
    return "tls.cert_serial has a ':' after each two digits" if lone else ""


def _hex_of(size: int) -> Callable[[ContentDraft], str]:
    def check(content: ContentDraft) -> str:
        content.pattern = content.pattern.lower()
        return "" if len(content.pattern) == size else f"this buffer has {size} characters, always"

    return check


_MD5, _SHA1 = 32, 59
_FORMS: dict[str, Callable[[ContentDraft], str]] = {
    "http.host": _host,
    "http.method": _method,
    "tls.cert_serial": _serial,
    "tls.cert_fingerprint": _hex_of(_SHA1),
    **dict.fromkeys(
        ("ja3.hash", "ja3s.hash", "ssh.hassh", "ssh.hassh.server", "email.body_md5", "quic.cyu.hash"), _hex_of(_MD5)
    ),
}


def _check_form(buffer: BufferDraft) -> None:
    check = _FORMS[buffer.name]
    for entry in buffer.entries:
        if isinstance(entry, ContentDraft) and (why := check(entry)):
            raise Fault(why, at=entry.at)
