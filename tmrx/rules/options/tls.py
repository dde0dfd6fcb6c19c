"""Keywords of TLS that are no buffers: numbers of a session, and old ones that say what a buffer holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tmrx.plan import Instances, Number, TransactionValue
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import ContentDraft, Draft
from tmrx.rules.numbers import U32, number_text
from tmrx.rules.options.payload import literal
from tmrx.rules.parser import Option

_VERSIONS = {"1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303, "1.3": 0x0304}
# A bit each (core/src/app/tls/mod.rs).
_BITS = {name: 1 << bit for bit, name in enumerate(("sslv2", "sslv3", "tls1.0", "tls1.1", "tls1.2", "tls1.3"))}
_STATES = {
    name: 1 << bit for bit, name in enumerate(("client_hello", "server_hello", "client_keyx", "server_keyx", "unknown"))
}
_ALL = sum(_BITS.values())
# The core's times are shifted, so that those before 1970 are numbers too.
_EPOCH = 2**63
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2}))?)?)?)?)?")
_BETWEEN = re.compile(r"(.+?)\s*<>\s*(.+)")


def _test(draft: Draft, option: Option, number: Number) -> None:
    draft.need(option)
    draft.checks.append(TransactionValue(value=option.keyword.name, number=number, instances=Instances()))


def _wrong(text: str, option: Option) -> Fault:
    return Fault(f"'{text}' is no value of '{option.keyword.name}'", option.keyword.value, at=option.value_at)


def _version(draft: Draft, option: Option) -> None:
    text = option.value.strip().lower()
    if text not in _VERSIONS and not re.fullmatch(r"0x[0-9a-f]{2,4}", text):
        raise _wrong(text, option)
    _test(draft, option, Number(op="eq", a=_VERSIONS[text] if text in _VERSIONS else int(text, 16)))


def _versions(draft: Draft, option: Option) -> None:
    """Any of the versions in the list; one with a `!` stands for all others."""
    wanted = 0
    for part in (part.strip().lower() for part in option.value.split(",")):
        bit = _BITS.get(part.removeprefix("!"))
        if bit is None:
            raise _wrong(part, option)
        wanted |= _ALL & ~bit if part.startswith("!") else bit
    _test(draft, option, Number(op="mask_ne", a=wanted, b=0))


def _state(draft: Draft, option: Option) -> None:
    """Something of the list was seen, or something of it with a `!` was not."""
    listed = unseen = 0
    for part in (part.strip().lower() for part in re.split(r"[,|]", option.value)):
        bit = _STATES.get(part.removeprefix("!"))
        if bit is None:
            raise _wrong(part, option)
        listed |= bit
        unseen |= bit if part.startswith("!") else 0
    _test(draft, option, Number(op="mask_ne", a=listed, b=unseen))


def _chain(draft: Draft, option: Option) -> None:
    _test(draft, option, number_text(option.value, U32, option))


def _date(text: str, option: Option) -> int:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise _wrong(text, option)
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups())
    try:
        moment = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    except ValueError:
        raise _wrong(text, option) from None
    return _EPOCH + int(moment.timestamp())


def _time(draft: Draft, option: Option) -> None:
    """When a certificate begins or ends to hold: a moment, before or behind one, or between two."""
    text = option.value.strip()
    if match := _BETWEEN.fullmatch(text):
        low, high = (_date(part, option) for part in match.groups())
        if high <= low + 1:
            raise Fault(f"nothing is between {match[1]} and {match[2]}", at=option.value_at)
        _test(draft, option, Number(op="between", a=low, b=high))
    else:
        number = Number(op={"<": "lt", ">": "gt"}.get(text[:1], "eq"), a=_date(text.lstrip("<>"), option))  # type: ignore[arg-type]
        _test(draft, option, number)


def _holds(draft: Draft, option: Option) -> None:
    """tls_cert_expired and tls_cert_valid, at the packet's time."""
    _test(draft, option, Number(op="eq", a=1))


def _says(draft: Draft, option: Option) -> None:
    """tls.subject and tls.issuerdn: a part of the text."""
    buffer = draft.aside("tls.cert_subject" if option.keyword.name == "tls.subject" else "tls.cert_issuer", option)
    text = literal(option)
    if not text:
        raise _wrong(option.value, option)
    buffer.entries.append(ContentDraft(text, option.negated, option.value_at))
    draft.need(option)


def _fingerprint(draft: Draft, option: Option) -> None:
    """tls.fingerprint: all of it, in any case."""
    text = option.value.strip().lower()
    if not re.fullmatch(r"(?:[0-9a-f]{2}:){19}[0-9a-f]{2}", text):
        raise _wrong(option.value, option)
    buffer = draft.aside("tls.cert_fingerprint", option)
    buffer.entries.append(ContentDraft(text.encode(), option.negated, option.value_at))
    draft.need(option)


# The keywords, a function each.
HANDLERS = {
    "tls.version": _version,
    "ssl_version": _versions,
    "ssl_state": _state,
    "tls.cert_chain_len": _chain,
    "tls_cert_notbefore": _time,
    "tls_cert_notafter": _time,
    "tls_cert_expired": _holds,
    "tls_cert_valid": _holds,
    "tls.subject": _says,
    "tls.issuerdn": _says,
    "tls.fingerprint": _fingerprint,
}
