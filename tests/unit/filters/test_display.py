"""`-Y`: what an expression means, against a slow evaluation of the table's rows; what is said of a wrong one."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import known_sessions, sample, sample_names
from tmrx import _core
from tmrx.errors import UsageError
from tmrx.filters.display import MAX_DEPTH, compiled
from tmrx.plan import Outputs, Plan, Step

Row = dict[str, Any]
SESSIONS = known_sessions()
NAMES = {known.session: known.name for known in SESSIONS.known}
CAUSES = ("packet_length", "mtu", "snaplen", "unknown")
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def rows(display: tuple[Step, ...]) -> list[Row]:
    """The packets table over all samples."""
    engine = _core.Engine(Plan(identity=SESSIONS, outputs=Outputs(tables=("packets",)), display=display).encode())
    tables = [
        engine.push([(f.time, f.data, f.original) for f in sample(name)], "ethernet").table("packets")
        for name in sample_names()
    ]
    found = [row for table in tables for row in pyarrow.table(table).to_pylist()]
    return [{name: value for name, value in row.items() if name != "parent"} for row in found]


@cache
def everything() -> tuple[Row, ...]:
    return tuple(rows(()))


def address(value: bytes) -> Any:
    found = ip_address(value)
    return getattr(found, "ipv4_mapped", None) or found


def cells(row: Row, column: str) -> list[Any]:
    """The values of a cell; none where there is nothing, as the documentation says it."""
    value = row[column]
    if column == "truncated":
        return [cause for bit, cause in enumerate(CAUSES) if value >> bit & 1]
    no_tcp = column in ("tcp_flags", "seq", "ack", "window") and row["layer"] != "tcp"
    no_ip = column in ("ip", "ttl") and not row["ip"]
    if value is None or no_tcp or no_ip:
        return []
    if column == "session":
        return [value, NAMES[value]]
    if column in ("src", "dst", "outer_src", "outer_dst"):
        return [address(value)]
    return value if isinstance(value, list) else [value]


Judge = Callable[[Row], bool]


def compared(column: str, sign: str, value: Any) -> tuple[str, Judge]:
    if sign == "!=":
        return f"{column} != {value}", lambda row: bool(cells(row, column)) and value not in cells(row, column)
    return f"{column} {sign} {value}", lambda row: any(OPERATORS[sign](cell, value) for cell in cells(row, column))


def within(column: str, low: int, size: int, negated: bool) -> tuple[str, Judge]:
    def judge(row: Row) -> bool:
        found = cells(row, column)
        return bool(found) and any(low <= cell <= low + size or cell == 443 for cell in found) != negated

    return f"{column} {'not ' * negated}in {{{low}..{low + size}, 443}}", judge


def in_block(column: str, block: str) -> tuple[str, Judge]:
    network = ip_network(block)
    return f"{column} == {block}", lambda row: any(cell in network for cell in cells(row, column))


def word(column: str, value: str, sign: str) -> tuple[str, Judge]:
    text = f'{column} {sign} "{value}"'
    if sign == "contains":
        return text, lambda row: any(value in cell for cell in cells(row, column))
    if sign == "==":
        return text, lambda row: value in cells(row, column)
    return text, lambda row: bool(cells(row, column)) and value not in cells(row, column)


def bits(mask: int) -> tuple[str, Judge]:
    return f"tcp_flags & {mask:#x}", lambda row: any(cell & mask for cell in cells(row, "tcp_flags"))


def alone(column: str) -> tuple[str, Judge]:
    return column, lambda row: any(cell is not False and cell not in ("none", "absent") for cell in cells(row, column))


NUMERIC = st.sampled_from(
    ["vni", "sport", "dport", "ttl", "proto", "ip", "length", "captured", "vlan", "frame", "domain", "tcp_flags", "l4"]
)
NUMBER = st.sampled_from([0, 1, 2, 4, 5, 6, 17, 18, 34, 54, 60, 64, 80, 100, 101, 443, 1500])
ALONE = [
    "vni",
    "src",
    "session",
    "fragment",
    "truncated",
    "anomalies",
    "flow_id",
    "encapsulation",
    "l4_checksum",
    "vlan",
]
WORDS = {
    "layer": ["tcp", "udp", "arp", "none"],
    "encapsulation": ["vxlan", "geneve+vxlan", "none"],
    "l4_checksum": ["valid", "bad", "absent"],
    "truncated": list(CAUSES),
    "anomalies": ["tcp.bad_checksum", "mirror.unknown_identity"],
    "stop": ["truncated", "complete"],
    "session": sorted([*NAMES, *NAMES.values()]),
}
TESTS = st.one_of(
    st.builds(compared, NUMERIC, st.sampled_from([*OPERATORS, "!="]), NUMBER),
    st.builds(within, NUMERIC, NUMBER, st.integers(0, 50), st.booleans()),
    st.builds(
        in_block, st.sampled_from(["src", "dst", "outer_src"]), st.sampled_from(["10.0.1.0/24", "2001:db8::/32"])
    ),
    st.sampled_from(list(WORDS)).flatmap(
        lambda column: st.builds(
            word, st.just(column), st.sampled_from(WORDS[column]), st.sampled_from(["==", "!=", "contains"])
        )
    ),
    st.builds(bits, st.integers(1, 255)),
    st.sampled_from(ALONE).map(alone),
)


def both(a: tuple[str, Judge], b: tuple[str, Judge], sign: str) -> tuple[str, Judge]:
    return f"({a[0]} {sign} {b[0]})", lambda row: a[1](row) and b[1](row)


def either(a: tuple[str, Judge], b: tuple[str, Judge], sign: str) -> tuple[str, Judge]:
    return f"({a[0]} {sign} {b[0]})", lambda row: a[1](row) or b[1](row)


def negated(a: tuple[str, Judge], sign: str) -> tuple[str, Judge]:
    return f"{sign}({a[0]})", lambda row: not a[1](row)


EXPRESSIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(both, inner, inner, st.sampled_from(["and", "&&"])),
        st.builds(either, inner, inner, st.sampled_from(["or", "||"])),
        st.builds(negated, inner, st.sampled_from(["not ", "!"])),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_the_core_agrees_with_the_rows(expression: tuple[str, Judge]) -> None:
    text, judge = expression
    assert rows(compiled(text)) == [row for row in everything() if judge(row)], text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vni == 7 or ip == 4 and not fragment", "(vni == 7) or ((ip == 4) and (not fragment))"),
        ("not vni == 7 and ip == 4", "(not (vni == 7)) and (ip == 4)"),
        ("vni==7&&!fragment||truncated", "vni == 7 and not fragment or truncated"),
        (
            "dport eq 80 or dport ne 443 or ttl lt 9 or ttl ge 0x40",
            "dport == 80 or dport != 443 or ttl < 9 or ttl >= 64",
        ),
        ("anomaly == tcp.flags", "anomalies == 'tcp.flags'"),
        ("fragment == true", "fragment == 1"),
        ("proto == tcp", "proto == 6"),
        ("src == 10.0.0.5/24", "src in {10.0.0.0 .. 10.0.0.255}"),
        ('time >= "2026-11-21T10:00:00Z"', "time >= 1795255200"),
        ('time == "2026-11-21 12:00:00.000000001+02:00"', "time == 1795255200.000000001"),
        ("time < 2026-11-21", 'time < "2026-11-21T00:00Z"'),
        ("tcp_flags & 0x12 == 2", "tcp_flags & 18 in {2}"),
        (r"session == 'a\'b'", '''session == "a'b"'''),
    ],
)
def test_two_ways_to_say_it(one: str, other: str) -> None:
    assert compiled(one) == compiled(other)


@pytest.mark.parametrize(
    ("expression", "at", "why"),
    [
        ("vin == 7", 0, 'no column "vin" (did you mean vni?)'),
        ("ip and vni = 7", 11, "'=' is no part of an expression (== compares)"),
        ("vni ==", 6, "expected a value, not the end"),
        ("(vni", 4, "expected ')', not the end"),
        ("vni == web", 7, 'vni: "web" is not a number (as in 443 or 0x1bb)'),
        ("vni == 99999999999999999999", 7, "above 64 bits"),
        ("src == 10.0.0.0/33", 7, "is no address or block"),
        ("src < 10.0.0.1", 4, "src has no order"),
        ("time == 2026-13-01", 8, "month"),
        ("dport in {9..3}", 13, "the range ends before it begins"),
        ("dport in {9,}", 12, "expected a value, not \"}\""),
        ("dport not 80", 10, 'expected "in" after "not"'),
        ("l4_checksum == bd", 15, 'l4_checksum is never "bd" (did you mean bad?)'),
        ("layer in {tcp..udp}", 13, "layer has no ranges"),
        ("layer & 1", 6, "layer is no number"),
        ("tcp_flags & x", 12, '"x" is not a number'),
        ("session matches 'a.*'", 8, '"matches" is not supported'),
        ("vni contains 7", 4, "vni is no text"),
        ("fragment == maybe", 12, "is neither true nor false"),
        ("session == 'x", 11, "a quote is not closed"),
        ("vni 7", 4, 'expected and, or, or the end, not "7"'),
        ("(" * 200, MAX_DEPTH, "nested more than 100 deep"),
        ("session == \udcff", 11, "not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_wrong_and_where(expression: str, at: int, why: str) -> None:
    with pytest.raises(UsageError) as raised:
        compiled(expression)
    assert why in str(raised.value)
    assert str(raised.value).startswith("-Y: ")
    assert raised.value.excerpt.splitlines()[1] == " " * (4 + at) + "^"


def test_nothing_asked_is_everything_shown() -> None:
    assert compiled(" ") == ()
    assert compiled(" or ".join(["vni == 7"] * 2000))[1999].no is False
