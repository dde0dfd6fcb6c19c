from __future__ import annotations

from tmrx.plan import Reputation
from tmrx.rules.reputation import categories, scores
from tmrx.rules.sources import Source

MAPPED = bytes(10) + b"\xff\xff"


def test_categories() -> None:
    found, wrong = categories(Source("c", b"# numbers\n1,BadHosts,Known bad hosts\n\n59,Spam\n60,Far,too\nx,y,z\n"))
    assert found == {"BadHosts": 1, "Spam": 59}
    assert [(one.line, one.severity) for one in wrong] == [(5, "warning"), (6, "warning")]


def test_scores() -> None:
    lines = b"ip,category,score\n10.0.0.1,1,127\n10.1.2.3/8, 2 ,3\n2001:db8::/32,1,5\n10.0.0.1,1,128\n10.0.0,1,1\n1,2\n"
    found, wrong = scores([Source("s", lines)])
    assert found == [
        Reputation(network=MAPPED + b"\x0a\0\0\1", prefix=128, category=1, score=127),
        Reputation(network=MAPPED + b"\x0a\0\0\0", prefix=104, category=2, score=3),
        Reputation(network=b"\x20\x01\x0d\xb8" + bytes(12), prefix=32, category=1, score=5),
    ]
    assert [one.line for one in wrong] == [5, 6, 7]
