"""`tmrx rules`: look at rule files without running them."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Sequence

import click
import msgspec

from tmrx.cli import errors, options
from tmrx.cli.options import Choice
from tmrx.cli.rules_profile import profile
from tmrx.rules import Diagnostic, Rule, RuleSet, load

REFUSED, REFUSED_STRICT = 1, 2
_LABELS = {"error": "error", "unsupported": "error", "warning": "warning", "skipped": "note"}

_files = click.argument("files", nargs=-1, required=True, metavar="RULES...")
_classification = click.option(
    "--classification",
    type=options.FILE,
    metavar="FILE",
    help="Classes of alerts, as classification.config has them. [default: tmrx's own]",
)


class Listed(msgspec.Struct, frozen=True):
    """A rule as `tmrx rules list` prints it."""

    sid: int
    gid: int
    rev: int
    action: str
    protocol: str
    priority: int
    category: str
    msg: str
    file: str
    line: int

    @classmethod
    def of(cls, rule: Rule) -> Listed:
        """What there is to list of a rule."""
        c = rule.compiled
        facts = (c.sid, c.gid, c.rev, c.action, c.protocol, c.priority, c.category, c.msg)
        return cls(*facts, rule.file, rule.line)


@click.group("rules")
def rules() -> None:
    """Check and list rule files.

    RULES is a file, a folder (its *.rules), a glob, or - for standard input.
    """


rules.add_command(profile)


@rules.command("check")
@_files
@click.option("--strict", is_flag=True, help="Exit with 2, not 1, when a rule is refused.")
@click.option("--quiet", "-q", is_flag=True, help="Only the summary.")
@_classification
@options.choice
def check(files: tuple[str, ...], strict: bool, quiet: bool, classification: str | None, choice: Choice) -> None:
    """Say what is wrong with rules, and where.

    \b
    Exit code: 0 when all rules load, 1 when one is refused (2 with --strict).

    \b
    Examples:
      tmrx rules check local.rules
      tmrx rules check --strict rules/ 'more/*.rules'
    """
    found = load(files, choice.settings(classification=classification))
    if not quiet:
        click.echo("".join(map(report, found.diagnostics)), err=True, nl=False)
    click.echo(summary(found))
    if found.refused:
        click.get_current_context().exit(REFUSED_STRICT if strict else REFUSED)


@rules.command("list")
@_files
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True,
    help="How records are printed.",
)  # fmt: skip
@_classification
@options.choice
def list_(files: tuple[str, ...], form: str, classification: str | None, choice: Choice) -> None:
    """List the rules that load, in the order of their evaluation.

    \b
    Examples:
      tmrx rules list rules/
      tmrx rules list rules/ --format csv > rules.csv
    """
    found = load(files, choice.settings(classification=classification))
    if found.refused:
        hint = "tmrx rules check says why"
        errors.warn(f"rules: {counted(len(found.refused), 'rule')} left out ({hint})")
    listed = [Listed.of(rule) for rule in found.rules]
    if form == "table" and sys.stdout.isatty():
        _print_table(listed)
    else:
        click.echo({"json": as_json, "csv": as_csv, "table": as_text}[form](listed), nl=False)


def report(diagnostic: Diagnostic) -> str:
    """A diagnostic as `check` prints it: one line, then the source with a caret."""
    said = errors.printable(str(diagnostic))
    return f"tmrx: {_LABELS[diagnostic.severity]}: {said}\n{diagnostic.excerpt()}\n"


def counted(number: int, what: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def summary(found: RuleSet) -> str:
    """How many rules there are of each fate."""
    counts = Counter(diagnostic.severity for diagnostic in found.diagnostics)
    parts = [f"{counted(found.count, 'rule')} loaded"]
    if found.refused:
        parts.append(
            f"{len(found.refused):,} refused ({counts['error']:,} wrong, {counts['unsupported']:,} unsupported)"
        )
    if counts["skipped"]:
        parts.append(f"{counts['skipped']:,} skipped")
    if counts["warning"]:
        parts.append(counted(counts["warning"], "warning"))
    return ", ".join(parts)


def as_json(listed: Sequence[Listed]) -> str:
    """One array, a rule a line."""
    rows = ",\n".join(msgspec.json.encode(rule).decode() for rule in listed)
    return f"[{rows}]\n"


def as_csv(listed: Sequence[Listed]) -> str:
    """With a header line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Listed.__struct_fields__)
    writer.writerows(msgspec.structs.astuple(rule) for rule in listed)
    return out.getvalue()


def as_text(listed: Sequence[Listed]) -> str:
    """Plain columns, for a pipe."""
    return "".join(
        f"{rule.sid:>10} {rule.rev:>3} {rule.action:<6} {rule.protocol:<10} {rule.priority} {rule.msg}\n"
        for rule in listed
    )


def _print_table(listed: Sequence[Listed]) -> None:
    from rich.console import Console  # noqa: PLC0415  # only a terminal pays for it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table("sid", "rev", "action", "protocol", "priority", "msg", "where", box=None, header_style="bold")
    for rule in listed:
        facts = (rule.sid, rule.rev, rule.action, rule.protocol, rule.priority, rule.msg, f"{rule.file}:{rule.line}")
        table.add_row(*(Text(str(fact)) for fact in facts))
    Console().print(table)
