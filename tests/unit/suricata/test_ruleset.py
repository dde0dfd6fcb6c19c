"""Rules and the files beside them, as suricata.yaml names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata import arguments, document
from tmrx.suricata.messages import Messages
from tmrx.suricata.ruleset import Loading, variables
from tmrx.suricata.settings import Configuration

GOOD = 'alert tcp any any -> any any (msg:"good"; content:"x"; sid:1;)\n'
BAD = "alert tcp any any -> $NOWHERE any (sid:2;)\n"


def loading(line: str, *options: str) -> Loading:
    found: dict[str, document.Node] = {}
    for option in options:
        document.override(found, option)
    return Loading(
        Configuration(found), arguments.read(line.split()), Messages(), plan.DetectSettings(pcre_match_limit=7)
    )


def test_variables_are_those_of_the_file_alone() -> None:
    assert variables(Configuration({})).addresses == {}
    found = variables(loading("", "vars.port-groups.WEB=[80,8080]", "vars.address-groups.HOME_NET=any").configuration)
    assert (found.ports, found.addresses) == ({"WEB": "[80,8080]"}, {"HOME_NET": "any"})


def test_which_files_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.rules").write_text(GOOD.replace("sid:1", f"sid:{ord(name)}"))
    folder = f"default-rule-path={tmp_path}"
    more = f"-s {tmp_path}/b.rules"

    def sids(line: str) -> list[int]:
        return [rule.compiled.sid for rule in loading(line, folder, "rule-files.0=a.rules").load().rules]

    assert sids("") == [97]
    assert sids(more) == [97, 98]
    assert sids(f"{more} -S {tmp_path}/c.rules") == [99]
    assert sids(f"-S {tmp_path}/[ab].rules") == [97, 98]
    assert sids("-S /dev/null") == []
    assert sids(f"-S {tmp_path}/none.rules") == []
    assert "Warning: detect: No rule files match the pattern" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="no such rule file"):
        sids(f"-S {tmp_path}/none.rules --init-errors-fatal")


def test_a_refused_rule_is_fatal_only_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.rules").write_text(GOOD + BAD)
    found = loading(f"-S {tmp_path}/x.rules").load()
    assert (found.count, len(found.refused)) == (1, 1)
    assert "Error: detect: " in capsys.readouterr().err
    for option in ("-T", "--init-errors-fatal"):
        with pytest.raises(ConfigError):
            loading(f"-S {tmp_path}/x.rules {option}").load()


def test_limits_reach_the_core(tmp_path: Path) -> None:
    (tmp_path / "x.rules").write_text(GOOD)
    assert loading(f"-S {tmp_path}/x.rules").load().plan().settings.pcre_match_limit == 7


def test_files_that_are_missing_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.rules").write_text(GOOD)
    gone = tmp_path / "gone"
    loading(f"-S {tmp_path}/x.rules", f"classification-file={gone}", f"threshold-file={gone}").load()
    said = capsys.readouterr()
    assert said.err.startswith("Error: detect: could not open")
    assert said.out.startswith("Warning: detect: could not open")


def test_the_order_of_actions(tmp_path: Path) -> None:
    (tmp_path / "x.rules").write_text("alert ip any any -> any any (sid:1;)\npass ip any any -> any any (sid:2;)\n")
    words = [f"action-order.{at}={word}" for at, word in enumerate(("alert", "drop", "reject", "pass"))]
    found = loading(f"-S {tmp_path}/x.rules", *words).load()
    assert [rule.compiled.sid for rule in found.rules] == [1, 2]
    with pytest.raises(ConfigError, match="is no order"):
        loading(f"-S {tmp_path}/x.rules", "action-order=alert").load()


def test_what_is_wrong_in_the_threshold_file_is_fatal_where_all_is_to_be_good(tmp_path: Path) -> None:
    (tmp_path / "x.rules").write_text(GOOD)
    (tmp_path / "threshold.config").write_text("suppress gen_id 1, sig_id 1\nsuppress all of it\n")
    file = f"threshold-file={tmp_path}/threshold.config"
    assert loading(f"-S {tmp_path}/x.rules", file).load().count == 1
    with pytest.raises(ConfigError, match="1 of its lines can't be read"):
        loading(f"-T -S {tmp_path}/x.rules", file).load()
