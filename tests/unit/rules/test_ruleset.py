"""Files, order, duplicates, strictness, the cache."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tmrx.errors import ConfigError, InputError
from tmrx.rules import RuleSet, Settings, Variables, cache, load
from tmrx.rules.diagnostics import EXCERPT_WIDTH, Diagnostic


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def rule(sid: int, action: str = "alert", options: str = "") -> str:
    return f"{action} tcp any any -> any any ({options} sid:{sid};)\n"


def written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_a_folder_a_glob_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    b = written(tmp_path / "r", "b.rules", rule(2))
    a = written(tmp_path / "r", "a.rules", rule(1))
    written(tmp_path / "r", "c.txt", "no rules")
    assert [found.file for found in load([tmp_path / "r"]).rules] == [str(a), str(b)]
    assert [found.file for found in load([str(tmp_path / "r" / "b*")]).rules] == [str(b)]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rule(3).encode())))
    assert [(found.file, found.line) for found in load(["-"]).rules] == [("<stdin>", 1)]


def test_an_empty_file_has_no_rules(tmp_path: Path) -> None:
    found = load([written(tmp_path, "e.rules", "")])
    assert (found.rules, found.diagnostics) == ((), ())


@pytest.mark.parametrize(
    ("name", "why"),
    [("none.rules", "no such file or directory"), ("*.none", "no file fits this pattern"), (".", "no *.rules file in")],
)
def test_what_cannot_be_read_is_said(name: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load([tmp_path / name])
    assert why in error.value.why


def test_order(tmp_path: Path) -> None:
    text = (
        rule(9)
        + rule(8, options="priority:1;")
        + rule(7, "drop")
        + rule(6, "reject", "priority:1;")
        + rule(5, "pass", "priority:9;")
        + rule(4)
        + rule(4, options="gid:0;")
    )
    found = load([written(tmp_path, "o.rules", text)])
    assert [(r.compiled.sid, r.compiled.gid) for r in found.rules] == [
        (5, 1), (7, 1), (6, 1), (8, 1), (4, 0), (4, 1), (9, 1),
    ]  # fmt: skip


def test_duplicates(tmp_path: Path) -> None:
    text = rule(1, options="rev:2;") + rule(1, options="rev:2;") + rule(1, options="rev:3;") + rule(1, options="gid:2;")
    file = written(tmp_path, "d.rules", text)
    found = load([file])
    assert [(r.line, r.compiled.gid, r.compiled.rev) for r in found.rules] == [(3, 1, 3), (4, 2, 0)]
    assert [(d.severity, d.line, d.why, d.hint) for d in found.diagnostics] == [
        ("error", 2, "sid 1 again, with rev 2", f"{file}:1 has it as rev 2"),
        ("warning", 3, "sid 1 again: rev 3 replaces the earlier one", f"{file}:1 has it as rev 2"),
    ]


def test_a_flowbit_that_is_never_set_is_warned_of(tmp_path: Path) -> None:
    text = (
        rule(1, options="flowbits:set,one;")
        + rule(2, options="flowbits:isset,one|two;")
        + rule(3, options="flowbits:isset,two|three;")
        + rule(4, options="flowbits:isnotset,four;")
    )
    found = load([written(tmp_path, "f.rules", text)])
    assert [rule.compiled.sid for rule in found.rules] == [1, 2, 3, 4]
    assert [(one.severity, one.line, one.why) for one in found.diagnostics] == [
        ("warning", 3, "no rule that loads sets the flowbit two or three")
    ]


def test_strict_says_all_that_is_refused(tmp_path: Path) -> None:
    skipped = rule(3, options="requires: feature x;")
    file = written(
        tmp_path, "s.rules", rule(1, options="contnet:1;") + rule(2, options='smb.share; content:"a";') + skipped
    )
    with pytest.raises(ConfigError) as error:
        load([file], strict=True)
    assert error.value.exit_code == 2
    assert error.value.lines() == [
        f"{file}:1:31: unknown keyword 'contnet' (did you mean 'content'?)",
        f"{file}:2:31: keyword 'smb.share' is known, not supported yet",
    ]
    assert load([written(tmp_path, "k.rules", skipped)], strict=True).rules == ()


def test_a_rule_that_is_not_utf8_leaves_the_others_alone(tmp_path: Path) -> None:
    (tmp_path / "b.rules").write_bytes(b'alert tcp any any -> any any (msg:"\xff"; sid:1;)\n' + rule(2).encode())
    found = load([tmp_path / "b.rules"])
    assert [r.compiled.sid for r in found.rules] == [2]
    assert found.diagnostics[0].why == "the rule holds a byte that is not UTF-8"
    found.diagnostics[0].excerpt().encode()


# --- diagnostics


def test_excerpt_points_at_the_place() -> None:
    short = Diagnostic("error", "f", 1, 7, "w", "", "alert\ttpc \x1b[0m")
    assert short.excerpt() == "    alert tpc ·[0m\n          ^"
    assert str(short) == "f:1:7: w"


@pytest.mark.parametrize("column", [1, 60, 300, 501])
def test_a_long_line_is_cut_around_the_place(column: int) -> None:
    text = "".join(chr(ord("a") + n % 26) for n in range(500))
    source, caret = Diagnostic("error", "f", 1, column, "w", "h", text).excerpt().splitlines()
    assert len(source) <= EXCERPT_WIDTH + 6
    pointed = source[caret.index("^") : caret.index("^") + 1]
    assert pointed == text[column - 1 : column]


# --- the cache


@pytest.fixture
def every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "WORTH_IT", 0)


def told(found: RuleSet) -> tuple[object, ...]:
    return found.count, found.plan(), found.rules, found.diagnostics


@pytest.mark.usefixtures("every_size")
def test_what_was_compiled_is_kept(tmp_path: Path) -> None:
    text = rule(1, options='content:"a"; pcre:"/b/"; mirror.truncated; metadata:a b;') + rule(
        2, options='smb.share; content:"a";'
    )
    file = written(tmp_path, "c.rules", text)
    first = load([file])
    (kept,) = cache.folder().iterdir()
    assert told(load([file])) == told(first)
    kept.write_bytes(b"\x00damaged")
    assert told(load([file])) == told(first)
    file.write_text(text + rule(3))
    assert len(load([file]).rules) == 2
    assert load([file], Settings(variables=Variables(addresses={}, ports={}))).diagnostics == load([file]).diagnostics
    assert len(list(cache.folder().iterdir())) == 3


@pytest.mark.usefixtures("every_size")
def test_the_cache_stays_small_and_needs_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "n.rules"
    for sid in range(1, 12):
        file.write_text(rule(sid))
        load([file])
    assert len(list(cache.folder().iterdir())) == 8
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert len(load([file]).rules) == 1


def test_small_sets_are_not_cached(tmp_path: Path) -> None:
    load([written(tmp_path, "s.rules", rule(1))])
    assert not cache.folder().exists()


def test_the_cache_is_in_the_home_when_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache.folder() == tmp_path / ".cache" / "tmrx"
