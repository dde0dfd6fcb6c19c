"""The kept score, and how it is compared; the suite itself is run by `make conformance`."""

from __future__ import annotations

from tests.conformance import score


def test_the_kept_score_is_whole() -> None:
    kept = score.kept()
    assert kept["percent"] == score.percent(len(kept["passed"]), len(kept["passed"]) + len(kept["failed"]))
    assert not set(kept["passed"]) & set(kept["failed"])


def test_what_passed_may_not_fail() -> None:
    before = {"passed": ["a", "b", "gone"]}
    assert score.fallen({"a": "", "b": "want 1 events, got 0", "c": "new and failing"}, before) == [
        "b: want 1 events, got 0"
    ]
