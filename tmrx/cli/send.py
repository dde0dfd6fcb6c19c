"""`tmrx send`: the mirror itself: a capture, an interface or a scenario → copies, to a receiver or into a capture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from tmrx import units
from tmrx.cli import errors, misplaced, options, sent
from tmrx.cli.options import FILE, Given, Inputs, Quantity, Talk
from tmrx.cli.progress import Progress, progress
from tmrx.cli.sending import PORTS, Pace, Session, Source, To, Way, refuse
from tmrx.errors import TmrxError
from tmrx.mirror.model import MAX_PACKET_LENGTH, MAX_VNI
from tmrx.mirror.source import OUTER_DST, OUTER_SRC
from tmrx.pipeline import Control
from tmrx.sinks import STDOUT, Output, keep_apart

if TYPE_CHECKING:
    from tmrx._core import Sender
    from tmrx.plan import MirrorPlan


@dataclass(frozen=True)
class Records:
    """What is written of the run."""

    truth: str | None
    stats: str | None

    def named(self) -> list[str]:
        """Those that were asked for."""
        return [path for path in (self.truth, self.stats) if path is not None]


@dataclass(frozen=True)
class Job:
    """A run, as it was asked for."""

    given: Given
    source: Source
    to: To
    session: Session
    pace: Pace
    way: Way
    records: Records

    def check(self) -> None:
        """Raise everything that contradicts itself, as one error."""
        refuse(self._faults())
        self.given.check(self.source.capture or "")
        written = [path for path in (self.to.write, *self.records.named()) if path is not None]
        read = [path for path in (self.source.capture, *self.given.files) if path is not None]
        keep_apart(written, read)

    def _faults(self) -> Iterator[TmrxError]:
        yield from self.source.faults()
        yield from self.to.faults()
        yield from self.session.faults(bool(self.given.mirror_files), bool(self.given.set_options), self.to)
        yield from self.pace.faults(self.source.live)
        yield from self.way.faults()

    def plan(self, inputs: Inputs) -> MirrorPlan:
        """What the core is told. Raises ConfigError."""
        return structs.replace(self.session.plan(inputs, self.to), impairments=self.way.impairments())

    def sender(self, capture: str, plan: MirrorPlan) -> Sender:
        """Opened. Raises TmrxError."""
        from tmrx._core import Sender  # noqa: PLC0415

        return Sender(
            capture,
            self.to.target(plan),
            plan=plan.encode(),
            pace=self.pace.of(),
            loops=self.pace.loop,
            truth=self.records.truth is not None,
        )


def _list(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from tmrx.interop import scenarios  # noqa: PLC0415 -- an extra

    names = scenarios.names()
    width = max(map(len, names))
    click.echo("\n".join(f"{name.ljust(width)}  {text}" for name, text in names.items()))
    context.exit()


def _share(flag: str, text: str) -> Any:
    return click.option(flag, type=Quantity("share", units.share), default=0.0, metavar="SHARE", help=text)


def _time(flag: str, text: str) -> Any:
    return click.option(flag, type=Quantity("time", units.duration), default=0.0, metavar="T", help=text)


_source = options.bundle(
    "source", Source,
    capture=click.argument("capture", metavar="[CAPTURE]", required=False),
    scenario=click.option("--scenario", metavar="NAME", help="Mirror traffic that is made up, instead of CAPTURE."),
)  # fmt: skip
_to = options.bundle(
    "to", To,
    to=click.option(
        "--to", metavar="ADDR[:PORT]",
        help="The receiver; the port is the encapsulation's unless given. targets: each session's own.",
    ),
    write=click.option(
        "-w", "--write", type=FILE, metavar="PCAP",
        help="Write the copies as a pcap instead; .gz or .zst compresses.",
    ),
    raw=click.option("--raw", metavar="IFACE", help="Put them on an interface instead, outer headers and all."),
)  # fmt: skip
_session = options.bundle(
    "session", Session,
    vni=click.option(
        "--vni", type=click.IntRange(0, MAX_VNI), metavar="N",
        help="Instead of --mirror: copy every frame, through a session with that VXLAN network identifier.",
    ),
    packet_length=click.option(
        "--packet-length", type=click.IntRange(1, MAX_PACKET_LENGTH), metavar="N",
        help="With --vni: copy only that many bytes of each frame.",
    ),
    encap=click.option(
        "--encap", type=click.Choice(list(PORTS)), show_default="vxlan",
        help="With --vni: what is put around them; geneve+vxlan is what passes a Gateway Load Balancer.",
    ),
    outer_src=click.option(
        "--outer-src", show_default=OUTER_SRC, metavar="ADDR",
        help="With --vni: the copies' source; with --to, this machine's address unless given.",
    ),
    outer_dst=click.option(
        "--outer-dst", show_default=OUTER_DST, metavar="ADDR",
        help="With --vni: their destination, with -w or behind GENEVE.",
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
_way = options.bundle(
    "way", Way,
    seed=click.option(
        "--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, metavar="N",
        help="Of scenarios and of what happens on the way: the same seed, the same bytes.",
    ),
    loss=_share("--loss", "Copies lost on the way, as in 1% or 0.01."),
    duplicate=_share("--duplicate", "Copies sent twice."),
    reorder=_share("--reorder", "Copies that later ones overtake."),
    reorder_depth=click.option(
        "--reorder-depth", type=click.IntRange(1, 2**16), show_default="3", metavar="N", help="How many overtake them.",
    ),
    delay=_time("--delay", "How much later all copies leave, as in 10ms."),
    jitter=_time("--jitter", "Up to how much later still, drawn for each."),
    corrupt=_share("--corrupt", "Copies with one bit flipped."),
)  # fmt: skip
_records = options.bundle(
    "records", Records,
    truth=click.option("--truth", type=FILE, metavar="FILE", help="Write what became of each packet, as JSON lines."),
    stats=click.option("--stats", type=FILE, metavar="FILE", help="Write the sums of it, as JSON."),
)  # fmt: skip


@click.command()
@_source
@options.mirror
@_to
@_session
@_pace
@_way
@_records
@options.limits
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the scenarios.")
@options.quiet
def send(  # noqa: PLR0913 -- a group of options each
    *,
    source: Source,
    given: Given,
    to: To,
    session: Session,
    pace: Pace,
    way: Way,
    records: Records,
    limits: Control,
    talk: Talk,
) -> None:
    """Mirror traffic, as the sources of a mirror do.

    CAPTURE is a pcap or pcapng file, - for standard input, or iface:NAME for a network interface, live (needs root or
    CAP_NET_RAW). With --mirror each packet goes through the sessions and filters of the sources that it touches; with
    --vni every frame is copied, its bytes unchanged but for --packet-length.

    Copies are paced as the frames were captured, unless told otherwise; into a capture they go at once, with the
    frames' times. At the end, by --count, --duration or Ctrl-C, there is a table of what became of the packets.

    \b
    Examples:
      tmrx send workload.pcap --mirror mirror.json --to 127.0.0.1 --truth truth.json
      tmrx send workload.pcap --mirror mirror.json -w mirrored.pcap
      tmrx send iface:eth0 --mirror mirror.json --to targets
      tmrx send --scenario http-attack --mirror mirror.json --to 127.0.0.1 --loss 1% --jitter 5ms
      tmrx send plain.pcap --to 127.0.0.1:4790 --vni 1 --packet-length 128 --rate 10kpps
      tmrx send plain.pcap -w mirrored.pcap --vni 1 --encap geneve+vxlan
    """
    _run(Job(given, source, to, session, pace, way, records), limits, talk)


def _run(job: Job, control: Control, talk: Talk) -> None:
    job.check()
    inputs = job.given.read(quiet=talk.quiet)
    plan = job.plan(inputs)
    unused = job.pace.unused(job.to)
    if unused and not talk.quiet:
        errors.warn(f"{unused} changes nothing with -w: copies keep the frames' times")
    with job.source.open(inputs, job.way.seed) as capture:
        sender = job.sender(capture, plan)
        stats = _send(job, sender, control, talk)
        if not talk.quiet:
            _report(job, sender, stats, inputs)
            if plan.sources and stats["not_at_source"] == stats["outcomes"] > 0:
                errors.warn(f"{misplaced.hint(capture, plan)}; tmrx mirror explain says more")


def _send(job: Job, sender: Sender, control: Control, talk: Talk) -> dict[str, Any]:
    """To the end or a signal; the sums."""
    size = None if sender.size is None else sender.size * job.pace.loop
    # A moving bar and lines that come would be in each other's way.
    still = talk.quiet or STDOUT in (job.to.write, *job.records.named())
    with ExitStack() as outputs:
        truth, sums = (_output(path, outputs) for path in (job.records.truth, job.records.stats))
        outputs.enter_context(control.signals())
        show = outputs.enter_context(progress("send", size, quiet=still))
        if job.source.live and not talk.quiet:
            errors.note(f"mirroring {job.source.name}; Ctrl-C ends")
        _drive(sender, control, show, truth)
        stats = sender.stats()
        if sums:
            sums.write(stats + b"\n")
    document: dict[str, Any] = json.loads(stats)
    return document


def _output(path: str | None, outputs: ExitStack) -> Output | None:
    if path is None:
        return None
    output = Output(path)
    outputs.callback(output.close)
    return output


def _drive(sender: Sender, control: Control, show: Progress, truth: Output | None) -> None:
    """Step by step, to the end or a signal."""
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
        if truth:
            truth.write(sender.truth())
    sender.finish()
    if truth:
        truth.write(sender.truth())


def _report(job: Job, sender: Sender, stats: dict[str, Any], inputs: Inputs) -> None:
    if sender.warning:
        errors.warn(f"{job.source.name}: {sender.warning}")
    mirror = inputs.mirror if job.given.mirror_files else None
    click.echo("\n".join(sent.lines(stats, mirror)), err=True)
