"""What pytest is told once: how long Hypothesis searches, and which tests wait to be asked for."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

SLOW = bool(os.environ.get("TMRX_SLOW"))

# The same examples in every run, so that a failure is a change's and not a dice's; TMRX_SLOW looks further.
settings.register_profile("fast", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("slow", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slow" if SLOW else "fast")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is marked `slow` unless TMRX_SLOW is set."""
    for item in items:
        if SLOW:
            item.add_marker(pytest.mark.timeout(900))
        if not SLOW and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: set TMRX_SLOW=1"))
