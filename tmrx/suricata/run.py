"""A run as Suricata's: options, configuration, outputs, rules, then the capture; its exit code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from tmrx import __version__, pipeline, plan
from tmrx.errors import ConfigError, InputError, OutputError, TmrxError
from tmrx.rules import RuleSet
from tmrx.sinks import Output, Paths, Sinks
from tmrx.sources import STDIN, Captures, Whole
from tmrx.suricata import analysis, applications, arguments, document, engine, listing, outputs
from tmrx.suricata.arguments import Arguments
from tmrx.suricata.messages import Level, Messages, level
from tmrx.suricata.ruleset import Loading, variables
from tmrx.suricata.settings import STOCK, Configuration, is_true

FAILED = 1
_MODES = {"single", "autofp", "workers"}


def main(args: Sequence[str]) -> int:
    """Run a command line; its exit code: 0 done, 1 a start that failed."""
    messages = Messages()
    try:
        return _run(arguments.read(args), messages)
    except TmrxError as error:
        for line in error.lines():
            messages.error("suricata", line)
        return FAILED


def _run(given: Arguments, messages: Messages) -> int:
    if given.has("help"):
        print(arguments.usage())
        return 0
    for key, show in listing.LISTS.items():
        if given.has(key):
            print(show(given.last(key) or ""))
            return 0
    configuration = _configuration(given)
    messages.level = _level(given, configuration)
    if given.has("dump-config"):
        print("\n".join(document.lines(configuration.document)))
        return 0
    return _Run(given, configuration, messages).run()


def _level(given: Arguments, configuration: Configuration) -> Level:
    if given.has("quiet"):
        return Level.ERROR
    path = "logging.default-log-level"
    said = level(configuration.text(path))
    if said is None:
        raise ConfigError(configuration.place(path), f"{configuration.text(path)!r} is no level of messages")
    return Level(min(said + len(given.all("v")), Level.CONFIG))


def _configuration(given: Arguments) -> Configuration:
    """The file with its includes, then what the command line adds. Raises ConfigError."""
    name = given.last("c")
    found = document.load(STOCK if name is None else Path(name))
    for extra in given.all("include"):
        document.include(found, Path(extra))
    for option in given.all("set"):
        document.override(found, option)
    return Configuration(found)


@dataclass
class _Run:
    given: Arguments
    configuration: Configuration
    messages: Messages
    wanted: outputs.Wanted = field(default_factory=outputs.Wanted)

    def run(self) -> int:
        """Everything in Suricata's order: what fails first is said first."""
        self._check()
        if not self.given.has("T"):
            self._open()
        self._say_idle()
        rules = self._rules()
        if self.given.has("engine-analysis"):
            if rules is not None:
                analysis.write(rules, self.configuration, self._folder)
            return 0
        if self.given.has("T"):
            self.messages.notice("suricata", "Configuration provided was successfully loaded. Exiting.")
            return 0
        return self._read(rules)

    def _check(self) -> None:
        mode = self.given.last("runmode")
        if mode is not None and mode not in _MODES:
            raise ConfigError(f"--runmode {mode}", "is no run mode", ", ".join(sorted(_MODES)))
        checks = self.given.last("k")
        if checks not in {None, "all", "none"}:
            raise ConfigError(f"-k {checks}", "is not all or none")
        if self._capture is None and not (self.given.has("T") or self.given.has("engine-analysis")):
            raise ConfigError(
                "tmrx suricata", "there is nothing to read", "name a capture with -r; tmrx listen is live"
            )
        if self._capture not in {None, STDIN} and not os.path.exists(str(self._capture)):
            raise InputError(str(self._capture), "no such file or directory")
        if not self._folder.is_dir():
            raise OutputError(str(self._folder), "is no folder", "the output folder has to exist")

    @cached_property
    def _capture(self) -> str | None:
        name = self.given.last("r")
        return STDIN if name == "/dev/stdin" else name

    @cached_property
    def _folder(self) -> Path:
        return Path(self.given.last("l") or self.configuration.text("default-log-dir"))

    def _open(self) -> None:
        """The outputs are there, and empty, before rules are read."""
        for log, most in outputs.logs(self.configuration, self._folder):
            # As in Suricata, a log that can't be is no reason to receive nothing.
            try:
                self.messages.files.append((Output(str(log)), most))
            except TmrxError as error:
                self.messages.warning("suricata", str(error))
        self.wanted = outputs.read(self.configuration, self._folder, self._capture or "")
        for path in (*(path for path, _ in self.wanted.events), self.wanted.fast, self.wanted.stats):
            if path is not None:
                Output(str(path)).close()

    def _say_idle(self) -> None:
        known, unknown = self.configuration.idle() if self.given.has("c") else ([], [])
        known += [*self.wanted.idle, *self.given.idle]
        if known:
            self.messages.info("config", f"without effect here: {', '.join(dict.fromkeys(known))}")
        if unknown:
            self.messages.warning("config", f"unknown settings: {', '.join(unknown)}")

    def _rules(self) -> RuleSet | None:
        self._plan()  # what is wrong with the configuration is said before what is wrong with rules
        if self.given.has("disable-detection"):
            return None
        return Loading(self.configuration, self.given, self.messages, engine.detect(self.configuration)).load()

    def _plan(self, rules: RuleSet | None = None) -> plan.Plan:
        """What the core is told. Raises ConfigError."""
        inline, checksums = self.given.has("simulate-ips"), self._checksums
        return plan.Plan(
            decap=engine.decap(self.configuration, variables(self.configuration)),
            fragments=engine.fragments(self.configuration),
            flow=engine.flow(self.configuration),
            streams=engine.streams(self.configuration, inline=inline, checksums=checksums),
            applications=applications.applications(
                self.configuration, self._asked(rules), files=self.wanted.files.settings
            ),
            outputs=msgspec.structs.replace(self._paths.plan(), inline=inline),
            inspect_outer=True,
            truncated_is_invalid=True,
            ignore_checksums=not checksums,
            filter=self._filter(),
        )

    def _asked(self, rules: RuleSet | None) -> Iterator[str]:
        """The buffers of rules and the fields of outputs."""
        for rule in () if rules is None else rules.rules:
            yield from (test.buffer for test in rule.compiled.buffers)
        for _, section in self.wanted.events:
            yield from section.tls.custom if section.tls is not None else ()

    @property
    def _checksums(self) -> bool:
        said = self.given.last("k")
        text = self.configuration.text("pcap-file.checksum-checks")
        return said != "none" if said is not None else text == "auto" or is_true(text)

    @property
    def _paths(self) -> Paths:
        events = tuple((str(path), section) for path, section in self.wanted.events)
        fast, stats = (None if path is None else str(path) for path in (self.wanted.fast, self.wanted.stats))
        files = self.wanted.files
        pcap = None if self.wanted.pcap is None else str(self.wanted.pcap)
        return Paths(
            sections=events,
            fast=fast,
            stats_log=stats,
            pcap=pcap,
            rotation=self.wanted.rotation,
            pcap_filter=self._compiled(self.wanted.pcap_filter),
            pcap_frames=True,
            files=None if files.folder is None else str(self._folder / files.folder),
            file_infos=files.infos,
        )

    def _filter(self) -> tuple[plan.Program, ...]:
        name, words = self.given.last("F"), self.given.words
        return self._compiled(Path(name).read_text() if name is not None else " ".join(words))

    @staticmethod
    def _compiled(expression: str) -> tuple[plan.Program, ...]:
        if not expression.strip():
            return ()
        from tmrx.filters import capture  # noqa: PLC0415 -- it loads libpcap

        return capture.compiled(expression).programs

    def _read(self, rules: RuleSet | None) -> int:
        from tmrx._core import Engine  # noqa: PLC0415

        self.messages.notice("suricata", f"This is tmrx {__version__}, reading as Suricata does")
        core = Engine(self._plan(rules).encode(None if rules is None else rules.encoded))
        reading = Whole(Captures.of([str(self._capture)]).open())
        watch = pipeline.Watch(warning=lambda text: self.messages.warning("pcap", text))
        with Sinks(self._paths) as sinks, pipeline.Control().signals() as control:
            pipeline.run(core, reading, sinks, control, watch, saved=() if rules is None else rules.saved)
        return 0
