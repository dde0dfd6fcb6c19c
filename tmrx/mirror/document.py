"""Bytes of a configuration file → a document, its format recognised by content.

tmrx's TOML
JSON of AWS               as `aws ec2 describe-…` prints it
CloudFormation templates  JSON or YAML, bare or as `aws cloudformation get-template` prints them
Terraform's JSON          `terraform show -json` of a state or a plan, and state files as they are
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tmrx.errors import ConfigError
from tmrx.mirror.tables import TABLES

_KEYS = (*(key for key, _, _ in TABLES), "Reservations")
_YAML_TEMPLATE = re.compile(r"""^["']?(AWSTemplateFormatVersion|Resources|Transform)["']?\s*:""", re.MULTILINE)
_EXPECTED = "expected TOML, a CloudFormation template, Terraform's JSON, or JSON as aws ec2 describe-… prints it"
_TOO_DEEP = "is nested too deeply, or has a number of thousands of digits"
# How the text begins that programs write in UTF-16 (PowerShell's redirection) and UTF-8 with a mark.
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


@dataclass(frozen=True)
class Document:
    """A file's content. `own`: tmrx's TOML, where an unknown word is a fault; else AWS's JSON, where it's ignored.

    `planned`: what is still to be created, as templates say it, not what AWS described. `faults`: what was wrong with
    its form, though it could be read.
    """

    source: str
    own: bool
    content: dict[str, Any]
    planned: bool = False
    faults: tuple[ConfigError, ...] = ()

    @property
    def described(self) -> bool:
        """Whether AWS described what there is: with the VNIs that it drew, and tags that it made."""
        return not self.own and not self.planned


def parse(source: str, data: bytes) -> Document:
    """Read a document; `source` is what faults call it. Raises ConfigError."""
    try:
        return _parse(source, data)
    except RecursionError:
        raise ConfigError(source, _TOO_DEEP, _EXPECTED) from None


def _parse(source: str, data: bytes) -> Document:
    from tmrx.mirror.importers import terraform  # noqa: PLC0415 - loaded when a file is read

    terraform.refuse_file(source, data)
    text = _text(source, data)
    start = text.lstrip()
    if not start:
        raise ConfigError(source, "is empty", _EXPECTED)
    if start.startswith("{"):
        return _of_json(source, text)
    if _YAML_TEMPLATE.search(text):
        return _template(source, _yaml(source, text))
    terraform.refuse_text(source, text)
    return Document(source, True, _toml(source, text))


def _of_json(source: str, text: str) -> Document:
    from tmrx.mirror.importers import terraform  # noqa: PLC0415 - loaded when a file is read

    terraform.refuse_stream(source, text)
    content: dict[str, Any] = _json(source, text)
    body = content.get("TemplateBody")
    if isinstance(body, str):
        return _template(source, _json(source, body) if body.lstrip().startswith("{") else _yaml(source, body))
    if isinstance(body, dict):
        return _template(source, body)
    if "AWSTemplateFormatVersion" in content or isinstance(content.get("Resources"), dict):
        return _template(source, content)
    if terraform.is_terraform(content):
        return _imported(source, terraform.read(source, content), [])
    if not content.keys() & set(_KEYS):
        raise ConfigError(source, "holds nothing that tmrx knows", f"expected any of {', '.join(_KEYS)}")
    return Document(source, False, content)


def _template(source: str, template: Any) -> Document:
    from tmrx.mirror.importers import cloudformation  # noqa: PLC0415 - loaded when a file is read

    if not isinstance(template, dict):
        raise ConfigError(source, "is no CloudFormation template", _EXPECTED)
    return _imported(source, *cloudformation.read(source, template))


def _imported(source: str, content: dict[str, Any], faults: list[ConfigError]) -> Document:
    if not content and not faults:
        raise ConfigError(source, "holds no resource that has to do with mirrors", _EXPECTED)
    return Document(source, False, content, planned=True, faults=tuple(faults))


def _yaml(source: str, text: str) -> Any:
    from tmrx.mirror.importers import template_yaml  # noqa: PLC0415 - PyYAML is loaded when it is needed

    return template_yaml.load(source, text)


def _text(source: str, data: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise ConfigError(source, "is not text", _EXPECTED) from None


def _json(source: str, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise ConfigError(source, f"is not JSON: {error.msg} at {where}", _EXPECTED) from None
    except _TwiceError as error:
        raise ConfigError(
            source, f"has the key {error.args[0]!r} twice in one object", "one of the two must go"
        ) from None
    except ValueError:
        raise ConfigError(source, _TOO_DEEP, _EXPECTED) from None


class _TwiceError(Exception):
    """A key that an object has twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return found


def _toml(source: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("["):
            _refuse_list(source, text)
        raise ConfigError(source, f"is neither JSON nor TOML: {error}", _EXPECTED) from None


def _refuse_list(source: str, text: str) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return
    hint = "give the whole of what aws ec2 describe-… prints, without --query"
    raise ConfigError(source, "is a JSON list where an object was expected", hint)
