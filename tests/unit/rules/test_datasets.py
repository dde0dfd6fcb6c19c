from __future__ import annotations

from pathlib import Path

import pytest

from tmrx.rules.datasets import Datasets, Declared, Settings, Type, from_text, to_text
from tmrx.rules.diagnostics import Fault


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("string", "aGk="),
        ("md5", "00112233445566778899aabbccddeeff"),
        ("sha256", "ab" * 32),
        ("ipv4", "10.0.0.1"),
        ("ip", "10.0.0.1"),
        ("ip", "2001:db8::1"),
    ],
)
def test_a_value_comes_back_as_it_was_written(kind: Type, text: str) -> None:
    assert to_text(from_text(text, kind), kind) == text


@pytest.mark.parametrize(
    ("kind", "text"), [("string", "a"), ("string", ""), ("md5", "00"), ("sha256", "xy"), ("ipv4", "::1"), ("ip", "a.b")]
)
def test_what_is_no_value(kind: Type, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_text(text, kind)


def test_sets_of_the_configuration_are_there_for_all_rules() -> None:
    declared = Declared(name="bad", type="string", load="bad.lst")
    datasets = Datasets(Settings(declared=(declared,)), {"bad.lst": b"aGk="}.get)
    assert datasets.number(Declared(name="bad"), Path("elsewhere")) == 0
    assert datasets.sets[0].values == (b"hi",)


def test_nothing_is_written_without_leave_or_place() -> None:
    wanted = Declared(name="a", type="string", save="a.csv")
    for settings in (Settings(), Settings(folder="f", allow_write=False)):
        with pytest.raises(Fault):
            Datasets(settings, lambda _: None).number(wanted, Path())
