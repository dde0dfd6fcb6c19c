"""`tmrx mirror`: look at what a mirror is without running it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import click

from tmrx import mirror as mirrors
from tmrx.cli import console, errors, mirror_text, options
from tmrx.cli.explain import explain
from tmrx.mirror import describe
from tmrx.mirror.findings import CHECKS, Finding, findings

FOUND = 1

_files = click.argument("files", nargs=-1, required=True, metavar="FILE...", type=options.FILE)


@click.group("mirror")
def mirror() -> None:
    """Show and check what a mirror is, and explain what it does.

    FILE is what --mirror takes: JSON of aws ec2 describe-…, a CloudFormation template, Terraform's JSON, or tmrx's
    TOML. Several are merged; - is standard input.
    """


@mirror.command("show")
@_files
@options.form
def show(files: tuple[str, ...], form: str) -> None:
    """Show sources with their sessions in the order of evaluation, filters with their rules, and targets.

    CSV has a line for each session and rule of its filter.

    \b
    Examples:
      tmrx mirror show sessions.json filters.json targets.json interfaces.json
      tmrx mirror show mirror.toml --format csv > sessions.csv
    """
    known = mirrors.load(files)
    for warning in known.warnings:
        errors.warn(warning)
    if form == "json":
        click.echo(console.as_json(describe.describe(known)), nl=False)
    elif form == "csv":
        rows = list(describe.flat(known))
        keys = dict.fromkeys(key for row in rows for key in row)
        click.echo(console.as_csv(rows, list(keys)), nl=False)
    else:
        click.echo("\n".join(mirror_text.shown(describe.describe(known))))


@mirror.command("check")
@_files
@click.option(
    "--ignore", multiple=True, type=click.Choice(list(CHECKS)), metavar="NAME",
    help="Leave findings of that name out; names are as they are printed.",
)  # fmt: skip
@options.form
def check(files: tuple[str, ...], ignore: tuple[str, ...], form: str) -> None:
    """Say what a mirror does that was hardly meant, beyond what AWS forbids.

    Sessions that get no packet, filters that miss a direction or the resolver, copies that are cut or don't arrive.
    What the files leave out is not checked: give instances, subnets, route tables, security groups and network ACLs,
    too, as aws ec2 describe-… prints them.

    \b
    Exit code: 0 when nothing is found, 1 when something is, 2 when AWS would refuse it.

    \b
    Examples:
      tmrx mirror check mirror.toml
      tmrx mirror check *.json --ignore no-amazon-dns --ignore one-zone
    """
    known = mirrors.load(files)
    found = [finding for finding in findings(known) if finding.name not in ignore]
    if form == "table":
        click.echo("\n".join([*mirror_text.found(found), *mirror_text.wrapped([("", _summary(known, found))])]))
    else:
        console.records([asdict(finding) for finding in found], _COLUMNS, form)
    if found:
        click.get_current_context().exit(FOUND)


mirror.add_command(explain)

_COLUMNS = {name: name for name in ("name", "place", "text", "advice")}


def _summary(known: mirrors.Mirror, found: Sequence[Finding]) -> str:
    """How much was looked at, and how much was found of each name."""
    looked = mirror_text.counts(
        source=len(known.sources()),
        session=len(known.sessions),
        filter=len(known.filters),
        target=len(known.targets),
    )
    names = Counter(finding.name for finding in found)
    said = ", ".join(f"{count} {name}" for name, count in names.items())
    return f"{looked}: {said or 'nothing found'}"
