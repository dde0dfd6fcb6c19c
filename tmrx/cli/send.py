"""`tmrx send`: a capture, wrapped as the mirror wraps it, to a receiver or into a capture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

from tmrx import units
from tmrx.cli import errors, options
from tmrx.cli.options import FILE, Quantity, Talk
from tmrx.cli.progress import Progress, progress
from tmrx.errors import UsageError
from tmrx.mirror.model import MAX_PACKET_LENGTH, MAX_VNI
from tmrx.mirror.source import OUTER_DST, OUTER_SRC, everything
from tmrx.pipeline import Control
from tmrx.sinks import Paths

if TYPE_CHECKING:
    from tmrx._core import Sender
    from tmrx.plan import MirrorPlan

PaceKind = Literal["captured", "pps", "bps", "flat-out"]

_PORTS = {"vxlan": units.VXLAN_PORT, "geneve+vxlan": units.GENEVE_PORT}


@dataclass(frozen=True)
class To:
    """Where copies go: one of a receiver's address and a capture file."""

    to: str | None
    write: str | None

    def target(self, encap: str) -> tuple[Literal["udp", "pcap"], str, int]:
        """As the sender takes it. Raises UsageError."""
        if self.write is not None and self.to is None:
            return "pcap", self.write, 0
        if self.to is None or self.write is not None:
            raise UsageError("tmrx send", "wants one of --to and -w", "see tmrx send --help")
        try:
            at = units.endpoint(self.to, _PORTS[encap])
        except ValueError as why:
            raise UsageError(f"--to {self.to}", str(why), "as in 127.0.0.1, 127.0.0.1:4789 or [::1]:4789") from None
        return "udp", at.address, at.port


@dataclass(frozen=True)
class Pace:
    """How fast, at most one of a rate, a speed and flat out, else as captured; and how often."""

    rate: units.Rate | None
    speed: float | None
    flat_out: bool
    loop: int

    def of(self) -> tuple[PaceKind, float]:
        """As the sender takes it. Raises UsageError."""
        if (self.rate is not None) + (self.speed is not None) + self.flat_out > 1:
            raise UsageError("tmrx send", "wants at most one of --rate, --speed and --flat-out", "see tmrx send --help")
        if self.rate is not None:
            return self.rate.unit, float(self.rate.amount)
        return ("flat-out", 1.0) if self.flat_out else ("captured", self.speed or 1.0)


@dataclass(frozen=True)
class Session:
    """What the mirror session does to each frame."""

    vni: int
    packet_length: int | None
    encap: Literal["vxlan", "geneve+vxlan"]
    outer_src: str
    outer_dst: str

    def plan(self) -> MirrorPlan:
        """What the core is told. Raises ConfigError."""
        ends = (self.outer_src, self.outer_dst)
        return everything(self.vni, self.packet_length, ends, gateway=self.encap == "geneve+vxlan")


_to = options.bundle(
    "to", To,
    to=click.option("--to", metavar="ADDR[:PORT]", help="The receiver; the port is the encapsulation's unless given."),
    write=click.option("-w", "--write", type=FILE, metavar="PCAP", help="Write the copies as a capture instead."),
)  # fmt: skip
_session = options.bundle(
    "session", Session,
    vni=click.option(
        "--vni", type=click.IntRange(0, MAX_VNI), required=True, metavar="N",
        help="The session's VXLAN network identifier.",
    ),
    packet_length=click.option(
        "--packet-length", type=click.IntRange(1, MAX_PACKET_LENGTH), metavar="N",
        help="Copy only that many bytes of each frame.",
    ),
    encap=click.option(
        "--encap", type=click.Choice(list(_PORTS)), default="vxlan", show_default=True,
        help="What is put around them; geneve+vxlan is what passes a Gateway Load Balancer.",
    ),
    outer_src=click.option(
        "--outer-src", default=OUTER_SRC, show_default=True, metavar="ADDR",
        help="The copies' source, with -w or behind GENEVE.",
    ),
    outer_dst=click.option(
        "--outer-dst", default=OUTER_DST, show_default=True, metavar="ADDR", help="The copies' destination, there too.",
    ),
)  # fmt: skip
_pace = options.bundle(
    "pace", Pace,
    rate=click.option("--rate", type=Quantity("rate", units.rate), metavar="R", help="As in 10kpps or 100Mbps."),
    speed=click.option(
        "--speed", type=click.FloatRange(0, min_open=True), metavar="X", help="That many times as fast as captured.",
    ),
    flat_out=click.option("--flat-out", is_flag=True, help="As fast as the machine can."),
    loop=click.option(
        "--loop", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Send it that many times.",
    ),
)  # fmt: skip


@click.command()
@click.argument("capture", metavar="CAPTURE")
@_to
@_session
@_pace
@options.quiet
def send(capture: str, to: To, session: Session, pace: Pace, talk: Talk) -> None:
    """Send a capture as a mirror would.

    Every frame is copied, its bytes unchanged but for --packet-length. Copies are paced as the frames were captured,
    unless told otherwise; into a capture they go at once, with the frames' times.

    \b
    Examples:
      tmrx send plain.pcap --to 127.0.0.1 --vni 5569041
      tmrx send plain.pcap --to 127.0.0.1:4790 --vni 1 --packet-length 128 --rate 10kpps
      tmrx send plain.pcap -w mirrored.pcap --vni 1 --encap geneve+vxlan
    """
    from tmrx._core import Sender  # noqa: PLC0415

    Paths(pcap=to.write).check([capture])
    sender = Sender(
        capture,
        to.target(session.encap),
        plan=session.plan().encode(),
        pace=pace.of(),
        loops=pace.loop,
    )
    size = None if sender.size is None else sender.size * pace.loop
    with Control().signals() as control, progress("send", size, quiet=talk.quiet) as show:
        _drive(sender, control, show)
    if not talk.quiet:
        _report(sender, capture)


def _drive(sender: Sender, control: Control, show: Progress) -> None:
    """Step by step, to the end or a signal."""
    before = position = 0
    while sender.step() and not control.ended:
        if sender.position < position:
            before += position
        position = sender.position
        show(sender.frames, before + position)
    sender.finish()


def _report(sender: Sender, capture: str) -> None:
    if sender.warning:
        errors.warn(f"{capture}: {sender.warning}")
    stats = json.loads(sender.stats())
    if stats["skipped"]["too_large"]:
        errors.warn(f"{stats['skipped']['too_large']:,} frames fit in no datagram and were left out")
    if stats["copies"]["refused"]:
        errors.warn(f"{stats['copies']['refused']:,} times nothing listened there")
    cut = stats["truncated"]["packet_length"]
    sent = f"sent {stats['copies']['sent']:,} copies, {stats['copies']['bytes']:,} bytes"
    errors.note(f"{sent}; {cut:,} cut to the packet length")
