from __future__ import annotations

import pytest

from tmrx import plan
from tmrx.rules.interner import Interner
from tmrx.rules.sources import Source
from tmrx.rules.thresholds import Thresholds
from tmrx.rules.variables import Variables

OWN = plan.Limit(type="limit", track="by_src", count=1, seconds=60)
RATE = plan.Limit(type="rate_filter", track="by_rule", count=5, seconds=10, new_action="drop", timeout=30)
BOTH = plan.Limit(type="both", track="by_dst", count=2, seconds=3)
LINES = r"""
# suppressions
suppress gen_id 1, sig_id 7
suppress gen_id 1, sig_id 8, track by_src, ip [10.0.0.0/8,192.0.2.1]
suppress gen_id 1, sig_id 8, track by_either, ip 192.0.2.1, 192.0.2.2
  threshold gen_id 1, sig_id 9, type both, track by_dst, \
    count 2, seconds 3
event_filter gen_id 2, sig_id 0, type both, track by_dst, count 2, seconds 3
rate_filter gen_id 0, sig_id 0, track by_rule, count 5, seconds 10, new_action sdrop, timeout 30
"""


def thresholds(text: str) -> Thresholds:
    return Thresholds(Source("threshold.config", text.encode()), Interner(Variables()))


def rule(sid: int, gid: int = 1, *limits: plan.Limit) -> plan.Rule:
    return plan.Rule(protocol="ip", src=0, sport=0, dst=0, dport=0, sid=sid, gid=gid, limits=limits)


def test_lines_go_to_their_rules() -> None:
    file = thresholds(LINES)
    assert not file.diagnostics
    assert file.applied(rule(1)).limits == (RATE,)
    assert file.applied(rule(7, 1, OWN)).limits == (plan.Limit(type="suppress"), OWN, RATE)
    assert [limit.track for limit in file.applied(rule(8)).limits] == ["by_src", "by_either", "by_rule"]
    assert [limit.addresses for limit in file.applied(rule(8)).limits] == [0, 1, None]
    assert file.applied(rule(9)).limits == (BOTH, RATE)
    assert file.applied(rule(9, 2)).limits == (BOTH, RATE)


def test_a_rules_own_threshold_stays() -> None:
    file = thresholds(LINES)
    assert file.applied(rule(9, 1, OWN)).limits == (OWN, RATE)
    assert [one.severity for one in file.diagnostics] == ["warning"]


@pytest.mark.parametrize(
    "line",
    [
        "suppress",
        "suppress sig_id 1",
        "suppress gen_id 1, sig_id 99999999999",
        "suppress gen_id 1, sig_id 1, track by_rule, ip 10.0.0.1",
        "suppress gen_id 1, sig_id 1, track by_src",
        "suppress gen_id 1, sig_id 1, track by_src, ip $NOWHERE",
        "threshold gen_id 1, sig_id 1, type detection_filter, track by_src, count 1, seconds 1",
        "threshold gen_id 1, sig_id 1, type limit, track by_either, count 1, seconds 1",
        "threshold gen_id 1, sig_id 1, type limit, track by_src, count 1",
        "threshold gen_id 1, sig_id 1, type limit, track by_src, count 1, count 1, seconds 1",
        "threshold gen_id 1, sig_id 1, type limit, track by_src, count 0, seconds 1",
        "rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action run, timeout 1",
        "rate_filter gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 1, new_action drop, timeout 1",
        "limit gen_id 1, sig_id 1",
    ],
)
def test_a_line_that_is_wrong_is_skipped(line: str) -> None:
    file = thresholds(f"{line}\nsuppress gen_id 1, sig_id 1\n")
    assert [(one.severity, one.line) for one in file.diagnostics] == [("warning", 1)]
    assert file.applied(rule(1)).limits == (plan.Limit(type="suppress"),)
