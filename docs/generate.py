"""Write the pages of docs/reference that come from tables: `python -m docs.generate`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

FOLDER = Path(__file__).parent / "reference"
WIDTH = 100


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; what would end a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def code(text: str) -> str:
    """Inline code, or nothing for nothing."""
    return f"`{text}`" if text else ""


def page(title: str, intro: str, body: str) -> str:
    """A whole page, which says that it is generated."""
    return f"<!-- made by docs/generate.py: make docs -->\n# {title}\n\n{intro}\n\n{body}"


STREAM_EVENTS = """What is odd about a packet in its TCP session, where [streams](../explanation/streams.md) are
followed. The names are Suricata's; the keyword `stream-event` takes them."""


def anomalies() -> str:
    """The core's catalogue of anomalies."""
    from tmrx import _core  # noqa: PLC0415  # the built core is needed for this page alone

    rows = [(code(name), severity, meaning, code(event)) for name, _, severity, meaning, event in _core.anomalies()]
    intro = (
        "Everything that tmrx finds wrong with a packet. A packet with an anomaly is still decoded as far as it goes; "
        "records name its anomalies, and `--stats` counts them. The last column is Suricata's event of the same thing."
    )
    streams = [(code(name), severity, meaning) for name, severity, meaning in _core.stream_events()]
    body = table(("name", "severity", "meaning", "Suricata's event"), rows)
    odd = f"## Stream events\n\n{STREAM_EVENTS}\n\n{table(('name', 'severity', 'meaning'), streams)}"
    return page("Anomalies", intro, f"{body}\n{odd}")


_OPERATORS = (
    ("`vni`", "there is something in it: a flag is set, a list is not empty, a word is not `none` or `absent`"),
    ("`==` `!=`, `eq` `ne`", "equal, unequal; of a session its id or its name"),
    ("`<` `<=` `>` `>=`, `lt` `le` `gt` `ge`", "the order of numbers and times"),
    ("`in {80, 443, 8000..8100}`, `not in {…}`", "one of these values, none of them; ranges include their ends"),
    ('`contains "web"`', "a text or word that holds this one"),
    ("`tcp_flags & 0x12`", "one of these bits is set; it can be compared too: `tcp_flags & 0x12 == 2`"),
    ("`and` `&&`, `or` `||`, `not` `!`, `( )`", "`not` before `and` before `or`"),
)
_VALUES = """\
Where a packet has no such thing, as UDP has no TCP window, no comparison holds, `!=` included; `not (window == 0)`
holds. Of several values one has to fit; with `!=` and `not in` none may.

Addresses are `10.0.0.1`, `10.0.0.0/8` or `2001:db8::/32`, times `"2026-11-21T10:00:00Z"` (UTC unless a zone is given)
or seconds since 1970, numbers decimal or `0x…`; `proto` takes names as well. Words need quotes only where they hold
blanks; `anomaly` is another name of `anomalies`."""


def columns() -> str:
    """The columns of packets, and what can be asked of them."""
    from tmrx import _core  # noqa: PLC0415  # as above

    listed = {"anomalies": "those of [Anomalies](anomalies.md)"}
    rows = [
        (code(name), kind, meaning, listed.get(name, ", ".join(map(code, words))))
        for name, kind, meaning, words in _core.columns()
    ]
    intro = (
        "What is known of a packet: the columns that `tmrx packets` prints, and that expressions of `-Y` ask about, as "
        "in `vni == 7 and truncated`."
    )
    body = f"## Expressions\n\n{table(('operator', 'meaning'), _OPERATORS)}\n{_VALUES}\n\n## Columns\n\n"
    return page("Columns and expressions", intro, body + table(("name", "kind", "meaning", "words"), rows))


def settings() -> str:
    """Every setting of tmrx."""
    from tmrx import config  # noqa: PLC0415  # as above

    def text(value: object) -> str:
        return (", ".join(map(str, value)) or config.NONE) if isinstance(value, tuple) else str(value)

    rows = [(code(s.name), code(text(s.default)), s.unit, s.limits, s.help) for s in config.SETTINGS]
    intro = (
        "Settings stand in the `[settings]` section of the TOML given with `--mirror`, or in `--set NAME=VALUE`; the "
        "command line wins. Sizes take `k M G` and `Ki Mi Gi`, durations `ms s m h`."
    )
    return page("Settings", intro, table(("name", "default", "unit", "limits", "meaning"), rows))


