"""`tmrx rules`: look at rule files without running them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

import click
import msgspec

from tmrx.cli import console, errors, options, rules_counts, rules_explain
from tmrx.cli.options import Choice
from tmrx.cli.rules_profile import profile
from tmrx.rules import Diagnostic, Rule, RuleSet, load

REFUSED, REFUSED_STRICT = 1, 2
_LABELS = {"error": "error", "unsupported": "error", "warning": "warning", "skipped": "note"}

_files = click.argument("files", nargs=-1, required=True, metavar="RULES...")
_form = click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True,
    help="How records are printed.",
)  # fmt: skip


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
        facts = (c.sid, c.gid, c.rev, c.action, c.application or c.protocol, c.priority, c.category, c.msg)
        return cls(*facts, rule.file, rule.line)


@click.group("rules")
def rules() -> None:
    """Check, list, explain and count rules.

    RULES is a file, a folder (its *.rules), a glob, or - for standard input.
    """


rules.add_command(profile)


@rules.command("check")
@_files
@click.option("--strict", is_flag=True, help="Exit with 2, not 1, when a rule is refused.")
@click.option("--quiet", "-q", is_flag=True, help="Only the summary.")
@options.choice
def check(files: tuple[str, ...], strict: bool, quiet: bool, choice: Choice) -> None:
    """Say what is wrong with rules, and where.

    \b
    Exit code: 0 when all rules load, 1 when one is refused (2 with --strict).

    \b
    Examples:
      tmrx rules check local.rules
      tmrx rules check --strict rules/ 'more/*.rules'
    """
    found = load(files, choice.settings())
    if not quiet:
        click.echo("".join(map(report, found.diagnostics)), err=True, nl=False)
    click.echo(summary(found))
    if found.refused:
        click.get_current_context().exit(REFUSED_STRICT if strict else REFUSED)


@rules.command("list")
@_files
@_form
@options.choice
def list_(files: tuple[str, ...], form: str, choice: Choice) -> None:
    """List the rules that load, in the order of their evaluation.

    \b
    Examples:
      tmrx rules list rules/
      tmrx rules list rules/ --format csv > rules.csv
    """
    found = load(files, choice.settings())
    _say_left_out(found)
    listed = [Listed.of(rule) for rule in found.rules]
    if form != "table":
        console.structs(listed, Listed, form)
    elif sys.stdout.isatty():
        _print_table(listed)
    else:
        click.echo(as_text(listed), nl=False)


@rules.command("explain")
@click.argument("arguments", nargs=-1, required=True, metavar="[SID...] RULES...")
@_form
@options.choice
def explain(arguments: tuple[str, ...], form: str, choice: Choice) -> None:
    """Say in words what rules ask, where and when they are inspected, and what is looked for first.

    A SID is a number, with a gid in front where that is not 1 (GID:SID); without any, all rules are explained, also
    those that are not evaluated yet.

    \b
    Examples:
      tmrx rules explain 9000105 rules/
      tmrx rules explain 1:2001219 1:2001220 emerging.rules --format json
    """
    wanted = rules_explain.wanted(arguments)
    found = load(wanted.files, choice.settings(keep_unsupported=True))
    records = rules_explain.explained(found, wanted.ids)
    if form == "table":
        click.echo("\n".join(map(rules_explain.as_text, records)), nl=False)
    else:
        console.records(records, {column: column for column in rules_explain.COLUMNS}, form)


@rules.command("stats")
@_files
@_form
@options.choice
def stats(files: tuple[str, ...], form: str, choice: Choice) -> None:
    """Count the rules that load by action, protocol, kind, class and keyword.

    \b
    Examples:
      tmrx rules stats rules/
      tmrx rules stats emerging.rules --format csv
    """
    found = load(files, choice.settings())
    _say_left_out(found)
    console.records(rules_counts.stats(found), rules_counts.STATS, form)


@rules.command("coverage")
@_files
@_form
@options.choice
def coverage(files: tuple[str, ...], form: str, choice: Choice) -> None:
    """Say what share of rules loads, and why the others do not.

    \b
    Examples:
      tmrx rules coverage emerging.rules
      tmrx rules coverage rules/ --format json
    """
    found = load(files, choice.settings())
    console.records(rules_counts.coverage(found), rules_counts.COVERAGE, form)


def _say_left_out(found: RuleSet) -> None:
    if found.refused:
        hint = "tmrx rules check says why"
        errors.warn(f"rules: {counted(len(found.refused), 'rule')} left out ({hint})")


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
