"""`tmrx analyze`: captures of mirrored traffic → a summary, events, alerts."""

from __future__ import annotations

import click

from tmrx.cli import options, running
from tmrx.cli.options import Given, Selection, Talk
from tmrx.errors import UsageError
from tmrx.pipeline import Control
from tmrx.sinks import Paths
from tmrx.sources import Captures
from tmrx.sources.follow import Followed


@click.command()
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@options.analysis
@click.option(
    "--inspect", default="inner", show_default=True, metavar="WHAT",
    help="What rules see: inner, or outer,inner for the mirror's own datagrams too.",
)  # fmt: skip
@click.option(
    "--follow", is_flag=True,
    help="Go on with what is being written, with files that replace others and with new ones; Ctrl-C ends.",
)  # fmt: skip
@options.selection
@options.outputs
@options.limits
@options.talk
def analyze(  # noqa: PLR0913, PLR0917 -- a parameter for each bundle of options
    captures: tuple[str, ...],
    given: Given,
    inspect: str,
    follow: bool,
    selection: Selection,
    outputs: Paths,
    limits: Control,
    talk: Talk,
) -> None:
    """Say what is in captures of mirrored traffic.

    A CAPTURE is a pcap or pcapng file, compressed (gzip, zstd, lz4) or not, a folder of them, a pattern in quotes, or
    - for standard input. Several are taken as one, merged by time. Frames without encapsulation are analysed as they
    are.

    \b
    Examples:
      tmrx analyze mirrored.pcap
      tmrx analyze mirrored.pcap --mirror sessions.json -S rules --eve eve.json
      tmrx analyze captures/ --format json | jq .sessions
      tmrx analyze mirrored.pcap -f 'net 10.0.0.0/8 and tcp port 443' -Y truncated -w cut.pcap
      tmrx analyze 'captures/*.pcapng.gz' --eve eve.json
      tmrx analyze captures/ --follow -S rules --fast -
      xzcat mirrored.pcap.xz | tmrx analyze - --fast -
    """
    running.check_format(talk, outputs)
    job = running.Job(given, outputs, talk, selection, inspect_outer=_outer(inspect))
    if follow:
        document = running.follow_captures(job, Followed.of(captures), limits)
    else:
        document = running.over_captures(job, Captures.of(captures), "analyze", limits)
    running.print_summary(document, talk, aside=outputs.records())


def _outer(inspect: str) -> bool:
    wanted = set(inspect.split(","))
    if wanted not in ({"inner"}, {"inner", "outer"}):
        raise UsageError("--inspect", f"{inspect!r} is not inner or outer,inner")
    return "outer" in wanted
