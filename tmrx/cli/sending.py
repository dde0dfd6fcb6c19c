"""A run of the sender: driven to its end or a signal, its truth written, its sums shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click

from tmrx.cli import console, errors
from tmrx.cli.options import Talk
from tmrx.cli.progress import Progress, progress
from tmrx.errors import UsageError
from tmrx.mirror.mirror import Mirror
from tmrx.pipeline import Control
from tmrx.plan import MirrorPlan
from tmrx.sinks import STDOUT, Output, Paths

if TYPE_CHECKING:
    from tmrx._core import Sender

# Why a packet was not mirrored, in words.
WHY = {
    "rule": "by a rule",
    "no_rule": "no rule matches",
    "no_amazon_dns": "the resolver's traffic, without the service amazon-dns",
    "arp": "ARP",
    "dhcp": "DHCP",
    "instance_metadata": "instance metadata",
    "ntp": "NTP",
    "windows_activation": "Windows activation",
    "mirrored_copy": "a mirrored copy",
    "security_group": "dropped by a security group",
    "network_acl": "dropped by the network ACL",
    "inactive": "the session is inactive",
    "target_gone": "the target is gone",
    "not_attached": "the source is attached to nothing",
    "unsupported_instance_type": "the source's instance type is not supported",
    "ipv6_only_subnet": "an IPv6-only subnet",
    "too_large": "fits in no datagram",
}
_COLUMNS = {"what": "fate", "why": "why"} | {key: key for key in ("packets", "copies", "bytes", "truncated")}


@dataclass(frozen=True)
class Job:
    """What is sent, where to, how."""

    source: str
    to: tuple[Literal["udp", "pcap", "raw", "none"], str, int]
    plan: MirrorPlan
    pace: tuple[Literal["captured", "pps", "bps", "flat-out"], float]
    loops: int = 1

    def sender(self, *, truth: bool) -> Sender:
        """Open it. Raises TmrxError."""
        from tmrx._core import Sender  # noqa: PLC0415

        return Sender(
            self.source, self.to, plan=self.plan.encode(), pace=self.pace, loops=self.loops, truth=truth
        )  # fmt: skip


@dataclass(frozen=True)
class Outputs:
    """Where the truth and its sums go, None for nowhere."""

    truth: str | None
    stats: str | None

    def check(self, inputs: list[str], write: str | None) -> None:
        """No output may be an input or another output. Raises UsageError."""
        if [self.truth, self.stats, write].count(STDOUT) > 1:
            raise UsageError("-", "is where several outputs should go", "name files for all but one")
        Paths(pcap=write, eve=self.truth, stats=self.stats).check(inputs)


def run(job: Job, outputs: Outputs, control: Control, mirror: Mirror, talk: Talk) -> None:
    """Send it all, or to a limit or a signal; then say what became of it."""
    with ExitStack() as stack:
        truth = Output(outputs.truth) if outputs.truth else None
        if truth:
            stack.callback(truth.close)
        sender = job.sender(truth=truth is not None)
        size = None if sender.size is None else sender.size * job.loops
        stack.enter_context(control.signals())
        show = stack.enter_context(progress("send", size, quiet=talk.quiet))
        for _ in _steps(sender, control, show):
            if truth:
                truth.write(sender.truth())
    stats = sender.stats()
    if outputs.stats:
        written = Output(outputs.stats)
        written.write(stats + b"\n")
        written.close()
    if not talk.quiet:
        if sender.warning:
            errors.warn(f"{job.source}: {sender.warning}")
        click.echo("\n".join(report(json.loads(stats), mirror)), err=True)


def _steps(sender: Sender, control: Control, show: Progress) -> Iterator[None]:
    """Step by step to the end, a limit or a signal; what is held back is sent in the last one."""
    before = position = frames = 0
    more = True
    while more and not control.ended:
        more = sender.step(control.left)
        control.took(sender.frames - frames)
        frames = sender.frames
        if sender.position < position:
            before += position
        position = sender.position
        show(frames, before + position)
        yield
    sender.finish()
    yield


def report(stats: dict[str, Any], mirror: Mirror) -> list[str]:
    """The closing table: what came in = what was mirrored + each reason not to."""
    rows = [*_mirrored(stats, mirror), *_not_mirrored(stats)]
    total = {"what": "in", "why": _came_in(stats), "packets": stats["outcomes"]}
    lines = [*console.table([*rows, total], _COLUMNS), *_copies(stats)]
    return [*lines, *_hints(stats, mirror)]


def _mirrored(stats: dict[str, Any], mirror: Mirror) -> Iterator[dict[str, Any]]:
    for of in stats["sessions"]:
        session = mirror.sessions.get(of["session"] or "")
        label = f' "{session.label()}"' if session and session.label() else ""
        named = f"{of['session']}{label}, " if of["session"] else ""
        at = f", {of['source']}" if of["source"] else ""
        counts = {
            "packets": of["packets"],
            "copies": of["copies"],
            "bytes": of["bytes"],
            "truncated": of["truncated"] or None,
        }
        yield {"what": "mirrored", "why": f"{named}VNI {of['vni']}{at}", **counts}


def _not_mirrored(stats: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for fate in ("rejected", "excluded", "no_session", "skipped"):
        for reason, count in stats[fate].items():
            if count:
                yield {"what": fate.replace("_", " "), "why": WHY.get(reason, reason), "packets": count}
    if stats["not_at_source"]:
        yield {"what": "not at source", "why": "no source's MAC or address", "packets": stats["not_at_source"]}


def _came_in(stats: dict[str, Any]) -> str:
    """A packet counts at each source that it touches."""
    packets, outcomes = stats["frames"], stats["outcomes"]
    return "" if packets == outcomes else f"{packets:,} packets, at each source they touch"


def _copies(stats: dict[str, Any]) -> Iterator[str]:
    copies = stats["copies"]
    yield f"sent {copies['sent']:,} copies, {copies['bytes']:,} bytes with their outer headers"
    if causes := _counted(stats["truncated"]):
        yield f"truncated by {causes}; checksums: {_counted(stats['checksum'])}"
    way = {name: copies[name] for name in ("lost", "duplicated", "reordered", "delayed", "corrupted")}
    if any(way.values()):
        yield f"on the way: {_counted(way)}"
    if copies["refused"]:
        yield f"{copies['refused']:,} times nothing listened there"
    if stats["live"]["dropped"]:
        yield f"{stats['live']['dropped']:,} frames were lost before they could be read"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)


def _hints(stats: dict[str, Any], mirror: Mirror) -> Iterator[str]:
    """What to look at where nothing was mirrored."""
    if stats["mirrored"] or not stats["frames"]:
        return
    if stats["not_at_source"] == stats["outcomes"]:
        sources = (mirror.interfaces[key] for key in mirror.sources())
        named = ", ".join(f"{i.network_interface_id} {i.mac_address or ' '.join(i.addresses())}" for i in sources)
        yield f"nothing was mirrored: no packet comes from or goes to a source ({named})"
    else:
        yield "nothing was mirrored: tmrx mirror explain says why, packet by packet"
