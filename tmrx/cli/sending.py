"""What `tmrx send` was asked for, in groups, each as the sender takes it; and what in it contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from tmrx import units
from tmrx.cli.options import Inputs
from tmrx.errors import ConfigError, TmrxError, UsageError
from tmrx.mirror.source import OUTER_DST, OUTER_SRC, everything, source_plan
from tmrx.plan import Impairments, MirrorPlan
from tmrx.sinks.captures import is_pcapng

INTERFACE = "iface:"
TARGETS = "targets"
PORTS = {"vxlan": units.VXLAN_PORT, "geneve+vxlan": units.GENEVE_PORT}
_ANY = "0.0.0.0"  # noqa: S104 -- whichever address the kernel takes
_NS = 1_000_000_000
_LONGEST = 3600  # seconds that a copy may be late
_HELP = "see tmrx send --help"

PaceKind = Literal["captured", "pps", "bps", "flat-out"]
Target = tuple[Literal["udp", "pcap", "raw", "none"], str, int]


@dataclass(frozen=True)
class Source:
    """What is mirrored: a capture, an interface or a scenario; `seed` is the scenario's."""

    capture: str | None
    scenario: str | None

    def faults(self) -> Iterator[UsageError]:
        """What contradicts itself."""
        if (self.capture is None) == (self.scenario is None):
            yield UsageError("tmrx send", "wants one of CAPTURE and --scenario", _HELP)

    @property
    def live(self) -> bool:
        """Whether it is an interface."""
        return self.capture is not None and self.capture.startswith(INTERFACE)

    @property
    def name(self) -> str:
        """What to call it."""
        return f"scenario {self.scenario}" if self.capture is None else self.capture

    def open(self, inputs: Inputs, seed: int) -> AbstractContextManager[str]:
        """The name by which the sender opens it; a scenario is played into a capture, and at the mirror's source."""
        if self.capture is not None:
            return nullcontext(self.capture)
        return _played(str(self.scenario), inputs, seed)


@dataclass(frozen=True)
class To:
    """Where copies go: one of a receiver's address or `targets`, a capture file, an interface."""

    to: str | None
    write: str | None
    raw: str | None

    def faults(self) -> Iterator[UsageError]:
        """What contradicts itself."""
        if sum(place is not None for place in (self.to, self.write, self.raw)) != 1:
            yield UsageError("tmrx send", "wants one of --to, -w and --raw", _HELP)
        if self.write is not None and is_pcapng(self.write):
            yield UsageError(f"-w {self.write}", "copies are written as pcap", "name it .pcap")

    def target(self, plan: MirrorPlan) -> Target:
        """As the sender takes it. Raises UsageError."""
        if self.write is not None:
            return "pcap", self.write, 0
        if self.raw is not None:
            return "raw", self.raw, 0
        if self.to == TARGETS:
            return "udp", "", 0
        port = _port(plan)
        try:
            at = units.endpoint(str(self.to), port)
        except ValueError as why:
            text = str(why) if port else f"{why}, and the port can't be guessed: some copies are VXLAN, some GENEVE"
            hint = "as in 127.0.0.1, 127.0.0.1:4789, [::1]:4789 or targets"
            raise UsageError(f"--to {self.to}", text, hint) from None
        return "udp", at.address, at.port


@dataclass(frozen=True)
class Session:
    """What is done to each frame where no --mirror says so; what was not given is None."""

    vni: int | None
    packet_length: int | None
    encap: Literal["vxlan", "geneve+vxlan"] | None
    outer_src: str | None
    outer_dst: str | None

    def faults(self, mirrored: bool, set_: bool, to: To) -> Iterator[UsageError]:
        """What contradicts itself, where `--mirror` was given or not, and `--set`."""
        if mirrored == (self.vni is not None):
            yield UsageError("tmrx send", "wants one of --mirror and --vni", _HELP)
        elif mirrored:
            for name in ("packet_length", "encap", "outer_src", "outer_dst"):
                if getattr(self, name) is not None:
                    option = f"--{name.replace('_', '-')}"
                    yield UsageError(option, "goes with --vni: --mirror says this of each session", "leave it out")
        else:
            if set_:
                yield UsageError("--set", "goes with --mirror: with --vni every frame is copied as it is")
            if to.to == TARGETS:
                yield UsageError("--to targets", "goes with --mirror, which says where they are", "--to ADDR")

    def plan(self, inputs: Inputs, to: To) -> MirrorPlan:
        """What the core is told. Raises ConfigError."""
        if self.vni is None:
            return source_plan(inputs.mirror, inputs.settings)
        # A socket's datagrams come from this machine; behind GENEVE the address is in the payload.
        unseen = to.to is not None and self.encap != "geneve+vxlan"
        ends = (self.outer_src or (_ANY if unseen else OUTER_SRC), self.outer_dst or OUTER_DST)
        return everything(self.vni, self.packet_length, ends, gateway=self.encap == "geneve+vxlan")


