"""Equal sets of addresses and of ports, numbered once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tmrx.plan import AddressSet, PortSet
from tmrx.rules.lexer import Field
from tmrx.rules.sets import addresses, ports
from tmrx.rules.variables import Variables

_Set = TypeVar("_Set", AddressSet, PortSet)


class Interner:
    """Numbers equal sets once, and remembers what a field's text came to."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._addresses: dict[AddressSet, int] = {}
        self._ports: dict[PortSet, int] = {}
        self._address_fields: dict[str, int] = {}
        self._port_fields: dict[str, int] = {}

    def address(self, field: Field) -> int:
        """The number of an address field's set. Raises Fault."""
        return self._number(field, self._address_fields, self._addresses, addresses)

    def port(self, field: Field) -> int:
        """The number of a port field's set. Raises Fault."""
        return self._number(field, self._port_fields, self._ports, ports)

    def any_port(self, number: int) -> bool:
        """Whether a port set is `any`."""
        return self.ports[number].any

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

    @property
    def addresses(self) -> tuple[AddressSet, ...]:
        """The address sets, by number."""
        return tuple(self._addresses)

    @property
    def ports(self) -> tuple[PortSet, ...]:
        """The port sets, by number."""
        return tuple(self._ports)
