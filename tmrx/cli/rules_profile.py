"""`tmrx rules profile`: what rules cost on captures."""

from __future__ import annotations

from collections.abc import Iterable

import click
import msgspec

from tmrx import plan
from tmrx.cli import console, options, running
from tmrx.cli.options import Given, Talk
from tmrx.errors import UsageError
from tmrx.sinks import Paths
from tmrx.sources import Captures, Whole


class Cost(msgspec.Struct, frozen=True):
    """What one rule cost: how often it was asked and matched, and nanoseconds in all."""

    sid: int
    gid: int
    rev: int
    checks: int
    matches: int
    nanoseconds: int
    msg: str


@click.command()
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@options.analysis
@click.option("--most", default=10, show_default=True, metavar="COUNT", help="How many of the dearest; 0: all.")
@options.talk
def profile(captures: tuple[str, ...], given: Given, most: int, talk: Talk) -> None:
    """Say which rules take the most time on captures.

    A rule is asked where its protocol, direction and ports fit and its fast pattern may be there. Times are wall-clock
    and include what it takes to measure them.

    \b
    Examples:
      tmrx rules profile traffic.pcap -S rules/
      tmrx rules profile captures/ -S local.rules --most 0 --format json
    """
    if not given.rule_files:
        raise UsageError("rules profile", "there are no rules to measure", "name them with -S")
    inputs = given.read(quiet=talk.quiet)
    rules = inputs.rules.plan() if inputs.rules else plan.Rules()
    measured = msgspec.structs.replace(rules, settings=msgspec.structs.replace(rules.settings, profile=True))
    job = running.Job(given, Paths(), talk)
    engine = job.engine_for(inputs, msgspec.Raw(msgspec.msgpack.encode(measured)))
    merged = Captures.of(captures).open()
    running.execute(job, running.Prepared(engine, ()), Whole(merged), running.Pace("profile", size=merged.size))
    costs = dearest(rules.rules, engine.rule_costs())
    shown = costs[:most] if most else costs
    if talk.form == "table":
        click.echo(as_text(shown) + total(costs), nl=False)
    else:
        console.structs(shown, Cost, talk.form)


def dearest(rules: Iterable[plan.Rule], costs: Iterable[tuple[int, int, int]]) -> list[Cost]:
    """The rules that were asked, those that took the most time first."""
    asked = [Cost(rule.sid, rule.gid, rule.rev, *cost, rule.msg) for rule, cost in zip(rules, costs, strict=True)]
    return sorted((cost for cost in asked if cost.checks), key=lambda cost: -cost.nanoseconds)


def as_text(costs: list[Cost]) -> str:
    """Plain columns."""
    head = f"{'sid':>10} {'checks':>12} {'matches':>9} {'ms':>9} {'ns/check':>9}  msg\n"
    return head + "".join(
        f"{cost.sid:>10} {cost.checks:>12,} {cost.matches:>9,} {cost.nanoseconds / 1e6:>9.1f} "
        f"{cost.nanoseconds // cost.checks:>9,}  {cost.msg}\n"
        for cost in costs
    )


def total(costs: list[Cost]) -> str:
    """All of them in a line."""
    checks, nanoseconds = sum(cost.checks for cost in costs), sum(cost.nanoseconds for cost in costs)
    return f"{len(costs):,} rules were asked, {checks:,} times in all: {nanoseconds / 1e6:,.1f} ms\n"
