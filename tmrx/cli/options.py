"""Options that commands share, as bundles: each adds its options to a command and hands it one value made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tmrx import config, units
from tmrx import plan as plans
from tmrx.cli import errors
from tmrx.errors import UsageError
from tmrx.mirror import Mirror
from tmrx.mirror import load as load_mirror
from tmrx.pipeline import Control
from tmrx.sinks import STDOUT, Paths, Rotation
from tmrx.sources import STDIN

if TYPE_CHECKING:
    from tmrx.rules import RuleSet
    from tmrx.rules import Settings as RuleSettings

F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(allow_dash=True)


# Refused rules that a run names one by one.
MOST_UNSUPPORTED = 20


class Quantity(click.ParamType[Any]):
    """A text that one of `units`' readers takes."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self.read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it; a fault is one of usage."""
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError as why:
            self.fail(f"{value!r} {why}", param, ctx)


class SettingParam(click.ParamType[str]):
    """`NAME=VALUE`; shells complete the names."""

    name = "name=value"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The settings that begin so."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        found = (setting for setting in config.SETTINGS if setting.name.startswith(incomplete))
        return [CompletionItem(f"{setting.name}=", help=setting.help) for setting in found]


def bundle(name: str, build: Callable[..., Any], **options: Callable[[Any], Any]) -> Callable[[F], F]:
    """A decorator that adds `options`, by their parameters' names, and passes what `build` makes of them as `name`."""

    def decorate(command: F) -> F:
        @functools.wraps(command)
        def call(*args: Any, **values: Any) -> Any:
            made = build(**{key: values.pop(key) for key in options})
            return command(*args, **values, **{name: made})

        for option in reversed(options.values()):
            call = option(call)
        return call  # type: ignore[return-value]

    return decorate


@dataclass(frozen=True)
class Choice:
    """Files beside the rules: those that select rules as suricata-update does it, and what rules look up.

    `data_folder` is where rules keep datasets, None for nowhere.
    """

    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    modify: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    classification: str | None = None
    references: str | None = None
    thresholds: str | None = None
    categories: str | None = None
    scores: tuple[str, ...] = ()
    data_folder: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        single = (self.classification, self.references, self.thresholds, self.categories)
        chosen = (*self.enable, *self.disable, *self.modify, *self.drop)
        return (*chosen, *(name for name in single if name is not None), *self.scores)

    def settings(self, **others: Any) -> RuleSettings:
        """How rules are read, with other settings."""
        from tmrx.rules import Settings, datasets, reputation  # noqa: PLC0415

        return Settings(
            enable=self.enable,
            disable=self.disable,
            modify=self.modify,
            drop=self.drop,
            classification=self.classification,
            references=self.references,
            thresholds=self.thresholds,
            reputation=reputation.Files(categories=self.categories or "", scores=self.scores),
            datasets=datasets.Settings(folder=self.data_folder or ""),
            **others,
        )


EVERY_RULE = Choice()


@dataclass(frozen=True)
class Inputs:
    """What a run is configured with, read."""

    mirror: Mirror
    settings: config.Settings
    rules: RuleSet | None


@dataclass(frozen=True)
class Given:
    """What a run is configured with, as named by options."""

    mirror_files: tuple[str, ...] = ()
    rule_files: tuple[str, ...] = ()
    choice: Choice = EVERY_RULE
    strict: bool = False
    set_options: tuple[str, ...] = ()
    workers: int = 1

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        return (*self.mirror_files, *self.rule_files, *self.choice.files)

    def check(self, capture: str) -> None:
        """Standard input is one stream. Raises UsageError."""
        if capture == STDIN and STDIN in self.files:
            raise UsageError("standard input", "is asked for twice", "name a file for one of them")

    def read(self, *, quiet: bool = False) -> Inputs:
        """Read it all; warnings and refused rules are printed. Raises TmrxError."""
        mirror = load_mirror(self.mirror_files)
        for warning in () if quiet else mirror.warnings:
            errors.warn(warning)
        return Inputs(mirror, config.from_options(self.set_options), self._rules())

    def _rules(self) -> RuleSet | None:
        if not self.rule_files:
            return None
        from tmrx import rules as compiler  # noqa: PLC0415

        rules = compiler.load(self.rule_files, self.choice.settings(), strict=self.strict)
        _say(rules)
        return rules


