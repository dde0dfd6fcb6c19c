"""Errors and warnings as people see them: a line each on standard error."""

from __future__ import annotations

import click

from tmrx.errors import TmrxError


def printable(text: str) -> str:
    """With what a terminal would obey made visible: names and messages may come from anyone."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def note(text: str) -> None:
    """A line on standard error, made printable."""
    click.echo(f"tmrx: {printable(text)}", err=True)


def warn(text: str) -> None:
    """A warning: the run goes on."""
    note(f"warning: {text}")


def error(text: str) -> None:
    """An error: `WHAT: WHY (HINT)`."""
    note(f"error: {text}")


def faults(raised: TmrxError) -> None:
    """A line for each fault, and the place where that is shown."""
    for line in raised.lines():
        error(line)
    if raised.excerpt:
        click.echo(raised.excerpt, err=True)
