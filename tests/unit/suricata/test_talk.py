"""The options of DNS and TLS events."""

from __future__ import annotations

import pytest

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata import talk
from tmrx.suricata.document import Node, Text


def text(value: str) -> Node:
    return Text(value, "")


def test_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    assert talk.dns({}) == plan.DnsEvents()
    old = {"version": text("2"), "query": text("no"), "custom": [text("A"), text("mx")], "formats": [text("grouped")]}
    assert talk.dns(old) == plan.DnsEvents(version=2, requests=False, detailed=False, types=("a", "mx"))
    monkeypatch.setenv("SURICATA_EVE_DNS_VERSION", "2")
    assert (talk.dns({}).version, talk.dns({"version": text("3")}).version) == (2, 3)
    with pytest.raises(ConfigError, match="not 2 or 3"):
        talk.dns({"version": text("1")})


def test_tls() -> None:
    assert talk.tls({}) == plan.TlsEvents(extended=False, session_resumption=False)
    given = {"extended": text("yes"), "custom": [text("sni")]}
    assert talk.tls(given) == plan.TlsEvents(extended=True, custom=("sni",), session_resumption=True)
    assert not talk.tls({"session-resumption": text("no")}).session_resumption
