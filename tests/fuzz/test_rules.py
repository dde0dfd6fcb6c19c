"""What the fuzzer of the rule compiler found stays mended, and it finds nothing in a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import rules


@pytest.mark.parametrize("file", sorted(rules.CORPUS.glob("*.rules")), ids=lambda file: file.stem)
def test_the_corpus_is_taken_or_refused(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert rules.fails(lines, rules.packets()) == ""


def test_a_moment_of_fuzzing_finds_nothing() -> None:
    assert list(rules.hunt(2, seed=1)) == []
