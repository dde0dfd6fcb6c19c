"""The parties of a scenario, and its time."""

from __future__ import annotations

import ipaddress
from random import Random

import pytest

from tmrx.errors import UsageError
from tmrx.interop.scene import SOURCE, START_NS, Party, Scene, neighbour, resolver_of, service, stranger, together


@pytest.mark.parametrize(
    ("party", "why"),
    [
        (("02:00:0a", "10.0.0.1", "::1"), "'02:00:0a' is no MAC address"),
        (("02:00:0a:00:01:0a", "::1", "::1"), "'::1' is no IPv4 address"),
        (("02:00:0a:00:01:0a", "10.0.0.1", "10.0.0.1"), "'10.0.0.1' is no IPv6 address"),
    ],
)
def test_what_is_no_address_is_refused(party: tuple[str, str, str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Party(*party)


@pytest.mark.parametrize("last", [0, 1, 127, 128, 254, 255])
def test_neighbours_are_others_in_the_same_subnet(last: int) -> None:
    source = Party(f"02:00:00:00:00:{last:02x}", f"10.1.2.{last}", f"2001:db8::{last:x}")
    others = [neighbour(source, number) for number in range(100)]
    assert len({(other.mac, other.ipv4, other.ipv6) for other in [source, *others]}) == 101
    assert all(ipaddress.ip_address(other.ipv4) in ipaddress.ip_network("10.1.2.0/24") for other in others)


def test_the_resolver_is_the_base_of_the_vpc_and_two() -> None:
    assert resolver_of(SOURCE) == "10.0.0.2"


def test_later_is_to_the_microsecond() -> None:
    scene = Scene(SOURCE, stranger(), service("10.0.0.2", "fd00:ec2::253"), Random(0))  # noqa: S311 - repeatable
    assert scene.later(0.1234567).start == START_NS + 123_457_000
    assert scene.later(1).peer == scene.peer


def test_parts_come_in_order_of_time() -> None:
    assert list(together([(1, b"a"), (5, b"b")], [(2, b"c")])) == [(1, b"a"), (2, b"c"), (5, b"b")]
