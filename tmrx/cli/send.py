"""`tmrx send`: a capture, a live interface or a scenario, mirrored to a receiver or into a capture."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
from msgspec.structs import replace

from tmrx import units
from tmrx.cli import options, scenario, sending
from tmrx.cli.options import FILE, Given, Quantity, Talk
from tmrx.errors import UsageError
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import MAX_PACKET_LENGTH, MAX_VNI
from tmrx.mirror.source import OUTER_DST, OUTER_SRC, everything, source_plan
from tmrx.pipeline import Control
from tmrx.plan import Impairments, MirrorPlan

PaceKind = Literal["captured", "pps", "bps", "flat-out"]
Target = tuple[Literal["udp", "pcap", "raw"], str, int]

TARGETS = "targets"
LIVE = "iface:"
_PORTS = {"vxlan": units.VXLAN_PORT, "geneve+vxlan": units.GENEVE_PORT}
_HELP = "see tmrx send --help"


@dataclass(frozen=True)
class To:
    """Where copies go: one of a receiver's address, a capture file, an interface."""

    to: str | None
    write: str | None
    raw: str | None

    def target(self, port: int) -> Target:
        """As the sender takes it; `port` is the receiver's unless given. Raises UsageError."""
        if sum(given is not None for given in (self.to, self.write, self.raw)) != 1:
            raise UsageError("tmrx send", "wants one of --to, -w and --raw", _HELP)
        if self.write is not None:
            return "pcap", self.write, 0
        if self.raw is not None:
            return "raw", self.raw, 0
        if self.to == TARGETS:
            return "udp", "", 0
        try:
            at = units.endpoint(self.to or "", port)
        except ValueError as why:
            hint = f"as in 127.0.0.1, 127.0.0.1:4789, [::1]:4789, or {TARGETS}"
            raise UsageError(f"--to {self.to}", str(why), hint) from None
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
            raise UsageError("tmrx send", "wants at most one of --rate, --speed and --flat-out", _HELP)
        if self.rate is not None:
            return self.rate.unit, float(self.rate.amount)
        return ("flat-out", 1.0) if self.flat_out else ("captured", self.speed or 1.0)

    def paced(self) -> bool:
        """Whether a pace, or several rounds, were asked for."""
        return self.loop > 1 or self.flat_out or self.rate is not None or self.speed is not None


@dataclass(frozen=True)
class Session:
    """One session for every frame, in place of a mirror."""

    vni: int | None
    packet_length: int | None
    encap: Literal["vxlan", "geneve+vxlan"] | None
    outer_src: str | None
    outer_dst: str | None

    def named(self) -> list[str]:
        """The options that were given."""
        given: dict[str, object] = {"--vni": self.vni, "--packet-length": self.packet_length, "--encap": self.encap}
        given |= {"--outer-src": self.outer_src, "--outer-dst": self.outer_dst}
        return [name for name, value in given.items() if value is not None]

    def plan(self) -> MirrorPlan:
        """What the core is told. Raises TmrxError."""
        if self.vni is None:
            raise UsageError("tmrx send", "wants --mirror FILE, or --vni N to copy every frame", _HELP)
        ends = (self.outer_src or OUTER_SRC, self.outer_dst or OUTER_DST)
        return everything(self.vni, self.packet_length, ends, gateway=self.encap == "geneve+vxlan")


@dataclass(frozen=True)
class Traffic:
    """What is mirrored: a capture, an interface, or a scenario of that name."""

    capture: str | None
    scenario: str | None

    def check(self, pace: Pace) -> None:
        """Raises UsageError for none or both, and what a live interface can't."""
        if (self.capture is None) == (self.scenario is None):
            raise UsageError("tmrx send", "wants a capture, an interface (iface:NAME) or --scenario NAME", _HELP)
        if self.live and pace.paced():
            raise UsageError(
                str(self.capture), "is sent as it comes", "leave out --rate, --speed, --flat-out and --loop"
            )

    @property
    def live(self) -> bool:
        """Whether frames come from an interface."""
        return self.capture is not None and self.capture.startswith(LIVE)

    def source(self, mirror: Mirror, seed: int, stack: ExitStack) -> str:
        """What the sender reads; a scenario is played into a file that lives as long as the stack."""
        if self.scenario is None:
            return str(self.capture)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tmrx-"))
        path = Path(folder) / f"{self.scenario}.pcap"
        scenario.write(self.scenario, path, mirror, seed)
        return str(path)


