"""What the keywords of files compile to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.rules.compiling import drafted
from tmrx import plan
from tmrx.rules import load


def test_all_are_one_check() -> None:
    draft = drafted(r'filename:"A.B"; fileext:!"EXE"; filemagic:"PDF document"; filesize:>10;')
    assert draft.checks == [
        plan.File(
            tests=(
                plan.FileName(text=b"a.b"),
                plan.FileName(text=b"exe", negated=True, end=True),
                plan.FileMagic(text=b"PDF document"),
                plan.FileSize(number=plan.Number(op="gt", a=10)),
            )
        )
    ]


@pytest.mark.parametrize(
    ("value", "effect"),
    [
        ("", plan.Filestore()),
        (":request", plan.Filestore(side="to_server")),
        (":to_client,tx", plan.Filestore(side="to_client", scope="tx")),
        (":both,ssn", plan.Filestore(side="both", scope="flow")),
    ],
)
def test_what_is_stored(value: str, effect: plan.Filestore) -> None:
    draft = drafted(f"filestore{value};")
    assert draft.checks == [plan.File(tests=())]
    assert draft.effects == [effect]


def test_lists_of_digests(tmp_path: Path) -> None:
    digests = [bytes([number]) * 16 for number in (9, 1)]
    (tmp_path / "list").write_text(f"# known\n\n{digests[0].hex()}  name\n{digests[1].hex().upper()}\n")
    (tmp_path / "a.rules").write_text("alert http any any -> any any (filemd5:!list; sid:1;)\n")
    rules = load([tmp_path / "a.rules"])
    assert rules.refused == ()
    test = plan.FileHash(hash="md5", digests=digests[1] + digests[0], negated=True)
    assert rules.plan().rules[0].checks == (plan.File(tests=(test,)),)


@pytest.mark.parametrize("text", ["no list", "abcd\n", "zz" * 16 + "\n"])
def test_lists_that_are_none(tmp_path: Path, text: str) -> None:
    if text != "no list":
        (tmp_path / "list").write_text(text)
    (tmp_path / "a.rules").write_text("alert http any any -> any any (filemd5:list; sid:1;)\n")
    (refused,) = load([tmp_path / "a.rules"]).refused
    assert str(tmp_path / "list") in refused.why
