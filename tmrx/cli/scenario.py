"""Scenarios for `tmrx send`: their list, and one of them played to fit a mirror."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import click

from tmrx.cli import console
from tmrx.interop.scene import SOURCE, Party
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import NetworkInterface


def listed(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    """Print the scenarios and end, where that is wanted."""
    if not wanted:
        return
    from tmrx.interop import scenarios  # noqa: PLC0415

    rows = [{"name": name, "help": text} for name, text in scenarios.names().items()]
    click.echo("\n".join(console.table(rows, {"name": "scenario", "help": "what happens"})))
    ctx.exit()


def write(name: str, path: Path, mirror: Mirror, seed: int) -> None:
    """Play a scenario into a capture, for the first source of the mirror. Raises UsageError."""
    from tmrx.interop import scenarios  # noqa: PLC0415

    interface = next((mirror.interfaces[key] for key in mirror.sources()), None)
    source = _party(interface) if interface else SOURCE
    scenarios.write(name, path, seed=seed, source=source, resolver=_resolver(mirror, interface))


def _party(interface: NetworkInterface) -> Party:
    """The interface as a party: what it does not say is the scenarios' own."""
    addresses = [ip_address(address) for address in interface.addresses()]
    four = next((str(address) for address in addresses if isinstance(address, IPv4Address)), SOURCE.ipv4)
    six = next((str(address) for address in addresses if not isinstance(address, IPv4Address)), SOURCE.ipv6)
    mac, mtu = interface.mac_address or SOURCE.mac, interface.mtu_or_default()
    return replace(SOURCE, mac=mac, ipv4=four, ipv6=six, mtu=mtu)


def _resolver(mirror: Mirror, interface: NetworkInterface | None) -> str | None:
    """The resolver of the interface's VPC: base + 2 of the CIDR, where that is known."""
    vpc = mirror.vpcs.get(mirror.vpc_of(interface)) if interface else None
    return mirror.resolvers(interface)[0] if interface and vpc and vpc.ipv4_cidrs() else None
