"""The addresses and ports of a rule's header as sets with negations worked out.

A list is flattened as Suricata does it: what stands under an even number of negations is in, under an odd number out,
whatever the nesting; where nothing is in, everything of that family is. `any` is all of IPv4 and IPv6.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple

from tmrx.plan import AddressSet, PortSet
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.lexer import Field
from tmrx.rules.ranges import Range, Ranges, subtract, union
from tmrx.rules.variables import Variables

MAX_PORT = 65_535
_V4: Range = (0, 2**32 - 1)
_V6: Range = (0, 2**128 - 1)
_BYTE, _IPV4_BITS = 255, 32
_PART = r"(0|[1-9][0-9]{0,2})"
_IPV4 = re.compile(rf"{_PART}\.{_PART}\.{_PART}\.{_PART}(?:/(0|[1-9][0-9]?))?")
_DEEPEST = 32
_LIST_MARK = re.compile(r"[\[\],]")
_PORT = re.compile(r"(\d{1,5})?(?:(:)(\d{1,5})?)?", re.ASCII)


class Atom(NamedTuple):
    """One element of a list, without negation; `at` is its place in the rule, of its variable if it came from one."""

    text: str
    negated: bool
    at: int


class Walk(NamedTuple):
    """How to flatten a field, and how far in we are: the variables opened, the depth of lists and variables."""

    kind: str
    # The variables of this kind, and those of the other kind, to explain a mistake.
    variables: dict[str, str]
    others: dict[str, str]
    opened: tuple[str, ...] = ()
    depth: int = 0

    def enter(self, variable: str = "") -> Walk:
        """One list or variable further in."""
        opened = (*self.opened, variable) if variable else self.opened
        return self._replace(opened=opened, depth=self.depth + 1)


def _split(text: str, at: int) -> Iterator[Field]:
    """The elements of a list's inside, at the commas that are in no inner list."""
    depth = start = 0
    for mark in _LIST_MARK.finditer(text):
        if mark[0] == "[":
            depth += 1
        elif mark[0] == "]":
            depth -= 1
        elif depth == 0:
            yield Field(text[start : mark.start()], at + start)
            start = mark.end()
    yield Field(text[start:], at + start)


def _atoms(walk: Walk, part: Atom) -> Iterator[Atom]:
    """The elements of a part, lists and variables opened. Within a variable, `at` stays where the variable stands."""
    text, negated, at = part
    step = 0 if walk.opened else 1
    bare = text.lstrip(" \t")
    at += step * (len(text) - len(bare))
    if bare.startswith("!"):
        negated, bare, at = not negated, bare[1:].lstrip(" \t"), at + step
    bare = bare.rstrip(" \t")
    if walk.depth > _DEEPEST:
        raise Fault(f"the {walk.kind} is nested too deep", at=at)
    if bare.startswith("["):
        yield from _list(walk, Atom(bare, negated, at))
    elif bare.startswith("$"):
        value = _variable(walk, bare[1:], at)
        yield from _atoms(walk.enter(bare[1:]), Atom(value, negated, at))
    elif not bare or "!" in bare:
        raise Fault(f"an empty {walk.kind}" if not bare else f"'{bare}' is no {walk.kind}", at=at)
    elif "," in bare:
        raise Fault(f"'{bare}' is no {walk.kind}", f"write a list as [{bare}]", at=at)
    else:
        yield Atom(bare, negated, at)


def _list(walk: Walk, part: Atom) -> Iterator[Atom]:
    text, negated, at = part
    if not text.endswith("]") or text.count("[") != text.count("]"):
        raise Fault(f"the brackets of the {walk.kind} list don't match", at=at)
    for item in _split(text[1:-1], at + 1):
        yield from _atoms(walk.enter(), Atom(item.text, negated, at if walk.opened else item.at))


def _variable(walk: Walk, name: str, at: int) -> str:
    if name in walk.opened:
        raise Fault(f"the variable ${name} refers to itself", at=at)
    if name in walk.variables:
        return walk.variables[name]
    if name in walk.others:
        raise Fault(f"${name} is no {walk.kind} variable", at=at)
    raise Fault(f"unknown {walk.kind} variable ${name}", did_you_mean(name, walk.variables) or "define it", at=at)


