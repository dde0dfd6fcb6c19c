"""The reference source against the specification's own numbers, where no second implementation is needed."""

from __future__ import annotations

import msgspec
import pytest

from tests.differential.test_source_corners import COPIES, CUT, OWN4, PEER4, mirror, outgoing
from tests.packets import UDP, ip, udp
from tests.property.mirrors import packed
from tmrx.plan import Copies
from tmrx.reference.copies import Copy
from tmrx.reference.mirror import Mirror

# Specification, section 5: the first frame of a real AWS capture, up to the inner UDP checksum.
AWS = bytes.fromhex(
    "06e2439cff5e061d3c34d0770800"
    "4500007e00000000ff115086ac1f00eeac1f11bc"
    "ffa512b5006a0000"
    "0800000054fa1100"
    "02292374c77d028569c2ab020800"
)


def test_aws_first_frame() -> None:
    copies = Copies(
        vni=0x54FA11,
        src=packed("172.31.0.238"),
        dst=(packed("172.31.17.188"),),
        macs=AWS[:12],
    )
    inner = AWS[50:] + bytes(90 - 14)
    frame = Copy(copies, inner, None, answers=False).frame(0xFFA5, packed("172.31.17.188"))
    assert frame[: len(AWS)] == AWS
    assert len(frame) == 14 + 0x7E


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("vxlan over IPv4", 50),
        ("vxlan over IPv6", 70),
        ("geneve over IPv4, vxlan over IPv4", 118),
        ("geneve over IPv4, vxlan over IPv6", 138),
    ],
)
def test_where_the_mirrored_frame_starts(name: str, inner: int) -> None:
    (outcome,) = Mirror(mirror(COPIES[name])).decide(outgoing(CUT["TCP"]))
    assert outcome.copy is not None
    gateway = outcome.copy.copies.gateway
    frame = outcome.copy.frame(65_408, (gateway or outcome.copy.copies).dst[0], 7)
    assert frame[inner:] == outgoing(CUT["TCP"]).data


def test_first_session_that_accepts() -> None:
    """A reject in one session falls through to the next; where none accepts, the first reject is told."""
    base = mirror()
    reject = msgspec.structs.replace(base.filters[0].egress[0], id="tmfr-no", accept=False)
    sessions = tuple(
        msgspec.structs.replace(base.sessions[0], id=f"tms-{number}", filter=number) for number in range(2)
    )
    refusing = msgspec.structs.replace(base.filters[0], egress=(reject,))
    sources = (msgspec.structs.replace(base.sources[0], sessions=(0, 1)),)
    for second, expected in (
        (base.filters[0], ("mirrored", "tms-1", "tmfr-all")),
        (refusing, ("rejected", "tms-0", "tmfr-no")),
    ):
        plan = msgspec.structs.replace(base, sources=sources, sessions=sessions, filters=(refusing, second))
        (outcome,) = Mirror(plan).decide(outgoing(ip(OWN4, PEER4, UDP, udp(1, 2))))
        assert (outcome.fate, outcome.session, outcome.rule) == expected
