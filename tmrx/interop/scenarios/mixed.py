"""An hour of an office server in miniature: scenarios put together, each at its times, one frame after the other."""

from __future__ import annotations

from collections.abc import Iterator

from tmrx.interop import services
from tmrx.interop.line import Line
from tmrx.interop.scenarios import dns, http, http_attack, icmp_ping, port_scan, ssh, tls
from tmrx.interop.scene import Party, Scene, Timed, neighbour, stranger, together

HOUR = 3600
COLLEAGUES, VISITORS = 4, 2
MIRRORS = ("packages.example.com", "time.example.net", "updates.example.org")


def play(scene: Scene) -> Iterator[Timed]:
    """The source is the server; the peer is who attacks it."""
    return together(*visits(scene), *errands(scene), *habits(scene), *trouble(scene))


def visits(scene: Scene) -> Iterator[Iterator[Timed]]:
    """Colleagues in the subnet and visitors from outside fetch pages, some over IPv6; an administrator logs in."""
    people: list[Party] = [neighbour(scene.source, number) for number in range(COLLEAGUES)]
    people += [stranger(f"192.0.2.{number + 80}", f"2001:db8:cafe::{number + 80:x}") for number in range(VISITORS)]
    for person in people:
        for _ in range(4):
            paths = [f"/wiki/{scene.chance.randint(1, 90)}" for _ in range(scene.chance.randint(1, 3))]
            ipv6 = not scene.chance.randrange(4)
            yield http.converse(Line(_sometime(scene), person, scene.source, ipv6=ipv6), list(http.pages(*paths)))
    yield ssh.session(_sometime(scene), people[0], commands=8)


def errands(scene: Scene) -> Iterator[Iterator[Timed]]:
    """The server looks names up, and fetches what they stand for."""
    for number, name in enumerate(MIRRORS):
        when, address = _sometime(scene), f"198.51.100.{20 + number}"
        yield dns.lookup(when, scene.resolver, dns.Lookup(name, "A", [dns.record(name, "A", address)]))
        server = stranger(address, f"2001:db8:f00d::{20 + number}", rtt_us=14_000)
        yield tls.fetch13(when.later(0.02), server, (350, scene.chance.randint(4_000, 40_000)), name)
    printer = dns.Lookup("printer.ec2.internal", code=dns.NAME_ERROR)
    for _ in range(12):
        yield dns.lookup(_sometime(scene), scene.resolver, printer)


def habits(scene: Scene) -> Iterator[Iterator[Timed]]:
    """What comes by the clock: a monitor's ping, the time, ARP, role keys, the lease."""
    monitor = neighbour(scene.source, 40)
    yield from (icmp_ping.ping(scene.later(at), monitor) for at in range(30, HOUR, 120))
    yield from (services.ntp(scene.later(at), services.TIME_SYNC) for at in range(11, HOUR, 256))
    yield from (services.arp(scene.later(at), monitor) for at in range(29, HOUR, 600))
    yield from (services.metadata(scene.later(at)) for at in range(200, HOUR, 1200))
    yield services.dhcp(scene.later(services.LEASE // 2), renew=True)


def trouble(scene: Scene) -> Iterator[Iterator[Timed]]:
    """Now and then a stranger tries a port; and one request is no mistake."""
    for port in scene.chance.sample(port_scan.CLOSED, 10):
        line = Line(_sometime(scene), scene.peer, scene.source)
        yield port_scan.Scanner(line, scene.port()).probe(port, "S")
    _, log4shell = next(http_attack.attacks())
    yield http.converse(Line(_sometime(scene), scene.peer, scene.source), [log4shell])


def _sometime(scene: Scene) -> Scene:
    return scene.later(scene.chance.uniform(60, HOUR - 120))
