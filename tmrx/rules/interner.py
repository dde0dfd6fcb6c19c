"""Equal sets of addresses and of ports, numbered once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from tmrx.plan import AddressSet, PortSet
from tmrx.rules.lexer import Field
from tmrx.rules.sets import addresses, ports
from tmrx.rules.variables import Variables

_Set = TypeVar("_Set", bound=AddressSet | PortSet)


class Numbered(Generic[_Set]):
    """Sets of one sort, `found` by number. What a field's text came to is remembered."""

    def __init__(self, read: Callable[[Field, Variables], _Set], variables: Variables) -> None:
        self._read = read
        self._variables = variables
        self._fields: dict[str, int] = {}
        self._numbers: dict[_Set, int] = {}
        self.found: list[_Set] = []

    def number(self, field: Field) -> int:
        """The number of a field's set. Raises Fault."""
        number = self._fields.get(field.text)
        if number is None:
            entry = self._read(field, self._variables)
            number = self._fields[field.text] = self._numbers.setdefault(entry, len(self.found))
            if number == len(self.found):
                self.found.append(entry)
        return number


class Interner:
    """The address sets and the port sets of a run."""

    def __init__(self, variables: Variables) -> None:
        self._addresses = Numbered(addresses, variables)
        self._ports = Numbered(ports, variables)

    def address(self, field: Field) -> int:
        """The number of an address field's set. Raises Fault."""
        return self._addresses.number(field)

    def port(self, field: Field) -> int:
        """The number of a port field's set. Raises Fault."""
        return self._ports.number(field)

    @property
    def addresses(self) -> list[AddressSet]:
        """The address sets, by number."""
        return self._addresses.found

    @property
    def ports(self) -> list[PortSet]:
        """The port sets, by number."""
        return self._ports.found