_to = options.bundle(
    "to", To,
    to=click.option(
        "--to", metavar="ADDR[:PORT]",
        help=f"The receiver; the port is the encapsulation's unless given. `{TARGETS}`: to its session's.",
    ),
    write=click.option("-w", "--write", type=FILE, metavar="PCAP", help="Write the copies as a capture instead."),
    raw=click.option("--raw", metavar="IFACE", help="Put them on an interface instead, outer headers and all."),
)  # fmt: skip
_session = options.bundle(
    "session", Session,
    vni=click.option(
        "--vni", type=click.IntRange(0, MAX_VNI), metavar="N",
        help="Without --mirror: copy every frame, with that VXLAN network identifier.",
    ),
    packet_length=click.option(
        "--packet-length", type=click.IntRange(1, MAX_PACKET_LENGTH), metavar="N",
        help="With --vni: copy only that many bytes of each frame.",
    ),
    encap=click.option(
        "--encap", type=click.Choice(list(_PORTS)),
        help="With --vni: what is put around them; geneve+vxlan is what passes a Gateway Load Balancer.",
    ),
    outer_src=click.option("--outer-src", metavar="ADDR", help="With --vni: the copies' source, where it shows."),
    outer_dst=click.option("--outer-dst", metavar="ADDR", help="With --vni: their destination, where it shows."),
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


def _share(name: str, help_: str) -> Any:
    return click.option(name, type=Quantity("share", units.share), default=0.0, metavar="SHARE", help=help_)


def _time(name: str, help_: str) -> Any:
    return click.option(name, type=Quantity("time", units.duration), default=0.0, metavar="T", help=help_)


def _impairments(**given: Any) -> Impairments:
    delay, jitter = (round(given.pop(name) * 1e9) for name in ("delay", "jitter"))
    return Impairments(delay=delay, jitter=jitter, **given)


_way = options.bundle(
    "way", _impairments,
    loss=_share("--loss", "Lose that share of the copies, as in 1% or 0.01."),
    duplicate=_share("--duplicate", "Send that share of them twice."),
    reorder=_share("--reorder", "Let that share be overtaken by those after it."),
    reorder_depth=click.option(
        "--reorder-depth", type=click.IntRange(1, 10_000), default=3, show_default=True, metavar="N",
        help="How many copies overtake.",
    ),
    corrupt=_share("--corrupt", "Flip one bit in that share."),
    delay=_time("--delay", "Send all copies that much later."),
    jitter=_time("--jitter", "And each by up to that much more."),
    seed=click.option(
        "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, metavar="N",
        help="The same number, the same losses and the same scenario.",
    ),
)  # fmt: skip


@click.command()
@click.argument("capture", metavar="[CAPTURE]", required=False)
@click.option("--scenario", "name", metavar="NAME", help="Send traffic that is made up instead; see --list.")
@click.option("--list", "listing", is_flag=True, is_eager=True, expose_value=False, callback=scenario.listed,
              help="List the scenarios.")  # fmt: skip
@_to
@options.mirror
@_session
@_pace
@_way
@options.limits
@click.option(
    "--truth", type=FILE, metavar="FILE", help="Write what became of each packet at each source, as JSON lines."
)
@click.option("--stats", type=FILE, metavar="FILE", help="Write the sums of that as JSON.")
@options.quiet
def send(  # noqa: PLR0913 -- an option each
    *,
    capture: str | None,
    name: str | None,
    to: To,
    given: Given,
    session: Session,
    pace: Pace,
    way: Impairments,
    limits: Control,
    truth: str | None,
    stats: str | None,
    talk: Talk,
) -> None:
    """Be the mirror: copy traffic as its sources do, and send it.

    Traffic is a capture, a live interface or a scenario. With --mirror, each packet is mirrored as the configuration
    says: by the direction it has at each source, what is never mirrored, sessions and their filters, packet length and
    MTU, VXLAN (and GENEVE); a table says at the end what became of all. With --vni, every frame is copied, unchanged.
    Copies are paced as the frames were captured, unless told otherwise; into a capture they go at once, with the
    frames' times.

    \b
    Examples:
      tmrx send plain.pcap --to 127.0.0.1 --mirror mirror.json       as the mirror would
      tmrx send iface:eth0 --to targets --mirror mirror.json         a live interface (needs root)
      tmrx send --scenario http-attack -w mirrored.pcap --vni 1      traffic that is made up
      tmrx send plain.pcap -w - --mirror mirror.json --truth t.json --loss 1% --seed 7
      tmrx send plain.pcap --to 127.0.0.1:4790 --vni 1 --packet-length 128 --rate 10kpps
    """
    traffic = Traffic(capture, name)
    traffic.check(pace)
    mirror, plan = _planned(given, session, talk)
    target = to.target(_PORTS[session.encap or "vxlan"])
    outputs = sending.Outputs(truth, stats)
    outputs.check([*filter(None, [capture]), *given.files], to.write)
    with ExitStack() as stack:
        source = traffic.source(mirror, way.seed, stack)
        job = sending.Job(source, target, replace(plan, impairments=way), pace.of(), pace.loop)
        sending.run(job, outputs, limits, mirror, talk)


def _planned(given: Given, session: Session, talk: Talk) -> tuple[Mirror, MirrorPlan]:
    """The mirror, empty where there is none, and what the core is told. Raises TmrxError."""
    if not given.mirror_files:
        return Mirror(), session.plan()
    if named := session.named():
        why = f"can't go with --mirror: the mirror says {'it' if len(named) == 1 else 'them'}"
        raise UsageError(" ".join(named), why, "set a session's packet length and VNI in the file")
    inputs = given.read(quiet=talk.quiet)
    return inputs.mirror, source_plan(inputs.mirror, inputs.settings)
