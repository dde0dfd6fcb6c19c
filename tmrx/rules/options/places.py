"""Positions and sizes inside a buffer: numbers, or variables that byte_extract and byte_math left."""

from __future__ import annotations

import re

from tmrx.plan import Place, Variable
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft, number_of
from tmrx.rules.numbers import signed_text, value_of
from tmrx.rules.parser import Option

# The plan numbers them in a byte.
MAX_VARIABLES = 256
_SIGNED = re.compile(r"[-+]?[0-9]+")
_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,16}")


def place(text: str, lowest: int, highest: int, draft: Draft, option: Option) -> Place:
    """A number within bounds, or a variable that the rule has by now. Raises Fault."""
    if _SIGNED.fullmatch(text):
        return signed_text(text, lowest, highest, option)
    if text in draft.variables:
        return Variable(var=draft.variables[text])
    if lowest <= 0 and _HEX.fullmatch(text) and value_of(text) <= highest:
        return value_of(text)
    hint = did_you_mean(text, draft.variables.keys()) or "a number, or a name from byte_extract or byte_math before it"
    raise Fault(f"'{text}' is no number and no variable", hint, at=option.value_at)


def new_variable(name: str, draft: Draft, option: Option) -> int:
    """The number of a variable that the option sets. Raises Fault."""
    if not _NAME.fullmatch(name):
        raise Fault(f"'{name}' is no name of a variable", "a letter, then letters, digits, . _ -", at=option.value_at)
    if len(draft.variables) == MAX_VARIABLES and name not in draft.variables:
        raise Fault(f"more than {MAX_VARIABLES} variables in one rule", at=option.value_at)
    return number_of(name, draft.variables)
