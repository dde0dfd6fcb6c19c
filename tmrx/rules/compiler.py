"""One rule from text to plan."""

from __future__ import annotations

from typing import NamedTuple

from tmrx import plan
from tmrx.rules import whole
from tmrx.rules.buffers import buffer_tests
from tmrx.rules.catalogue import keywords
from tmrx.rules.diagnostics import Fault, unsupported
from tmrx.rules.draft import Context, Draft
from tmrx.rules.header import Header, Headers
from tmrx.rules.interner import Interner
from tmrx.rules.kinds import kind_of
from tmrx.rules.lexer import RawOption, check_text, options
from tmrx.rules.options import HANDLERS
from tmrx.rules.parser import Option, resolve
from tmrx.rules.protocols import CARRIES
from tmrx.rules.requires import unmet
from tmrx.rules.settings import Settings

DEFAULT_PRIORITY = 3


class Compiled(NamedTuple):
    """A rule as the core takes it, and what to warn of. `hostbits`: its bits of addresses are hostbits, not xbits."""

    rule: plan.Rule
    hostbits: bool
    warnings: list[Fault]


class Compiler:
    """Compiles the rules of a run, which share sets and names."""

    def __init__(self, sets: Interner, context: Context, settings: Settings | None = None) -> None:
        self._headers = Headers(sets)
        self._context = context
        self._settings = settings or Settings()

    def compile(self, text: str) -> Compiled:
        """The rule. Raises Fault at the first thing that is in its way."""
        check_text(text)
        head, end = self._headers.split(text)
        raw = options(text, end)
        if "requires" in text.lower():
            _check_requires(raw)
        given = [resolve(option) for option in raw]
        header = self._headers.read(head)
        draft = Draft(header.word, self._context)
        _take(draft, given)
        return self._finish(header, draft, given, text)

    def _finish(self, header: Header, draft: Draft, given: list[Option], text: str) -> Compiled:
        if not draft.sid:
            raise Fault("the rule has no sid", "add sid:NUMBER;", at=0)
        buffers = buffer_tests(draft)
        application = whole.check(header, draft, given)
        missing = next(whole.lacks(header, draft, application), None)
        if missing is not None:
            if not self._settings.keep_unsupported:
                raise missing
            draft.warnings.append(missing)
        names = {option.keyword.name for option in given}
        priority = draft.priority if draft.priority is not None else draft.class_priority
        checks = (*_hooks(header), *draft.checks)
        rule = plan.Rule(
            action=header.action,
            scope=header.scope,
            kind=kind_of(header, draft, names, application.name),
            protocol=header.protocol,
            application=application.name,
            src=header.src,
            sport=header.sport,
            dst=header.dst,
            dport=header.dport,
            both_directions=header.both_directions,
            transactional=header.transactional,
            sid=draft.sid,
            gid=draft.gid,
            rev=draft.rev,
            msg=draft.msg,
            category=draft.category,
            priority=DEFAULT_PRIORITY if priority is None else priority,
            references=tuple(draft.references),
            metadata=tuple([(key, tuple(values)) for key, values in draft.metadata.items()]),
            target=draft.target,
            text=text if self._settings.keep_text else "",
            noalert=draft.noalert,
            alert=draft.alert,
            flow=draft.flow,
            checks=checks,
            buffers=buffers,
            effects=tuple(draft.effects),
            limits=tuple(draft.limits),
        )
        return Compiled(rule, "hostbits" in names, draft.warnings)


def _hooks(header: Header) -> list[plan.Check]:
    if header.packet_hook:
        return [plan.Hook(hook=header.packet_hook)]
    if header.hook is None:
        return []
    hook = header.hook
    number = plan.Number(op="le" if hook.earlier else "ge", a=hook.progress)
    checks: list[plan.Check] = [plan.TransactionProgress(number=number, side=hook.side)]
    if hook.kind:
        # Of a stream, or of the connection (core/src/app/http2/buffers.rs).
        kind = plan.Number(op="eq", a=int(hook.kind == "global"))
        checks.append(plan.TransactionValue(value="http2.kind", number=kind, instances=plan.Instances()))
    return checks


def _take(draft: Draft, given: list[Option]) -> None:
    """Let each option's function add to the draft."""
    carried = CARRIES.get(draft.protocol)
    for option in given:
        keyword = option.keyword
        handler = HANDLERS.get(keyword.name)
        if handler is None:
            raise unsupported(f"keyword '{keyword.name}'", at=option.at)
        try:
            handler(draft, option)
        except Fault as fault:
            fault.at = option.at if fault.at is None else fault.at
            raise
        if carried is not None and keyword.carried and carried.isdisjoint(keyword.carried):
            why = f"'{keyword.name}' is of {'/'.join(sorted(keyword.carried))}"
            draft.warn(f"{why}: this {draft.protocol} rule can never match", "", option.at)


def _check_requires(given: list[RawOption]) -> None:
    for option in given:
        if option.name.lower() != "requires":
            continue
        try:
            missing = unmet(option.value or "", _Supported())
        except Fault as fault:
            fault.at = option.at if option.value is None else option.value_at
            raise
        if missing:
            raise Fault(f"missing a required feature: {missing}", at=option.at, severity="skipped")


class _Supported:
    """The keywords that `requires: keyword NAME` finds."""

    def __contains__(self, name: object) -> bool:
        keyword = keywords().get(str(name).lower())
        return keyword is not None and keyword.name in HANDLERS
