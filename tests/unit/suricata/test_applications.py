"""Which applications suricata.yaml turns off, and TLS's settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.suricata.test_http import configuration
from tmrx.errors import ConfigError
from tmrx.suricata.applications import applications

PROTOCOLS = """
app-layer:
  protocols:
    ftp:
      enabled: no
    ssh:
      enabled: detection-only
    dns:
      enabled: yes
    tls:
      enabled: yes
      %s
"""


def test_what_is_off(tmp_path: Path) -> None:
    made = applications(configuration(PROTOCOLS % "encryption-handling: full", tmp_path))
    assert (made.off, made.named, made.tls.after) == (("ftp",), ("ssh",), "full")


@pytest.mark.parametrize(
    ("said", "asked", "ja3", "ja4"),
    [
        ("ja3-fingerprints: auto", (), False, True),
        ("ja3-fingerprints: auto", ("tls.sni", "ja3.hash"), True, True),
        ("ja3-fingerprints: yes", (), True, True),
        ("ja3-fingerprints: no", ("ja3.hash",), False, True),
        ("ja4-fingerprints: no", (), False, False),
    ],
)
def test_fingerprints(said: str, asked: tuple[str, ...], ja3: bool, ja4: bool, tmp_path: Path) -> None:
    made = applications(configuration(PROTOCOLS % said, tmp_path), asked).tls
    assert (made.ja3, made.ja4) == (ja3, ja4)


def test_where_protocols_are_looked_for(tmp_path: Path) -> None:
    text = """
app-layer:
  protocols:
    dns:
      tcp:
        detection-ports:
          dp: 1053
      udp:
        detection-ports:
          dp: 53, 1053
    mqtt:
      detection-ports:
        dp: 1883-1885
"""
    rows = [(row.protocol, row.udp, row.ports) for row in applications(configuration(text, tmp_path)).ports]
    mqtt = (1883, 1884, 1885)
    assert rows == [
        ("dns", False, (1053,)), ("dns", True, (53, 1053)), ("mqtt", False, mqtt), ("mqtt", True, mqtt),
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="no port"):
        applications(configuration(text.replace("53, 1053", "domain"), tmp_path))


@pytest.mark.parametrize(
    ("said", "asked", "hassh", "after"),
    [
        ("hassh: auto", (), False, "track_only"),
        ("encryption-handling: bypass", ("ssh.hassh.server",), True, "bypass"),
        ("hassh: yes", (), True, "track_only"),
        ("hassh: no", ("ssh.hassh",), False, "track_only"),
    ],
)
def test_ssh(said: str, asked: tuple[str, ...], hassh: bool, after: str, tmp_path: Path) -> None:
    made = applications(configuration(f"app-layer: {{protocols: {{ssh: {{{said}}}}}}}", tmp_path), iter(asked)).ssh
    assert (made.hassh, made.after) == (hassh, after)


def test_ftp(tmp_path: Path) -> None:
    text = "app-layer: {protocols: {ftp: {max-line-length: 8kb, max-tx: 5}}}"
    made = applications(configuration(text, tmp_path)).ftp
    assert (made.max_line_length, made.max_transactions) == (8192, 5)
    with pytest.raises(ConfigError, match=r"ftp\.max-tx"):
        applications(configuration(text.replace("5", "none"), tmp_path))


def test_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="encryption-handling"):
        applications(configuration(PROTOCOLS % "encryption-handling: maybe", tmp_path))
