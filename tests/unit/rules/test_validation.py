"""What fails a rule and what does not: `validation.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.unit.rules.compiling import compiled
from tmrx.rules.supported import core

CASES = tomllib.loads(Path(__file__).with_name("validation.toml").read_text())["case"]


def text(case: dict[str, str]) -> str:
    header, options = case.get("header", "alert ip any any -> any any"), case.get("options", "")
    return f"{header} ({options} sid:1;)"


@pytest.mark.parametrize("case", CASES, ids=text)
def test_what_fails_a_rule(case: dict[str, str]) -> None:
    if "core" in case and core() is None:
        pytest.skip("without a core nobody asks PCRE2")
    severity, why = compiled(text(case))
    if "fails" in case:
        assert severity == "error"
        assert case["fails"] in why
    elif "warns" in case:
        assert severity == "warning"
        assert case["warns"] in why
    else:
        assert severity in ("none", "unsupported"), why
