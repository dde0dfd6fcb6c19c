"""What the core is built from: licences that deny.toml allows, one registry, as `cargo deny` would say it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

CORE = Path(__file__).parents[2] / "core"


@pytest.fixture(scope="module")
def packages() -> list[dict[str, Any]]:
    """Every package of the lock file that this platform builds."""
    cargo, rustc = shutil.which("cargo"), shutil.which("rustc")
    if cargo is None or rustc is None:
        pytest.skip("needs cargo")
    version = subprocess.run([rustc, "-vV"], capture_output=True, text=True, check=True).stdout
    (host,) = re.findall(r"^host: (.*)$", version, re.MULTILINE)
    command = [cargo, "metadata", "--format-version=1", "--locked", "--all-features", f"--filter-platform={host}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CORE)
    found: list[dict[str, Any]] = json.loads(done.stdout)["packages"]
    return found


def allowed(expression: str, allow: set[str]) -> bool:
    """Whether an SPDX expression of AND, OR (older: `/`) and parentheses can be met with what is allowed."""
    words = re.findall(r"[\w.+-]+|[()]", expression.replace("/", " OR "))
    logic = {"AND": "and", "OR": "or", "(": "(", ")": ")"}
    # An exception (WITH) only adds permissions.
    text = " ".join(logic.get(word, str(word in allow)) for word in words if word != "WITH" and "exception" not in word)
    return bool(eval(text))  # noqa: S307  # made of True, False, and, or and parentheses


def test_the_expressions_are_understood() -> None:
    allow = {"MIT", "Apache-2.0"}
    assert allowed("MIT OR GPL-2.0", allow)
    assert allowed("(MIT/GPL-2.0) AND Apache-2.0 WITH LLVM-exception", allow)
    assert not allowed("MIT AND GPL-2.0", allow)


def test_licences(packages: list[dict[str, Any]]) -> None:
    allow = set(tomllib.loads((CORE / "deny.toml").read_text())["licenses"]["allow"])
    refused = {p["name"]: p["license"] for p in packages if not allowed(p["license"] or "NONE", allow)}
    assert refused == {}


def test_one_source(packages: list[dict[str, Any]]) -> None:
    sources = {package["source"] for package in packages} - {None}
    assert len(sources) == 1
    assert all(source.startswith("registry+") for source in sources)
