"""`tmrx decap`: a capture of mirrored traffic → a capture of the frames inside."""

from __future__ import annotations

import click

from tmrx.cli import options, running
from tmrx.cli.options import Given, Selection, Talk
from tmrx.sinks import Paths
from tmrx.sources import Captures


@click.command()
@click.argument("capture", metavar="CAPTURE")
@options.capture
@options.selection
@options.settings
@options.voice
def decap(capture: str, outputs: Paths, selection: Selection, given: Given, talk: Talk) -> None:
    """Take off what the mirror put around the frames of a capture.

    The frames inside keep their times and their original lengths; those without encapsulation stay as they are.

    \b
    Examples:
      tmrx decap mirrored.pcap -w inner.pcapng.zst
      tmrx decap mirrored.pcap -w - | tcpdump -nr -
      tmrx decap mirrored.pcap -f 'host 10.0.0.1' -w inner.pcap
    """
    running.over_captures(running.Job(given, outputs, talk, selection), Captures.of([capture]), "decap")
