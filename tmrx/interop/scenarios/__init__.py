"""Traffic of a mirror source, built with scapy: same name, seed and parties, same bytes.

Each scenario is a module here with one function, ``play(scene) -> Iterator[Timed]``; a new one needs a line in the
table below. The table and the parties need no scapy.
"""

from __future__ import annotations

import difflib
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from random import Random
from types import ModuleType

from tmrx.errors import UsageError
from tmrx.interop.scene import SOURCE, Party, Scene, Timed, neighbour, resolver_of, service, stranger

__all__ = ["SOURCE", "Party", "Timed", "frames", "names", "neighbour", "stranger", "write"]

RESOLVER6 = "fd00:ec2::253"
# Classic pcap, in µs: a scenario's times are whole µs.
_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
_CHUNK = 1 << 16


@dataclass(frozen=True)
class _Scenario:
    """One line of help; who the source's peer is, unless told."""

    help: str
    peer: Callable[[Party], Party]


def _far(help_: str) -> _Scenario:
    return _Scenario(help_, lambda _source: stranger())


def _near(help_: str) -> _Scenario:
    return _Scenario(help_, neighbour)


_SCENARIOS: Mapping[str, _Scenario] = {
    "port-scan": _far("The source is scanned: SYN, null, Xmas, SYN+FIN and UDP probes, and what it answers."),
    "syn-flood": _far("300 SYNs of spoofed senders within a second, and the source's answers."),
    "http": _far("Clients fetch pages from the source, and a big download."),
    "http-attack": _far("Log4Shell, Shellshock, path traversal and SSRF against a web server on the source."),
    "dns": _near("Look-ups through the VPC's resolver, one cut and asked again over TCP, and one elsewhere."),
    "dns-tunnel": _near("A file leaves the source in the names of DNS queries."),
    "tls": _far("The source fetches from a web server over TLS 1.2 and 1.3."),
    "ssh": _far("Passwords are guessed at the source's SSH server until one fits."),
    "icmp-ping": _near("Echo requests of the source in several sizes, over IPv4 and IPv6, one of them lost."),
    "icmp-unreachable": _far("Closed ports, a traceroute, a packet too big, a host that is not there."),
    "ipv6": _near("Neighbour discovery, ping, DNS, HTTP and extension headers over IPv6."),
    "fragments": _near("UDP datagrams in fragments, over IPv4 and IPv6, in order and not."),
    "jumbo": _near("Packets up to 9001 bytes, and of every length at which a mirror begins to cut."),
    "excluded": _near("What no mirror copies: ARP, DHCP, metadata, Time Sync, activation; and public NTP."),
    "mixed": _far("An hour of an office server, in miniature."),
}


def names() -> Mapping[str, str]:
    """Each scenario's name, and a line of help."""
    return {name: scenario.help for name, scenario in _SCENARIOS.items()}


def frames(
    name: str,
    *,
    seed: int = 0,
    source: Party | None = None,
    peer: Party | None = None,
    resolver: str | None = None,
) -> Iterator[Timed]:
    """A scenario's frames as they pass the source's interface, in order of time.

    Without `source`, the mirror source is 10.0.1.10; without `peer`, the other end is a neighbour in its subnet or a
    stranger in the internet, as fits the scenario. `resolver` is the IPv4 address of the VPC's resolver, its base + 2;
    without it, that of the source's /16.
    Raises UsageError for a name that is none, and where scapy is missing.
    """
    scenario = _SCENARIOS.get(name)
    if scenario is None:
        near = difflib.get_close_matches(name, _SCENARIOS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(_SCENARIOS)}"
        raise UsageError(f"scenario {name}", "is not known", hint)
    source = source or SOURCE
    dns = service(resolver or resolver_of(source), RESOLVER6)
    scene = Scene(source, peer or scenario.peer(source), dns, Random(seed))  # noqa: S311 - repeatable is the point
    played: Iterator[Timed] = _module(name).play(scene)
    return played


def write(  # noqa: PLR0913 - what frames() takes, and where to
    name: str,
    path: str | Path,
    *,
    seed: int = 0,
    source: Party | None = None,
    peer: Party | None = None,
    resolver: str | None = None,
) -> int:
    """Write a scenario as a classic pcap, `-` for standard output; how many frames.

    Raises UsageError as `frames` does, and OutputError.
    """
    from tmrx.sinks import Output  # noqa: PLC0415 - the table and the frames need no sink

    played = frames(name, seed=seed, source=source, peer=peer, resolver=resolver)
    output, held, count = Output(str(path)), bytearray(_HEADER), 0
    try:
        for count, (time, frame) in enumerate(played, 1):  # noqa: B007 - the last is how many
            seconds, rest = divmod(time, 1_000_000_000)
            held += struct.pack("<IIII", seconds, rest // 1000, len(frame), len(frame)) + frame
            if len(held) >= _CHUNK:
                output.write(bytes(held))
                held.clear()
        output.write(bytes(held))
    finally:
        output.close()
    return count


def _module(name: str) -> ModuleType:
    """The scenario's module, with scapy. Raises UsageError where that is missing."""
    try:
        import scapy  # noqa: F401, PLC0415 - late: an extra
    except ModuleNotFoundError:
        raise UsageError(
            f"scenario {name}", "needs scapy, which is not installed", "pip install 'tmrx[scapy]'"
        ) from None
    return import_module(f"{__name__}.{name.replace('-', '_')}")