def _combine(inside: list[Range], outside: list[Range], everything: Range) -> Ranges:
    if not inside and outside:
        inside = [everything]
    return subtract(union(inside), union(outside))


def _ipv4(text: str) -> Range | None:
    """What most elements are, an IPv4 address or block, in a fraction of the time; None for what may be another."""
    match = _IPV4.fullmatch(text)
    if match is None:
        return None
    a, b, c, d, prefix = (int(part) for part in match.groups("32"))
    if max(a, b, c, d) > _BYTE or prefix > _IPV4_BITS:
        return None
    size = 1 << (_IPV4_BITS - prefix)
    first = ((a << 24) | (b << 16) | (c << 8) | d) & -size
    return first, first + size - 1


def _network(text: str, at: int) -> tuple[int, Range]:
    """An address's version and its range: an address, a CIDR block, a dotted netmask, or FROM-TO."""
    if (block := _ipv4(text)) is not None:
        return 4, block
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(end.strip()) for end in text.split("-"))
            if first.version != last.version or int(first) > int(last):
                raise Fault(f"'{text}' is no range of addresses", "the lower one first", at=at)
            return first.version, (int(first), int(last))
        network = ipaddress.ip_network(text, strict=False)
        if "." in text.partition("/")[2] and not text.endswith(f"/{network.netmask}"):
            raise ValueError(text)  # a host mask, which `ipaddress` takes too
    except ValueError:
        raise Fault(f"'{text}' is no address", at=at) from None
    return network.version, (int(network.network_address), int(network.broadcast_address))


def addresses(field: Field, variables: Variables) -> AddressSet:
    """An address field. IPv4 addresses never match IPv6, nor the reverse. Raises Fault."""
    walk = Walk("address", variables.addresses, variables.ports)
    families: dict[tuple[int, bool], list[Range]] = {(v, n): [] for v in (4, 6) for n in (False, True)}
    named_any = False
    negations = 0
    for text, negated, at in _atoms(walk, Atom(field.text, False, field.at)):
        negations += negated
        if text.lower() == "any":
            named_any = True
            families[4, negated].append(_V4)
            families[6, negated].append(_V6)
        else:
            version, ends = _network(text, at)
            families[version, negated].append(ends)
    v4 = _combine(families[4, False], families[4, True], _V4)
    v6 = _combine(families[6, False], families[6, True], _V6)
    if not v4 and not v6:
        raise _nothing_left(field, "address")
    if named_any and not negations:
        return AddressSet(any=True)
    wide = tuple((low.to_bytes(16, "big"), high.to_bytes(16, "big")) for low, high in v6)
    return AddressSet(negated=negations > 0, v4=v4, v6=wide)


def _port(text: str, at: int) -> Range:
    match = _PORT.fullmatch(text)
    if match is None or text in ("", ":"):
        raise Fault(f"'{text}' is no port", "a number, FROM:TO, a list in [ ], a $VARIABLE, or any", at=at)
    low = int(match[1] or 0)
    high = int(match[3] or MAX_PORT) if match[2] else low
    if max(low, high) > MAX_PORT:
        raise Fault(f"port {max(low, high)} is above {MAX_PORT}", at=at)
    if low > high:
        raise Fault(f"'{text}' is no range of ports", "the lower one first", at=at)
    return low, high


def ports(field: Field, variables: Variables) -> PortSet:
    """A port field. Only `any` matches packets that have no ports. Raises Fault."""
    walk = Walk("port", variables.ports, variables.addresses)
    inside: list[Range] = []
    outside: list[Range] = []
    named_any = False
    for text, negated, at in _atoms(walk, Atom(field.text, False, field.at)):
        is_any = text.lower() == "any"
        named_any = named_any or is_any
        (outside if negated else inside).append((0, MAX_PORT) if is_any else _port(text, at))
    ranges = _combine(inside, outside, (0, MAX_PORT))
    if not ranges:
        raise _nothing_left(field, "port")
    return PortSet(any=True) if named_any and not outside else PortSet(ranges=ranges)


def _nothing_left(field: Field, kind: str) -> Fault:
    hint = "a variable in it may be 'any'" if "$" in field.text else ""
    return Fault(f"the {kind} '{field.text}' leaves nothing: all of it is negated", hint, at=field.at)
