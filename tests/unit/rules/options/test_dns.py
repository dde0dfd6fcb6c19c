"""What the keywords of DNS messages compile to."""

from __future__ import annotations

import pytest

from tests.unit.rules.compiling import drafted
from tmrx import plan
from tmrx.rules.diagnostics import Fault


@pytest.mark.parametrize(
    ("text", "value", "number"),
    [
        ("dns.opcode:!4;", "dns.opcode", plan.Number(op="ne", a=4)),
        ("dns.rcode:3;", "dns.rcode", plan.Number(op="eq", a=3)),
        ("dns.rcode:NXDOMAIN;", "dns.rcode", plan.Number(op="eq", a=3)),
        ("dns.rrtype:!aaaa;", "dns.rrtype", plan.Number(op="ne", a=28)),
        ("dns.rrtype:5-17;", "dns.rrtype", plan.Number(op="between", a=5, b=17)),
        ("dns.rrtype:https;", "dns.rrtype", plan.Number(op="eq", a=65)),
    ],
)
def test_numbers(text: str, value: str, number: plan.Number) -> None:
    assert drafted(text).checks == [plan.TransactionValue(value=value, number=number, instances=plan.Instances())]


def test_which_of_several() -> None:
    [last] = drafted("dns.rrtype:txt,-1;").checks
    assert last == plan.TransactionValue(
        value="dns.rrtype", number=plan.Number(op="eq", a=16), instances=plan.Instances(which="at", index=-1)
    )
    [part] = drafted("dns.rrtype:txt,any,0:2;").checks
    assert part == plan.TransactionValue(
        value="dns.rrtype", number=plan.Number(op="eq", a=16), instances=plan.Instances(first=0, end=2)
    )
    [many] = drafted("dns.rrtype:count >3;").checks
    assert many == plan.TransactionValue(
        value="dns.rrtype", number=plan.Number(op="gt", a=3), instances=plan.Instances(which="count")
    )


@pytest.mark.parametrize("text", ["dns.rcode:nonsense;", "dns.opcode:256;", "dns.rrtype:a,any,x;"])
def test_what_is_wrong(text: str) -> None:
    with pytest.raises(Fault):
        drafted(text)
