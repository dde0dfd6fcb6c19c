"""The rules of a run, and the files that go with them."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tmrx import plan, rules
from tmrx.errors import ConfigError
from tmrx.rules import RuleSet, Settings, Variables, datasets, order, reputation
from tmrx.suricata.arguments import Arguments
from tmrx.suricata.document import Node, Text
from tmrx.suricata.messages import Messages
from tmrx.suricata.settings import Configuration


def variables(configuration: Configuration) -> Variables:
    """The variables of rules: those of the file and no others."""

    def group(path: str) -> dict[str, str]:
        node = configuration.node(path)
        pairs = node.items() if isinstance(node, dict) else ()
        return {name: str(value) for name, value in pairs if isinstance(value, Text)}

    return Variables(addresses=group("vars.address-groups"), ports=group("vars.port-groups"))


@dataclass(frozen=True)
class Loading:
    """What to load rules with."""

    configuration: Configuration
    arguments: Arguments
    messages: Messages
    limits: plan.DetectSettings

    def load(self) -> RuleSet:
        """The rules. Raises ConfigError where a fault is fatal, with everything said before."""
        found = rules.load(self._files(), self._settings())
        for diagnostic in found.diagnostics:
            say = self.messages.error if diagnostic.refused else self.messages.warning
            say("detect", str(diagnostic))
        self._check_thresholds(found)
        refused = len(found.refused)
        self.messages.info("detect", f"{found.count} rules loaded, {refused} failed")
        if refused and (self.fatal or self.arguments.has("T")):
            raise ConfigError("rules", f"{refused} of them could not be loaded")
        return found

    def _check_thresholds(self, found: RuleSet) -> None:
        """A line of the threshold file that can't be is skipped, unless it is asked whether all is good."""
        file = self.configuration.text("threshold-file")
        wrong = [said for said in found.diagnostics if said.file == file and said.text]
        if wrong and self.arguments.has("T"):
            raise ConfigError(file, f"{len(wrong)} of its lines can't be read")

    @property
    def fatal(self) -> bool:
        """Whether a rule that is refused ends the run."""
        return self.arguments.has("init-errors-fatal")

    def _settings(self) -> Settings:
        return Settings(
            variables=variables(self.configuration),
            classification=self._file("classification-file"),
            references=self._file("reference-config-file"),
            action_order=_action_order(self.configuration),
            keep_text=True,
            thresholds=self._file("threshold-file"),
            datasets=self._datasets(),
            reputation=self._reputation(),
            limits=self.limits,
        )

    def _files(self) -> list[Path]:
        return [path for name in self._names() for path in self._expand(name)]

    def _names(self) -> Iterator[str]:
        only = self.arguments.last("S")
        if only is not None:
            yield only
            return
        folder = Path(self.configuration.text("default-rule-path"))
        for name in self.configuration.words("rule-files"):
            yield str(folder / name)
        yield from self.arguments.all("s")

    def _expand(self, name: str) -> list[Path]:
        """The files that a name stands for; that there is none is fatal or not."""
        if name == "/dev/null":
            return []
        found = sorted(glob.glob(name)) if glob.has_magic(name) and not Path(name).exists() else [name]
        there = [Path(path) for path in found if Path(path).exists()]
        if not there:
            self.messages.warning("detect", f"No rule files match the pattern {name}")
            if self.fatal:
                raise ConfigError(name, "no such rule file")
        return there

    def _file(self, path: str) -> str | None:
        """A file beside the rules. That it is not there is said, and not fatal."""
        name = self.configuration.text(path)
        if not name or Path(name).is_file():
            return name or None
        say = self.messages.warning if path == "threshold-file" else self.messages.error
        say("detect", f"could not open {name!r}: no such file")
        return None

    def _reputation(self) -> reputation.Files:
        categories = self._file("reputation-categories-file")
        if categories is None:
            return reputation.Files()
        folder = Path(self.configuration.text("default-reputation-path"))
        scores = [str(folder / name) for name in self.configuration.words("reputation-files")]
        return reputation.Files(categories=categories, scores=tuple(name for name in scores if self._is_there(name)))

    def _is_there(self, name: str) -> bool:
        if not Path(name).is_file():
            self.messages.error("reputation", f"could not open {name!r}: no such file")
        return Path(name).is_file()

    def _datasets(self) -> datasets.Settings:
        node = self.configuration.node("datasets")
        sets = node.items() if isinstance(node, dict) else ()
        return datasets.Settings(
            folder=self.arguments.last("data-dir") or self.configuration.text("default-data-dir"),
            allow_write=self.configuration.flag("datasets.rules.allow-write"),
            allow_absolute=self.configuration.flag("datasets.rules.allow-absolute-filenames"),
            declared=tuple(_declared(name, own) for name, own in sets if isinstance(own, dict) and "type" in own),
        )


def _declared(name: str, own: dict[str, Node]) -> datasets.Declared:
    """A dataset of the configuration. Raises ConfigError."""
    words = {key: str(value) for key, value in own.items() if isinstance(value, Text)}
    kind = datasets.TYPES.get(words["type"]) if "type" in words else None
    hashsize = words.get("hashsize", "0")
    if kind is None or not hashsize.isdigit():
        raise ConfigError(f"datasets.{name}", "its type or hashsize can't be", f"type {', '.join(datasets.TYPES)}")
    load, state, save = (words.get(key, "") for key in ("load", "state", "save"))
    return datasets.Declared(name=name, type=kind, hashsize=int(hashsize), load=load, state=state, save=save)


def _action_order(configuration: Configuration) -> tuple[order.Ordered, ...]:
    """Raises ConfigError for words that are no actions, and where one is missing."""
    words = configuration.words("action-order")
    found = tuple(action for word in words for action in order.ACTION_ORDER if action == word)
    if words and (len(found) != len(words) or set(found) != set(order.ACTION_ORDER) or len(set(words)) != len(words)):
        raise ConfigError("action-order", f"{', '.join(words)!r} is no order", f"of {', '.join(order.ACTION_ORDER)}")
    return found or order.ACTION_ORDER
