"""tmrx's own keywords: what is known of the mirror session that a packet came through."""

from __future__ import annotations

from typing import Literal

from tmrx.plan import MirrorChecksum, MirrorSession, MirrorTruncated, MirrorVni
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft
from tmrx.rules.numbers import number
from tmrx.rules.parser import Option

MAX_VNI = 2**24 - 1
CAUSES = {"packet_length": 1, "mtu": 2, "snaplen": 4, "unknown": 8}
ANY_CAUSE = 0xF
# Bit n is number n of the core's `Checksum`.
VERDICTS = {"valid": 1, "bad": 2, "not_calculated": 4, "unverifiable": 8, "absent": 16}


def _negation(option: Option) -> tuple[bool, str]:
    value = option.value.strip()
    return (True, value[1:].strip()) if value.startswith("!") else (False, value)


def _set(words: list[str], known: dict[str, int], option: Option) -> int:
    """The bits of words of which each must be known."""
    bits = 0
    for word in words:
        if word not in known:
            hint = did_you_mean(word, known) or ", ".join(known)
            raise Fault(f"'{word}' is no word of '{option.keyword.name}'", hint, at=option.value_at)
        bits |= known[word]
    return bits


def _session(draft: Draft, option: Option) -> None:
    negated, value = _negation(option)
    if not value or "*" in value[:-1]:
        hint = "an id or a name; a * only at its end"
        raise Fault(f"'{option.value}' is no mirror session", hint, at=option.value_at)
    draft.checks.append(MirrorSession(value=value, negated=negated))


def _vni(draft: Draft, option: Option) -> None:
    draft.checks.append(MirrorVni(number=number(option, MAX_VNI)))


def _truncated(draft: Draft, option: Option) -> None:
    negated, value = _negation(option)
    if value in ("", "yes", "no"):
        draft.add_packet_check(MirrorTruncated(causes=ANY_CAUSE, negated=negated != (value == "no")), option)
        return
    causes = _set([word.strip() for word in value.split(",")], CAUSES, option)
    draft.add_packet_check(MirrorTruncated(causes=causes, negated=negated), option)


def _checksum(draft: Draft, option: Option) -> None:
    negated, value = _negation(option)
    words = [word.strip() for word in value.split(",")]
    layer: Literal["l3", "l4"] = "l3" if words[0] == "l3" else "l4"
    if words[0] in ("l3", "l4"):
        words = words[1:]
    if not words:
        raise Fault("a verdict is missing", ", ".join(VERDICTS), at=option.value_at)
    verdicts = _set(words, VERDICTS, option)
    draft.add_packet_check(MirrorChecksum(layer=layer, verdicts=verdicts, negated=negated), option)


HANDLERS = {
    "mirror.checksum": _checksum,
    "mirror.session": _session,
    "mirror.truncated": _truncated,
    "mirror.vni": _vni,
}
