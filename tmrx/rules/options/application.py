"""Keywords of application protocols that are no buffers: their syntax is checked, and what they need is noted.

What the core has no application for yet is refused by name when the whole rule was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from tmrx.plan import Application, Bsize, Number, TransactionProgress
from tmrx.rules.catalogue import Keyword, did_you_mean, keywords
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft, Need
from tmrx.rules.numbers import U8, U16, U32, U64, number_text, signed_text
from tmrx.rules.options.instances import counted, which
from tmrx.rules.options.payload import literal
from tmrx.rules.parser import Option
from tmrx.rules.protocols import APPLICATION_ALIASES, APPLICATIONS, hooks

# Reads a value for its syntax alone; raises Fault.
Syntax = Callable[[Option], object]

# A comma, but not that of a count such as {1,5}.
_COMMA = re.compile(r",(?!\d*\})")
_NAME = r"[A-Za-z][\w.-]*"
_U = r"\d{1,10}"
_NAMED = re.compile(rf"!?\s*{_NAME}")
_SLICE = re.compile(r"(?:-?\d{1,9})?:(?:-?\d{1,9})?")


def _wrong(option: Option) -> Fault:
    return Fault(f"'{option.value}' is no value of '{option.keyword.name}'", option.keyword.value, at=option.value_at)


def _pattern(*forms: str) -> Syntax:
    """One of these forms, in any case; a comma in it may have blanks around it."""
    compiled = re.compile(_COMMA.sub(r"\\s*,\\s*", "|".join(f"(?:{form})" for form in forms)), re.IGNORECASE)

    def check(option: Option) -> None:
        if not compiled.fullmatch(option.value.strip()):
            raise _wrong(option)

    return check


def _number(highest: int) -> Syntax:
    return lambda option: number_text(option.value, highest, option)


def _one(text: str, highest: int, named: bool, option: Option) -> None:
    if not (named and _NAMED.fullmatch(text.strip())):
        number_text(text, highest, option)


def _named(highest: int) -> Syntax:
    return lambda option: _one(option.value, highest, True, option)


def _multiple(highest: int, named: bool = False) -> Syntax:
    """A number (or a name) that several instances have: which of them, or how many there are."""

    def check(option: Option) -> None:
        value, *places = (part.strip() for part in option.value.split(","))
        if counted(value, option) is None:
            _one(value, highest, named, option)
        if len(places) > len(("index", "slice")):
            raise _wrong(option)
        if places:
            which(places[0], option)
        if places[1:] and not _SLICE.fullmatch(places[1]):
            raise _wrong(option)

    return check


def _flags(highest: int) -> Syntax:
    """A number, or names with a modifier before them."""
    names = re.compile(rf"[+*=-]?\s*!?{_NAME}(?:\s*,\s*!?{_NAME})*")

    def check(option: Option) -> None:
        if not names.fullmatch(option.value.strip()):
            number_text(option.value, highest, option)

    return check


def _text(option: Option) -> None:
    if not literal(option):
        raise _wrong(option)


def _list_of(*items: str) -> str:
    """Items separated by commas."""
    item = f"(?:{'|'.join(items)})"
    return f"{item}(?:,{item})*"


def _setting(option: Option) -> None:
    """http2.settings: a name, or a name and a number."""
    name, _, rest = option.value.strip().partition(" ")
    if not re.fullmatch(r"SETTINGS_[A-Z_]+", name):
        raise _wrong(option)
    if rest:
        number_text(rest, U32, option)


def _attribute(option: Option) -> None:
    """ike.chosen_sa_attribute: name=number."""
    name, equals, rest = option.value.partition("=")
    known = option.keyword.note.split()
    if not equals or name.strip() not in known:
        raise Fault(f"'{name.strip()}' is no attribute", did_you_mean(name, known), at=option.value_at)
    number_text(rest, U32, option)


def _procedure(option: Option) -> None:
    """nfs_procedure and nfs.version: ranges include both ends."""
    low, dash, high = (part.strip() for part in option.value.partition("-"))
    if dash and low.isdigit():
        if signed_text(low, 0, U32, option) > signed_text(high, 0, U32, option):
            raise _wrong(option)
    else:
        _one(option.value, U32, True, option)


_DATE = r"\d{4}(?:-\d{2}(?:-\d{2}(?:[T ]\d{2}(?::\d{2}(?::\d{2})?)?)?)?)?"
_BOOLEAN = r"yes|true|on|1|no|false|off|0"
_OPERATOR = r"(?:[<>!=]=?)?"
_TEST = rf"(?:{_OPERATOR}\s*{_U}|{_U}\s*(?:<>|-)\s*{_U})"
_MODBUS_FUNCTION = rf"function\s+!?(?:{_U}|assigned|unassigned|public|user|reserved|all)(?:,\s*subfunction\s+{_U})?"
_MODBUS_ACCESS = (
    rf"access\s+(?:read|write)(?:\s+(?:discretes|coils|input|holding))?(?:,address\s+{_TEST})?(?:,value\s+{_TEST})?"
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_HANDSHAKES = r"!?(?:client_hello|server_hello|client_keyx|server_keyx|unknown)"

# By the words of the catalogue's column: what a value has to look like.
SYNTAX: dict[str, Syntax] = {
    "none": lambda _: None,
    "[op]u8": _number(U8),
    "[op]u16": _number(U16),
    "[op]u32": _number(U32),
    "[op]u64": _number(U64),
    "[op]u32 (1,2,3)": _number(3),
    "[op]u8 | [!]name": _named(U8),
    "[op]u16 | [!]name": _named(U16),
    "[op]u32 | [!]name": _named(U32),
    "u8|name": _named(U8),
    "[op]u8 [,index[,slice]] | count [op]n": _multiple(U8),
    "[op]u32 [,index[,slice]] | count [op]n": _multiple(U32),
    "[op]u8 | [!]name [,index[,slice]] | count [op]n": _multiple(U8, named=True),
    "[op]u16 | [!]name [,index[,slice]] | count [op]n": _multiple(U16, named=True),
    "[op]u32 | [!]name [,index[,slice]] | count [op]n": _multiple(U32, named=True),
    "[op]u8 | [+*-=]flag[,[!]flag]": _flags(U8),
    "[op]u16 | [+*-=]flag[,[!]flag]": _flags(U16),
    '[!]"text"': _text,
    '[!]"ext"': _text,
    '[!]"aa:bb:..." (SHA1)': _pattern(r"(?:[0-9a-f]{2}:){19}[0-9a-f]{2}"),
    "[!]list file": _pattern(r"!?\s*[^\s,;]+"),
    "[op]u64 | a<>b": _number(U64),
    "yes|true|1 / no|false|0": _pattern(_BOOLEAN),
    "active | passive": _pattern("active|passive"),
    "stor|appe|stou|retr|nlst|list|mlsd": _pattern("stor|appe|stou|retr|nlst|list|mlsd"),
    "0|1|2": _pattern("[012]"),
    "1|2": _pattern("[12]"),
    "[<>]date | date<>date": _pattern(rf"[<>]?\s*{_DATE}", rf"{_DATE}\s*<>\s*{_DATE}"),
    "service[,class[,attribute]]": _pattern(rf"{_U}(?:,{_U}){{0,2}}"),
    "uuid[,<|>|=|!version][,any_frag]": _pattern(rf"{_UUID}(?:,[<>=!]\s*\d{{1,5}})?(?:,any_frag)?"),
    "n | a-b, comma list": _pattern(_list_of(r"\d{1,5}\s*-\s*\d{1,5}", r"\d{1,5}")),
    "group,variation": _pattern(r"\d{1,3},\d{1,3}"),
    "[<>]state name": _pattern(rf"[<>]?\s*{_NAME}"),
    "[src|dst|both|any,]CC[,CC]": _pattern(rf"(?:(?:src|dst|both|any),)?{_list_of('!?[A-Z]{2}')}"),
    "NAME [op]u32 | NAME": _setting,
    "attribute=[op]u32": _attribute,
    "weak|strong | number/name, comma list": _pattern(_list_of(r"!?-?\d{1,5}", rf"!?{_NAME}")),
    "[op]u32 | a-b": _procedure,
    "u32|name | a-b | <n | >n": _procedure,
    "function [!]n|assigned|unassigned|public|user|reserved|all[,subfunction n] | access read|write "
    "[discretes|coils|input|holding][, address [op]n][, value [op]n] | unit [op]n[, ...]": _pattern(
        rf"(?:unit\s+{_TEST}(?:,(?:{_MODBUS_FUNCTION}|{_MODBUS_ACCESS}))?)|{_MODBUS_FUNCTION}|{_MODBUS_ACCESS}"
    ),
    "[!]client_hello|server_hello|client_keyx|server_keyx|unknown, | or , list": _pattern(
        rf"{_HANDSHAKES}(?:(?:,|\s*\|\s*){_HANDSHAKES})*"
    ),
    "[!]sslv2|sslv3|tls1.0|tls1.1|tls1.2|tls1.3, comma list": _pattern(_list_of(r"!?(?:sslv[23]|tls1\.[0-3])")),
    "1.0|1.1|1.2|1.3 | raw hex": _pattern(r"1\.[0-3]", "0x[0-9a-f]{2,4}"),
    "none | request|response|to_server|to_client|both[,file|tx|ssn|flow]": _pattern(
        "", "(?:request|response|to_server|to_client|both)(?:,(?:file|tx|ssn|flow))?"
    ),
    "mark/mask": _pattern(r"0x[0-9a-f]{1,8}(?:\s*/\s*0x[0-9a-f]{1,8})?"),
}  # fmt: skip

# What these were before they became buffers.
_OBSOLETE = {"ssh.protoversion": "ssh.proto", "ssh.softwareversion": "ssh.software"}
_SCRIPTS = ("lua", "luaxform")


def _keyword(syntax: Syntax) -> Callable[[Draft, Option], None]:
    def handler(draft: Draft, option: Option) -> None:
        syntax(option)
        if not option.keyword.protocol & {"any", "ip"}:
            draft.need(option)
        draft.lack(f"keyword '{option.keyword.name}'", option.at)

    return handler


def _mark(_: Draft, option: Option) -> None:
    """What a passive receiver never does; read all the same."""
    SYNTAX[option.keyword.value](option)


def _obsolete(_: Draft, option: Option) -> None:
    name = option.keyword.name
    raise Fault(f"'{name}' is obsolete", f"write {_OBSOLETE[name]}; content:...", at=option.at)


def _geoip(draft: Draft, option: Option) -> None:
    SYNTAX[option.keyword.value](option)
    hint = "tmrx reads no MaxMind database: write the networks as the rule's addresses, or in a dataset of type ip"
    draft.missing.append(Fault("keyword 'geoip' is known, not supported yet", hint, option.at, "unsupported"))


def _script(_: Draft, option: Option) -> None:
    raise Fault(f"'{option.keyword.name}' runs a script, and tmrx runs none", at=option.at)


_URILEN = re.compile(r"(.+?)\s*(?:,\s*(norm|raw)\s*)?")


def _urilen(draft: Draft, option: Option) -> None:
    """The size of the buffer."""
    match = _URILEN.fullmatch(option.value)
    if match is None or "," in match[1]:
        raise _wrong(option)
    buffer = draft.aside("http.uri.raw" if match[2] == "raw" else "http.uri", option)
    buffer.entries.append(Bsize(number=number_text(match[1], U16, option)))
    draft.need(option)


# --- the flow's protocol

_Of = Literal["direction", "to_server", "to_client", "either", "original", "final"]
_OF: dict[str, _Of] = {
    "direction": "direction",
    "to_server": "to_server",
    "toserver": "to_server",
    "to_client": "to_client",
    "toclient": "to_client",
    "either": "either",
    "original": "original",
    "final": "final",
}
_RESULTS = ("failed", "unknown")
# A name stands for these too, unless it is exact; http for all of HTTP is the core's to know.
_ALSO = {"dns": ("doh2",), "http2": ("doh2",)}


def _protocol(draft: Draft, option: Option) -> None:
    names, *words = option.value.split(",")
    modes = [word for word in words if word != "exact"]
    exact = len(words) - len(modes)
    if len(modes) > 1 or exact > 1 or not set(modes) <= _OF.keys():
        raise _wrong(option)
    listed = names.removeprefix("!").split("|")
    for name in listed:
        if name not in APPLICATIONS and name not in _RESULTS:
            hint = did_you_mean(name, APPLICATIONS)
            raise Fault(f"unknown protocol '{name}'", hint, at=option.value_at)
        if exact and name == "http":
            raise Fault("'exact' with http, which stands for two", "http1 or http2", at=option.value_at)
    if not names.startswith("!"):
        _once_positive(modes[0] if modes else "direction", draft, option)
    also = [other for name in listed for other in _ALSO.get(name, ())] if not exact else []
    of = _OF[modes[0] if modes else "direction"]
    draft.checks.append(Application(names=(*listed, *also), negated=names.startswith("!"), of=of))


def _once_positive(mode: str, draft: Draft, option: Option) -> None:
    key = f"app-layer-protocol {mode}"
    if key in draft.seen:
        raise Fault("a second app-layer-protocol", "list several as a|b; only negated ones may repeat", at=option.at)
    draft.seen.add(key)


_STATE_OPS: dict[str, Literal["lt", "gt", "eq"]] = {"<": "lt", ">": "gt", "": "eq"}


def _state(draft: Draft, option: Option) -> None:
    """How far the transaction is; a state is one of a direction."""
    SYNTAX[option.keyword.value](option)
    text = option.value.strip()
    op = text[0] if text[0] in "<>" else ""
    name = text.removeprefix(op).strip()
    owner = APPLICATION_ALIASES.get(draft.protocol, draft.protocol)
    known = hooks("http1" if owner == "http" else owner)
    if name not in known:
        raise Fault(f"unknown state '{name}'", did_you_mean(name, known) or ", ".join(known), at=option.value_at)
    side, progress = known[name]
    draft.checks.append(TransactionProgress(number=Number(op=_STATE_OPS[op], a=progress), side=side))
    draft.needs.append(Need("app-layer-state", frozenset(("http" if owner == "http1" else owner,)), "both", option.at))


_PACKETS = frozenset(
    ("any", "packet", "ip", "ipv4", "tcp", "udp", "icmp", "icmpv4", "icmpv6", "igmp", "sctp", "ethernet")
)
_KINDS = frozenset(("match", "post-match"))


def _is_of_applications(keyword: Keyword) -> bool:
    return keyword.kind in _KINDS and not keyword.protocol & _PACKETS and keyword.value in SYNTAX


_SYNTAX_ONLY = {
    keyword.name: _keyword(SYNTAX[keyword.value]) for keyword in keywords().values() if _is_of_applications(keyword)
}
HANDLERS = {
    **_SYNTAX_ONLY,
    **dict.fromkeys(_OBSOLETE, _obsolete),
    **dict.fromkeys(_SCRIPTS, _script),
    "geoip": _geoip,
    "urilen": _urilen,
    "nfq_set_mark": _mark,
    "app-layer-protocol": _protocol,
    "app-layer-state": _state,
}
# Those that are read, and then refused.
MISSING = HANDLERS.keys() - {"urilen", "nfq_set_mark", "app-layer-protocol", "app-layer-state"}
