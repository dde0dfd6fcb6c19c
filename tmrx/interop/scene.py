"""Who takes part in a scenario, when it begins, and the chance that all of it shares. Needs no scapy."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import merge
from random import Random

from tmrx.errors import UsageError

# A frame and when it passed the mirror source's interface, in ns since 1970; always whole µs.
Timed = tuple[int, bytes]

# Monday 2026-01-05, 09:00 UTC.
START_NS = 1_767_603_600_000_000_000
US, MS, SECOND = 1_000, 1_000_000, 1_000_000_000
ROUTER_MAC = "02:00:0a:00:01:01"
# Linux's range (ip_local_port_range).
EPHEMERAL = (32768, 60999)
JUMBO, INTERNET = 9001, 1500
_MIDDLE = 127


@dataclass(frozen=True)
class Party:
    """A host, as the mirror source's interface sees it. Raises UsageError for what is no address.

    `mac` is the next hop's: for a host in another subnet, the VPC router's. `mtu`: bytes of the largest IP packet.
    `rtt_us`: round trip between it and the source in µs. `hops`: by how much its TTL is lower when it arrives.
    """

    mac: str
    ipv4: str
    ipv6: str
    mtu: int = JUMBO
    rtt_us: int = 250
    hops: int = 0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", self.mac):
            raise UsageError("scenario", f"{self.mac!r} is no MAC address", "as in 02:00:0a:00:01:0a")
        for text, version, family, example in (
            (self.ipv4, 4, ipaddress.IPv4Address, "10.0.1.10"),
            (self.ipv6, 6, ipaddress.IPv6Address, "2001:db8:1::a"),
        ):
            try:
                family(text)
            except ValueError:
                raise UsageError("scenario", f"{text!r} is no IPv{version} address", f"as in {example}") from None

    def address(self, ipv6: bool) -> str:
        """Its address of one family."""
        return self.ipv6 if ipv6 else self.ipv4


SOURCE = Party("02:00:0a:00:01:0a", "10.0.1.10", "2001:db8:1::a")


def neighbour(source: Party, number: int = 0) -> Party:
    """A host in the source's subnet: its addresses, with another last byte; several by `number`, below 100."""
    ipv4, ipv6 = ipaddress.IPv4Address(source.ipv4), ipaddress.IPv6Address(source.ipv6)
    mac = bytes.fromhex(source.mac.replace(":", ""))

    def other(address: bytes) -> bytes:
        last = address[-1]
        return address[:-1] + bytes([last + 10 + number if last <= _MIDDLE else last - 10 - number])

    return Party(
        mac=other(mac).hex(":"),
        ipv4=str(ipaddress.IPv4Address(other(ipv4.packed))),
        ipv6=str(ipaddress.IPv6Address(other(ipv6.packed))),
    )


def stranger(ipv4: str = "203.0.113.66", ipv6: str = "2001:db8:f00d::66", rtt_us: int = 24_000) -> Party:
    """A host in the internet, behind the VPC's router."""
    return Party(ROUTER_MAC, ipv4, ipv6, mtu=INTERNET, rtt_us=rtt_us, hops=12)


def service(ipv4: str, ipv6: str) -> Party:
    """One of the addresses at which the VPC itself answers: the resolver, instance metadata, Time Sync, activation."""
    return Party(ROUTER_MAC, ipv4, ipv6)


def resolver_of(source: Party) -> str:
    """The VPC's base + 2, where the VPC is the /16 that the source is in."""
    vpc = ipaddress.IPv4Network((source.ipv4, 16), strict=False)
    return str(vpc.network_address + 2)


@dataclass(frozen=True)
class Scene:
    """What a scenario is given: the mirror source, its peer, the VPC's resolver, seeded chance, and when it begins."""

    source: Party
    peer: Party
    resolver: Party
    chance: Random
    start: int = START_NS

    def later(self, seconds: float) -> Scene:
        """The same later, to the µs: to put scenarios together."""
        return replace(self, start=self.start + round(seconds * 1_000_000) * US)

    def port(self) -> int:
        """A client's port."""
        return self.chance.randint(*EPHEMERAL)


def together(*parts: Iterable[Timed]) -> Iterator[Timed]:
    """Parts of a scenario, whatever they overlap, as one: in order of time."""
    return merge(*parts)
