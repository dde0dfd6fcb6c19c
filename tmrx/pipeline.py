"""The one loop: source → engine → sinks, until the source ends, a limit is reached or a signal comes."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from tmrx import plan
from tmrx.config import Settings
from tmrx.errors import ConfigError, InputError
from tmrx.mirror import Mirror
from tmrx.sinks import Sinks, datasets
from tmrx.sources import Reading
from tmrx.units import Endpoint

if TYPE_CHECKING:
    from tmrx._core import Batch, Engine
    from tmrx.rules.datasets import Saved
    from tmrx.sources.reading import Source

IDLE_MS = 100  # how long the engine waits for frames before it looks at what else there is to do


@dataclass
class Control:
    """What ends a run early: frames taken (`count`), lines of packets (`lines`), 0 for no limit; seconds; a signal."""

    count: int = 0
    lines: int = 0
    duration: float | None = None
    stopped: bool = False
    # A summary document is wanted now, with the run going on.
    asked: bool = False
    _began: float = 0.0
    _frames: int = 0
    _shown: int = 0

    def took(self, frames: int, shown: int = 0) -> None:
        """Count frames; `shown` is how many packets have had a line so far."""
        self._frames += frames
        self._shown = shown

    @property
    def left(self) -> int:
        """Frames that the next call may take; 0 for no limit."""
        return max(self.count - self._frames, 1) if self.count else 0

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        reached = 0 < self.count <= self._frames or 0 < self.lines <= self._shown
        late = self.duration is not None and time.monotonic() - self._began >= self.duration
        return self.stopped or reached or late

    @property
    def wait_ms(self) -> int:
        """How long the next call may wait for frames."""
        if self.duration is None:
            return IDLE_MS
        return min(IDLE_MS, max(1, int((self._began + self.duration - time.monotonic()) * 1000)))

    @contextmanager
    def signals(self) -> Iterator[Control]:
        """Meanwhile SIGINT and SIGTERM end the run, the second one at once; SIGUSR1 asks for a summary document."""
        self._began = time.monotonic()
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGUSR1, self._ask)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.stopped = True
        signal.signal(number, signal.SIG_DFL)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


@dataclass(frozen=True)
class Watch:
    """Who is told how it goes: of each batch and what is read, and of what is worth a warning."""

    batch: Callable[[Batch, Reading], None] = lambda _batch, _reading: None
    warning: Callable[[str], None] = lambda _text: None


def _asks(section: plan.Eve) -> bool:
    """Whether a section tells of what applications say."""
    return any(
        (
            *(section.http, section.http2, section.doh2, section.dns, section.mdns, section.llmnr, section.tls),
            *(section.ftp, section.ssh, section.files),
        )
    )


def make_plan(  # noqa: PLR0913 -- a plan has that many parts
    *,
    mirror: Mirror,
    settings: Settings,
    outputs: plan.Outputs,
    rules: plan.Rules | None = None,
    streams: bool = False,
    listening: Iterable[Endpoint] | None = None,
    inspect_outer: bool = False,
    taken: tuple[plan.Program, ...] = (),
    shown: tuple[plan.Step, ...] = (),
) -> plan.Plan:
    """What the core is told; `listening` is None offline. `settings` win over the mirror's own. Raises ConfigError.

    `streams`: rules come later, and need TCP put together; so do rules that are here, and the events of applications.
    """
    together = settings.over(mirror.settings)
    faults = together.faults()
    if faults:
        raise ConfigError.of(faults)
    return plan.Plan(
        decap=together.decap(listening or ()),
        identity=mirror.identities(together),
        fragments=together.fragments(),
        flow=together.flow(live=listening is not None),
        streams=plan.StreamSettings(enabled=streams or rules is not None or any(map(_asks, outputs.eve))),
        applications=plan.Applications(tls=plan.TlsSettings(ja3=True, ja4=True), ssh=plan.SshSettings(hassh=True)),
        rules=rules or plan.Rules(),
        outputs=outputs,
        inspect_outer=inspect_outer,
        filter=taken,
        display=shown,
    )


def run(  # noqa: PLR0913 -- what runs, what it is fed, where it writes, what ends it, who watches, what is kept
    engine: Engine, reading: Reading, sinks: Sinks, control: Control, watch: Watch, *, saved: Iterable[Saved] = ()
) -> bytes:
    """Take in what is read, to its end or the run's, and finish; the summary document. `saved`: the rules' datasets.

    What came before it failed is finished and written too. Raises InputError, OutputError.
    """
    this = _Run(engine, reading, sinks, control, watch)
    failed: InputError | None = None
    try:
        this.read()
    except InputError as error:
        failed = error
    this.warn()
    stats = this.finish()
    datasets.keep(saved, engine.dataset)
    if failed is not None:
        raise failed
    if reading.captured is not None and reading.captured[1]:
        watch.warning(f"the capture itself lost {reading.captured[1]:,} packets")
    return stats


@dataclass
class _Run:
    engine: Engine
    reading: Reading
    sinks: Sinks
    control: Control
    watch: Watch
    _warned: int = 0

    def read(self) -> None:
        """Each source in its turn, for as long as one call takes."""
        for source in self.reading.turns():
            if self.control.ended:
                return
            if source is not None:
                self._turn(source)
            self.warn()
            if self.control.asked:
                self.control.asked = False
                self.sinks.report(self._stats())

    def warn(self) -> None:
        """Say what is worth a warning since the last time."""
        warnings = self.reading.warnings
        for warning in warnings[self._warned :]:
            self.watch.warning(warning)
        self._warned = len(warnings)

    def _turn(self, source: Source) -> None:
        try:
            batch = self.engine.run(source, self.control.left, self.control.wait_ms)
        except InputError as error:
            self.reading.failed(error)
            return
        self.control.took(batch.frames, batch.shown)
        self.reading.took(batch)
        self._write(batch)
        self.watch.batch(batch, self.reading)

    def finish(self) -> bytes:
        """What was held back, then the summary document."""
        ended = False
        while not ended:
            batch = self.engine.finish()
            self._write(batch)
            ended = batch.ended
        stats = self._stats()
        self.sinks.report(stats)
        return stats

    def _stats(self) -> bytes:
        return self.engine.stats(self.reading.overflowed, self.reading.captured)

    def _write(self, batch: Batch) -> None:
        self.sinks.take(batch)
        kept = self.sinks.quarantine(batch)
        if kept is not None:
            self.watch.warning(f"tmrx failed on a frame and left it out; it is in {kept}: please report it")
