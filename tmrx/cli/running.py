"""A run of the engine as listen, analyze, decap and sessions share it: check, run, print."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tmrx import pipeline
from tmrx.cli import console, errors, summary
from tmrx.cli.options import EVERYTHING, Given, Inputs, Selection, Talk
from tmrx.cli.progress import Progress, progress
from tmrx.errors import UsageError
from tmrx.sinks import STDOUT, Paths, Sinks
from tmrx.sources import Captures, Reading, Whole
from tmrx.sources.follow import Followed
from tmrx.units import Endpoint

if TYPE_CHECKING:
    import msgspec

    from tmrx._core import Batch, Engine
    from tmrx.plan import Plan
    from tmrx.rules.datasets import Saved


class Prepared(NamedTuple):
    """An engine, and the datasets that are written when it is done."""

    engine: Engine
    saved: tuple[Saved, ...]


@dataclass(frozen=True)
class Job:
    """What to run with, and where to. `listening` is None offline."""

    given: Given
    outputs: Paths
    talk: Talk
    selection: Selection = EVERYTHING
    inspect_outer: bool = False
    listening: tuple[Endpoint, ...] | None = None

    @property
    def quiet(self) -> bool:
        """No progress, no warnings."""
        return self.talk.quiet

    def prepare(self) -> Prepared:
        """An engine; reads what the options name, and says what is refused of it. Raises TmrxError."""
        inputs = self.given.read(quiet=self.quiet)
        if inputs.rules is None:
            return Prepared(self.engine_for(inputs, None), ())
        return Prepared(self.engine_for(inputs, inputs.rules.encoded), inputs.rules.saved)

    def engine_for(self, inputs: Inputs, rules: msgspec.Raw | None) -> Engine:
        """An engine for what was read, with these rules as msgpack."""
        from tmrx._core import Engine  # noqa: PLC0415

        plan = pipeline.make_plan(
            mirror=inputs.mirror,
            settings=inputs.settings,
            outputs=self.outputs.plan(),
            streams=inputs.rules is not None,
            listening=self.listening,
            inspect_outer=self.inspect_outer,
            taken=self.selection.programs(quiet=self.quiet),
            shown=self.selection.steps(),
        )
        if self.talk.verbose:
            errors.note(_described(plan, inputs.rules.count if inputs.rules else 0, self.given.workers))
        return Engine(plan.encode(rules), self.given.workers)

    def warn(self, text: str) -> None:
        """A warning, unless warnings are not wanted."""
        if not self.quiet:
            errors.warn(text)


def _described(plan: Plan, rules: int, workers: int) -> str:
    """What a run is set up with, in a line."""
    decap, identity = plan.decap, plan.identity
    kinds = {
        "vxlan": decap.vxlan_ports,
        "geneve": decap.geneve_ports,
        "vxlan-gpe": decap.vxlan_gpe_ports,
        "gre-in-udp": decap.gre_udp_ports,
        "teredo": decap.teredo_ports,
    }
    ports = ", ".join([*(f"{kind} {port}" for kind, ports in kinds.items() for port in ports), *decap.tunnels])
    sessions = len({known.session for known in identity.known})
    counts = f"{sessions:,} sessions known, unknown ones: {identity.unknown}; {rules:,} rules"
    return f"{ports}; {counts}; {plan.flow.max_flows:,} flows at most; {workers} worker{'s' * (workers > 1)}"


@dataclass(frozen=True)
class Pace:
    """How a run is shown and what ends it. `size` is what there is to read in bytes, None where that is not known.

    `announce` is said once signals end the run cleanly.
    """

    label: str
    control: pipeline.Control = field(default_factory=pipeline.Control)
    size: int | None = None
    announce: str = ""


class Meter:
    """Adds up what a run has taken in, and shows it."""

    def __init__(self, show: Progress) -> None:
        self._show = show
        self._frames = 0

    def batch(self, batch: Batch, reading: Reading) -> None:
        """One more batch of what is read."""
        self._frames += batch.frames
        self._show(self._frames, reading.position)


def over_captures(job: Job, captures: Captures, label: str, control: pipeline.Control | None = None) -> dict[str, Any]:
    """Run over captures; the summary document. Nothing is written before all captures could be opened."""
    prepared = job.prepare()
    merged = captures.open()
    job.outputs.check((*captures.paths, *job.given.files))
    return execute(job, prepared, Whole(merged), Pace(label, control or pipeline.Control(), size=merged.size))


def follow_captures(job: Job, followed: Followed, control: pipeline.Control) -> dict[str, Any]:
    """Run over captures that are being written, until a limit or a signal; the summary document."""
    prepared = job.prepare()
    following = followed.open()
    job.outputs.check((*followed.paths, *job.given.files))
    followed.check(job.outputs.pcap)
    announce = f"following {', '.join(followed.names)}; Ctrl-C ends"
    return execute(job, prepared, following, Pace("analyze", control, announce=announce))


def execute(job: Job, prepared: Prepared, reading: Reading, pace: Pace) -> dict[str, Any]:
    """Run, with signals and progress; the summary document."""
    # A moving bar and lines that come would be in each other's way.
    still = job.quiet or STDOUT in job.outputs.named()
    with Sinks(job.outputs) as sinks, pace.control.signals(), progress(pace.label, pace.size, quiet=still) as show:
        if pace.announce and not job.quiet:
            errors.note(pace.announce)
        watch = pipeline.Watch(Meter(show).batch, job.warn)
        stats = pipeline.run(prepared.engine, reading, sinks, pace.control, watch, saved=prepared.saved)
    document: dict[str, Any] = json.loads(stats)
    return document


def check_format(talk: Talk, outputs: Paths) -> None:
    """JSON and CSV have standard output to themselves. Raises UsageError."""
    if talk.form != "table" and STDOUT in outputs.named():
        raise UsageError(f"--format {talk.form}", "an output is standard output too", "give that output a file")


def print_summary(document: dict[str, Any], talk: Talk, *, aside: bool) -> None:
    """The summary; as a table, `aside` puts it on standard error."""
    if talk.form == "json":
        click.echo(console.as_json(document), nl=False)
    elif talk.form == "csv":
        rows = [{"name": name, "value": value} for name, value in summary.flat(document)]
        click.echo(console.as_csv(rows, ["name", "value"]), nl=False)
    elif not talk.quiet:
        click.echo("\n".join(summary.lines(document)), err=aside)
