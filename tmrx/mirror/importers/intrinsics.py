"""CloudFormation's functions, as far as a template alone can say what they give.

A value is text, None where it is absent, a list or an object of values, or Unknown. What AWS would put in, of which a
template says nothing, has a stand-in: the pseudo parameters below, and a resource's logical id for its id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from itertools import islice
from typing import Any

from tmrx.mirror.placed import Unknown

REGION = "us-east-1"
ACCOUNT = "123456789012"
_PSEUDO: Mapping[str, Any] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": None,
    "AWS::NotificationARNs": [],
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/stack/00000000-0000-0000-0000-000000000000",
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}
# Attributes that are a resource's id besides those named for its type (VpcId of a VPC).
_IDS = {"id", "arn", "groupid"}
# Attributes that go by another name as a property.
_PROPERTIES = {"PrimaryPrivateIpAddress": "PrivateIpAddress", "PrivateIp": "PrivateIpAddress"}
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_LIST_TYPE = re.compile(r"CommaDelimitedList|List<.*>")
_LONGEST = 4096  # characters of a value: more than any field takes, so that functions of functions stay small
_MOST = 256  # networks that Fn::Cidr gives (CloudFormation's limit)
_LATER = "is known only after deployment"
_PAIR = 2
_DIGITS = 6  # of an index


class Template:
    """A template's values. `get`, `condition` and `ref` never raise."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._resources = section(template, "Resources")
        self._parameters = section(template, "Parameters")
        self._mappings = section(template, "Mappings")
        self._conditions = section(template, "Conditions")
        self._held: dict[str, bool | None] = {}
        self._attributes: dict[tuple[str, str], Any] = {}
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": self.ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Split": self._split,
            "Fn::Select": self._select,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Cidr": self._cidr,
            "Fn::GetAZs": self._zones,
        }

    def value(self, node: Any) -> Any:
        """What a node of the template comes to."""
        if isinstance(node, dict):
            name = function(node)
            if name:
                return self._call(name, node[name])
            return {key: value for key, item in node.items() if (value := self.value(item)) is not None}
        if isinstance(node, list):
            return [value for item in node if (value := self.value(item)) is not None]
        if isinstance(node, bool):
            return "true" if node else "false"
        return node if node is None else _text(str(node))

    def condition(self, name: Any) -> bool | None:
        """Whether a condition holds; None where that can't be known."""
        if not isinstance(name, str) or name not in self._conditions:
            return None
        if name not in self._held:
            self._held[name] = None
            self._held[name] = self._holds(self._conditions[name])
        return self._held[name]

    def ref(self, name: Any) -> Any:
        """What a name stands for: a resource's id, a parameter's default, a pseudo parameter's stand-in."""
        if not isinstance(name, str):
            return _wants("Ref", "the name of a resource or parameter")
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._parameters:
            return self._parameter(name)
        return self._resource(name) or name

    def _call(self, name: str, argument: Any) -> Any:
        call = self._functions.get(name)
        return call(argument) if call else Unknown(f"is what {name} gives, which {_LATER}")

    def _parameter(self, name: str) -> Any:
        parameter = self._parameters[name]
        default = parameter.get("Default") if isinstance(parameter, dict) else None
        if default is None:
            return Unknown(f"is the parameter {name!r}, which has no Default", "give the parameter a Default")
        kind = str(parameter.get("Type", ""))
        if kind.startswith("AWS::SSM::Parameter::Value"):
            return Unknown(f"is the parameter {name!r}, which names a value that SSM keeps", "give the value itself")
        text = self.value(default)
        listed = _LIST_TYPE.fullmatch(kind) and isinstance(text, str)
        return [item.strip() for item in text.split(",")] if listed else text

    def _resource(self, name: str) -> Unknown | None:
        """Why a resource can't be named; None where it can."""
        resource = self._resources.get(name)
        if resource is None:
            return Unknown(f"names {name!r}, which is neither a resource nor a parameter of the template")
        if isinstance(resource, dict) and self.condition(resource.get("Condition")) is False:
            return Unknown(f"names {name!r}, which its condition {resource['Condition']!r} leaves out")
        return None

    def _get_att(self, argument: Any) -> Any:
        """An attribute that is a property too, or the resource's id."""
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not _is_texts(parts, 2):
            return _wants("Fn::GetAtt", "[resource, attribute]")
        name, attribute = parts
        if wrong := self._resource(name):
            return wrong
        if (name, attribute) not in self._attributes:
            self._attributes[name, attribute] = Unknown("refers to itself")
            self._attributes[name, attribute] = self._attribute(name, attribute)
        return self._attributes[name, attribute]

    def _attribute(self, name: str, attribute: str) -> Any:
        resource = section(self._resources, name)
        kind = str(resource.get("Type", "")).rpartition("::")[2].lower()
        if attribute.lower() in {*_IDS, f"{kind}id", f"{kind}arn"}:
            return name
        value = self.value(section(resource, "Properties").get(_PROPERTIES.get(attribute, attribute)))
        later = Unknown(f"is {attribute} of {name!r}, which {_LATER}")
        return value if isinstance(value, str | Unknown) else later

    def _sub(self, argument: Any) -> Any:
        text, given = argument if isinstance(argument, list) and len(argument) == _PAIR else (argument, {})
        if not isinstance(text, str) or not isinstance(given, dict):
            return _wants("Fn::Sub", "a string, or [string, values]")
        parts = _PLACEHOLDER.split(text)
        # Every second part is a placeholder's name.
        return _joined("", [self._placeholder(part, given) if at % 2 else part for at, part in enumerate(parts)])

    def _placeholder(self, name: str, given: Mapping[str, Any]) -> Any:
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        if name in given:
            return self.value(given[name])
        return self._get_att(name) if "." in name else self.ref(name)

    def _join(self, argument: Any) -> Any:
        parts = self._arguments(argument, 2)
        if not parts or not isinstance(parts[0], str):
            return _wants("Fn::Join", "[delimiter, list]")
        return parts[1] if isinstance(parts[1], Unknown) else _joined(parts[0], parts[1])

    def _split(self, argument: Any) -> Any:
        parts = self._arguments(argument, 2)
        if not parts or not isinstance(parts[0], str) or not parts[0]:
            return _wants("Fn::Split", "[delimiter, string]")
        return parts[1].split(parts[0]) if isinstance(parts[1], str) else _unknown(parts[1], "Fn::Split", "a string")

    def _select(self, argument: Any) -> Any:
        parts = self._arguments(argument, 2)
        if not parts or not isinstance(parts[1], list):
            return _unknown(parts and parts[1], "Fn::Select", "[index, list]")
        index, values = parts
        if not isinstance(index, str) or not index.isascii() or not index.isdecimal():
            return _unknown(index, "Fn::Select", "[index, list]")
        return values[int(index)] if len(index) < _DIGITS and int(index) < len(values) else Unknown("selects nothing")

    def _find_in_map(self, argument: Any) -> Any:
        names = [self.value(item) for item in argument[:3]] if isinstance(argument, list) else []
        for name in names:
            if isinstance(name, Unknown):
                return name
        if not _is_texts(names, 3):
            return _wants("Fn::FindInMap", "[map, key, key]")
        found = section(section(self._mappings, names[0]), names[1]).get(names[2])
        return Unknown(f"is not in the mapping: {'.'.join(names)}") if found is None else self.value(found)

    def _if(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004
            return _wants("Fn::If", "[condition, value, value]")
        held = self.condition(argument[0])
        if held is not None:
            return self.value(argument[1 if held else 2])
        one, other = self.value(argument[1]), self.value(argument[2])
        hint = "give the parameters that it depends on a Default"
        return one if one == other else Unknown(f"depends on the condition {argument[0]!r}, which is not known", hint)

    def _cidr(self, argument: Any) -> Any:
        parts = [self.value(item) for item in argument] if isinstance(argument, list) else []
        for part in parts:
            if isinstance(part, Unknown):
                return part
        try:
            return _networks(*parts)
        except (TypeError, ValueError):
            return _wants("Fn::Cidr", "[block, count, bits of each]")

    def _zones(self, argument: Any) -> Any:
        """Three zones: every region has as many or more."""
        region = self.value(argument) or REGION
        return [f"{region}{letter}" for letter in "abc"] if isinstance(region, str) else region

    def _arguments(self, argument: Any, count: int) -> list[Any] | None:
        """A function's arguments, resolved; None where they are not as many."""
        if not isinstance(argument, list) or len(argument) != count:
            return None
        return [item if item == "" else self.value(item) for item in argument]

    def _holds(self, node: Any) -> bool | None:
        """What a condition comes to: Kleene's three values."""
        name, argument = next(iter(node.items())) if isinstance(node, dict) and len(node) == 1 else ("", None)
        if name == "Condition":
            return self.condition(argument)
        items = argument if isinstance(argument, list) else []
        if name == "Fn::Equals":
            return _equal([self.value(item) for item in items])
        return _decided(name, [self._holds(item) for item in items])


def section(node: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object in an object; an empty one where there is none."""
    value = node.get(name)
    return value if isinstance(value, dict) else {}


def function(node: Mapping[str, Any]) -> str:
    """The function that an object calls; empty for an object that is just one."""
    name = next(iter(node)) if len(node) == 1 else ""
    return name if name == "Ref" or name.startswith("Fn::") else ""


def _wants(name: str, what: str) -> Unknown:
    return Unknown(f"is {name} of something else than {what}")


def _unknown(value: Any, name: str, what: str) -> Unknown:
    return value if isinstance(value, Unknown) else _wants(name, what)


def _text(text: str) -> str | Unknown:
    return text if len(text) <= _LONGEST else Unknown(f"is longer than {_LONGEST:,} characters")


def _joined(delimiter: str, parts: Any) -> Any:
    if not isinstance(parts, list):
        return _wants("Fn::Join", "[delimiter, list]")
    for part in parts:
        if not isinstance(part, str):
            return _unknown(part, "Fn::Join", "texts")
    return _text(delimiter.join(parts))


def _decided(name: str, held: list[bool | None]) -> bool | None:
    """What a function makes of conditions."""
    if name == "Fn::Not":
        return not held[0] if len(held) == 1 and held[0] is not None else None
    decides = {"Fn::And": False, "Fn::Or": True}.get(name)
    if decides is None or (None in held and decides not in held):
        return None
    return decides if decides in held else not decides


def _equal(values: list[Any]) -> bool | None:
    if len(values) != _PAIR or any(isinstance(value, Unknown) for value in values):
        return None
    return bool(values[0] == values[1])


def _is_texts(values: Any, count: int) -> bool:
    return isinstance(values, list) and len(values) == count and all(isinstance(value, str) for value in values)


def _networks(block: str, count: str, bits: str = "8") -> list[str]:
    """The first networks of a block, each with so many bits for hosts. Raises ValueError, TypeError."""
    network = ip_network(block)
    if not 1 <= int(count) <= _MOST:
        raise ValueError
    parts = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    found = [str(part) for part in islice(parts, int(count))]
    if len(found) < int(count):
        raise ValueError
    return found
