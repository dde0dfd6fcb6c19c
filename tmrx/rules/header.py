"""A rule's header: action, protocol with its hook, both ends, direction."""

from __future__ import annotations

from typing import NamedTuple

from tmrx.rules import lexer
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.interner import Interner
from tmrx.rules.lexer import Field
from tmrx.rules.protocols import (
    ACTIONS,
    APPLICATION_ALIASES,
    APPLICATIONS,
    PACKET_HOOKS,
    PROTOCOLS,
    SCOPES,
    TRANSACTION_KINDS,
    WITHOUT_PORTS,
    Action,
    PacketHook,
    Protocol,
    Scope,
    Side,
    hooks,
)


class ApplicationHook(NamedTuple):
    """A state of a transaction that a rule waits for: `progress` is its number from 0. `earlier`: those before too."""

    name: str
    kind: str
    side: Side
    progress: int
    earlier: bool
    at: int


class Header(NamedTuple):
    """A rule's header; addresses and ports by their sets' numbers.

    `word` is the protocol as written, in lower case; `application` the one it names or "", and `protocol` what carries
    that. `transactional`: `=>`. `negated`: an address set has a negation.
    """

    action: Action
    scope: Scope | None
    word: str
    protocol: Protocol
    application: str
    packet_hook: PacketHook | None
    hook: ApplicationHook | None
    src: int
    sport: int
    dst: int
    dport: int
    both_directions: bool
    transactional: bool
    negated: bool
    protocol_at: int


class Headers:
    """Reads headers; one that was read before is remembered by its text."""

    def __init__(self, sets: Interner) -> None:
        self._sets = sets
        self._split: dict[str, tuple[Field, ...]] = {}
        self._known: dict[str, Header] = {}

    def split(self, text: str) -> tuple[str, int]:
        """A rule's header as text and where its options start. Raises Fault where a field is missing."""
        end = text.find("(")
        head = text[:end] if end >= 0 else text
        if head not in self._split:
            self._split[head], _ = lexer.header(text)
        return head, len(head)

    def read(self, head: str) -> Header:
        """The header that `split` gave. Raises Fault."""
        known = self._known.get(head)
        if known is None:
            known = self._known[head] = _header(self._split[head], self._sets)
        return known


def _header(fields: tuple[Field, ...], sets: Interner) -> Header:
    action_field, protocol_field, source, sport, arrow, destination, dport = fields
    action, scope = _action(action_field)
    word, protocol, application, packet_hook, hook = _protocol(protocol_field)
    direction = _direction(arrow)
    ends = sets.address(source), sets.port(sport), sets.address(destination), sets.port(dport)
    if word in WITHOUT_PORTS:
        _check_no_ports(word, sets, (sport, dport))
    src, dst = sets.addresses[ends[0]], sets.addresses[ends[2]]
    same = (source.text, sport.text) == (destination.text, dport.text)
    return Header(
        action,
        scope,
        word,
        protocol,
        application,
        packet_hook,
        hook,
        *ends,
        both_directions=direction == "<>" and not same,
        transactional=direction == "=>",
        negated=src.negated or dst.negated,
        protocol_at=protocol_field.at,
    )


def _action(field: Field) -> tuple[Action, Scope | None]:
    name, colon, scope = field.text.lower().partition(":")
    if name == "accept" or "," in field.text:
        raise Fault(f"action '{field.text}' is for firewall rule files only", at=field.at)
    if name not in ACTIONS:
        raise Fault(f"unknown action '{field.text}'", did_you_mean(name, ACTIONS), at=field.at)
    if not colon:
        return ACTIONS[name], None
    if name == "alert":
        raise Fault("alert takes no scope", at=field.at)
    at = field.at + len(name) + 1
    if name == "config" and scope != "packet":
        raise Fault(f"unknown scope '{scope}'", "packet", at=at)
    if scope not in SCOPES:
        raise Fault(f"unknown scope '{scope}'", "packet or flow", at=at)
    return ACTIONS[name], SCOPES[scope]


_Read = tuple[str, Protocol, str, PacketHook | None, ApplicationHook | None]


def _protocol(field: Field) -> _Read:
    name, colon, rest = field.text.lower().partition(":")
    hook = Field(rest, field.at + len(name) + 1)
    if name in PROTOCOLS:
        return name, PROTOCOLS[name], "", _packet_hook(hook) if colon else None, None
    application = APPLICATION_ALIASES.get(name, name)
    if application in APPLICATIONS:
        found = _application_hook(application, hook) if colon else None
        return name, APPLICATIONS[application], application, None, found
    hint = "write tls" if name == "ssl" else did_you_mean(name, (*PROTOCOLS, *APPLICATIONS))
    raise Fault(f"unknown protocol '{field.text}'", hint, at=field.at)


def _packet_hook(field: Field) -> PacketHook:
    if field.text not in PACKET_HOOKS:
        raise Fault(f"unknown hook '{field.text}'", did_you_mean(field.text, PACKET_HOOKS), at=field.at)
    return PACKET_HOOKS[field.text]


def _application_hook(application: str, field: Field) -> ApplicationHook:
    if application == "http":
        raise Fault("a hook of http", "write http1: or http2:", at=field.at)
    first, colon, last = field.text.partition(":")
    kind, text = (first, last) if colon else ("", first)
    kinds = TRANSACTION_KINDS.get(application, ())
    if kinds and not kind:
        raise Fault(
            f"a hook of {application} needs a kind", " or ".join(f"{application}:{k}:…" for k in kinds), field.at
        )
    if kind and kind not in kinds:
        raise Fault(f"'{kind}' is no kind of transactions of {application}", ", ".join(kinds), at=field.at)
    name = text.removeprefix("<")
    known = hooks(application, kind)
    if name not in known:
        raise Fault(f"unknown hook '{name}'", did_you_mean(name, known) or ", ".join(known), at=field.at)
    side, progress = known[name]
    return ApplicationHook(name, kind, side, progress, name != text, field.at)


def _direction(field: Field) -> str:
    if field.text in ("->", "<>", "=>"):
        return field.text
    hint = "write the source on the left" if field.text == "<-" else "->, <> or =>"
    raise Fault(f"'{field.text}' is no direction", hint, at=field.at)


def _check_no_ports(word: str, sets: Interner, ends: tuple[Field, ...]) -> None:
    for field in ends:
        if not sets.ports[sets.port(field)].any:
            raise Fault(f"{word} has no ports", "write any", at=field.at)
