"""Suricata's behaviour, as a suite of captures and rules has it: `python -m tests.conformance.score`.

The suite is not part of this repository (`../shared`, or TMRX_SHARED); without it nothing is done. What passed once is
in score.json and may not fail again; `--update` puts there what passes now.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SCORE = Path(__file__).with_name("score.json")
# Cases that need no application protocol other than these.
APPS = "http,dns,tls,ftp,ftp-data,ssh"


def shared() -> Path:
    """Where the suite is, if it is there."""
    return Path(os.environ.get("TMRX_SHARED") or ROOT.parent / "shared")


def run(apps: str, jobs: int) -> dict[str, str]:
    """Each case's name, and why it fails; "" where it passes. The groups are printed."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "results.json")
        command = [
            sys.executable, str(shared() / "conformance" / "run.py"), "--engine", f"{sys.executable} -m tmrx suricata",
            "--apps", apps, "--jobs", str(jobs), "--json", str(found),
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, env=environment, check=True)
        results: dict[str, str] = json.loads(found.read_text())
    return results


def kept() -> dict[str, Any]:
    """What is kept of the best score so far."""
    document: dict[str, Any] = json.loads(SCORE.read_text())
    return document


def write(results: dict[str, str]) -> None:
    """Keep a score; the reasons of failures are not kept, for they name what a machine has."""
    passed = sorted(name for name, why in results.items() if not why)
    failed = sorted(name for name, why in results.items() if why)
    document = {"apps": APPS, "percent": percent(len(passed), len(results)), "passed": passed, "failed": failed}
    SCORE.write_text(json.dumps(document, indent=1) + "\n")


def percent(passed: int, cases: int) -> float:
    """To one decimal."""
    return round(100 * passed / cases, 1) if cases else 0.0


def fallen(results: dict[str, str], before: dict[str, Any]) -> list[str]:
    """Cases that passed before and fail now, with the reason."""
    return [f"{name}: {results[name]}" for name in before["passed"] if results.get(name)]


def main() -> int:
    """0 where nothing fell."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--update", action="store_true", help="keep what passes now")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    if not (shared() / "conformance" / "run.py").exists():
        print(f"no {shared()}: its suite is not run")
        return 0
    results = run(APPS, given.jobs)
    for name, why in results.items():
        if why:
            print(f"fails: {name}: {why}")
    if given.update:
        write(results)
        return 0
    lost = fallen(results, kept())
    print("\n".join(f"passed before: {line}" for line in lost))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
