"""`app-layer.protocols` of suricata.yaml → how applications are parsed."""

from __future__ import annotations

from collections.abc import Iterable

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata import http
from tmrx.suricata.document import Text
from tmrx.suricata.settings import Configuration, is_true, size

_PROTOCOLS = "app-layer.protocols"
_AFTER = {"": "track_only", "default": "track_only", "track-only": "track_only", "full": "full", "bypass": "bypass"}


def applications(
    configuration: Configuration, asked: Iterable[str] = (), *, files: plan.FileSettings | None = None
) -> plan.Applications:
    """The settings of each protocol; `asked` are the buffers and fields that rules and outputs ask for, `files` what
    outputs say of files.

    Raises ConfigError.
    """
    return plan.Applications(
        off=tuple(_enabled(configuration, "no")),
        named=tuple(_enabled(configuration, "detection-only")),
        http=http.settings(configuration),
        tls=_tls(configuration, frozenset(asked)),
        ftp=_ftp(configuration),
        files=files or plan.FileSettings(),
    )


def _enabled(configuration: Configuration, said: str) -> Iterable[str]:
    """The protocols of which `enabled` says this; anything that is no detection-only is yes or no."""
    protocols = configuration.node(_PROTOCOLS)
    for name, options in protocols.items() if isinstance(protocols, dict) else ():
        text = options.get("enabled") if isinstance(options, dict) else None
        if isinstance(text, Text) and text:
            is_no = text != "detection-only" and not is_true(text)
            if (said == "no") == is_no and (is_no or text == said):
                yield str(name)


def _tls(configuration: Configuration, asked: frozenset[str]) -> plan.TlsSettings:
    after = _text(configuration, f"{_PROTOCOLS}.tls.encryption-handling").lower()
    if after not in _AFTER:
        raise ConfigError(f"{_PROTOCOLS}.tls.encryption-handling", f"{after!r} is none of full, bypass, track-only")
    return plan.TlsSettings(
        ja3=_fingerprints(configuration, "ja3", any(name.startswith("ja3") for name in asked)),
        ja4=_fingerprints(configuration, "ja4", True),
        after=_AFTER[after],  # type: ignore[arg-type]
    )


def _ftp(configuration: Configuration) -> plan.FtpSettings:
    text = _text(configuration, f"{_PROTOCOLS}.ftp.max-line-length")
    if not text:
        return plan.FtpSettings()
    length = size(text)
    if not length:
        raise ConfigError(f"{_PROTOCOLS}.ftp.max-line-length", f"{text!r} is no size", "4kb")
    return plan.FtpSettings(max_line_length=length)


def _fingerprints(configuration: Configuration, name: str, asked: bool) -> bool:
    """Whether they are made: `auto` is where something asks for them."""
    text = _text(configuration, f"{_PROTOCOLS}.tls.{name}-fingerprints")
    return asked if text in {"", "auto"} else is_true(text)


def _text(configuration: Configuration, path: str) -> str:
    node = configuration.node(path)
    return node if isinstance(node, Text) else ""
