"""HTTP's settings and events in suricata.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata import document, http
from tmrx.suricata.settings import STOCK, Configuration


def configuration(text: str, folder: Path) -> Configuration:
    path = folder / "suricata.yaml"
    path.write_text("%YAML 1.1\n---\n" + text)
    return Configuration(document.load(path))


def test_stock_and_compiled_values(tmp_path: Path) -> None:
    stock = http.settings(Configuration(document.load(STOCK)))
    assert stock == plan.HttpSettings(lzma=True)
    compiled = http.settings(configuration("vars:\n", tmp_path))
    body = plan.BodySettings(limit=4096, minimum=32_768, window=4096)
    assert (compiled.request, compiled.response, compiled.decompress_layers) == (body, body, 2)


def test_what_a_file_says(tmp_path: Path) -> None:
    text = """
app-layer:
  protocols:
    http:
      libhtp:
        default-config:
          response-body-limit: 1mb
          request-body-minimal-inspect-size: 2kb
          response-body-decompress-layer-limit: 3
          lzma-enabled: yes
          double-decode-path: yes
          meta-field-limit: 20000
"""
    settings = http.settings(configuration(text, tmp_path))
    assert (settings.response.limit, settings.request.minimum) == (1 << 20, 2048)
    assert (settings.decompress_layers, settings.meta_field_limit) == (3, 20_000)
    assert (settings.lzma, settings.double_decode_path, settings.double_decode_query) == (True, True, False)
    with pytest.raises(ConfigError, match="no size"):
        http.settings(configuration(text.replace("1mb", "much"), tmp_path))


def test_events() -> None:
    assert http.events({}) == plan.HttpEvents(extended=False)
    assert http.events({"dump-all-headers": document.Text("both", "x")}).all_headers == "both"
    with pytest.raises(ConfigError, match="dump-all-headers"):
        http.events({"dump-all-headers": document.Text("all", "x")})
