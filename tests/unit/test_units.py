"""Quantities as people write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tmrx import units
from tmrx.units import Endpoint, Rate


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (units.size, "0", 0),
        (units.size, "64k", 64_000),
        (units.size, "1.5Mi", 1_572_864),
        (units.size, "2G", 2_000_000_000),
        (units.size, "2 Gi", 2_147_483_648),
        (units.duration, "500ms", 0.5),
        (units.duration, "1.5", 1.5),
        (units.duration, "10s", 10.0),
        (units.duration, "5m", 300.0),
        (units.duration, "2h", 7200.0),
        (units.seconds, "1.5m", 90),
        (units.rate, "10kpps", Rate(10_000, "pps")),
        (units.rate, "1.5Gbps", Rate(1_500_000_000, "bps")),
        (units.rate, "7pps", Rate(7, "pps")),
        (units.share, "1%", 0.01),
        (units.share, "0.5", 0.5),
        (units.share, "100 %", 1.0),
    ],
)
def test_quantities(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "why"),
    [
        (units.size, "", "is not a number with a unit"),
        (units.share, "%1", "is not a number with a unit"),
        (units.share, "101%", "is not a share"),
        (units.share, "1.1", "is not a share"),
        (units.share, "1k", "is not a share"),
        (units.size, "-1", "is not a number with a unit"),
        (units.size, "1K", "has a unit that is none of k M G Ki Mi Gi"),
        (units.size, "0.5", "is not a whole number"),
        (units.size, "1" * 19, "is not a number with a unit"),
        (units.duration, "1d", "has a unit that is none of ms s m h"),
        (units.seconds, "1ms", "is not in whole seconds"),
        (units.rate, "10", "has a unit that is none of"),
        (units.rate, "0pps", "is no rate at all"),
        (units.rate, "0.5pps", "is not a whole number"),
    ],
)
def test_refused(read: Callable[[str], object], text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(text)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("0.0.0.0:4789", Endpoint("vxlan", "0.0.0.0", 4789)),
        ("0.0.0.0:6081", Endpoint("geneve", "0.0.0.0", 6081)),
        ("[::]:6081", Endpoint("geneve", "::", 6081)),
        ("geneve:127.0.0.1:9", Endpoint("geneve", "127.0.0.1", 9)),
        ("vxlan:[::1]:6081", Endpoint("vxlan", "::1", 6081)),
    ],
)
def test_endpoint(text: str, endpoint: Endpoint) -> None:
    assert units.endpoint(text) == endpoint
    assert units.endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:4789"])
def test_endpoint_with_a_port_of_its_own(text: str) -> None:
    assert units.endpoint(text, 4789) == Endpoint("vxlan", "127.0.0.1", 4789)


def test_a_port_may_be_left_to_the_system() -> None:
    assert units.endpoint("127.0.0.1:0", lowest=0).port == 0


@pytest.mark.parametrize("text", ["::1", "[::1]"])
def test_endpoint_of_ipv6_with_a_port_of_its_own(text: str) -> None:
    assert units.endpoint(text, 6081) == Endpoint("geneve", "::1", 6081)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("4789", "is not of the form"),
        ("::1:4789", "is not of the form"),
        ("127.0.0.1", "is not of the form"),
        ("example:1", "is not an IP address"),
        ("127.0.0.1:0", "not from 1 to 65535"),
        ("127.0.0.1:65536", "not from 1 to 65535"),
        ("127.0.0.1:", "not from 1 to 65535"),
        ("127.0.0.1:٣", "not from 1 to 65535"),
    ],
)
def test_endpoint_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        units.endpoint(text)
