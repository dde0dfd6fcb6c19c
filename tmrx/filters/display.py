"""`-Y`: an expression on the columns of packets → the steps of the plan.

    expression = and-part { ("or" | "||") and-part }
    and-part   = part { ("and" | "&&") part }
    part       = ("not" | "!") part | "(" expression ")" | test
    test       = COLUMN [ "&" NUMBER ] [ comparison ]
    comparison = ("==" | "!=" | "<" | "<=" | ">" | ">=") VALUE | "contains" TEXT | [ "not" ] "in" set
    set        = "{" item { "," item } "}"
    item       = VALUE [ ".." VALUE ]

A column alone asks whether there is something in it. Nothing can be compared with what is not there: such a comparison
is false, `!=` as well, as in Wireshark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tmrx import plan
from tmrx.filters import values
from tmrx.filters.fault import Fault
from tmrx.filters.lexer import Token, tokens
from tmrx.filters.values import HIGHEST, Column, Range

MAX_DEPTH = 100
_NUMERIC = frozenset(("number", "time", "address", "flag"))
_ORDERED: dict[str, Callable[[Range], Range]] = {
    "<": lambda span: (0, span[0] - 1),
    "<=": lambda span: (0, span[1]),
    ">": lambda span: (span[1] + 1, HIGHEST),
    ">=": lambda span: (span[0], HIGHEST),
}
_EQUAL = ("==", "!=")
_VALUES = ("value", "quoted")


@dataclass(frozen=True)
class Not:
    """It does not hold."""

    part: Node


@dataclass(frozen=True)
class All:
    """Every one holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Any:
    """One holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Test:
    """A column's cell is tested."""

    column: str
    test: plan.There | plan.Numbers | plan.Words | plan.Part
    negated: bool = False


Node = Not | All | Any | Test


def compiled(expression: str) -> tuple[plan.Step, ...]:
    """The steps of an expression, none for an empty one. Raises UsageError."""
    if not expression.strip():
        return ()
    try:
        return steps(parse(expression))
    except Fault as fault:
        raise fault.error("-Y", expression) from None


def parse(expression: str) -> Node:
    """The tree of an expression. Raises Fault."""
    parser = _Parser(tokens(expression))
    node = parser.any_of()
    parser.take("end", "and, or, or the end")
    return node


def steps(node: Node) -> tuple[plan.Step, ...]:
    """Tests in an order in which each leads to later ones only; the first is the tree's first."""
    backward: list[plan.Step] = []
    _emit(node, True, False, backward)
    last = len(backward) - 1

    def forward(after: bool | int) -> bool | int:
        return after if isinstance(after, bool) else last - after

    return tuple(
        plan.Step(column=step.column, test=step.test, negated=step.negated, yes=forward(step.yes), no=forward(step.no))
        for step in reversed(backward)
    )


def _emit(node: Node, yes: bool | int, no: bool | int, backward: list[plan.Step]) -> bool | int:
    """Add a node's steps, the last one first; the number of the step that it begins with."""
    if isinstance(node, Not):
        return _emit(node.part, no, yes, backward)
    if isinstance(node, All):
        for part in reversed(node.parts):
            yes = _emit(part, yes, no, backward)
        return yes
    if isinstance(node, Any):
        for part in reversed(node.parts):
            no = _emit(part, yes, no, backward)
        return no
    backward.append(plan.Step(column=node.column, test=node.test, negated=node.negated, yes=yes, no=no))
    return len(backward) - 1


