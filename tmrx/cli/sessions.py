"""`tmrx sessions`: which mirror sessions a capture came through."""

from __future__ import annotations

import click

from tmrx.cli import console, options, running, summary
from tmrx.cli.options import Given, Selection, Talk
from tmrx.sinks import Paths
from tmrx.sources import Captures


@click.command()
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@options.taken
@options.mirror
@options.talk
def sessions(captures: tuple[str, ...], selection: Selection, given: Given, talk: Talk) -> None:
    """List the mirror sessions that a capture came through.

    With --mirror those it names are told apart from those it does not.

    \b
    Examples:
      tmrx sessions mirrored.pcap
      tmrx sessions mirrored.pcap --mirror sessions.json --format csv
    """
    job = running.Job(given, Paths(), talk, selection)
    document = running.over_captures(job, Captures.of(captures), "sessions")
    console.records(document["sessions"], summary.SESSION_COLUMNS, talk.form)
