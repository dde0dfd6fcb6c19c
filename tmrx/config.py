"""Every setting once: its unit, default, limits and help.

Settings come from a `[settings]` section of tmrx's TOML and from `--set NAME=VALUE`; the command line wins.
Defaults are the plan's own.
"""

from __future__ import annotations

import difflib
import itertools
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from tmrx import plan, units
from tmrx.errors import ConfigError

Value = int | str | tuple[int, ...] | tuple[str, ...]
Kind = Literal["count", "seconds", "ports", "names", "choice"]
NONE = "none"  # an empty list, in text
# The settings that say which UDP ports carry which kind of encapsulation.
_PORTS: Mapping[str, str] = {
    "vxlan": "vxlan_ports",
    "geneve": "geneve_ports",
    "vxlan-gpe": "vxlan_gpe_ports",
    "gre-in-udp": "gre_udp_ports",
    "teredo": "teredo_ports",
}


@dataclass(frozen=True)
class Setting:
    """One setting. `low` and `high` bound a number (each, in a list); `choices` say what a choice or a name may be."""

    name: str
    kind: Kind
    unit: str
    default: Value
    help: str
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()

    @property
    def limits(self) -> str:
        """What it may be, in words."""
        if self.kind == "names":
            return f"{', '.join(self.choices)}, or {NONE}"
        if self.choices:
            return " or ".join(self.choices)
        return f"{self.low} to {self.high}" + (" each" if self.kind == "ports" else "")

    def read(self, value: object) -> Value:
        """A value from TOML or from the command line's text. Raises ValueError with the reason."""
        return _READERS[self.kind](self, value)


_DECAP, _FLOW, _IDENTITY = plan.DecapSettings(), plan.FlowSettings(), plan.IdentitySettings()
_FRAGMENTS = plan.FragmentSettings()
_MIRROR = plan.MirrorPlan()
_TIMEOUTS = _FLOW.timeouts


def _timeout(name: str, meaning: str) -> Setting:
    default = getattr(_TIMEOUTS, name)
    return Setting(f"timeout_{name}", "seconds", "s", default, f"Packet time after which {meaning} ends.", 1, 86_400)


