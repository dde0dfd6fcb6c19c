"""One rule from text to plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from tmrx import plan
from tmrx.rules.buffers import buffer_tests
from tmrx.rules.catalogue import Keyword, did_you_mean, keywords
from tmrx.rules.diagnostics import Fault, unsupported
from tmrx.rules.draft import Context, ContentDraft, Draft
from tmrx.rules.lexer import Field, RawOption
from tmrx.rules.options import HANDLERS
from tmrx.rules.parser import resolve, split
from tmrx.rules.protocols import (
    ACTIONS,
    APPLICATIONS,
    CARRIES,
    KNOWN_PACKET_PROTOCOLS,
    PACKET_HOOKS,
    PROTOCOLS,
    SCOPES,
    Action,
    Protocol,
    Scope,
)
from tmrx.rules.requires import unmet
from tmrx.rules.sets import addresses, ports
from tmrx.rules.variables import Variables

DEFAULT_PRIORITY = 3

_Set = TypeVar("_Set", plan.AddressSet, plan.PortSet)


class Interner:
    """Numbers equal sets once, and remembers what a field's text came to."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._addresses: dict[plan.AddressSet, int] = {}
        self._ports: dict[plan.PortSet, int] = {}
        self._address_fields: dict[str, int] = {}
        self._port_fields: dict[str, int] = {}

    def address(self, field: Field) -> int:
        """The number of an address field's set. Raises Fault."""
        return self._number(field, self._address_fields, self._addresses, addresses)

    def port(self, field: Field) -> int:
        """The number of a port field's set. Raises Fault."""
        return self._number(field, self._port_fields, self._ports, ports)

    def _number(
        self,
        field: Field,
        fields: dict[str, int],
        sets: dict[_Set, int],
        read: Callable[[Field, Variables], _Set],
    ) -> int:
        number = fields.get(field.text)
        if number is None:
            number = fields[field.text] = sets.setdefault(read(field, self._variables), len(sets))
        return number

    def sets(self) -> tuple[tuple[plan.AddressSet, ...], tuple[plan.PortSet, ...]]:
        """All sets, by number."""
        return tuple(self._addresses), tuple(self._ports)


class Header(NamedTuple):
    """A rule's header; addresses and ports by their sets' numbers."""

    action: Action
    scope: Scope | None
    protocol: Protocol
    src: int
    sport: int
    dst: int
    dport: int
    both_directions: bool


def compile_rule(text: str, sets: Interner, context: Context) -> tuple[plan.Rule, list[Fault]]:
    """The rule as the core takes it, and what to warn of. Raises Fault at the first thing that is in its way."""
    syntax = split(text)
    _check_requires(syntax.options)
    options = [resolve(option) for option in syntax.options]
    header = _header(syntax.header, sets)
    draft = Draft(header.protocol, context)
    for option in options:
        handler = HANDLERS.get(option.keyword.name)
        if handler is None:
            raise unsupported(f"keyword '{option.keyword.name}'", at=option.at)
        try:
            handler(draft, option)
        except Fault as fault:
            fault.at = option.at if fault.at is None else fault.at
            raise
        _check_carried(draft, option.keyword, option.at)
    return _finish(header, draft), draft.warnings


def _check_requires(options: list[RawOption]) -> None:
    for option in options:
        if option.name.lower() != "requires":
            continue
        try:
            missing = unmet(option.value or "", _Supported())
        except Fault as fault:
            fault.at = option.value_at or option.at
            raise
        if missing:
            raise Fault(f"missing a required feature: {missing}", at=option.at, severity="skipped")


class _Supported:
    """The keywords that `requires: keyword NAME` finds."""

    def __contains__(self, name: object) -> bool:
        keyword = keywords().get(str(name).lower())
        return keyword is not None and keyword.name in HANDLERS


def _check_carried(draft: Draft, keyword: Keyword, at: int) -> None:
    carried = CARRIES.get(draft.protocol)  # type: ignore[call-overload]
    wanted = keyword.protocol & {"tcp", "udp", "icmp", "icmpv4", "icmpv6"}
    if carried and wanted and not carried & wanted:
        why = f"'{keyword.name}' is of {'/'.join(sorted(wanted))}: this {draft.protocol} rule can never match"
        draft.warn(why, "", at)


# --- header


def _header(fields: tuple[Field, ...], sets: Interner) -> Header:
    action_field, protocol_field, source, sport, arrow, destination, dport = fields
    action, scope = _action(action_field)
    protocol = _protocol(protocol_field)
    both = _direction(arrow) and (source.text, sport.text) != (destination.text, dport.text)
    ends = sets.address(source), sets.port(sport), sets.address(destination), sets.port(dport)
    return Header(action, scope, protocol, *ends, both)


