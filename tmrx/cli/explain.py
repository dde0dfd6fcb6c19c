"""`tmrx mirror explain`: for each packet of a capture, what its sources did with it, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from tmrx.cli import console, errors, fates, misplaced, options
from tmrx.cli.explain_forms import FORMS
from tmrx.cli.explained import Outcome, Packet, Words
from tmrx.cli.options import Given, Quantity, Talk
from tmrx.errors import UsageError
from tmrx.mirror.source import source_plan
from tmrx.pipeline import Control

if TYPE_CHECKING:
    from tmrx._core import Capture, Mirror

_RANGE = re.compile(r"(\d{1,18})(?:(-)(\d{1,18})?)?", re.ASCII)


class Numbers:
    """Numbers of packets: `17`, `17-20`, `100-`, several with commas; without any, all."""

    def __init__(self, ranges: Sequence[tuple[int, int | None]] = ()) -> None:
        self._ranges = ranges

    @classmethod
    def of(cls, given: str) -> Numbers:
        """From text. Raises ValueError."""
        return cls([_range(part.strip()) for part in given.split(",")])

    def __contains__(self, number: int) -> bool:
        ranges = self._ranges
        return not ranges or any(first <= number <= (number if last is None else last) for first, last in ranges)

    def past(self, number: int) -> bool:
        """Whether none from this one on is wanted."""
        return bool(self._ranges) and all(last is not None and last < number for _, last in self._ranges)


def _range(part: str) -> tuple[int, int | None]:
    found = _RANGE.fullmatch(part)
    first = int(found[1]) if found else 0
    last = first if found is None or not found[2] else int(found[3]) if found[3] else None
    if found is None or first < 1 or (last is not None and last < first):
        raise ValueError("is not of the form 17, 17-20 or 100-")
    return first, last


@click.command("explain")
@click.argument("capture", metavar="CAPTURE")
@options.mirror
@click.option(
    "--packet", "numbers", type=Quantity("numbers", Numbers.of), default=Numbers(), metavar="N",
    help="Only these packets, by number: 17, 17-20, 100-; several with commas.",
)  # fmt: skip
@options.count
@options.listing
def explain(capture: str, given: Given, numbers: Numbers, count: int, talk: Talk) -> None:
    """Say for each packet of a capture which rule of which session decided on it, and why.

    A packet has a line for itself and one for each source that it touches; JSON and CSV have a record for each of
    those. Times are UTC. At the end, on standard error, it is summed up.

    \b
    Examples:
      tmrx mirror explain workload.pcap --mirror mirror.json | less
      tmrx mirror explain workload.pcap --mirror mirror.json --packet 17-20
      tmrx mirror explain workload.pcap --mirror mirror.json --format csv > why.csv
    """
    from tmrx._core import Capture, Mirror  # noqa: PLC0415

    if not given.mirror_files:
        raise UsageError("tmrx mirror explain", "wants --mirror FILE", "what is explained is what that mirror does")
    given.check(capture)
    inputs = given.read(quiet=talk.quiet)
    plan = source_plan(inputs.mirror, inputs.settings)
    core = Mirror(plan.encode())
    source = Capture(capture)
    form = FORMS[talk.form](Words(inputs.mirror))
    sums: Counter[str] = Counter()
    click.echo(form.begin(), nl=False)
    with Control(count=count).signals() as control:
        for packets in _batches(core, source, control, numbers):
            click.echo(form.batch(packets), nl=False)
            sums.update(_fate(outcome) for packet in packets for outcome in packet.outcomes)
    click.echo(form.end(), nl=False)
    if source.warning and not talk.quiet:
        errors.warn(f"{capture}: {source.warning}")
    if not talk.quiet:
        click.echo("\n".join(_summed(sums)), err=True)
        if list(sums) == [fates.why("not_at_source", None)]:
            errors.warn(misplaced.hint(capture, plan))


def _batches(core: Mirror, source: Capture, control: Control, numbers: Numbers) -> Iterator[list[Packet]]:
    """The packets that are wanted, in batches as they are read."""
    decoder = msgspec.json.Decoder(Packet)
    while not control.ended and (lines := core.explain(source)) is not None:
        packets = decoder.decode_lines(lines)
        packets = packets[: control.left] if control.count else packets
        control.took(len(packets))
        yield [packet for packet in packets if packet.number in numbers]
        if packets and numbers.past(packets[-1].number):
            return


def _summed(sums: Counter[str]) -> Iterator[str]:
    width = max(map(len, sums), default=0)
    yield from (f"{reason.ljust(width)}  {console.text(number)}" for reason, number in sums.most_common())


def _fate(outcome: Outcome) -> str:
    return "mirrored" if outcome.fate == "mirrored" else fates.why(outcome.fate, outcome.reason)
