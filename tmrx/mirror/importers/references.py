"""What a plan's attributes refer to whose values are known only after apply.

A plan's `configuration` names for each expression what it refers to, most specific first and each prefix after it:
`["module.net.subnet_id", "module.net"]`. It does not say how: an expression that refers to more than one resource may
come to either. Local values are not in it at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tmrx.mirror.importers.instances import Instance, Key, Path, Step, steps
from tmrx.mirror.placed import Unknown

HINT = "give the state after terraform apply"
_LATER = Unknown("is known only after apply", HINT)
# Expressions followed for one attribute; a real one takes one or two for each module that it goes through.
_MOST = 100
_NOTHING = {"count", "path", "terraform", "self"}
PRIMARY = "primary_network_interface_id"


@dataclass(frozen=True)
class _Scope:
    """Where an expression stands: its modules, the resource or module call that it is of, and the key of that."""

    path: Path
    block: Mapping[str, Any]
    key: Key


class Configuration:
    """The configuration of a plan, over the instances that it makes."""

    def __init__(self, root: Mapping[str, Any], instances: list[Instance]) -> None:
        self._root = root
        self._instances: dict[tuple[Path, str, str, str], dict[Key, Instance]] = {}
        self._calls: dict[tuple[Path, str], dict[Key, None]] = {}
        for one in instances:
            self._instances.setdefault((one.path, one.mode, one.type, one.name), {})[one.key] = one
            for depth, (name, key) in enumerate(one.path):
                self._calls.setdefault((one.path[:depth], name), {})[key] = None
        self._left = 0
        self._module = cache(self._find_module)

    def says(self, instance: Instance, *where: str | int) -> bool:
        """Whether an attribute is given, be it unknown."""
        return self._expression(instance, where) is not None

    def ids(self, instance: Instance, *where: str | int) -> list[str] | Unknown:
        """The ids that an attribute refers to."""
        self._left = _MOST
        expression = self._expression(instance, where)
        found = list(dict.fromkeys(self._follow(expression, self._scope(instance), str(where[-1]))))
        unknown = next((one for one in found if isinstance(one, Unknown)), None)
        return unknown or [one for one in found if isinstance(one, str)]

    def _scope(self, instance: Instance) -> _Scope:
        resources = self._module(tuple(name for name, _ in instance.path))["resources"]
        return _Scope(instance.path, resources.get((instance.mode, instance.type, instance.name), {}), instance.key)

    def _expression(self, instance: Instance, where: tuple[str | int, ...]) -> Any:
        """The expression at a place of a resource's configuration; None where there is none."""
        found: Any = self._scope(instance).block.get("expressions")
        for step in where:
            if isinstance(found, dict) and "references" in found:
                break  # of the whole block, made by a function or a dynamic block
            if isinstance(found, list) and isinstance(step, int):
                found = found[step] if step < len(found) else None
            elif not isinstance(step, int):
                found = found.get(step) if isinstance(found, dict) else None
        return found

    def _find_module(self, names: tuple[str, ...]) -> dict[str, Any]:
        """A module's calls, outputs and resources; these by mode, type and name."""
        found: Any = self._root
        for name in names:
            found = _object(_object(_object(found, "module_calls"), name), "module")
        listed = found.get("resources")
        resources = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return {
            "module_calls": _object(found, "module_calls"),
            "outputs": _object(found, "outputs"),
            "resources": {(one.get("mode"), one.get("type"), one.get("name")): one for one in resources},
        }

    def _follow(self, expression: Any, scope: _Scope, wanted: str) -> Iterator[str | Unknown]:
        self._left -= 1
        if self._left < 0:
            yield Unknown("refers to too much", HINT)
            return
        references = _references(expression)
        indexed = any(name.startswith(("count.", "each.")) for name in references)
        for name in _specific(references):
            words = steps(name)
            if words and words[0].name not in _NOTHING:
                yield from self._reference(words, scope, wanted, indexed)

    def _reference(self, words: list[Step], scope: _Scope, wanted: str, indexed: bool) -> Iterator[str | Unknown]:
        match words[0].name:
            case "var":
                yield from self._variable(words, scope, wanted)
            case "local":
                why = "comes from a local value, of which a plan does not say what it refers to"
                yield Unknown(why, f"{HINT}, or name the resource itself")
            case "each":
                yield from self._each(words, scope, wanted)
            case "module":
                yield from self._output(words, scope, wanted, indexed)
            case "data":
                yield from self._resource("data", words[1:], scope, wanted, indexed)
            case _:
                yield from self._resource("managed", words, scope, wanted, indexed)

    def _variable(self, words: list[Step], scope: _Scope, wanted: str) -> Iterator[str | Unknown]:
        """What a module's variable was called with; those of the root module are known."""
        if scope.path and len(words) > 1:
            name, key = scope.path[-1]
            outside = scope.path[:-1]
            call = _object(self._module(tuple(name for name, _ in outside))["module_calls"], name)
            expression = _object(call, "expressions").get(words[1].name)
            yield from self._follow(expression, _Scope(outside, call, key), wanted)

    def _each(self, words: list[Step], scope: _Scope, wanted: str) -> Iterator[str | Unknown]:
        """`each.value` of a for_each over resources: the one with the same key."""
        if len(words) > 1 and words[1].name == "value":
            for name in _specific(_references(scope.block.get("for_each_expression"))):
                over = steps(name)
                if over and over[-1].key is None:
                    over[-1] = Step(over[-1].name, scope.key)
                yield from self._reference([*over, *words[2:]], scope, wanted, indexed=True)

    def _output(self, words: list[Step], scope: _Scope, wanted: str, indexed: bool) -> Iterator[str | Unknown]:
        if len(words) <= 2:  # noqa: PLR2004 - module, its name, its output
            yield _LATER
            return
        call, output = words[1:3]
        key = _chosen(self._calls.get((scope.path, call.name), {}), call.key, scope.key if indexed else None)
        if isinstance(key, Unknown):
            yield key
            return
        within = (*scope.path, (call.name, key))
        module = self._module(tuple(name for name, _ in within))
        expression = _object(module["outputs"], output.name).get("expression")
        yield from self._follow(expression, _Scope(within, {}, output.key), wanted)

    def _resource(
        self, mode: str, words: list[Step], scope: _Scope, wanted: str, indexed: bool
    ) -> Iterator[str | Unknown]:
        if len(words) < 2:  # noqa: PLR2004 - type and name
            yield _LATER
            return
        found = self._instances.get((scope.path, mode, words[0].name, words[1].name), {})
        key = _chosen(found, words[1].key, scope.key if indexed else None)
        if isinstance(key, Unknown):
            yield key
        else:
            yield from self._attribute(found[key], words[2].name if len(words) > 2 else "", wanted)  # noqa: PLR2004

    def _attribute(self, instance: Instance, name: str, wanted: str) -> Iterator[str | Unknown]:
        """An attribute of an instance; the one that is wanted of such where none is named (`aws_x.y[count.index]`)."""
        name = name or (PRIMARY if wanted == "network_interface_id" and instance.type == "aws_instance" else "id")
        known = instance.values.get(name)
        if isinstance(known, str) and known:
            yield known
        elif name in {"id", "arn"}:
            yield instance.id
        elif name == PRIMARY and not self.says(instance, "network_interface"):
            yield f"{instance.address}.{PRIMARY}"
        elif name == PRIMARY:
            where = ("network_interface", 0, "network_interface_id")
            yield from self._follow(self._expression(instance, where), self._scope(instance), wanted)
        else:
            expression = self._expression(instance, (name,))
            if expression is None:
                yield _LATER
            yield from self._follow(expression, self._scope(instance), wanted)


def _chosen(found: Iterable[Key], key: Key, own: Key) -> Key | Unknown:
    """The key that a reference means among those there are."""
    keys = list(found)
    if key in keys:
        return key
    if len(keys) == 1 and key is None:
        return keys[0]
    if key is None and own in keys:
        return own
    return Unknown(
        "may refer to one of several" if keys and key is None else "refers to what the plan does not have", HINT
    )


def _references(expression: Any) -> list[str]:
    listed = expression.get("references") if isinstance(expression, dict) else None
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _specific(references: list[str]) -> list[str]:
    """References that are no prefix of the one before them."""
    found: list[str] = []
    for name in references:
        if not (found and found[-1].startswith((f"{name}.", f"{name}["))):
            found.append(name)
    return found


def _object(content: Any, name: str) -> dict[str, Any]:
    value = content.get(name) if isinstance(content, dict) else None
    return value if isinstance(value, dict) else {}
