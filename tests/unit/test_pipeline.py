"""What the core is told, and what ends a run."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tmrx import pipeline, plan
from tmrx.config import Settings
from tmrx.errors import ConfigError
from tmrx.mirror import Mirror
from tmrx.pipeline import IDLE_MS, Control
from tmrx.units import Endpoint


def test_the_command_lines_settings_win() -> None:
    mirror = Mirror(settings=Settings({"max_flows": 2048, "unknown": "refuse"}))
    made = pipeline.make_plan(
        mirror=mirror, settings=Settings({"max_flows": 4096}), outputs=plan.Outputs(eve=(plan.EVERYTHING,))
    )
    assert made == plan.Plan(
        identity=plan.IdentitySettings(unknown="refuse"),
        flow=plan.FlowSettings(max_flows=4096, hash_seed=0),
        streams=plan.StreamSettings(enabled=True),
        applications=plan.Applications(tls=plan.TlsSettings(ja3=True, ja4=True), ssh=plan.SshSettings(hassh=True)),
        outputs=plan.Outputs(eve=(plan.EVERYTHING,)),
    )


def test_live_the_seed_is_random_and_ports_are_those_listened_on() -> None:
    on = [Endpoint("vxlan", "127.0.0.1", 5000)]
    made = pipeline.make_plan(mirror=Mirror(), settings=Settings(), outputs=plan.Outputs(), listening=on)
    assert made.flow.hash_seed is None
    assert made.decap.vxlan_ports == (4789, 5000)


def test_settings_that_contradict_each_other_together() -> None:
    mirror = Mirror(settings=Settings({"geneve_ports": (5000,)}))
    with pytest.raises(ConfigError, match="port 5000 is among geneve_ports too"):
        pipeline.make_plan(mirror=mirror, settings=Settings({"vxlan_ports": (5000,)}), outputs=plan.Outputs())


def test_a_count_ends_a_run() -> None:
    control = Control(count=10)
    assert (control.left, control.ended) == (10, False)
    control.took(7)
    assert (control.left, control.ended) == (3, False)
    control.took(3)
    assert control.ended


def test_without_limits_nothing_but_a_signal_ends_a_run() -> None:
    control = Control()
    control.took(10**9)
    assert (control.left, control.wait_ms, control.ended) == (0, IDLE_MS, False)


def test_a_time_ends_a_run() -> None:
    control = Control(duration=0.05)
    with control.signals():
        assert not control.ended
        assert control.wait_ms <= 50
        time.sleep(0.06)
        assert control.ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run(number: signal.Signals) -> None:
    control = Control()
    before = signal.getsignal(number)
    with control.signals():
        os.kill(os.getpid(), number)
        assert control.ended
        assert signal.getsignal(number) is signal.SIG_DFL
    assert signal.getsignal(number) is before


def test_a_signal_asks_for_the_summary() -> None:
    control = Control()
    with control.signals():
        os.kill(os.getpid(), signal.SIGUSR1)
    assert control.asked
    assert not control.ended