@dataclass(frozen=True)
class Pace:
    """How fast, at most one of a rate, a speed and flat out, else as captured; and how often."""

    rate: units.Rate | None
    speed: float | None
    flat_out: bool
    loop: int

    def faults(self, live: bool) -> Iterator[UsageError]:
        """What contradicts itself."""
        given = [name for name, is_given in self._given().items() if is_given]
        if len(given) > 1:
            yield UsageError("tmrx send", "wants at most one of --rate, --speed and --flat-out", _HELP)
        elif live and given:
            yield UsageError(given[0], "goes with a capture: the frames of an interface are sent as they come")

    def unused(self, to: To) -> str:
        """A pace that was given and has no effect there; empty for none."""
        given = [name for name, is_given in self._given().items() if is_given and name != "--flat-out"]
        return given[0] if given and to.write is not None else ""

    def of(self) -> tuple[PaceKind, float]:
        """As the sender takes it."""
        if self.rate is not None:
            return self.rate.unit, float(self.rate.amount)
        return ("flat-out", 1.0) if self.flat_out else ("captured", self.speed or 1.0)

    def _given(self) -> dict[str, bool]:
        return {"--rate": self.rate is not None, "--speed": self.speed is not None, "--flat-out": self.flat_out}


@dataclass(frozen=True)
class Way:
    """What happens to copies on their way; times in seconds."""

    seed: int
    loss: float
    duplicate: float
    reorder: float
    reorder_depth: int | None
    delay: float
    jitter: float
    corrupt: float

    def faults(self) -> Iterator[UsageError]:
        """What contradicts itself."""
        if self.reorder_depth is not None and not self.reorder:
            yield UsageError("--reorder-depth", "goes with --reorder", "as in --reorder 1%")
        for option, time in (("--delay", self.delay), ("--jitter", self.jitter)):
            if time > _LONGEST:
                yield UsageError(option, "is above 1h", "as in 10ms")

    def impairments(self) -> Impairments:
        """As the core takes them."""
        return Impairments(
            seed=self.seed,
            loss=self.loss,
            duplicate=self.duplicate,
            reorder=self.reorder,
            reorder_depth=self.reorder_depth or Impairments().reorder_depth,
            delay=round(self.delay * _NS),
            jitter=round(self.jitter * _NS),
            corrupt=self.corrupt,
        )


def refuse(faults: Iterator[TmrxError]) -> None:
    """Raise them all as one, if there are any."""
    found = list(faults)
    if found:
        raise ConfigError.of(found)


def _port(plan: MirrorPlan) -> int | None:
    """The port of all copies; None where they have several."""
    ports = {PORTS["geneve+vxlan" if session.copies.gateway else "vxlan"] for session in plan.sessions}
    return ports.pop() if len(ports) == 1 else None


@contextmanager
def _played(scenario: str, inputs: Inputs, seed: int) -> Iterator[str]:
    from tmrx.interop import scenarios  # noqa: PLC0415 -- an extra

    with TemporaryDirectory(prefix="tmrx-scenario-") as folder:
        path = Path(folder) / f"{scenario}.pcap"
        scenarios.write(scenario, path, seed=seed, **parties(inputs))
        yield str(path)


def parties(inputs: Inputs) -> dict[str, Any]:
    """Who the scenario's source and resolver are: those of the mirror's first source; none without a mirror."""
    from tmrx.interop.scenarios import SOURCE  # noqa: PLC0415 -- an extra

    for key in inputs.mirror.sources():
        interface = inputs.mirror.interfaces[key]
        six = [address for address in interface.addresses() if ":" in address]
        four = [address for address in interface.addresses() if ":" not in address]
        source = replace(
            SOURCE,
            mac=interface.mac_address or SOURCE.mac,
            ipv4=next(iter(four), SOURCE.ipv4),
            ipv6=next(iter(six), SOURCE.ipv6),
            mtu=interface.mtu_or_default(),
        )
        return {"source": source, "resolver": inputs.mirror.resolvers(interface)[0]}
    return {}