class _Parser:
    """Goes through the tokens once."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        """The token that is looked at."""
        return self._tokens[self._at]

    def found(self, *kinds: str) -> Token | None:
        """The next token where it is one of these; then it is taken."""
        token = self.next
        if token.kind not in kinds:
            return None
        self._at += token.kind != "end"
        return token

    def take(self, kind: str, what: str) -> Token:
        """The next token, which has to be this one. Raises Fault."""
        token = self.found(kind)
        if token is None:
            raise self.expected(what)
        return token

    def expected(self, what: str) -> Fault:
        """The fault of a token that does not fit."""
        there = f'"{self.next.text}"' if self.next.text else "the end"
        return Fault(f"expected {what}, not {there}", self.next.at)

    def any_of(self) -> Node:
        """Parts with `or` between them."""
        parts = [self.all_of()]
        while self.found("or"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def all_of(self) -> Node:
        """Parts with `and` between them."""
        parts = [self.part()]
        while self.found("and"):
            parts.append(self.part())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def part(self) -> Node:
        """A negation, a group or a test."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Fault(f"the expression is nested more than {MAX_DEPTH} deep", self.next.at)
        node: Node
        if self.found("not"):
            node = Not(self.part())
        elif self.found("("):
            node = self.any_of()
            self.take(")", "')'")
        else:
            node = self.test()
        self._depth -= 1
        return node

    def test(self) -> Test:
        """A column and what it is compared with."""
        column = values.column(self.take("value", "a column"))
        mask = self.mask(column) if self.next.kind == "&" else None
        token = self.found(*_EQUAL, *_ORDERED, "contains", "in", "not", "matches")
        if token is None:
            return _there(column, mask)
        if token.kind == "not":
            self.take("in", '"in" after "not"')
            return self.within(column, mask, negated=True)
        if token.kind == "in":
            return self.within(column, mask, negated=False)
        if token.kind == "matches":
            raise Fault('"matches" is not supported', token.at, "contains finds a text")
        return self.comparison(column, mask, token)

    def mask(self, column: Column) -> int:
        """The number after `&`."""
        operator = self.take("&", "'&'")
        if column.kind != "number":
            raise Fault(f"{column.name} is no number: it has no bits", operator.at)
        return values.mask(self.take("value", "a number"))

    def comparison(self, column: Column, mask: int | None, operator: Token) -> Test:
        """What follows an operator other than `in`."""
        value = self.value()
        if operator.kind == "contains":
            if column.kind in _NUMERIC:
                raise Fault(f"{column.name} is no text: it contains nothing", operator.at, "== compares")
            return Test(column.name, plan.Part(text=value.text))
        if operator.kind in _EQUAL:
            return _one_of(column, mask, [(value, value)], negated=operator.kind == "!=")
        if column.kind not in ("number", "time"):
            raise Fault(f"{column.name} has no order", operator.at, "== and in {…} compare")
        low, high = _ORDERED[operator.kind](values.span(column, value))
        return Test(column.name, _numbers([(low, high)] if low <= high else [], mask))

    def within(self, column: Column, mask: int | None, *, negated: bool) -> Test:
        """What follows `in`."""
        self.take("{", "'{'")
        items = [self.item(column)]
        while self.found(","):
            items.append(self.item(column))
        self.take("}", "',' or '}'")
        return _one_of(column, mask, items, negated=negated)

    def item(self, column: Column) -> tuple[Token, Token]:
        """A value, or a range of them: its first and its last."""
        first = self.value()
        dots = self.found("..")
        if dots and column.kind not in _NUMERIC:
            raise Fault(f"{column.name} has no ranges", dots.at)
        return first, self.value() if dots else first

    def value(self) -> Token:
        """A number, a word, an address or a text."""
        token = self.found(*_VALUES)
        if token is None:
            raise self.expected("a value")
        return token


def _there(column: Column, mask: int | None) -> Test:
    """A column alone: something is in it; of bits: one of them is set."""
    if mask is None and column.kind != "flag":
        return Test(column.name, plan.There())
    return Test(column.name, _numbers([(1, HIGHEST)], mask))


def _one_of(column: Column, mask: int | None, items: Iterable[tuple[Token, Token]], *, negated: bool) -> Test:
    if column.kind not in _NUMERIC:
        return Test(column.name, plan.Words(words=tuple(values.word(column, first) for first, _ in items)), negated)
    return Test(column.name, _numbers([_between(column, first, last) for first, last in items], mask), negated)


def _between(column: Column, first: Token, last: Token) -> Range:
    (low, first_high), (last_low, high) = values.span(column, first), values.span(column, last)
    if first_high > last_low and first is not last:
        raise Fault("the range ends before it begins", last.at)
    return low, high


def _numbers(ranges: list[Range], mask: int | None) -> plan.Numbers:
    packed = tuple((low.to_bytes(16, "big"), high.to_bytes(16, "big")) for low, high in ranges)
    return plan.Numbers(ranges=packed, mask=mask)