SETTINGS: tuple[Setting, ...] = (
    Setting("vxlan_ports", "ports", "UDP port", _DECAP.vxlan_ports, "UDP ports that carry VXLAN.", 1, 65_535),
    Setting("geneve_ports", "ports", "UDP port", _DECAP.geneve_ports, "UDP ports that carry GENEVE.", 1, 65_535),
    Setting(
        "vxlan_gpe_ports", "ports", "UDP port", _DECAP.vxlan_gpe_ports,
        "UDP ports that carry VXLAN-GPE; IANA's is 4790.", 1, 65_535,
    ),
    Setting(
        "gre_udp_ports", "ports", "UDP port", _DECAP.gre_udp_ports, "UDP ports that carry GRE; IANA's is 4754.",
        1, 65_535,
    ),
    Setting(
        "teredo_ports", "ports", "UDP port", _DECAP.teredo_ports,
        "UDP ports, of either side, that carry Teredo where the payload looks like it.", 1, 65_535,
    ),
    Setting(
        "tunnels", "names", "", _DECAP.tunnels,
        "Tunnels by IP protocol that are taken off: erspan, gre (all other GRE), ip (IP in IP).",
        choices=("erspan", "gre", "ip"),
    ),
    Setting("max_depth", "count", "encapsulations", _DECAP.max_depth, "How many encapsulations are taken off.", 1, 8),
    Setting(
        "unknown", "choice", "", _IDENTITY.unknown,
        "What to do about unknown mirror sessions: learn (count and report them) or refuse (reject the frame).",
        choices=("learn", "refuse"),
    ),
    Setting(
        "unknown_domain", "choice", "", _IDENTITY.unknown_domain,
        "Whether unknown mirror sessions share one address space or each has its own.",
        choices=("shared", "own"),
    ),
    Setting(
        "max_learned", "count", "sessions", _IDENTITY.max_learned,
        "How many unknown mirror sessions are told apart.", 1, 2**20,
    ),
    Setting(
        "max_flows", "count", "flows", _FLOW.max_flows,
        "How many flows are held at once; the oldest give way.", 1024, 2**28,
    ),
    Setting(
        "flow_depth", "choice", "", "on",
        "Whether flows at different depths of tunnels are told apart, with --inspect outer,inner.",
        choices=("on", "off"),
    ),
    _timeout("tcp_new", "a TCP flow without a complete handshake"),
    _timeout("tcp_established", "an established TCP flow"),
    _timeout("tcp_closed", "a closed TCP flow"),
    _timeout("other_new", "a flow other than TCP that was seen in one direction"),
    _timeout("other_established", "a flow other than TCP that was seen in both directions"),
    Setting(
        "mtu_reading", "choice", "", "byte-exact",
        "How much of an MTU a copy's headers take: 50 bytes (70 for IPv6), byte-exact, or 54 (74), as documented.",
        choices=("byte-exact", "documented"),
    ),
    Setting(
        "outer", "choice", "", "ipv4", "Which IP the source's copies leave in, where both ends have both.",
        choices=("ipv4", "ipv6"),
    ),
    Setting(
        "source_ports", "choice", "", "aws",
        "Outer source ports of the source's copies: aws (65408 to 65535) or ephemeral (49152 to 65535).",
        choices=("aws", "ephemeral"),
    ),
    Setting(
        "truncated_checksum", "choice", "", _MIRROR.truncated_checksum,
        "What is in the checksums of egress copies that the source cut: the pseudo-header's sum, zero, or as was.",
        choices=("pseudo", "zero", "kept"),
    ),
    Setting(
        "exclude_ntp", "choice", "", _MIRROR.exclude_ntp,
        "Which NTP the source does not mirror: amazon (Amazon Time Sync only), all or none.",
        choices=("amazon", "all", "none"),
    ),
    Setting(
        "fragment_policy", "choice", "", _FRAGMENTS.policy,
        "Which bytes count where fragments of one datagram overlap: those that this operating system takes.",
        choices=typing.get_args(plan.FragmentPolicy),
    ),
    Setting(
        "fragment_timeout", "seconds", "s", _FRAGMENTS.timeout,
        "Packet time after its latest fragment, after which a datagram is given up.", 1, 86_400,
    ),
    Setting(
        "fragment_memory", "count", "bytes", _FRAGMENTS.memory,
        "Memory for fragments that wait for others; the datagram that has waited longest gives way.", 2**20, 2**36,
    ),
    Setting("community_id_seed", "count", "", _FLOW.community_id_seed, "Seed of the Community ID.", 0, 65_535),
)  # fmt: skip
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True)
class Settings:
    """Settings that were given; those that were not have their default."""

    given: Mapping[str, Value] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.given.get(name, BY_NAME[name].default)

    def over(self, base: Settings) -> Settings:
        """These, and those of `base` that are not given here."""
        return Settings({**base.given, **self.given})

    def decap(self, listening: Iterable[units.Endpoint] = ()) -> plan.DecapSettings:
        """What the core is told of encapsulations; ports that are listened on count as configured."""
        ports = {kind: set(self[name]) for kind, name in _PORTS.items()}
        for endpoint in listening:
            for of_kind in ports.values():
                of_kind.discard(endpoint.port)
            ports[endpoint.kind].add(endpoint.port)
        lists = {_PORTS[kind]: tuple(sorted(of_kind)) for kind, of_kind in ports.items()}
        made = plan.DecapSettings(tunnels=self["tunnels"], max_depth=self["max_depth"])
        return msgspec.structs.replace(made, **lists)

    def fragments(self) -> plan.FragmentSettings:
        """What the core is told of datagrams in fragments."""
        return plan.FragmentSettings(
            policy=self["fragment_policy"], timeout=self["fragment_timeout"], memory=self["fragment_memory"]
        )

    def flow(self, *, live: bool) -> plan.FlowSettings:
        """What the core is told of flows. The hash's seed is random live; offline it is fixed, so that runs repeat."""
        timeouts = plan.Timeouts(**{name: self[f"timeout_{name}"] for name in plan.Timeouts.__struct_fields__})
        return plan.FlowSettings(
            max_flows=self["max_flows"],
            timeouts=timeouts,
            by_depth=self["flow_depth"] == "on",
            community_id_seed=self["community_id_seed"],
            hash_seed=None if live else 0,
        )

    def faults(self) -> list[ConfigError]:
        """What contradicts itself."""
        return [
            ConfigError(name, f"port {port} is among {other} too", "a port carries one kind")
            for name, other in itertools.combinations(_PORTS.values(), 2)
            for port in sorted(set(self[name]) & set(self[other]))
        ]


