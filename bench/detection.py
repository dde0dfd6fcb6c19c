"""ET Open on the shared corpus: `python -m bench.detection [--rounds N]`, also a part of `make bench`.

Rules that ask for no application protocol: none of them, 100 and 1,000 drawn at random, and all; streams are
reassembled and only alerts are written. Each round measures tcpdump and every set by turns; what counts is the time that
the processor worked, so that others on the machine disturb less.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
from functools import partial
from pathlib import Path

from bench import captures, measure
from bench.captures import ROOT, SHARED, Capture
from bench.measure import Run
from tmrx.plan import Plan, StreamSettings
from tmrx.rules import Settings
from tmrx.rules import load as load_rules

ET_OPEN = SHARED / "rulesets" / "et-open" / "emerging-all.rules"
COUNTS = (0, 100, 1000)
SEED = 1
# Issue 6: all of them at a quarter of tcpdump's rate, in at most 2.5 times the time of 100.
SHARE = 0.25
TIMES = 2.5


def texts() -> list[str]:
    """The rules that load and ask for no application protocol."""
    loaded = load_rules([ET_OPEN], Settings(keep_text=True))
    compiled = (rule.compiled for rule in loaded.rules)
    return [rule.text for rule in compiled if rule.kind not in {"app", "app_tx"} and not rule.application]


def sets(folder: Path) -> dict[int, Path]:
    """Files of so many of these rules; the smaller ones' are drawn from them at random, the same each time."""
    every = texts()
    drawn = random.Random(SEED).sample(every, len(every))  # noqa: S311  # a repeatable choice, no secret
    folder.mkdir(exist_ok=True)
    files = {count: folder / f"et-open-{count}.rules" for count in (*COUNTS, len(every))}
    for count, file in files.items():
        file.write_text("".join(f"{text}\n" for text in drawn[:count]))
    return files


def run(capture: Capture, rules: Path) -> Run:
    """`tmrx analyze` with these rules; alerts are written to no file."""
    return measure.tmrx(capture, "-S", str(rules), "--fast", os.devnull)


def seconds(of: Capture, files: dict[int, Path], rounds: int) -> dict[str, float]:
    """The median of tcpdump's and of each set's rounds; a first one, which does not count, fills the cache of rules."""
    sets = {str(count): partial(run, of, file) for count, file in files.items()}
    commands = {"tcpdump": partial(measure.tcpdump, of), **sets}
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            done = command()
            if number:
                runs[name].append(done)
    return {name: statistics.median(each.worked for each in done) for name, done in runs.items()}


def rates(of: Capture, rounds: int) -> dict[str, float]:
    """Frames a second of tcpdump and with each number of rules, start-up left out."""
    files = sets(captures.FOLDER)
    start = seconds(captures.one_frame(of), files, rounds)
    return {name: of.frames / (took - start[name]) for name, took in seconds(of, files, rounds).items()}


def stages(of: Capture, rules: Path, *, streams: bool) -> str:
    """Nanoseconds a frame for each stage, as the core's own example measures them."""
    plan = captures.FOLDER / "stages.plan"
    settings = StreamSettings(enabled=streams)
    plan.write_bytes(Plan(rules=load_rules([str(rules)]).plan(), streams=settings).encode())
    command = ["cargo", "run", "--release", "--locked", "--quiet", "--example", "stages", "--"]
    command += [str(of.path), str(plan)]
    return subprocess.run(command, cwd=ROOT / "core", check=True, capture_output=True, text=True).stdout


def main() -> None:
    """The table alone."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    of = captures.corpus(1000)
    if of is None or not ET_OPEN.exists():
        parser.error(f"{SHARED}: not there")
    found = rates(of, given.rounds)
    for name, rate in found.items():
        print(f"{name:>8} {rate:>11,.0f} frames/s {rate / found['tcpdump']:>6.1%} of tcpdump")


if __name__ == "__main__":
    main()
