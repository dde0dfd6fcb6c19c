"""`tmrx analyze`: captures of mirrored traffic → a summary, events, alerts."""

from __future__ import annotations

import click

from tmrx.cli import options, running
from tmrx.cli.options import Given, Selection, Talk
from tmrx.errors import UsageError
from tmrx.sinks import Paths
from tmrx.sources import Captures


@click.command()
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@options.analysis
@click.option(
    "--inspect", default="inner", show_default=True, metavar="WHAT",
    help="What rules see: inner, or outer,inner for the mirror's own datagrams too.",
)  # fmt: skip
@options.selection
@options.outputs
@options.talk
def analyze(  # noqa: PLR0913, PLR0917 -- a command has that many options
    captures: tuple[str, ...], given: Given, inspect: str, selection: Selection, outputs: Paths, talk: Talk
) -> None:
    """Say what is in captures of mirrored traffic.

    A CAPTURE is a pcap or pcapng file, a folder of them, or - for standard input. Several are taken as one, in the
    order given. Frames without encapsulation are analysed as they are.

    \b
    Examples:
      tmrx analyze mirrored.pcap
      tmrx analyze mirrored.pcap --mirror sessions.json -S rules --eve eve.json
      tmrx analyze captures/ --format json | jq .sessions
      tmrx analyze mirrored.pcap -f 'net 10.0.0.0/8 and tcp port 443' -Y 'truncated' -w cut.pcap
      zcat mirrored.pcap.gz | tmrx analyze - --fast -
    """
    running.check_format(talk, outputs)
    job = running.Job(given, outputs, talk, selection, inspect_outer=_outer(inspect))
    document = running.over_captures(job, Captures.of(captures), "analyze")
    running.print_summary(document, talk, aside=outputs.records())


def _outer(inspect: str) -> bool:
    wanted = set(inspect.split(","))
    if wanted not in ({"inner"}, {"inner", "outer"}):
        raise UsageError("--inspect", f"{inspect!r} is not inner or outer,inner")
    return "outer" in wanted
