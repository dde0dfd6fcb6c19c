"""The options of DNS and TLS events in `eve-log.types`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata.document import Node, Text
from tmrx.suricata.settings import is_true, scalars


def dns(options: Mapping[str, Node]) -> plan.DnsEvents:
    """`dns:`, also in its old words. Raises ConfigError."""
    version = _text(options, "version") or os.environ.get("SURICATA_EVE_DNS_VERSION") or "3"
    if version not in {"2", "3"}:
        raise ConfigError("outputs.eve-log.types.dns.version", f"{version!r} is not 2 or 3")
    formats = {str(text) for text in scalars(options.get("formats"))} or {"detailed", "grouped"}
    return plan.DnsEvents(
        version=3 if version == "3" else 2,
        requests=_flag(options, "requests", _flag(options, "query", True)),
        responses=_flag(options, "responses", _flag(options, "answer", True)),
        detailed="detailed" in formats,
        grouped="grouped" in formats,
        types=tuple(_types(options)),
    )


def _types(options: Mapping[str, Node]) -> list[str]:
    return [str(text).lower() for key in ("types", "custom") for text in scalars(options.get(key))]


def tls(options: Mapping[str, Node]) -> plan.TlsEvents:
    """`tls:`; sessions that are resumed are told of where it is more than its bare name."""
    return plan.TlsEvents(
        extended=_flag(options, "extended", False),
        custom=tuple(str(text) for text in scalars(options.get("custom"))),
        session_resumption=_flag(options, "session-resumption", bool(options)),
    )


def _text(options: Mapping[str, Node], key: str) -> str:
    node = options.get(key)
    return node if isinstance(node, Text) else ""


def _flag(options: Mapping[str, Node], key: str, default: bool) -> bool:
    text = _text(options, key)
    return is_true(text) if text else default