def _action(field: Field) -> tuple[Action, Scope | None]:
    name, colon, scope = field.text.lower().partition(":")
    if name == "config":
        raise unsupported("action 'config'", at=field.at)
    if name == "accept" or "," in field.text:
        raise Fault(f"action '{field.text}' is for firewall rule files only", at=field.at)
    if name not in ACTIONS:
        raise Fault(f"unknown action '{field.text}'", did_you_mean(name, ACTIONS), at=field.at)
    if not colon:
        return ACTIONS[name], None
    if name == "alert":
        raise Fault("alert takes no scope", at=field.at)
    if scope not in SCOPES:
        raise Fault(f"unknown scope '{scope}'", "packet or flow", at=field.at + len(name) + 1)
    return ACTIONS[name], SCOPES[scope]


def _protocol(field: Field) -> Protocol:
    name, colon, hook = field.text.lower().partition(":")
    if name in APPLICATIONS or name in KNOWN_PACKET_PROTOCOLS:
        raise unsupported(f"protocol '{name}'", at=field.at)
    if name not in PROTOCOLS:
        known = (*PROTOCOLS, *APPLICATIONS, *KNOWN_PACKET_PROTOCOLS)
        hint = "write tls" if name == "ssl" else did_you_mean(name, known)
        raise Fault(f"unknown protocol '{field.text}'", hint, at=field.at)
    if colon and hook in PACKET_HOOKS:
        raise unsupported(f"hook '{hook}'", at=field.at + len(name) + 1)
    if colon:
        raise Fault(f"unknown hook '{hook}'", did_you_mean(hook, PACKET_HOOKS), at=field.at + len(name) + 1)
    return PROTOCOLS[name]


def _direction(field: Field) -> bool:
    """Whether both directions are meant."""
    if field.text in ("->", "<>"):
        return field.text == "<>"
    if field.text == "=>":
        raise unsupported("direction '=>'", at=field.at)
    hint = "write the source on the left" if field.text == "<-" else "-> or <>"
    raise Fault(f"'{field.text}' is no direction", hint, at=field.at)


# --- the rule as a whole


def _finish(header: Header, draft: Draft) -> plan.Rule:
    if not draft.sid:
        raise Fault("the rule has no sid", "add sid:NUMBER;", at=0)
    if draft.missing:
        raise draft.missing[0]
    buffers = buffer_tests(draft)
    _check_packet_or_stream(draft)
    _check_dsize(draft)
    priority = draft.priority if draft.priority is not None else draft.class_priority
    return plan.Rule(
        **header._asdict(),
        sid=draft.sid,
        gid=draft.gid,
        rev=draft.rev,
        msg=draft.msg,
        category=draft.category,
        priority=DEFAULT_PRIORITY if priority is None else priority,
        references=tuple(draft.references),
        target=draft.target,
        metadata=tuple((key, tuple(values)) for key, values in draft.metadata.items()),
        noalert=draft.noalert,
        flow=draft.flow,
        checks=tuple(draft.checks),
        buffers=buffers,
        effects=tuple(draft.effects),
        limits=tuple(draft.limits),
    )


def _check_packet_or_stream(draft: Draft) -> None:
    flow = draft.flow or plan.FlowCheck()
    packet = draft.packet_keyword or (
        "tcp-pkt" if draft.protocol == "tcp-pkt" else "flow:no_stream" if flow.no_stream else ""
    )
    stream = "tcp-stream" if draft.protocol == "tcp-stream" else "flow:only_stream" if flow.only_stream else ""
    if packet and stream:
        raise Fault(f"'{packet}' wants packets and '{stream}' wants stream data only", at=0)


def _check_dsize(draft: Draft) -> None:
    """A payload that `dsize` allows must have room for the contents."""
    limits = [limit for check in draft.checks if isinstance(check, plan.Dsize) for limit in _largest(check.number)]
    if not limits:
        return
    end = 0
    for entry in draft.buffers[0].entries:
        if not isinstance(entry, ContentDraft):
            end = 0
        elif not entry.negated:
            start = max(0, end + _known(entry.distance)) if entry.relative else _known(entry.offset)
            end = start + len(entry.pattern)
            if end > min(limits):
                why = f"dsize allows at most {min(limits)} bytes, and this content ends at byte {end} or later"
                raise Fault(why, at=entry.at)


def _known(place: plan.Place | None) -> int:
    return place if isinstance(place, int) else 0


def _largest(number: plan.Number) -> list[int]:
    """The largest number that passes, if there is a largest."""
    return {"eq": [number.a], "lt": [number.a - 1], "le": [number.a], "between": [number.b - 1]}.get(number.op, [])
