"""ET Open on the shared corpus: `python -m bench.detection [--rounds N]`, also a part of `make bench`.

Rules that ask for no application protocol: none of them, 100 and 1,000 drawn at random, and all; then of all rules
1,000 drawn at random and all, with applications parsed. Streams are reassembled and only alerts are written. Each
round measures tcpdump and every set by turns; what counts is the time that the processor worked, so that others on the
machine disturb less.
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
SEED = 1
# Sets of rules: how they are called, how many rules they have, and whether these may ask for applications.
PLAIN = "packets and streams"
SETS = (("none", 0, False), ("100", 100, False), ("1000", 1000, False), (PLAIN, None, False))
WITH_APPLICATIONS = (("1000 of all", 1000, True), ("all", None, True))
# Issue 6: those for packets and streams at a quarter of tcpdump's rate, in at most 2.5 times the time of 100.
SHARE = 0.25
TIMES = 2.5
# Issue 7: Suricata's share with all rules (../shared/bench), the share with 1,000, and with none.
SHARES = {"none": 0.25, PLAIN: SHARE, "1000 of all": 0.15, "all": 0.057}


def texts() -> tuple[list[str], list[str]]:
    """The rules that load: those that ask for no application protocol, and all."""
    loaded = load_rules([ET_OPEN], Settings(keep_text=True))
    compiled = [rule.compiled for rule in loaded.rules]
    plain = [rule.text for rule in compiled if rule.kind not in {"app", "app_tx"} and not rule.application]
    return plain, [rule.text for rule in compiled]


def sets(folder: Path) -> dict[str, Path]:
    """Files of rules by the names of their sets; those of the smaller ones are drawn at random, the same each time."""
    choice = random.Random(SEED)  # noqa: S311  # a repeatable choice, no secret
    plain, every = (choice.sample(rules, len(rules)) for rules in texts())
    folder.mkdir(exist_ok=True)
    files = {}
    for name, count, with_applications in (*SETS, *WITH_APPLICATIONS):
        files[name] = folder / f"et-open-{name.replace(' ', '-')}.rules"
        files[name].write_text("".join(f"{text}\n" for text in (every if with_applications else plain)[:count]))
    return files


def run(capture: Capture, rules: Path) -> Run:
    """`tmrx analyze` with these rules; alerts are written to no file."""
    return measure.tmrx(capture, "-S", str(rules), "--fast", os.devnull)


def seconds(of: Capture, files: dict[str, Path], rounds: int) -> dict[str, float]:
    """The median of tcpdump's and of each set's rounds; a first one, which does not count, fills the cache of rules."""
    sets = {name: partial(run, of, file) for name, file in files.items()}
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
    parser.add_argument("--record", type=Path, default=ROOT / "bench" / "record", help="where the results go")
    given = parser.parse_args()
    of = captures.corpus(1000)
    if of is None or not ET_OPEN.exists():
        parser.error(f"{SHARED}: not there")
    found = rates(of, given.rounds)
    for name, rate in found.items():
        wanted = f", wanted {SHARES[name]:.1%}" if name in SHARES else ""
        print(f"{name:>20} {rate:>11,.0f} frames/s {rate / found['tcpdump']:>6.1%} of tcpdump{wanted}")
    peak = run(of, sets(captures.FOLDER)["all"]).peak / captures.MIB
    print(f"peak memory with all rules: {peak:.0f} MiB")
    document = {"rounds": given.rounds, "load": os.getloadavg(), "frames_per_second": found, "peak_mib": peak}
    print(f"written: {measure.record(given.record, document, '-detection')}")


if __name__ == "__main__":
    main()
