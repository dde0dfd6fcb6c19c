"""A CloudFormation template in YAML → the same as in JSON, its short functions in their long form.

Scalars stay text, as CloudFormation takes them: what a property wants decides what `yes`, `0123` or `2010-09-09` is.
Aliases are refused, as CloudFormation does, and templates larger than it takes; so no template asks for much memory or
time.
"""

from __future__ import annotations

from typing import Any

import yaml

from tmrx.errors import ConfigError

_LARGEST = 1 << 20  # characters; a template's limit in S3 is 1 MB (CloudFormation quotas)
_NULL = "tag:yaml.org,2002:null"
# Short forms whose long form is not `Fn::` and their name.
_PLAIN = {"Ref", "Condition"}


class _Composer(yaml.SafeLoader):
    """Nodes without aliases."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next node. Raises MarkedYAMLError for an alias."""
        if self.check_event(yaml.AliasEvent):
            mark: Any = self.get_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="CloudFormation takes no aliases", problem_mark=mark)
        return super().compose_node(parent, index)


def load(source: str, text: str) -> Any:
    """The template. Raises ConfigError where it is no YAML, or not what CloudFormation takes of it."""
    if len(text) > _LARGEST:
        raise ConfigError(source, f"has {len(text):,} characters", "CloudFormation takes templates of up to 1 MB")
    try:
        composer = _Composer(text)
        try:
            node = composer.get_single_node()
        finally:
            composer.dispose()
        return _value(node) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" at line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise _refused(source, " ".join(filter(None, (error.context, error.problem))) + where) from None
    except yaml.YAMLError as error:
        raise _refused(source, " ".join(str(error).split())) from None


def _refused(source: str, why: str) -> ConfigError:
    return ConfigError(source, f"is not YAML as CloudFormation takes it: {why}", "expected a CloudFormation template")


def _value(node: yaml.Node) -> Any:
    value = _untagged(node)
    if not node.tag.startswith("!") or node.tag == "!":
        return value
    name = node.tag[1:]
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in _PLAIN else f"Fn::{name}": value}


def _untagged(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return None if node.tag == _NULL else node.value


def _mapping(node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a key is no text", problem_mark=key_node.start_mark)
        key = key_node.value
        if key in found:
            raise yaml.MarkedYAMLError(problem=f"{key!r} is there twice", problem_mark=key_node.start_mark)
        found[key] = _value(value_node)
    return found
