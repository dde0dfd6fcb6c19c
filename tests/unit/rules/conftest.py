"""Rules from text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tmrx import plan
from tmrx.rules import RuleSet, Settings, load, whole


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def rules(tmp_path: Path) -> Callable[..., RuleSet]:
    """Load a text as a rule file."""

    def load_text(text: str, **settings: object) -> RuleSet:
        file = tmp_path / "t.rules"
        file.write_text(text, newline="")
        return load([file], Settings(**settings))  # type: ignore[arg-type]

    return load_text


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing were refused for not being supported yet."""
    monkeypatch.setattr(whole, "lacks", lambda *_: iter(()))


@pytest.fixture
def one(rules: Callable[..., RuleSet]) -> Callable[[str], plan.Rule]:
    """The one rule of a text."""

    def load_one(text: str) -> plan.Rule:
        found = rules(text)
        assert found.refused == ()
        (rule,) = found.rules
        return rule.compiled

    return load_one
