"""pcre: a regular expression, its flags, and what becomes of its groups."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tmrx.plan import Capture, Pcre
from tmrx.rules import pcre
from tmrx.rules.catalogue import keywords
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import BufferDraft, Draft
from tmrx.rules.options.payload import OLD_NAMES
from tmrx.rules.parser import Option

# The flags that the regular expression takes, and those that name a buffer by its old content modifier.
_OPTIONS = "imsxAEGO"
_BUFFERS = {
    "U": "http_uri",
    "I": "http_raw_uri",
    "H": "http_header",
    "D": "http_raw_header",
    "C": "http_cookie",
    "M": "http_method",
    "P": "http_client_body",
    "Q": "http_server_body",
    "Y": "http_stat_msg",
    "S": "http_stat_code",
    "V": "http_user_agent",
    "W": "http_host",
    "Z": "http_raw_host",
}
_FLAGS = frozenset(_OPTIONS + "RB") | _BUFFERS.keys()
# What may stand before a group that captures; a class, a quoted character and `(?:` and the like do not.
_GROUP = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\\.|\[:[a-z^]+:\]|[^\]\\])*\]|\((?:\?(?:P?<(?![=!])(\w+)>|'(\w+)')|(?![?*]))",
    re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,255}", re.ASCII)
_KINDS = {"flow": "flow", "pkt": "packet", "alert": "alert"}
# How a group's own name says the same.
_PREFIXES = {"flow_": "flow", "pkt_": "packet", "alert_": "alert"}


def _pcre(draft: Draft, option: Option) -> None:
    text, at, negated = option.value, option.value_at, option.negated
    if text.startswith("!"):
        text, at, negated = text[1:].lstrip(), at + 1, True
    body, flags, names = _parts(text, at)
    buffer = _check_flags(flags, at + len(body) + 2)
    entry = Pcre(
        pattern=checked(body, "".join(flag for flag in _OPTIONS if flag in flags), at + 1),
        negated=negated,
        flags="".join(flag for flag in _OPTIONS if flag in flags),
        relative="R" in flags,
        captures=_captures(body, names, option),
    )
    if not buffer:
        draft.add(entry, "R" in flags)
        return
    modifier = keywords()[_BUFFERS[buffer]]
    named = replace(option, keyword=modifier)
    draft.add_to(_home(OLD_NAMES[modifier.name], draft, named), entry)
    draft.need(named)


def _home(name: str, draft: Draft, option: Option) -> BufferDraft:
    """The buffer that a flag names: the open one, or without one that of the old content modifiers."""
    current = draft.current
    if current.keyword is None:
        return draft.aside(name, option)
    # The body of a response is what file.data shows of it.
    if current.name == name or (current.name == "file.data" and name == "http.response_body"):
        return current
    raise Fault(f"a flag of 'pcre' names '{name}', and '{current.name}' is open", at=option.value_at)


def _parts(text: str, at: int) -> tuple[str, str, str]:
    """The expression, its flags, and the names of captures."""
    end = text.rfind("/")
    body = text[1:end]
    if not text.startswith("/") or end < 1 or (len(body) - len(body.rstrip("\\"))) % 2:
        raise Fault("a pcre is written /REGEX/FLAGS", at=at)
    flags, _, names = text[end + 1 :].partition(",")
    return body, flags.strip(), names


def checked(body: str, flags: str, at: int) -> bytes:
    """The pattern's bytes, once PCRE2 took them. Raises Fault."""
    pattern = body.encode()
    if error := pcre.check()(pattern, flags):
        message, byte = error
        raise Fault(f"pcre: {message}", "the syntax is PCRE2's", at=at + len(pattern[:byte].decode(errors="ignore")))
    return pattern


def _check_flags(flags: str, at: int) -> str:
    """The flag that names a buffer, "" for none."""
    buffer = ""
    for place, flag in enumerate(flags, at):
        if flag not in _FLAGS:
            raise Fault(f"unknown pcre flag '{flag}'", f"of {''.join(sorted(_FLAGS))}", at=place)
        if flag in _BUFFERS:
            if buffer and buffer != flag:
                raise Fault(f"'{flag}' and '{buffer}' name two buffers", at=place)
            buffer = flag
    return buffer


def _captures(body: str, names: str, option: Option) -> tuple[Capture | None, ...]:
    """What becomes of the groups, in their order: by the names after the flags, or by those in the groups."""
    if names:
        return _listed(names, option)
    if "<" not in body and "'" not in body:
        return ()
    groups = [match[1] or match[2] or "" for match in _GROUP.finditer(body) if match[0].startswith("(")]
    wanted = [_own(name) for name in groups]
    while wanted and wanted[-1] is None:
        wanted.pop()
    return tuple(wanted)


def _own(name: str) -> Capture | None:
    for prefix, kind in _PREFIXES.items():
        if name.startswith(prefix) and len(name) > len(prefix):
            return Capture(kind=kind, name=name[len(prefix) :])  # type: ignore[arg-type]
    return None


def _listed(names: str, option: Option) -> tuple[Capture, ...]:
    captures: list[Capture] = []
    for item in names.split(","):
        kind, colon, name = (part.strip() for part in item.partition(":"))
        if not colon or kind not in _KINDS or not _NAME.fullmatch(name):
            raise Fault(f"'{item.strip()}' is no capture", "flow:NAME, pkt:NAME or alert:NAME", at=option.value_at)
        captures.append(Capture(kind=_KINDS[kind], name=name))  # type: ignore[arg-type]
    return _keyed(captures)


def _keyed(captures: list[Capture]) -> tuple[Capture, ...]:
    """`pkt:key` before `pkt:value`: the first text names the variable that has the second."""
    pair = [capture.name for capture in captures if capture.kind == "packet"]
    if pair[:2] != ["key", "value"]:
        return tuple(captures)
    key = Capture(kind="packet", name="key")
    return tuple(Capture(kind="packet_key", name="key") if capture == key else capture for capture in captures)


HANDLERS = {"pcre": _pcre}