def read(values: Mapping[str, object], place: str = "") -> tuple[Settings, list[ConfigError]]:
    """Settings from a TOML section or from texts, and everything wrong with them.

    `place` is put before their names in faults.
    """
    given: dict[str, Value] = {}
    faults: list[ConfigError] = []
    for name, value in values.items():
        try:
            given[name] = find(name).read(value)
        except ValueError as why:
            faults.append(ConfigError(place + name, str(why), _hint(name)))
    settings = Settings(given)
    return settings, faults or settings.faults()


def from_options(options: Iterable[str]) -> Settings:
    """Settings from `NAME=VALUE` texts. Raises ConfigError with every fault."""
    values: dict[str, object] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise ConfigError(f"--set {option}", "is not NAME=VALUE", "as in --set max_flows=100k")
        values[name.strip()] = value.strip()
    settings, faults = read(values, "--set ")
    if faults:
        raise ConfigError.of(faults)
    return settings


def find(name: str) -> Setting:
    """The setting of that name. Raises ValueError."""
    if name not in BY_NAME:
        raise ValueError("is no setting of tmrx")
    return BY_NAME[name]


def _hint(name: str) -> str:
    if name in BY_NAME:
        setting = BY_NAME[name]
        return f"{setting.limits}{' ' + setting.unit if setting.unit else ''}; default {_text(setting.default)}"
    near = difflib.get_close_matches(name, BY_NAME, 1)
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(BY_NAME)}"


def _text(value: Value) -> str:
    return (",".join(map(str, value)) or NONE) if isinstance(value, tuple) else str(value)


def _number(setting: Setting, value: object, parse: Callable[[str], int]) -> int:
    if isinstance(value, str):
        try:
            number = parse(value)
        except ValueError as why:
            raise ValueError(f"{value!r} {why}") from None
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        raise ValueError(f"{value!r} is not a number")
    if number < setting.low:
        raise ValueError(f"{number} is below {setting.low}")
    if number > setting.high:
        raise ValueError(f"{number} is above {setting.high}")
    return number


def _count(setting: Setting, value: object) -> int:
    return _number(setting, value, units.size)


def _seconds(setting: Setting, value: object) -> int:
    return _number(setting, value, units.seconds)


def _ports(setting: Setting, value: object) -> tuple[int, ...]:
    return tuple(sorted({_number(setting, item, int) for item in _items(value)}))


def _items(value: object) -> list[Any]:
    if value == NONE:
        return []
    return value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]


def _names(setting: Setting, value: object) -> tuple[str, ...]:
    items = [item.strip() if isinstance(item, str) else item for item in _items(value)]
    for item in items:
        if item not in setting.choices:
            raise ValueError(f"{item!r} is none of {setting.limits}")
    return tuple(name for name in setting.choices if name in items)


def _choice(setting: Setting, value: object) -> str:
    if not isinstance(value, str) or value not in setting.choices:
        raise ValueError(f"{value!r} is not {setting.limits}")
    return value


_READERS: Mapping[Kind, Callable[[Setting, object], Value]] = {
    "count": _count,
    "seconds": _seconds,
    "ports": _ports,
    "names": _names,
    "choice": _choice,
}
