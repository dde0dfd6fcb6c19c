"""What no mirror copies, whatever its filters say; and public NTP, which by default it does."""

from __future__ import annotations

from collections.abc import Iterator

from tmrx.interop import services
from tmrx.interop.scene import Scene, Timed, stranger, together

PUBLIC_TIME = stranger("198.51.100.123", "2001:db8:f00d::123", rtt_us=11_000)


def play(scene: Scene) -> Iterator[Timed]:
    """The source starts up."""
    first, second = services.ACTIVATION
    return together(
        services.dhcp(scene),
        services.dhcpv6(scene.later(1)),
        services.arp(scene.later(2), scene.peer),
        services.metadata(scene.later(3)),
        services.metadata(scene.later(4), ipv6=True),
        services.ntp(scene.later(5), services.TIME_SYNC),
        services.ntp(scene.later(6), services.TIME_SYNC, ipv6=True),
        services.activation(scene.later(7), first),
        services.activation(scene.later(8), second),
        services.activation(scene.later(9), first, ipv6=True),
        services.ntp(scene.later(10), PUBLIC_TIME),
        services.dhcp(scene.later(services.LEASE // 2), renew=True),
    )
