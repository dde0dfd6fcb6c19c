"""`tmrx packets`: a line for each packet of a capture."""

from __future__ import annotations

from typing import Literal

import click

from tmrx.cli import options, running
from tmrx.cli.options import Given, Selection, Talk
from tmrx.errors import UsageError
from tmrx.filters import values
from tmrx.filters.fault import near
from tmrx.pipeline import Control
from tmrx.plan import Lines
from tmrx.sinks import Paths
from tmrx.sources import Captures

_FORMS: dict[str, Literal["table", "json", "csv"]] = {"table": "table", "json": "json", "csv": "csv"}


@click.command()
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option("--columns", metavar="NAME,…", help="Print these columns, as in time,session,src,dst,length.")
@click.option("--count", type=click.IntRange(min=0), default=0, metavar="N", help="End after that many lines.")
@options.selection
@options.mirror
@options.listing
def packets(  # noqa: PLR0913, PLR0917 -- a command has that many options
    captures: tuple[str, ...], columns: str | None, count: int, selection: Selection, given: Given, talk: Talk
) -> None:
    """Print a line for each packet of a capture.

    Lines come as frames are read. JSON is an object a line. JSON and CSV have all columns unless some are named; what a
    packet has not is left out.

    \b
    Examples:
      tmrx packets mirrored.pcap
      tmrx packets mirrored.pcap -f 'tcp port 443' -Y 'vni == 7 and truncated'
      tmrx packets - --columns time,session,src,dst,length --format csv
    """
    chosen = _chosen(columns)
    lines = Lines(form=_FORMS[talk.form] if chosen or talk.form != "table" else "line", columns=chosen, most=count)
    job = running.Job(given, Paths(lines=lines), talk, selection)
    running.over_captures(job, Captures.of(captures), "packets", Control(lines=count))


def _chosen(columns: str | None) -> tuple[str, ...]:
    """The columns that were asked for. Raises UsageError."""
    if columns is None:
        return ()
    known = values.columns()
    names = tuple(name.strip() for name in columns.split(","))
    for name in names:
        if name not in known:
            raise UsageError("--columns", f'no column "{name}"', near(name, known) or f"one of {', '.join(known)}")
    return names
