"""HTTP in suricata.yaml: `app-layer.protocols.http.libhtp`, and its events in `eve-log.types`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata.document import Node, Text
from tmrx.suricata.settings import Configuration, is_true, scalars, size

_PLACE = "app-layer.protocols.http.libhtp.default-config"


def settings(configuration: Configuration) -> plan.HttpSettings:
    """How HTTP is parsed; the values of `default-config` hold for all servers. Raises ConfigError."""
    node = configuration.node(_PLACE)
    options = node if isinstance(node, dict) else {}
    return plan.HttpSettings(
        request=_body(options, "request", minimum=32_768, window=4096),
        response=_body(options, "response", minimum=32_768, window=4096),
        decompress_layers=_bytes(options, "response-body-decompress-layer-limit", 2),
        lzma=_flag(options, "lzma-enabled"),
        bomb_limit=_bytes(options, "compression-bomb-limit", 1 << 20),
        double_decode_path=_flag(options, "double-decode-path"),
        double_decode_query=_flag(options, "double-decode-query"),
        uri_include_all=_flag(options, "uri-include-all"),
        meta_field_limit=_bytes(options, "meta-field-limit", 18_000),
    )


def _body(options: Mapping[str, Node], which: str, *, minimum: int, window: int) -> plan.BodySettings:
    return plan.BodySettings(
        limit=_bytes(options, f"{which}-body-limit", 4096),
        minimum=_bytes(options, f"{which}-body-minimal-inspect-size", minimum),
        window=_bytes(options, f"{which}-body-inspect-window", window),
    )


def events(options: Mapping[str, Node]) -> plan.HttpEvents:
    """`http:` of EVE. Raises ConfigError."""
    return plan.HttpEvents(
        extended=_flag(options, "extended"),
        custom=tuple(str(text) for text in scalars(options.get("custom"))),
        all_headers=_sides(_text(options, "dump-all-headers").lower()),
    )


def xff(node: Node | None) -> plan.Xff | None:
    """`xff:` of EVE or of one of its types. Raises ConfigError."""
    options = node if isinstance(node, dict) else {}
    if not _flag(options, "enabled"):
        return None
    return plan.Xff(
        header=str(_text(options, "header")) or "X-Forwarded-For",
        overwrite=_one_of(options, "mode", ("extra-data", "overwrite")) == "overwrite",
        last=_one_of(options, "deployment", ("reverse", "forward")) == "reverse",
    )


def _one_of(options: Mapping[str, Node], key: str, choices: tuple[str, str]) -> str:
    text = _text(options, key).lower() or choices[0]
    if text not in choices:
        raise ConfigError(f"outputs.eve-log.xff.{key}", f"{text!r} is none of {', '.join(choices)}")
    return text


def _sides(text: str) -> Literal["", "request", "response", "both"]:
    match text:
        case "request" | "response" | "both":
            return text
        case "" | "none" | "no":
            return ""
    raise ConfigError("outputs.eve-log.types.http.dump-all-headers", f"{text!r} is none of request, response, both")


def _text(options: Mapping[str, Node], key: str) -> str:
    node = options.get(key)
    return node if isinstance(node, Text) else ""


def _flag(options: Mapping[str, Node], key: str) -> bool:
    return is_true(_text(options, key))


def _bytes(options: Mapping[str, Node], key: str, default: int) -> int:
    text = _text(options, key)
    number = size(text) if text else default
    if number is None:
        raise ConfigError(f"{_PLACE}.{key}", f"{text!r} is no size, as in 100kb")
    return number
