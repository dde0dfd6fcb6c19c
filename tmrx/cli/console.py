"""Records as tables, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
import msgspec

from tmrx.cli.errors import printable

Record = Mapping[str, Any]
_NAMES = ("vni", "erspan_session", "gre_key")


def heading(text: str) -> str:
    """Bold on a terminal."""
    return click.style(text, bold=True)


def text(value: Any) -> str:
    """A cell: nothing for None, numbers with thousands marked."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return printable(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def table(records: Sequence[Record], columns: Mapping[str, str], indent: str = "") -> list[str]:
    """Lines of a table; `columns` are keys of the records and their headings.

    Numbers stand right, and a column that no record has is left out.
    """
    if not records:
        return []
    columns = {key: name for key, name in columns.items() if any(_there(record.get(key)) for record in records)}
    numbers = {key for key in columns if any(_is_number(record.get(key)) for record in records)}
    rows = [list(columns.values()), *([_cell(key, record.get(key)) for key in columns] for record in records)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [str.rjust if key in numbers else str.ljust for key in columns]
    lines = [
        indent + "  ".join(side(cell, width) for cell, width, side in zip(row, widths, sides, strict=True))
        for row in rows
    ]
    return [heading(lines[0].rstrip()), *(line.rstrip() for line in lines[1:])]


def _cell(key: str, value: Any) -> str:
    # A number that names a session is no amount.
    return str(value) if key in _NAMES and value is not None else text(value)


def _there(value: Any) -> bool:
    return value is not None and value != ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def as_csv(records: Sequence[Record], keys: Sequence[str], *, header: bool = True) -> str:
    """Records as CSV (RFC 4180, lines ending in LF), lists joined by blanks."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(keys)
    for record in records:
        values = (record.get(key) for key in keys)
        writer.writerow([" ".join(map(str, v)) if isinstance(v, list | tuple) else v for v in values])
    return out.getvalue()


def as_json(value: Any) -> str:
    """JSON for people and programs."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def records(rows: Sequence[Record], columns: Mapping[str, str], form: str) -> None:
    """Print records in the form asked for: table, json or csv."""
    if form == "json":
        click.echo(as_json(list(rows)), nl=False)
    elif form == "csv":
        click.echo(as_csv(rows, list(columns)), nl=False)
    else:
        click.echo("\n".join(table(rows, columns)) or "none")


def structs(rows: Sequence[msgspec.Struct], kind: type[msgspec.Struct], form: str) -> None:
    """Print structs of a kind as JSON or CSV, their fields in order."""
    records([msgspec.structs.asdict(row) for row in rows], {name: name for name in kind.__struct_fields__}, form)


def terminal() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr.isatty()
