from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmrx.rules.diagnostics import Fault
from tmrx.rules.lexer import Line, RawOption, check_text, decode, header, options, rule_lines

FILE = """\
# a comment \\
one
 leading blank
\ttab
\r
two \\
  continued \\
three\r

last \\"""


def test_lines() -> None:
    assert list(rule_lines(FILE)) == [Line(2, "one"), Line(6, "two   continued three"), Line(10, "last ")]


def test_a_comment_inside_a_continued_rule_is_part_of_it() -> None:
    assert list(rule_lines("a\\\n#b\nc")) == [Line(1, "a#b"), Line(3, "c")]


@pytest.mark.parametrize("data", [b"a\x00", b"a\xff", b"a\x7f", b"a\xc3", b"a\x1b[0m"])
def test_forbidden_bytes(data: bytes) -> None:
    with pytest.raises(Fault) as fault:
        check_text(decode(data))
    assert fault.value.at == 1


@pytest.mark.parametrize("text", ["a\tb", "é", "a\r", "x" * 8192])
def test_allowed_text(text: str) -> None:
    check_text(text)


def test_bytes_are_counted_not_characters() -> None:
    with pytest.raises(Fault):
        check_text("é" * 4097)


def test_header_fields_keep_blanks_in_brackets() -> None:
    fields, end = header("alert tcp [1.2.3.4, [5.6.7.8]]  any -> any [1, 2] (sid:1;)")
    assert [field.text for field in fields] == ["alert", "tcp", "[1.2.3.4, [5.6.7.8]]", "any", "->", "any", "[1, 2]"]
    assert [field.at for field in fields] == [0, 6, 10, 32, 36, 39, 43]
    assert end == 49


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a;)", [("a", None)]),
        (" ( ( a ; b : c ;) )", [("a", None), ("b", "c")]),
        ('(a:"x;y";b;', [("a", '"x'), ('y"', None), ("b", None)]),
        (r'(a:"x\;y";b;)', [("a", r'"x\;y"'), ("b", None)]),
        (r'(a:"x\\;y";b;)', [("a", r'"x\\;y"'), ("b", None)]),
        ("(a:;)", [("a", "")]),
        ("(a:b:c;)", [("a", "b:c")]),
    ],
)
def test_options(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert [(option.name, option.value) for option in options(text, 0)] == expected


def test_options_know_their_places() -> None:
    assert options("( msg: x ;)", 0) == [RawOption("msg", "x", 2, 7)]


def place_of_fault(text: str) -> int | None:
    """0-based, None where the text is taken apart without one."""
    try:
        check_text(text)
        options(text, header(text)[1])
    except Fault as fault:
        return -1 if fault.at is None else fault.at
    return None


@given(st.text())
def test_any_text_is_taken_apart_or_refused_with_a_place(text: str) -> None:
    for line in rule_lines(text):
        assert place_of_fault(line.text) in {None, *range(len(line.text) + 1)}


@given(st.text(alphabet='alert tcpny->()[]!:;"\\|,$ ', max_size=200))
def test_options_of_noise(noise: str) -> None:
    rule = "alert tcp any any -> any any (" + noise
    assert place_of_fault(rule) in {None, *range(len(rule) + 1)}


def test_a_value_of_escaped_semicolons_takes_linear_time() -> None:
    with pytest.raises(Fault):
        options("(a:" + r"\;" * 500_000, 0)
