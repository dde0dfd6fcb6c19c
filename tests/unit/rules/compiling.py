"""Compiling one rule at a time."""

from __future__ import annotations

from functools import cache

from tmrx.rules import Variables, classification, lexer
from tmrx.rules.compiler import Compiler
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Context, Draft
from tmrx.rules.interner import Interner
from tmrx.rules.options import HANDLERS
from tmrx.rules.options.meta import REFERENCES
from tmrx.rules.parser import resolve


@cache
def _context() -> Context:
    classes = classification.parse(classification.SHIPPED.read_text(), "classification.config")
    return Context(classes, REFERENCES, read=lambda _: b"")


def compiled(text: str) -> tuple[str, str]:
    """What became of a rule: "none" for one that loads, or a fault's severity, and the reason."""
    try:
        Compiler(Interner(Variables()), _context()).compile(text)
    except Fault as fault:
        return fault.severity, fault.why
    return "none", ""


def drafted(options: str) -> Draft:
    """The draft that options make."""
    draft = Draft("ip", _context())
    for option in map(resolve, lexer.options(f"({options})", 0)):
        HANDLERS[option.keyword.name](draft, option)
    return draft
