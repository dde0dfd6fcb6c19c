"""The rules of a run, and the files that go with them."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tmrx import rules
from tmrx.errors import ConfigError
from tmrx.rules import RuleSet, Variables
from tmrx.suricata.arguments import Arguments
from tmrx.suricata.document import Text
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

    def load(self) -> RuleSet:
        """The rules. Raises ConfigError where a fault is fatal, with everything said before."""
        found = rules.load(
            self._files(), variables=variables(self.configuration), classification=self._classification()
        )
        for diagnostic in found.diagnostics:
            say = self.messages.error if diagnostic.refused else self.messages.warning
            say("detect", str(diagnostic))
        refused = len(found.refused)
        self.messages.info("detect", f"{len(found.rules)} rules loaded, {refused} failed")
        if refused and (self.fatal or self.arguments.has("T")):
            raise ConfigError("rules", f"{refused} of them could not be loaded")
        return found

    @property
    def fatal(self) -> bool:
        """Whether a rule that is refused ends the run."""
        return self.arguments.has("init-errors-fatal")

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
        there = [Path(path) for path in found if Path(path).is_file()]
        if not there:
            self.messages.warning("detect", f"No rule files match the pattern {name}")
            if self.fatal:
                raise ConfigError(name, "no such rule file")
        return there

    def _classification(self) -> Path | None:
        name = self.configuration.text("classification-file")
        if not name:
            return None
        if Path(name).is_file():
            return Path(name)
        self.messages.error("detect", f"could not open: {name!r}: no such file")
        return None
