"""Compiling one rule at a time."""

from __future__ import annotations

from functools import cache

from tmrx.rules import Variables, classification
from tmrx.rules.compiler import Compiler
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Context
from tmrx.rules.interner import Interner
from tmrx.rules.options.meta import REFERENCES


@cache
def _context() -> Context:
    return Context(classification.parse(classification.SHIPPED.read_text(), "classification.config"), REFERENCES)


def compiled(text: str) -> tuple[str, str]:
    """What became of a rule: "none" for one that loads, or a fault's severity, and the reason."""
    try:
        Compiler(Interner(Variables()), _context()).compile(text)
    except Fault as fault:
        return fault.severity, fault.why
    return "none", ""
