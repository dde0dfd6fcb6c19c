"""`tmrx suricata`: Suricata's own options, passed through as they are."""

from __future__ import annotations

import click


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="OPTIONS")
@click.pass_context
def suricata(ctx: click.Context, args: tuple[str, ...]) -> None:
    """Run as Suricata: its options, its suricata.yaml, its rules, its outputs.

    The options, the order in which things are done, the messages and the exit codes are Suricata's; --help lists the
    options. Captures are read with -r; live traffic is for tmrx listen.

    \b
    Examples:
      tmrx suricata -r capture.pcap -S my.rules -l out
      tmrx suricata -c suricata.yaml -r capture.pcap -l out -k none
      tmrx suricata -T -c suricata.yaml -S my.rules
    """
    from tmrx.suricata import run  # noqa: PLC0415 -- it reads YAML

    ctx.exit(run.main(args))
