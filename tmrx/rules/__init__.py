"""The Suricata rule language as a compiler.

    lexer ─► parser ─► compiler (with the catalogue's keywords, options/, sets, numbers) ─► plan.Rules

`load` does it all. A rule that is wrong or not supported yet ends as a Diagnostic, never as another rule.
"""

from tmrx.rules.diagnostics import Diagnostic, Severity
from tmrx.rules.ruleset import Rule, RuleSet, load
from tmrx.rules.settings import Settings
from tmrx.rules.variables import Variables

__all__ = ["Diagnostic", "Rule", "RuleSet", "Settings", "Severity", "Variables", "load"]
