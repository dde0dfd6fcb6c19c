"""content, its modifiers, and the old modifiers that name a buffer after the content."""

from __future__ import annotations

import re
from collections.abc import Callable

from tmrx.plan import Place
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import BASE64, ContentDraft, Draft
from tmrx.rules.options.places import place
from tmrx.rules.parser import Option

MAX_WINDOW = 65_535
MAX_DISTANCE = 1_048_576
_PIECE = re.compile(r'\|([^|]*)(\|?)|\\(.?)|([^|\\"]+)|(")', re.DOTALL)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")

# The buffers that the old content modifiers stand for.
OLD_NAMES = {
    "http_client_body": "http.request_body",
    "http_cookie": "http.cookie",
    "http_header": "http.header",
    "http_host": "http.host",
    "http_method": "http.method",
    "http_raw_header": "http.header.raw",
    "http_raw_host": "http.host.raw",
    "http_raw_uri": "http.uri.raw",
    "http_server_body": "http.response_body",
    "http_stat_code": "http.stat_code",
    "http_stat_msg": "http.stat_msg",
    "http_uri": "http.uri",
    "http_user_agent": "http.user_agent",
}


def literal(option: Option) -> bytes:
    """The bytes that a quoted value stands for: text, `|hex|`, and the escapes of backslash, quote, `;`, `:`."""
    text = option.value
    if "|" not in text and "\\" not in text and '"' not in text:
        return text.encode()
    out = bytearray()
    for piece in _PIECE.finditer(text):
        at = option.value_at + piece.start()
        if piece[4]:
            out += piece[4].encode()
        elif piece[5]:
            raise Fault("a quote within the text", 'write it as \\"', at=at)
        elif piece[1] is None:
            out += _escaped(piece[3], at)
        elif not piece[2]:
            raise Fault("the '|' that opens here is not closed", at=at)
        else:
            out += _hex(piece[1], at)
    return bytes(out)


def _escaped(char: str, at: int) -> bytes:
    if not char or char not in '\\";:':
        raise Fault(f"'\\{char}' is no escape", 'only \\\\, \\", \\; and \\: are; other bytes go in |hex|', at=at)
    return char.encode()


def _hex(text: str, at: int) -> bytes:
    digits = text.replace(" ", "").replace(",", "").replace("\t", "")
    if not _HEX.fullmatch(digits):
        raise Fault(f"'|{text}|' is no hex", "two digits for each byte", at=at)
    return bytes.fromhex(digits)


def _content(draft: Draft, option: Option) -> None:
    pattern = literal(option)
    if not pattern:
        raise Fault("an empty content", at=option.value_at)
    draft.content = ContentDraft(pattern, option.negated, option.value_at)
    draft.add(draft.content)


def _last(draft: Draft, option: Option) -> ContentDraft:
    """The content that a modifier belongs to."""
    if draft.content is None:
        raise Fault(f"'{option.keyword.name}' has no content before it", at=option.at)
    return draft.content


def _window(name: str, read: Callable[[Draft, Option], Place]) -> Callable[[Draft, Option], None]:
    """A modifier with a number or variable, once a content."""

    def handler(draft: Draft, option: Option) -> None:
        content = _last(draft, option)
        if getattr(content, name) is not None:
            raise Fault(f"'{name}' is given twice for one content", at=option.at)
        setattr(content, name, read(draft, option))
        _check_modifiers(content, option)

    return handler


def _absolute(draft: Draft, option: Option) -> Place:
    return place(option.value, 0, MAX_WINDOW, draft, option)


def _relative(draft: Draft, option: Option) -> Place:
    return place(option.value, -MAX_DISTANCE, MAX_DISTANCE, draft, option)


def _anchor(name: str) -> Callable[[Draft, Option], None]:
    """A modifier without a value."""

    def handler(draft: Draft, option: Option) -> None:
        content = _last(draft, option)
        setattr(content, name, True)
        _check_modifiers(content, option)

    return handler


def _check_modifiers(content: ContentDraft, option: Option) -> None:
    """What each new modifier may break, said where it stands."""
    size = len(content.pattern)
    absolute = content.offset is not None or content.depth is not None
    for name, window in (("depth", content.depth), ("within", content.within)):
        if isinstance(window, int) and window < size:
            raise Fault(f"{name} {window} is smaller than the content, {size} bytes", at=option.at)
    if content.startswith and (absolute or content.relative):
        raise Fault("startswith does not go with offset, depth, distance or within", at=option.at)
    if absolute and content.relative:
        raise Fault("offset and depth do not go with distance and within on one content", at=option.at)


def _rawbytes(draft: Draft, option: Option) -> None:
    _last(draft, option)


def _replace(draft: Draft, option: Option) -> None:
    """What a passive receiver never does; read all the same."""
    _last(draft, option)
    literal(option)


def _fast_pattern(draft: Draft, option: Option) -> None:
    content = _last(draft, option)
    if draft.last.name == BASE64:
        raise Fault("fast_pattern on what base64_data looks for", at=option.at)
    draft.once(option)
    value = option.value.strip()
    content.fast_pattern = "only" if value == "only" else "yes"
    if value not in ("", "only"):
        content.chop = _chop(value, content, option)


def _chop(value: str, content: ContentDraft, option: Option) -> tuple[int, int]:
    """`offset,length`: which part of the content to look for first. It has no bearing on the result."""
    offset, comma, length = (part.strip() for part in value.partition(","))
    if not (comma and offset.isdecimal() and length.isdecimal() and max(len(offset), len(length)) <= len("65535")):
        raise Fault(f"'{value}' is no value of fast_pattern", "only, or OFFSET,LENGTH", at=option.value_at)
    start, size = int(offset), int(length)
    if size == 0 or start + size > len(content.pattern):
        why = f"bytes {start} to {start + size} are not in the content, {len(content.pattern)} bytes"
        raise Fault(why, at=option.value_at)
    return start, size


def _prefilter(draft: Draft, option: Option) -> None:
    """No bearing on results; but a keyword has to be there to be the prefilter."""
    if not (draft.last.entries or draft.checks or draft.missing):
        raise Fault("'prefilter' has no keyword before it", at=option.at)


def _old_modifier(draft: Draft, option: Option) -> None:
    """Move the content before it into a buffer."""
    content = _last(draft, option)
    if draft.current.keyword is not None:
        raise Fault(f"'{option.keyword.name}' after '{draft.current.name}'", "a buffer is open", at=option.at)
    if draft.last.old:
        raise Fault(f"the content is in '{draft.last.name}' already", at=option.at)
    entries = draft.last.entries
    del entries[next(place for place in reversed(range(len(entries))) if entries[place] is content)]
    draft.add_to(draft.aside(OLD_NAMES.get(option.keyword.name, "http.uri"), option), content)
    draft.need(option)


def _uricontent(draft: Draft, option: Option) -> None:
    if draft.current.keyword is not None:
        raise Fault(f"'uricontent' after '{draft.current.name}'", "a buffer is open", at=option.at)
    _content(draft, option)
    _old_modifier(draft, option)


HANDLERS = {
    "content": _content,
    "uricontent": _uricontent,
    "nocase": _anchor("nocase"),
    "startswith": _anchor("startswith"),
    "endswith": _anchor("endswith"),
    "offset": _window("offset", _absolute),
    "depth": _window("depth", _absolute),
    "distance": _window("distance", _relative),
    "within": _window("within", _relative),
    "rawbytes": _rawbytes,
    "replace": _replace,
    "prefilter": _prefilter,
    "fast_pattern": _fast_pattern,
    **dict.fromkeys(OLD_NAMES, _old_modifier),
}