def keywords() -> str:
    """Every keyword of the rule language, and whether tmrx evaluates it."""
    from tmrx.rules import catalogue, options  # noqa: PLC0415  # as above

    known = {keyword.name: keyword for keyword in catalogue.keywords().values()}
    rows = [
        (code(name), code(word.value), word.kind, "yes" if options.is_evaluated(word) else "not yet", word.note)
        for name, word in sorted(known.items())
    ]
    intro = (
        "The keywords of Suricata's rule language, and tmrx's own `mirror.*`. A rule with a keyword that is not "
        "evaluated yet is reported and left out; with `--strict` it ends the run."
    )
    return page("Rule keywords", intro, table(("keyword", "value", "kind", "evaluated", "note"), rows))


def commands() -> dict[tuple[str, ...], click.Context]:
    """Every command with its context, by the words that call it."""
    from tmrx.cli import cli  # noqa: PLC0415  # as above

    return dict(_walk(cli, None, ("tmrx",)))


def _walk(
    command: click.Command, parent: click.Context | None, path: tuple[str, ...]
) -> Iterable[tuple[tuple[str, ...], click.Context]]:
    context = click.Context(command, info_name=path[-1], parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    yield path, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _walk(inner, context, (*path, name))


def command_pages() -> str:
    """What `--help` prints, command by command."""
    parts = [f"## {' '.join(path)}\n\n```text\n{context.get_help()}\n```\n" for path, context in commands().items()]
    intro = (
        "What each command prints for `--help`. Exit codes: 0 done, 1 a check does not hold, 2 bad usage or input, "
        "3 a fault of tmrx."
    )
    return page("Commands", intro, "\n".join(parts))


def suricata() -> str:
    """Suricata's options and settings, as `tmrx suricata` takes them."""
    from tmrx.suricata import arguments, document, settings  # noqa: PLC0415  # as above

    stock = settings.Configuration(document.load(settings.STOCK))
    options = [
        (code(", ".join(f"-{name}" if len(name) == 1 else f"--{name}" for name in option.names)), option.help)
        for option in arguments.OPTIONS
    ]
    rows = [
        (code(s.path), code(s.default), code(str(stock.node(s.path) or "") if s.kind != "tree" else ""), s.help)
        for s in settings.SETTINGS
        if s.kind != "idle"
    ]
    idle = ", ".join(code(s.path) for s in settings.SETTINGS if s.kind == "idle")
    intro = (
        "The options of `tmrx suricata` and the settings that it reads from suricata.yaml. Options without a meaning "
        "are taken and have no effect. See [Replace Suricata](../how-to/replace-suricata.md)."
    )
    body = (
        f"## Options\n\n{table(('option', 'meaning'), options)}\n## Settings\n\nWhere a file given with `-c` does "
        "not set one, it has its default; without `-c` it has the stock value, or its default where there is none.\n\n"
        f"{table(('setting', 'default', 'stock', 'meaning'), rows)}\n## Settings without effect\n\n{idle}.\n"
    )
    return page("Suricata's options and settings", intro, body)


def findings() -> str:
    """Everything that `tmrx mirror check` looks for."""
    from tmrx.mirror.findings import CHECKS, WARNINGS  # noqa: PLC0415  # as above

    rows = [(code(name), check.meaning, "yes" if name in WARNINGS else "") for name, check in CHECKS.items()]
    intro = (
        "What `tmrx mirror check` finds: things that AWS allows and that hardly do what was meant. The two that are "
        "marked are warned of by every command that reads a mirror."
    )
    return page("Findings", intro, table(("name", "meaning", "warned of"), rows))


PAGES: dict[str, Callable[[], str]] = {
    "anomalies.md": anomalies,
    "columns.md": columns,
    "commands.md": command_pages,
    "findings.md": findings,
    "keywords.md": keywords,
    "settings.md": settings,
    "suricata.md": suricata,
}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make())


if __name__ == "__main__":
    main()
