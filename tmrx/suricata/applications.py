"""`app-layer.protocols` of suricata.yaml → how applications are parsed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata import http
from tmrx.suricata.document import Text
from tmrx.suricata.settings import Configuration, is_true, scalars, size

_PROTOCOLS = "app-layer.protocols"
_AFTER: dict[str, Literal["track_only", "full", "bypass"]] = {
    "": "track_only",
    "default": "track_only",
    "track-only": "track_only",
    "full": "full",
    "bypass": "bypass",
}


def applications(
    configuration: Configuration, asked: Iterable[str] = (), *, files: plan.FileSettings | None = None
) -> plan.Applications:
    """The settings of each protocol; `asked` are the buffers and fields that rules and outputs ask for, `files` what
    outputs say of files.

    Raises ConfigError.
    """
    names = frozenset(asked)
    return plan.Applications(
        off=tuple(_enabled(configuration, "no")),
        named=tuple(_enabled(configuration, "detection-only")),
        ports=tuple(_ports(configuration)),
        http=http.settings(configuration),
        http2=_http2(configuration),
        tls=_tls(configuration, names),
        ftp=_ftp(configuration),
        ssh=_ssh(configuration, names),
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


def _ports(configuration: Configuration) -> Iterable[plan.DetectionPorts]:
    """`detection-ports` of a protocol, or of one of its transports."""
    protocols = configuration.node(_PROTOCOLS)
    for name in protocols if isinstance(protocols, dict) else ():
        for where, over_udp in (("", (False, True)), (".tcp", (False,)), (".udp", (True,))):
            place = f"{_PROTOCOLS}.{name}{where}.detection-ports"
            found = tuple(port for side in ("dp", "sp") for port in _listed(configuration, f"{place}.{side}"))
            for udp in over_udp if found else ():
                yield plan.DetectionPorts(protocol=str(name), udp=udp, ports=found)


def _listed(configuration: Configuration, place: str) -> Iterable[int]:
    """Ports and ranges of them, separated by commas or as a list."""
    for text in (part.strip() for word in scalars(configuration.node(place)) for part in word.strip("[]").split(",")):
        low, _, high = text.replace("-", ":").partition(":")
        last = high or low
        if not (low.isascii() and low.isdigit() and last.isdigit() and int(low) <= int(last) < 2**16):
            raise ConfigError(place, f"{text!r} is no port", "dp: 53, 5353")
        yield from range(int(low), int(last) + 1)


def _tls(configuration: Configuration, asked: frozenset[str]) -> plan.TlsSettings:
    return plan.TlsSettings(
        ja3=_fingerprints(configuration, "tls.ja3-fingerprints", any(name.startswith("ja3") for name in asked)),
        ja4=_fingerprints(configuration, "tls.ja4-fingerprints", True),
        after=_after(configuration, "tls"),
    )


def _ssh(configuration: Configuration, asked: frozenset[str]) -> plan.SshSettings:
    return plan.SshSettings(
        hassh=_fingerprints(configuration, "ssh.hassh", any(name.startswith("ssh.hassh") for name in asked)),
        after=_after(configuration, "ssh"),
    )


def _after(configuration: Configuration, protocol: str) -> Literal["track_only", "full", "bypass"]:
    """What becomes of encrypted data."""
    where = f"{_PROTOCOLS}.{protocol}.encryption-handling"
    after = _text(configuration, where).lower()
    if after not in _AFTER:
        raise ConfigError(where, f"{after!r} is none of full, bypass, track-only")
    return _AFTER[after]


def _ftp(configuration: Configuration) -> plan.FtpSettings:
    stock = plan.FtpSettings()
    return plan.FtpSettings(
        max_line_length=_size(configuration, "ftp.max-line-length", stock.max_line_length),
        max_transactions=_size(configuration, "ftp.max-tx", stock.max_transactions),
    )


def _http2(configuration: Configuration) -> plan.Http2Settings:
    stock = plan.Http2Settings()
    return plan.Http2Settings(
        max_streams=_size(configuration, "http2.max-streams", stock.max_streams),
        max_table_size=_size(configuration, "http2.max-table-size", stock.max_table_size),
        max_frames=_size(configuration, "http2.max-frames", stock.max_frames),
        max_reassembly_size=_size(configuration, "http2.max-reassembly-size", stock.max_reassembly_size),
        bomb_limit=_size(configuration, "http2.compression-bomb-limit", stock.bomb_limit),
    )


def _size(configuration: Configuration, name: str, default: int) -> int:
    text = _text(configuration, f"{_PROTOCOLS}.{name}")
    number = size(text) if text else default
    if not number:
        raise ConfigError(f"{_PROTOCOLS}.{name}", f"{text!r} is no size", "1024 or 4kb")
    return number


def _fingerprints(configuration: Configuration, name: str, asked: bool) -> bool:
    """Whether they are made: `auto` is where something asks for them."""
    text = _text(configuration, f"{_PROTOCOLS}.{name}")
    return asked if text in {"", "auto"} else is_true(text)


def _text(configuration: Configuration, path: str) -> str:
    node = configuration.node(path)
    return node if isinstance(node, Text) else ""
