"""The order of evaluation (specification, rules.md, "Order of rules")."""

from __future__ import annotations

import pytest

from tmrx import plan
from tmrx.rules import order


def rule(sid: int, **facts: object) -> plan.Rule:
    return plan.Rule(protocol="ip", src=0, sport=0, dst=0, dport=0, sid=sid, **facts)  # type: ignore[arg-type]


READ_BIT = plan.Flowbits(isset=True, bits=(0,))
SET_BIT = plan.SetFlowbits(set=True, bits=(0,))
READ_INT = plan.FlowintTest(name=0, op="eq", value=1)
SET_INT = plan.SetFlowint(name=0, op="set", value=1)
READ_X = plan.XbitTest(isset=True, bit=0, track="ip_src")
SET_X = plan.SetXbit(op="set", bit=0, track="ip_src")
READ_TEXT = plan.Captured(of="flow", name="a", text=b"a")
CAPTURE = plan.BufferTest(
    matches=(plan.Pcre(pattern=b"(a)", captures=(plan.Capture(kind="flow", name="a"),)),),
)

# From first to last, whatever the sids.
ORDERS = {
    "actions": [rule(i, action=a) for i, a in enumerate(("pass", "drop", "reject", "alert"))],
    "config is like alert": [rule(9, action="reject"), rule(1, action="config"), rule(2, action="alert")],
    "flowbits": [
        rule(9, effects=(SET_BIT,)),
        rule(8, effects=(SET_BIT,), checks=(READ_BIT,)),
        rule(7, checks=(READ_BIT,)),
        rule(6),
    ],
    "flowints after flowbits": [rule(9, checks=(READ_BIT,)), rule(8, effects=(SET_INT,)), rule(7, checks=(READ_INT,))],
    "captures": [rule(9, checks=(READ_INT,)), rule(8, buffers=(CAPTURE,)), rule(7, checks=(READ_TEXT,)), rule(6)],
    "xbits: readers first": [rule(9, checks=(READ_X,)), rule(8, effects=(SET_X,))],
    "priority, then sid": [rule(9, priority=1), rule(1, priority=2), rule(2, priority=2), rule(0)],
}


@pytest.mark.parametrize("what", ORDERS)
def test_order(what: str) -> None:
    key = order.key()
    wanted = ORDERS[what]
    assert sorted(reversed(wanted), key=lambda rule: key(rule, False)) == wanted


def test_hostbits_are_written_before_they_are_read() -> None:
    key = order.key()
    assert key(rule(9, effects=(SET_X,)), True) < key(rule(8, checks=(READ_X,)), True)


def test_an_action_order_of_ones_own() -> None:
    key = order.key(("alert", "reject", "drop", "pass"))
    actions = ("config", "alert", "reject", "drop", "pass")
    wanted = [rule(i, action=a) for i, a in enumerate(actions)]
    assert sorted(reversed(wanted), key=lambda rule: key(rule, False)) == wanted
