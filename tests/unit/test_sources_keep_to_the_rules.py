"""What the Python sources keep to beyond what ruff checks: sizes, and a test file for each source file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_FILE, MAX_FUNCTION = 600, 60
SOURCES = sorted(path for folder in ("tmrx", "bench", "docs") for path in (ROOT / folder).rglob("*.py"))
# Checked where its pieces meet: cases, end to end, documentation tests.
WITHOUT_OWN_TEST = {"tmrx/__main__.py"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> list[tuple[str, int]]:
    """Name and lines of each function, its docstring left out: documentation is not length."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
            found.append((node.name, (node.end_lineno or 0) - body[0].lineno + 1))
    return found


def test_there_are_sources() -> None:
    assert len(SOURCES) > 3


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_sizes(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE
    assert [(name, lines) for name, lines in functions(path) if lines > MAX_FUNCTION] == []


@pytest.mark.parametrize("path", [p for p in SOURCES if p.is_relative_to(ROOT / "tmrx")], ids=relative)
def test_each_source_has_its_test(path: Path) -> None:
    """`tmrx/b.py` has `tests/unit/test_b.py`; `tmrx/a/b.py` that, or `tests/unit/a/` has tests."""
    if relative(path) in WITHOUT_OWN_TEST or path.name == "__init__.py":
        return
    unit, inside = ROOT / "tests" / "unit", path.relative_to(ROOT / "tmrx")
    own = unit / inside.parent / f"test_{path.stem}.py"
    package = [*(unit / inside.parts[0]).rglob("test_*.py"), *unit.glob(f"test_{inside.parts[0]}.py")]
    assert own.exists() or package, f"{relative(own)} is missing"
