"""Every setting once."""

from __future__ import annotations

import pytest

from tmrx import config, plan
from tmrx.config import SETTINGS, Settings
from tmrx.errors import ConfigError
from tmrx.units import Endpoint


def test_defaults_are_the_plans() -> None:
    settings = Settings()
    assert settings.decap() == plan.DecapSettings()
    assert settings.flow(live=False) == plan.FlowSettings()
    assert settings.flow(live=True) == plan.FlowSettings(hash_seed=None)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_default_is_within_its_limits(setting: config.Setting) -> None:
    default = list(setting.default) if isinstance(setting.default, tuple) else setting.default
    assert setting.read(default) == setting.default
    assert setting.help.endswith(".")
    assert setting.limits


def test_options_and_toml_read_the_same() -> None:
    options = config.from_options(["max_flows=100k", "timeout_tcp_new=2m", "vxlan_ports=8472,4789", "unknown=refuse"])
    values = {"max_flows": 100_000, "timeout_tcp_new": 120, "vxlan_ports": [4789, 8472], "unknown": "refuse"}
    assert config.read(values) == (options, [])
    assert options.flow(live=False).timeouts.tcp_new == 120


def test_given_over_given() -> None:
    assert Settings({"max_depth": 2}).over(Settings({"max_depth": 3, "max_flows": 2048})) == Settings(
        {"max_depth": 2, "max_flows": 2048}
    )


def test_ports_listened_on_count_as_configured() -> None:
    decap = Settings().decap([Endpoint("vxlan", "::", 6081), Endpoint("geneve", "::", 7000)])
    assert (decap.vxlan_ports, decap.geneve_ports) == ((4789, 6081), (7000,))
    other = Settings().decap([Endpoint("vxlan-gpe", "::", 4789), Endpoint("gre-in-udp", "::", 4754)])
    assert (other.vxlan_ports, other.vxlan_gpe_ports, other.gre_udp_ports) == ((), (4789,), (4754,))


def test_lists_may_be_empty() -> None:
    settings = config.from_options(["teredo_ports=none", "tunnels=none"])
    assert (settings["teredo_ports"], settings["tunnels"]) == ((), ())
    assert config.read({"teredo_ports": [], "tunnels": []}) == (settings, [])
    assert config.from_options(["tunnels=ip, gre"])["tunnels"] == ("gre", "ip")


def test_every_fault_is_said() -> None:
    values = {
        "max_depth": 9,
        "max_flows": True,
        "timeout_tcp_new": "1d",
        "vxlan_ports": [0],
        "unknown": "drop",
        "unknwon": 1,
    }
    settings, faults = config.read(values, "[settings] ")
    assert settings == Settings()
    assert [str(fault) for fault in faults] == [
        "[settings] max_depth: 9 is above 8 (1 to 8 encapsulations; default 4)",
        "[settings] max_flows: True is not a number (1024 to 268435456 flows; default 1572864)",
        "[settings] timeout_tcp_new: '1d' has a unit that is none of ms s m h (1 to 86400 s; default 60)",
        "[settings] vxlan_ports: 0 is below 1 (1 to 65535 each UDP port; default 4789)",
        "[settings] unknown: 'drop' is not learn or refuse (learn or refuse; default learn)",
        "[settings] unknwon: is no setting of tmrx (did you mean unknown?)",
    ]


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("max_flows", "is not NAME=VALUE"),
        ("nonsense=1", "is no setting"),
        ("vxlan_ports=6081", "is among geneve_ports too"),
        ("gre_udp_ports=3544", "is among teredo_ports too"),
        ("tunnels=gre,vxlan", "'vxlan' is none of erspan, gre, ip, or none"),
    ],
)
def test_options_refused(option: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        config.from_options([option])
