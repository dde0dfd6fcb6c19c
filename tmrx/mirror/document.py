"""Bytes of a configuration file → a document, its format recognised by content."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from tmrx.errors import ConfigError
from tmrx.mirror.tables import TABLES

_KEYS = (*(key for key, _, _ in TABLES), "Reservations")
_YAML_TEMPLATE = re.compile(r"^(AWSTemplateFormatVersion|Resources|Transform)\s*:", re.MULTILINE)
_TERRAFORM_KEYS = {"terraform_version", "planned_values", "resource", "provider", "resource_changes"}
# How the text begins that programs write in UTF-16 (PowerShell's redirection) and UTF-8 with a mark.
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


@dataclass(frozen=True)
class Document:
    """A file's content. `own`: tmrx's TOML, where an unknown word is a fault; else AWS's JSON, where it's ignored.

    `planned`: what is still to be created, as templates say it, not what AWS described.
    """

    source: str
    own: bool
    content: dict[str, Any]
    planned: bool = False

    @property
    def described(self) -> bool:
        """Whether AWS described what there is: with the VNIs that it drew, and tags that it made."""
        return not self.own and not self.planned


def parse(source: str, data: bytes) -> Document:
    """Read a document; `source` is what faults call it. Raises ConfigError."""
    text = _text(source, data)
    start = text.lstrip()
    if not start:
        raise ConfigError(source, "is empty", f"expected TOML, or JSON with any of {', '.join(_KEYS)}")
    if start.startswith("{"):
        return Document(source, False, _aws(source, text))
    if _YAML_TEMPLATE.search(text):
        raise _not_yet(source, "a CloudFormation template")
    return Document(source, True, _toml(source, text))


def _text(source: str, data: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise ConfigError(source, "is not text", "expected TOML, or JSON as aws ec2 describe-… prints it") from None


def _json(source: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise ConfigError(
            source, f"is not JSON: {error.msg} at {where}", "expected what aws ec2 describe-… prints"
        ) from None
    except (ValueError, RecursionError):
        why = "is nested too deeply, or has a number of thousands of digits"
        raise ConfigError(source, why, "expected what aws ec2 describe-… prints") from None


def _aws(source: str, text: str) -> dict[str, Any]:
    content: dict[str, Any] = _json(source, text)
    if "AWSTemplateFormatVersion" in content or isinstance(content.get("Resources"), dict):
        raise _not_yet(source, "a CloudFormation template")
    if _TERRAFORM_KEYS & content.keys():
        raise _not_yet(source, "Terraform's JSON")
    if not content.keys() & set(_KEYS):
        raise ConfigError(source, "holds nothing that tmrx knows", f"expected any of {', '.join(_KEYS)}")
    return content


def _toml(source: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("["):
            _refuse_list(source, text)
        hint = "expected TOML, or JSON as aws ec2 describe-… prints it"
        raise ConfigError(source, f"is neither JSON nor TOML: {error}", hint) from None


def _refuse_list(source: str, text: str) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return
    hint = "give the whole of what aws ec2 describe-… prints, without --query"
    raise ConfigError(source, "is a JSON list where an object was expected", hint)


def _not_yet(source: str, what: str) -> ConfigError:
    return ConfigError(source, f"is {what}, which tmrx can't read yet", "give the JSON that aws ec2 describe-… prints")
