"""How long rules take to load: `python -m bench.loading RULES [--rounds N]`.

    cold     tmrx analyze, a capture of one frame, an empty cache: Python starts, compiles, the core takes the plan
    cached   the same again
    every    as cold, without the core: every rule compiled, also those that would be refused as not supported yet

Prints the median of the seconds, and the largest resident set.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence

from bench import captures, measure

_EVERY = "import sys; from tmrx.rules import Settings, load; load(sys.argv[1:], Settings(keep_unsupported=True))"


def measured(command: Sequence[str], rounds: int, *, cached: bool) -> str:
    """A line's figures; with `cached`, a first run fills the cache."""
    runs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_CACHE_HOME"] = folder
            if cached:
                measure.run(command)
            runs.append(measure.run(command))
    seconds, peak = statistics.median(run.seconds for run in runs), max(run.peak for run in runs)
    return f"{seconds:6.2f} s {peak / captures.MIB:7.0f} MiB"


def main() -> int:
    """The table."""
    parser = argparse.ArgumentParser(prog="python -m bench.loading", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rules", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    one = str(captures.generated(1, 1).path)
    options = [part for rules in given.rules for part in ("-S", rules)]
    analyze = [*measure.TMRX, "analyze", one, "-q", *options]
    print("cold  ", measured(analyze, given.rounds, cached=False))
    print("cached", measured(analyze, given.rounds, cached=True))
    print("every ", measured([sys.executable, "-c", _EVERY, *given.rules], given.rounds, cached=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
