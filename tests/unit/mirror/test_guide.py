"""The guide's lists, as data."""

from __future__ import annotations

import re

import pytest

from tests.support import SHARED
from tmrx.mirror.guide import can_be_mirrored, guide, sources_per_target

TEXT = SHARED / "spec" / "traffic-mirroring-guide.txt"


def listed(section: str) -> set[str]:
    """The names after `- **Heading:** …`, in lower case."""
    groups = re.findall(r"^- \*\*.*?:\*\* (.*)$", section, re.MULTILINE)
    return {name.strip().lower() for group in groups for name in group.split("|")}


@pytest.mark.skipif(not TEXT.exists(), reason="../shared is not here")
def test_the_lists_are_those_of_the_guide() -> None:
    text = TEXT.read_text()
    supported = text[text.index("### Virtualized instances") : text.index("### Note")]
    virtualized, bare_metal = supported.split("## Bare metal instances")
    large = text[text.index("<sup>1</sup> The following") : text.index("# Identity and access management for")]
    assert listed(virtualized) == guide().virtualized
    assert listed(bare_metal) == guide().bare_metal
    assert listed(large) == guide().large_targets
    (changed,) = re.findall(r"^.*Additional instance types.*\t(.*)$", text, re.MULTILINE)
    assert guide().updated.strftime("%B %d, %Y") == changed


def test_quotas() -> None:
    quotas = guide()
    assert (quotas.sessions, quotas.targets, quotas.filters) == (10_000, 10_000, 10_000)
    assert (quotas.sessions_per_source, quotas.rules_per_filter) == (3, 10)


@pytest.mark.parametrize(
    ("kind", "can"),
    [
        ("m5.24xlarge", True),
        ("m5.metal", True),
        ("m5a.metal", False),
        ("c7i-flex.large", True),
        ("mac2-m2pro.metal", True),
        ("u7in-16tb.224xlarge", True),
        ("u-6tb1.112xlarge", True),
        ("m8g.large", False),
        ("m7g.metal", False),
        ("m6g.metal", True),
        ("", False),
    ],
)
def test_sources(kind: str, can: bool) -> None:
    assert can_be_mirrored(kind) is can


def test_targets() -> None:
    assert [sources_per_target(kind) for kind in ("m5.24xlarge", "m5.16xlarge", "u-6tb1.112xlarge")] == [100, 10, 100]
