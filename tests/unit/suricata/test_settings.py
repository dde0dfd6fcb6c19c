"""The table of settings, and how values are read by it."""

from __future__ import annotations

import pytest
import yaml

from tmrx.errors import ConfigError
from tmrx.suricata import document, settings
from tmrx.suricata.document import Text
from tmrx.suricata.settings import BY_PATH, SETTINGS, STOCK, Configuration


def configuration(*options: str) -> Configuration:
    found: dict[str, document.Node] = {}
    for option in options:
        document.override(found, option)
    return Configuration(found)


def test_each_setting_stands_once() -> None:
    assert len(BY_PATH) == len(SETTINGS)


def test_stock_settings_are_known() -> None:
    assert Configuration(document.load(STOCK)).idle()[1] == []
    assert yaml.safe_load(STOCK.read_text())["outputs"][1]["eve-log"]["types"][1] == {"frame": {"enabled": False}}


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("64mb", 64 << 20), ("1 KiB", 1024), ("1.5gb", 3 << 29), ("8kb", 8192), ("x", None), ("1tb", None)],
)
def test_sizes(text: str, size: int | None) -> None:
    assert settings.size(text) == size


def test_defaults_are_the_tables_own() -> None:
    empty = configuration()
    assert empty.size("stream.reassembly.depth") == 2**20
    assert empty.flag("stream.checksum-validation")
    assert empty.words("rule-files") == []


def test_values_that_can_not_be() -> None:
    wrong = configuration("stream.memcap=much", "defrag.timeout=soon")
    with pytest.raises(ConfigError, match=r"--set stream\.memcap: stream\.memcap: 'much' is no size"):
        wrong.size("stream.memcap")
    with pytest.raises(ConfigError, match="'soon' is no number"):
        wrong.number("defrag.timeout")


def test_a_list_may_be_one_scalar() -> None:
    found = Configuration({"rule-files": [Text("a", ""), Text("", "")], "reputation-files": Text("b", "")})
    assert (found.words("rule-files"), found.words("reputation-files")) == (["a"], ["b"])


def test_settings_without_effect_are_told_from_unknown_ones() -> None:
    found = configuration("af-packet.0.interface=eth0", "stream.midstream=yes", "stream.midstraem=yes", "mystery=1")
    assert found.idle() == (["af-packet"], ["mystery", "stream.midstraem"])
