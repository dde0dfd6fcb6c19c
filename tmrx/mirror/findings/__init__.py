"""What AWS allows and warns of: sessions that get nothing, filters that miss something, copies that don't arrive.

Every check stands in CHECKS, by name: `tmrx mirror check` runs them all, other commands the two of WARNINGS.
"""

from __future__ import annotations

from collections.abc import Iterator

from tmrx.mirror.findings import delivery, filters, places, sessions
from tmrx.mirror.findings.finding import Check, Finding
from tmrx.mirror.mirror import Mirror

__all__ = ["CHECKS", "WARNINGS", "Check", "Finding", "findings", "warnings"]

CHECKS: dict[str, Check] = {
    check.name: check for check in (*sessions.CHECKS, *filters.CHECKS, *places.CHECKS, *delivery.CHECKS)
}
# What the specification calls a warning (sections 4.6 and 10).
WARNINGS = ("short-packet-length", "family-mismatch")


def findings(mirror: Mirror) -> Iterator[Finding]:
    """Everything found, check by check."""
    for check in CHECKS.values():
        yield from check.findings(mirror)


def warnings(mirror: Mirror) -> Iterator[Finding]:
    """What every command that reads a mirror warns of."""
    for name in WARNINGS:
        yield from CHECKS[name].findings(mirror)
