"""Keywords that test the payload: content with its modifiers, and pcre."""

from __future__ import annotations

import re
from collections.abc import Callable

from tmrx.plan import Pcre
from tmrx.rules import pcre
from tmrx.rules.diagnostics import Fault, unsupported
from tmrx.rules.draft import ContentDraft, Draft
from tmrx.rules.numbers import unsigned
from tmrx.rules.parser import Option

MAX_WINDOW = 65_535
MAX_DISTANCE = 1_048_576
_PIECE = re.compile(r'\|([^|]*)(\|?)|\\(.?)|([^|\\"]+)|(")', re.DOTALL)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
_SIGNED = re.compile(r"-?[0-9]{1,8}")

# pcre's flags: those that the regular expression takes, and those that name a buffer.
_PCRE_OPTIONS = "imsxAEGO"
_PCRE_BUFFERS = {
    "U": "http.uri",
    "I": "http.uri.raw",
    "H": "http.header",
    "D": "http.header.raw",
    "C": "http.cookie",
    "M": "http.method",
    "P": "http.request_body",
    "Q": "http.response_body",
    "Y": "http.stat_msg",
    "S": "http.stat_code",
    "V": "http.user_agent",
    "W": "http.host",
    "Z": "http.host.raw",
}
_CAPTURE = re.compile(r"\(\?P?<(?:flow|pkt)_")


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


def _signed(option: Option) -> int:
    if not _SIGNED.fullmatch(option.value):
        raise Fault(f"'{option.value}' is no number", at=option.value_at)
    value = int(option.value)
    if abs(value) > MAX_DISTANCE:
        raise Fault(f"{value} is beyond {MAX_DISTANCE}", at=option.value_at)
    return value


def _window(name: str, read: Callable[[Option], int]) -> Callable[[Draft, Option], None]:
    """A modifier with a number, once a content."""

    def handler(draft: Draft, option: Option) -> None:
        content = _last(draft, option)
        if getattr(content, name) is not None:
            raise Fault(f"'{name}' is given twice for one content", at=option.at)
        setattr(content, name, read(option))
        _check_modifiers(content, option)

    return handler


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


def _fast_pattern(draft: Draft, option: Option) -> None:
    content = _last(draft, option)
    if "fast_pattern" in draft.seen:
        raise Fault("a second fast_pattern", at=option.at)
    draft.seen.add("fast_pattern")
    value = option.value.strip()
    content.fast_pattern = "only" if value == "only" else "yes"
    if value not in ("", "only"):
        _check_chop(value, content, option)


def _check_chop(value: str, content: ContentDraft, option: Option) -> None:
    """`offset,length`: which part of the content to look for first. It has no bearing on the result."""
    offset, comma, length = (part.strip() for part in value.partition(","))
    if not (comma and offset.isdecimal() and length.isdecimal() and max(len(offset), len(length)) <= len("65535")):
        raise Fault(f"'{value}' is no value of fast_pattern", "only, or OFFSET,LENGTH", at=option.value_at)
    if int(length) == 0 or int(offset) + int(length) > len(content.pattern):
        why = f"bytes {offset} to {int(offset) + int(length)} are not in the content, {len(content.pattern)} bytes"
        raise Fault(why, at=option.value_at)


def _pcre(draft: Draft, option: Option) -> None:
    text, at, negated = option.value, option.value_at, option.negated
    if text.startswith("!"):
        text, at, negated = text[1:], at + 1, True
    end = text.rfind("/")
    body = text[1:end]
    if not text.startswith("/") or end < 1 or (len(body) - len(body.rstrip("\\"))) % 2:
        raise Fault("a pcre is written /REGEX/FLAGS", at=at)
    flags, comma, _ = text[end + 1 :].partition(",")
    if comma or _CAPTURE.search(body):
        raise unsupported("a capture of 'pcre'", at=at)
    _check_flags(flags.strip(), at + end + 1)
    kept = "".join(flag for flag in _PCRE_OPTIONS if flag in flags)
    pattern = body.encode()
    if error := pcre.check()(pattern, kept):
        message, byte = error
        raise Fault(
            f"pcre: {message}", "the syntax is PCRE2's", at=at + 1 + len(pattern[:byte].decode(errors="ignore"))
        )
    draft.add(Pcre(pattern=pattern, negated=negated, flags=kept, relative="R" in flags), "R" in flags)


def _check_flags(flags: str, at: int) -> None:
    for place, flag in enumerate(flags, at):
        if flag in _PCRE_BUFFERS:
            raise unsupported(f"the flag '{flag}' of 'pcre' ({_PCRE_BUFFERS[flag]})", at=place)
        if flag not in _PCRE_OPTIONS + "RB":
            raise Fault(f"unknown pcre flag '{flag}'", f"of {_PCRE_OPTIONS}RB", at=place)


HANDLERS = {
    "content": _content,
    "pcre": _pcre,
    "nocase": _anchor("nocase"),
    "startswith": _anchor("startswith"),
    "endswith": _anchor("endswith"),
    "offset": _window("offset", lambda option: unsigned(option, 0, MAX_WINDOW)),
    "depth": _window("depth", lambda option: unsigned(option, 0, MAX_WINDOW)),
    "distance": _window("distance", _signed),
    "within": _window("within", _signed),
    "rawbytes": _rawbytes,
    "fast_pattern": _fast_pattern,
}