def _say(rules: RuleSet) -> None:
    """Say what is wrong with rules; of what is only not evaluated yet, the first few, and how many there are."""
    unsupported = 0
    for found in rules.diagnostics:
        unsupported += found.severity == "unsupported"
        if found.severity == "unsupported" and unsupported > MOST_UNSUPPORTED:
            continue
        say = errors.error if found.refused else errors.warn
        say(str(found))
    if unsupported > MOST_UNSUPPORTED:
        more = unsupported - MOST_UNSUPPORTED
        errors.error(f"rules: {more:,} more are known, not supported yet (tmrx rules coverage says which)")


@dataclass(frozen=True)
class Selection:
    """Which packets are taken in and which are shown, as expressions; None for all."""

    taken: str | None = None
    shown: str | None = None

    def programs(self, *, quiet: bool) -> tuple[plans.Program, ...]:
        """What is taken in; that some links can't be asked is said. Raises TmrxError."""
        if self.taken is None:
            return ()
        from tmrx.filters import capture  # noqa: PLC0415

        compiled = capture.compiled(self.taken)
        if compiled.warning and not quiet:
            errors.warn(compiled.warning)
        return compiled.programs

    def steps(self) -> tuple[plans.Step, ...]:
        """What is shown. Raises UsageError."""
        if self.shown is None:
            return ()
        from tmrx.filters import display  # noqa: PLC0415

        return display.compiled(self.shown)


EVERYTHING = Selection()


@dataclass(frozen=True)
class Talk:
    """How much is printed, and in which form."""

    quiet: bool = False
    verbose: bool = False
    form: str = "table"


def _paths(
    *,
    pcap: str | None,
    rotate_size: int | None,
    rotate_time: float | None,
    keep: int | None,
    **others: Any,
) -> Paths:
    """The outputs of a run. Raises UsageError for a rotation that can't be."""
    rotation = Rotation(rotate_size or 0, rotate_time or 0, keep or 0)
    asked = {"--rotate-size": rotate_size, "--rotate-time": rotate_time, "--keep": keep}
    given = [name for name, value in asked.items() if value is not None]
    if given and pcap is None:
        raise UsageError(given[0], "there is no capture to write", "name one with -w")
    if given and pcap == STDOUT:
        raise UsageError(given[0], "standard output is one stream", "name a file with -w")
    if rotate_size == 0 or rotate_time == 0:
        raise UsageError(given[0], "0 is no end at all", "leave it out for one file")
    if keep is not None and not rotation.wanted:
        raise UsageError("--keep", "there is one file only", "give --rotate-size or --rotate-time too")
    return Paths(pcap=pcap, rotation=rotation, **others)


_MIRROR = click.option(
    "--mirror", "mirror_files", multiple=True, type=FILE, metavar="FILE",
    help="What the mirror is: JSON of aws ec2 describe-…, a CloudFormation template, Terraform's JSON, or tmrx's TOML. "
    "Several are merged.",
)  # fmt: skip
_SET = click.option(
    "--set", "set_options", multiple=True, type=SettingParam(), metavar="NAME=VALUE",
    help="Change a setting, as in --set max_flows=100k.",
)  # fmt: skip
_RULES = click.option(
    "-S", "--rules", "rule_files", multiple=True, type=FILE, metavar="RULES", help="Rules: a file or a folder of them.",
)  # fmt: skip
_CHOICE = {
    name: click.option(
        f"--{name}", name, multiple=True, type=FILE, metavar="FILE",
        help=f"{what}, as suricata-update's {name}.conf has them.",
    )
    for name, what in {
        "enable": "Rules to take though they are disabled",
        "disable": "Rules to leave out",
        "modify": "Changes to rules",
        "drop": "Rules whose action becomes drop",
    }.items()
} | {
    "classification": click.option(
        "--classification", type=FILE, metavar="FILE",
        help="Classes of alerts, as classification.config has them. [default: tmrx's own]",
    ),
    "references": click.option(
        "--references", type=FILE, metavar="FILE",
        help="Where references lead, as reference.config says. [default: Suricata's]",
    ),
    "thresholds": click.option(
        "--threshold-file", "thresholds", type=FILE, metavar="FILE",
        help="Suppressions, thresholds and rates, as Suricata's threshold.config has them.",
    ),
    "categories": click.option(
        "--reputation-categories", "categories", type=FILE, metavar="FILE",
        help="Categories that iprep rules ask for, a line NUMBER,NAME,TEXT each.",
    ),
    "scores": click.option(
        "--reputation", "scores", multiple=True, type=FILE, metavar="FILE",
        help="Scores of addresses, a line ADDRESS[/LENGTH],CATEGORY,SCORE each.",
    ),
    "data_folder": click.option(
        "--data-dir", "data_folder", type=click.Path(file_okay=False), metavar="FOLDER",
        help="Where rules keep datasets (state, save).",
    ),
}  # fmt: skip


