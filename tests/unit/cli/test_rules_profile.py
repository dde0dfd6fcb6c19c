"""`tmrx rules profile`: what it measures, and how it prints it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from click.testing import CliRunner, Result

from tmrx.cli.rules import rules
from tmrx.cli.rules_profile import Cost, as_text, dearest, total
from tmrx.plan import Rule

CAPTURE = Path(__file__).parents[3] / "sample_pcaps" / "attack.pcap"
SOME = (
    'alert ip any any -> any any (msg:"all"; ttl:>0; sid:1; rev:1;)\n'
    'alert ip any any -> any any (msg:"none"; content:"no such bytes anywhere"; sid:2; rev:1;)\n'
)


def run(folder: Path, *arguments: str) -> Result:
    path = folder / "some.rules"
    path.write_text(SOME)
    return CliRunner().invoke(rules, ["profile", str(CAPTURE), "-S", str(path), "--quiet", *arguments])


def test_rules_that_were_asked_are_listed(tmp_path: Path) -> None:
    result = run(tmp_path, "--format", "json")
    (cost,) = json.loads(result.stdout)
    assert (cost["sid"], cost["checks"]) == (1, cost["matches"])
    assert cost["nanoseconds"] > 0
    (row,) = csv.DictReader(run(tmp_path, "--format", "csv").stdout.splitlines())
    assert (row["sid"], row["msg"]) == ("1", "all")
    assert run(tmp_path).stdout.splitlines()[-1].startswith("1 rules were asked")


def test_rules_are_needed() -> None:
    assert CliRunner().invoke(rules, ["profile", str(CAPTURE)]).exit_code != 0


def test_the_dearest_comes_first() -> None:
    some = [Rule(protocol="ip", src=0, sport=0, dst=0, dport=0, sid=sid, msg=f"rule {sid}") for sid in (1, 2, 3)]
    costs = dearest(some, [(5, 1, 100), (0, 0, 0), (2, 2, 3_000_000)])
    assert costs == [Cost(3, 1, 0, 2, 2, 3_000_000, "rule 3"), Cost(1, 1, 0, 5, 1, 100, "rule 1")]
    assert as_text(costs).splitlines()[1].split() == ["3", "2", "2", "3.0", "1,500,000", "rule", "3"]
    assert total(costs) == "2 rules were asked, 7 times in all: 3.0 ms\n"
