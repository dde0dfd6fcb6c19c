"""What the keywords of FTP that are no buffers compile to."""

from __future__ import annotations

import pytest

from tests.unit.rules.compiling import drafted
from tmrx import plan
from tmrx.rules.diagnostics import Fault


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ftp.dynamic_port:21;", plan.Number(op="eq", a=21)),
        ("ftp.dynamic_port:>1023;", plan.Number(op="gt", a=1023)),
        ("ftp.mode:passive;", plan.Number(op="eq", a=0)),
        ("ftp.mode:Active;", plan.Number(op="eq", a=1)),
        ("ftp.reply_received:yes;", plan.Number(op="eq", a=1)),
        ("ftp.reply_received:off;", plan.Number(op="eq", a=0)),
        ("ftpbounce;", plan.Number(op="eq", a=1)),
        ("ftpdata_command:retr;", plan.Number(op="eq", a=0)),
        ("ftpdata_command:MLSD;", plan.Number(op="eq", a=6)),
    ],
)
def test_numbers(text: str, number: plan.Number) -> None:
    name = text.partition(":")[0].rstrip(";")
    assert drafted(text).checks == [plan.TransactionValue(value=name, number=number, instances=plan.Instances())]


@pytest.mark.parametrize(
    "text", ["ftp.dynamic_port:70000;", "ftp.mode:both;", "ftp.reply_received:maybe;", "ftpdata_command:quit;"]
)
def test_what_is_wrong(text: str) -> None:
    with pytest.raises(Fault):
        drafted(text)