def _given(**values: Any) -> Given:
    choice = Choice(**{name: values.pop(name) for name in _CHOICE})
    return Given(choice=choice, **values)


_STRICT = click.option("--strict", is_flag=True, help="End with an error if a rule is refused.")
_WORKERS = click.option(
    "--workers", type=click.IntRange(1, 256), default=1, show_default=True, metavar="N", help="Threads that analyse.",
)  # fmt: skip
_QUIET = click.option("-q", "--quiet", is_flag=True, help="No progress, no warnings, no summary.")
_VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Say what the run was set up with.")
_FORMAT = click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True,
    help="How records are printed.",
)  # fmt: skip

_FILTER = click.option(
    "-f", "--filter", "taken", metavar="EXPRESSION",
    help="Take in only frames whose inner packet matches, in the syntax of tcpdump (pcap-filter), as in 'tcp port 80'.",
)  # fmt: skip
_DISPLAY = click.option(
    "-Y", "--display", "shown", metavar="EXPRESSION",
    help="Show and write only packets whose columns match, as in 'vni == 7 and truncated'. "
    "Flows and counts are of all.",
)  # fmt: skip
_ROTATION = {
    "rotate_size": click.option(
        "--rotate-size", type=Quantity("size", units.size), metavar="SIZE",
        help="Begin the next file after so many bytes, as in 100M; before compression. Files are numbered.",
    ),
    "rotate_time": click.option(
        "--rotate-time", type=Quantity("time", units.duration), metavar="T",
        help="Begin the next file after so much packet time, as in 10m or 1h.",
    ),
    "keep": click.option("--keep", type=click.IntRange(1), metavar="N", help="Keep the N newest of these files."),
}  # fmt: skip

form = _FORMAT
taken = bundle("selection", Selection, taken=_FILTER)
selection = bundle("selection", Selection, taken=_FILTER, shown=_DISPLAY)
mirror = bundle("given", Given, mirror_files=_MIRROR, set_options=_SET)
choice = bundle("choice", Choice, **_CHOICE)
analysis = bundle(
    "given",
    _given,
    mirror_files=_MIRROR,
    rule_files=_RULES,
    **_CHOICE,
    strict=_STRICT,
    workers=_WORKERS,
    set_options=_SET,
)
settings = bundle("given", Given, set_options=_SET)
outputs = bundle(
    "outputs",
    _paths,
    eve=click.option("--eve", type=FILE, metavar="FILE", help="Write events as EVE JSON."),
    fast=click.option("--fast", type=FILE, metavar="FILE", help="Write alerts, a line each."),
    pcap=click.option(
        "-w", "--write", "pcap", type=FILE, metavar="PCAP",
        help="Write the frames inside as a capture: pcap, or pcapng for a name in .pcapng; .gz or .zst compresses.",
    ),
    **_ROTATION,
    stats=click.option("--stats", type=FILE, metavar="FILE", help="Write the summary as JSON."),
)  # fmt: skip
capture = bundle(
    "outputs",
    _paths,
    pcap=click.option(
        "-w", "--write", "pcap", required=True, type=FILE, metavar="PCAP",
        help="Where to: pcap, or pcapng for a name in .pcapng; .gz or .zst compresses; - is standard output.",
    ),
    **_ROTATION,
)  # fmt: skip
count = click.option(
    "--count", type=Quantity("number", units.size), default=0, metavar="FRAMES", help="End after that many frames.",
)  # fmt: skip
limits = bundle(
    "limits",
    Control,
    count=count,
    duration=click.option(
        "--duration", type=Quantity("time", units.duration), metavar="T", help="End after that time, as in 30s or 5m.",
    ),
)  # fmt: skip
talk = bundle("talk", Talk, form=_FORMAT, quiet=_QUIET, verbose=_VERBOSE)
voice = bundle("talk", Talk, quiet=_QUIET, verbose=_VERBOSE)
listing = bundle("talk", Talk, form=_FORMAT, quiet=_QUIET)
quiet = bundle("talk", Talk, quiet=_QUIET)
