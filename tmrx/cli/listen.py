"""`tmrx listen`: mirrored traffic as it arrives → alerts, events, a summary."""

from __future__ import annotations

from dataclasses import replace

import click

from tmrx.cli import options, running
from tmrx.cli.options import Given, Selection, Talk
from tmrx.pipeline import Control
from tmrx.sinks import STDOUT, Paths
from tmrx.sources import Sockets, Whole
from tmrx.units import Endpoint


@click.command()
@click.option(
    "--on", "on", multiple=True, metavar="ADDR:PORT",
    help="Where to receive; port 6081 is GENEVE, any other VXLAN, unless said: geneve:ADDR:PORT, vxlan-gpe:…, "
    "gre-in-udp:…. "
    "Instead of ports 4789 and 6081 of all addresses.",
)  # fmt: skip
@options.analysis
@options.selection
@options.outputs
@options.limits
@options.talk
def listen(  # noqa: PLR0913, PLR0917 -- a command has that many options
    on: tuple[str, ...], given: Given, selection: Selection, outputs: Paths, limits: Control, talk: Talk
) -> None:
    """Receive mirrored traffic and say what is in it.

    Alerts are printed as they come, unless an output is named; at the end, by --count, --duration or Ctrl-C, there is
    a summary. SIGUSR1 writes --stats now. Needs no root.

    \b
    Examples:
      tmrx listen -S rules
      tmrx listen --mirror sessions.json -S rules --eve eve.json --stats stats.json
      tmrx listen --on 0.0.0.0:4789 --on geneve:[::]:6081 -w inner.pcap --duration 5m
      tmrx listen -w inner.pcapng.zst --rotate-size 1G --rotate-time 1h --keep 24
    """
    aside = outputs.records()
    if not aside and talk.form == "table":
        outputs = replace(outputs, fast=STDOUT)
    running.check_format(talk, outputs)
    listener = Sockets.of(on).open()
    ports = tuple(Endpoint(kind, address, port) for kind, address, port in listener.on)
    job = running.Job(given, outputs, talk, selection, listening=ports)
    prepared = job.prepare()
    outputs.check(given.files)
    if listener.warning:
        job.warn(listener.warning)
    announce = f"listening on {', '.join(map(str, ports))}; Ctrl-C ends"
    pace = running.Pace("listen", limits, announce=announce)
    document = running.execute(job, prepared, Whole(listener), pace)
    if listener.overflowed:
        job.warn(f"{listener.overflowed:,} datagrams were lost at the sockets")
    running.print_summary(document, talk, aside=aside)
