"""suricata.yaml → how packets are taken apart, put together and tracked."""

from __future__ import annotations

import pytest

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.rules import Variables
from tmrx.suricata import document, engine
from tmrx.suricata.settings import STOCK, Configuration


def configuration(*options: str, stock: bool = False) -> Configuration:
    found = document.load(STOCK) if stock else {}
    for option in options:
        document.override(found, option)
    return Configuration(found)


def streams(*options: str, stock: bool = False, inline: bool = False) -> plan.StreamSettings:
    return engine.streams(configuration(*options, stock=stock), inline=inline, checksums=True)


def test_the_two_sets_of_defaults_differ() -> None:
    compiled, stock = engine.flow(configuration()), engine.flow(configuration(stock=True))
    assert (compiled.timeouts.tcp_new, stock.timeouts.tcp_new) == (30, 60)
    assert (compiled.timeouts.tcp_closed, stock.timeouts.tcp_closed) == (10, 60)
    assert (streams().urgent, streams(stock=True).urgent) == ("inline", "oob")
    assert engine.fragments(configuration()).memory == 16 << 20
    assert engine.fragments(configuration(stock=True)).memory == 32 << 20


def test_encapsulations_by_port() -> None:
    stock = configuration(stock=True)
    found = engine.decap(stock, Variables())
    assert (found.vxlan_ports, found.geneve_ports, found.teredo_ports) == ((4789,), (6081,), (3544,))
    assert engine.decap(configuration(), Variables()).teredo_ports == (0,)
    changed = configuration("decoder.vxlan.ports=4789,8472", "decoder.geneve.enabled=no")
    found = engine.decap(changed, Variables())
    assert (found.vxlan_ports, found.geneve_ports) == ((4789, 8472), ())
    with pytest.raises(ConfigError, match=r"decoder\.vxlan\.ports"):
        engine.decap(configuration("decoder.vxlan.ports=$NOTHING"), Variables())


def test_operating_systems_by_network() -> None:
    windows = plan.HostPolicy(network=bytes(10) + b"\xff\xff" + bytes(4), prefix=96, policy="windows")
    assert streams(stock=True).hosts == (windows,)
    assert (streams().hosts, streams().policy) == ((), "bsd")
    six = configuration("host-os-policy.old-solaris=2001:db8::/32")
    assert engine.fragments(six).hosts[0].policy == "first"
    assert engine.fragments(six).hosts[0].prefix == 32
    for option in ("host-os-policy.amiga=10.0.0.0/8", "host-os-policy.linux=10.0.0.0/99"):
        with pytest.raises(ConfigError):
            list(engine.host_policies(configuration(option)))


def test_streams_follow_the_mode() -> None:
    assert not streams(stock=True).inline
    assert streams("stream.inline=true").inline
    assert streams(stock=True, inline=True).inline
    assert streams("stream.inline=auto", inline=True).inline
    assert streams("stream.reassembly.depth=1MB").depth == 2**20
    assert not engine.streams(configuration(), inline=False, checksums=False).checksums


@pytest.mark.parametrize(
    ("options", "inline", "policy"),
    [
        ((), False, "ignore"),
        (("exception-policy=auto",), False, "ignore"),
        (("exception-policy=drop-flow",), False, "ignore"),
        (("exception-policy=auto",), True, "drop_flow"),
        (("stream.midstream-policy=bypass",), False, "bypass"),
        (("exception-policy=ignore", "stream.midstream-policy=pass-flow"), False, "pass_flow"),
        (("stream.midstream=true", "stream.midstream-policy=pass-flow"), False, "pass_flow"),
        (("stream.midstream=true", "exception-policy=auto"), True, "ignore"),
    ],
)
def test_exception_policies(options: tuple[str, ...], inline: bool, policy: str) -> None:
    assert streams(*options, inline=inline).midstream_policy == policy


@pytest.mark.parametrize(
    "options",
    [
        ("exception-policy=panic",),
        ("stream.midstream=true", "stream.midstream-policy=reject"),
        ("stream.midstream=true", "stream.midstream-policy=drop-flow"),
        ("stream.reassembly.urgent.policy=later",),
    ],
)
def test_settings_that_can_not_be(options: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError):
        streams(*options)


def test_detection_keeps_to_its_limits() -> None:
    limits = engine.detect(configuration("packet-alert-max=3"))
    assert (limits.packet_alert_max, limits.pcre_match_limit) == (3, 3500)
    assert limits.guessed_transactions == 0
    assert engine.detect(configuration("detect.guess-applayer-tx=yes")).guessed_transactions == 4
