"""Terraform's JSON → the objects of AWS's JSON: `terraform show -json` of a state or a plan, or a state file as it is.

In a plan most ids are known only after apply: there a resource's address is its id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tmrx.errors import ConfigError
from tmrx.mirror.importers.instances import Instance, Key, path
from tmrx.mirror.importers.objects import content as objects
from tmrx.mirror.importers.references import Configuration
from tmrx.mirror.importers.types import resources
from tmrx.mirror.placed import Placed

_RAW = 4  # the version of state files since Terraform 0.12
_SOURCE = {"resource", "data", "module", "provider", "terraform", "variable", "output", "locals"}
_HCL = re.compile(r"^(resource|data|module|provider|variable|output)\s+\"|^(terraform|locals)\s*\{", re.MULTILINE)
_STREAM = re.compile(r'\s*\{"@level":')
_ZIP = b"PK\x03\x04"
_HINT = "give what terraform show -json prints of a state, or of a plan made with terraform plan -out"


def is_terraform(content: Mapping[str, Any]) -> bool:
    """Whether a JSON object is of Terraform's."""
    known = "terraform_version" in content or "planned_values" in content
    return known or bool(content.keys() and content.keys() <= {*_SOURCE, "//"})


def refuse_file(source: str, data: bytes) -> None:
    """Raises ConfigError for a plan as Terraform keeps it."""
    if data.startswith(_ZIP):
        raise ConfigError(source, "is an archive, as Terraform's plan files are", f"{_HINT}: terraform show -json FILE")


def refuse_stream(source: str, text: str) -> None:
    """Raises ConfigError for the messages that `terraform plan -json` prints while it works."""
    if _STREAM.match(text):
        raise ConfigError(source, "holds messages of a terraform command with -json, and not its result", _HINT)


def refuse_text(source: str, text: str) -> None:
    """Raises ConfigError for Terraform's own language."""
    if _HCL.search(text):
        raise ConfigError(source, "is Terraform's source", _HINT)


def read(source: str, content: Mapping[str, Any]) -> dict[str, list[Placed]]:
    """The objects of a state or plan. Raises ConfigError for what is neither."""
    if isinstance(content.get("planned_values"), dict):
        prior = _object(_object(content, "prior_state"), "values")
        found = [*_shown(_object(content, "planned_values")), *(one for one in _shown(prior) if one.mode == "data")]
        configuration = Configuration(_object(_object(content, "configuration"), "root_module"), found)
    elif content.get("version") == _RAW:
        found, configuration = list(_raw(content)), None
    elif isinstance(content.get("values"), dict):
        found, configuration = list(_shown(_object(content, "values"))), None
    else:
        raise _refused(source, content)
    return objects(resources(found, configuration))


def _refused(source: str, content: Mapping[str, Any]) -> ConfigError:
    if content.keys() <= {*_SOURCE, "//"}:
        return ConfigError(source, "is Terraform's source, in JSON", _HINT)
    if "version" in content:
        return ConfigError(source, f"is a state of version {content['version']!r}, not {_RAW}", _HINT)
    return ConfigError(source, "is Terraform's JSON without resources: an empty state or plan", _HINT)


def _object(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _objects(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = content.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _shown(values: Mapping[str, Any]) -> Iterator[Instance]:
    """The resources of `values` or `planned_values`, modules' included."""
    waiting = [_object(values, "root_module")]
    while waiting:
        module = waiting.pop()
        within = path(str(module.get("address", "")))
        for resource in _objects(module, "resources"):
            yield Instance(
                address=str(resource.get("address")),
                path=within,
                mode=str(resource.get("mode")),
                type=str(resource.get("type")),
                name=str(resource.get("name")),
                key=_key(resource.get("index")),
                values=_object(resource, "values"),
            )
        waiting += reversed(_objects(module, "child_modules"))


def _raw(state: Mapping[str, Any]) -> Iterator[Instance]:
    """The resources of a state file. Those that wait to be destroyed are left out."""
    for resource in _objects(state, "resources"):
        module, mode = str(resource.get("module", "")), str(resource.get("mode"))
        type_, name = str(resource.get("type")), str(resource.get("name"))
        data = ["data"] if mode == "data" else []
        for one in _objects(resource, "instances"):
            key = _key(one.get("index_key"))
            address = ".".join(filter(None, [module, *data, type_, name])) + _index(key)
            if "deposed" not in one:
                yield Instance(address, path(module), mode, type_, name, key, _object(one, "attributes"))


def _key(value: Any) -> Key:
    return value if isinstance(value, int | str) else None


def _index(key: Key) -> str:
    return "" if key is None else f"[{json.dumps(key)}]"
