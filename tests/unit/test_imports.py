"""What is loaded, and when: start-up is quick, and what is heavy comes late."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"yaml", "scapy", "pandas", "pyarrow", "numpy", "dpkt", "pyshark"}
# What `tmrx --help` prints needs none of these.
NOT_FOR_HELP = HEAVY | {"msgspec", "rich", "asyncio", "socket", "tmrx._core", "tmrx.plan", "tmrx.rules", "tmrx.mirror"}


def loaded(code: str) -> set[str]:
    """Every module that is loaded after `code`, and the packages above it."""
    program = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines())


def test_import_loads_nothing_heavy() -> None:
    modules = loaded("import tmrx")
    assert "tmrx" in modules
    assert modules & HEAVY == set()


def test_help_loads_no_more_than_it_prints() -> None:
    modules = loaded(
        "from tmrx.cli import main\n"
        "sys.argv = ['tmrx', '--help']\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code"
    )
    assert "tmrx.cli" in modules
    assert modules & NOT_FOR_HELP == set()
    assert {name for name in modules if name.startswith("tmrx.cli.")} <= {"tmrx.cli.errors", "tmrx.cli.lazy"}


def test_a_run_without_a_mirror_loads_no_reader_of_one() -> None:
    modules = loaded("from tmrx.mirror import load\nload([])")
    assert {"tmrx.mirror.importers", "tmrx.mirror.findings"} & modules == set()
