"""Suricata's command line, read as it reads it: getopt's rules, options in any order, the last one wins."""

from __future__ import annotations

import getopt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tmrx.errors import UsageError

Takes = Literal["", "value", "maybe"]


class Option(NamedTuple):
    """An option by its names, without dashes; `value` is what help calls its value. Nothing in `help`: no effect."""

    names: tuple[str, ...]
    takes: Takes
    value: str
    help: str

    @property
    def key(self) -> str:
        """What it is known by here: its longest name."""
        return max(self.names, key=len)


_IDLE = ""

OPTIONS: tuple[Option, ...] = (
    Option(("c",), "value", "FILE", "the configuration"),
    Option(("T",), "", "", "read configuration and rules, and say whether they are good"),
    Option(("r",), "value", "PATH", "read a capture or a folder of them; - is standard input"),
    Option(("S",), "value", "FILE", "these rules and no others"),
    Option(("s",), "value", "FILE", "these rules too"),
    Option(("l",), "value", "DIR", "where outputs go"),
    Option(("k",), "value", "all|none", "whether checksums are verified"),
    Option(("F",), "value", "FILE", "a BPF expression in a file"),
    Option(("v",), "", "", "say more; may be repeated"),
    Option(("q", "quiet"), "", "", "say errors only"),
    Option(("V",), "", "", "print the version"),
    Option(("h", "help"), "", "", "print this"),
    Option(("set",), "value", "NAME=VALUE", "change a setting"),
    Option(("include",), "value", "FILE", "one more configuration file"),
    Option(("runmode",), "value", "MODE", "single, autofp or workers; results are the same"),
    Option(("disable-detection",), "", "", "no rules"),
    Option(("init-errors-fatal",), "", "", "end with an error if a rule is refused"),
    Option(("simulate-ips",), "", "", "judge packets as if they could be dropped"),
    Option(("engine-analysis",), "", "", "write what the rules were understood as, and end"),
    Option(("data-dir",), "value", "DIR", "where datasets are kept"),
    Option(("strict-rule-keywords",), "maybe", "all|LIST", "what is only warned of in these keywords is an error"),
    Option(("no-random",), "", "", "nothing is drawn at random, which is so anyhow"),
    Option(("pcap-file-continuous",), "", "", _IDLE),
    Option(("pcap-file-recursive",), "", "", _IDLE),
    Option(("pcap-file-delete",), "", "", _IDLE),
    Option(("pcap-file-buffer-size",), "value", "SIZE", _IDLE),
    Option(("D",), "", "", _IDLE),
    Option(("pidfile",), "value", "FILE", _IDLE),
    Option(("user",), "value", "USER", _IDLE),
    Option(("group",), "value", "GROUP", _IDLE),
    Option(("unix-socket",), "maybe", "FILE", _IDLE),
    Option(("reject-dev",), "value", "DEV", _IDLE),
    Option(("firewall",), "", "", _IDLE),
    Option(("firewall-rules-exclusive",), "value", "FILE", _IDLE),
    Option(("i", "pcap", "af-packet", "af-xdp", "netmap", "dpdk"), "maybe", "DEV", _IDLE),
    Option(("build-info",), "", "", "print what this is built with"),
    Option(("dump-config",), "", "", "print every setting"),
    Option(("list-keywords",), "maybe", "csv|all|NAME", "print the keywords of rules"),
    Option(("list-app-layer-protos",), "", "", "print the application protocols"),
    Option(("list-app-layer-hooks",), "", "", "print the places in them where rules can be asked"),
    Option(("list-app-layer-frames",), "", "", "print their frames"),
    Option(("list-rule-protos",), "", "", "print the protocols that rules can name"),
    Option(("list-runmodes",), "", "", "print the values of --runmode"),
)
BY_NAME = {name: option for option in OPTIONS for name in option.names}


@dataclass(frozen=True)
class Arguments:
    """What was asked for: each option's values in order, "" for one that has none, and the words that are no option."""

    given: dict[str, list[str]] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def has(self, key: str) -> bool:
        """Whether an option is there."""
        return key in self.given

    def last(self, key: str) -> str | None:
        """An option's value, the last one where there are several."""
        return self.given[key][-1] if key in self.given else None

    def all(self, key: str) -> list[str]:
        """All values of an option."""
        return self.given.get(key, [])

    @property
    def idle(self) -> list[str]:
        """Options that have no effect here."""
        keys = {option.key for option in OPTIONS if not option.help}
        return [f"-{key}" if len(key) == 1 else f"--{key}" for key in self.given if key in keys]


def read(args: Sequence[str]) -> Arguments:
    """The arguments. Raises UsageError."""
    # getopt takes a value that may be missing only with its `=`.
    bare = {f"--{name}" for option in OPTIONS if option.takes == "maybe" for name in option.names if len(name) > 1}
    try:
        found, words = getopt.gnu_getopt([f"{arg}=" if arg in bare else arg for arg in args], _SHORT, _LONG)
    except getopt.GetoptError as error:
        raise UsageError("tmrx suricata", str(error), "see tmrx suricata --help") from None
    given: dict[str, list[str]] = {}
    for name, value in found:
        given.setdefault(BY_NAME[name.lstrip("-")].key, []).append(value)
    return Arguments(given, tuple(words))


_SHORT = "".join(
    name + (":" if option.takes else "") for option in OPTIONS for name in option.names if len(name) == 1
)  # fmt: skip
_LONG = [name + ("=" if option.takes else "") for option in OPTIONS for name in option.names if len(name) > 1]


def usage() -> str:
    """What `--help` prints."""
    lines = ["USAGE: tmrx suricata [OPTIONS] [BPF EXPRESSION]", ""]
    for option in OPTIONS:
        if option.help:
            names = ", ".join(f"-{name}" if len(name) == 1 else f"--{name}" for name in option.names)
            value = {"": "", "value": f" {option.value}", "maybe": f"[={option.value}]"}[option.takes]
            lines.append(f"  {names + value:34s} {option.help}")
    return "\n".join(lines)
