"""What is wanted of a run (`core/src/plan/outputs.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import NO_LIMIT, Struct


class Lines(Struct, frozen=True, kw_only=True):
    """A line for each packet: brief, or of `columns` (none: all); `most` of them."""

    form: Literal["line", "table", "json", "csv"] = "line"
    columns: tuple[str, ...] = ()
    most: int = NO_LIMIT


class CaptureSettings(Struct, frozen=True, kw_only=True):
    """How the capture of the frames inside is written.

    The next file begins once this one has `rotate_size` bytes, or a packet comes that is `rotate_time` nanoseconds of
    packet time after its first one.
    """

    pcapng: bool = False
    rotate_size: int = NO_LIMIT
    rotate_time: int = NO_LIMIT


class Outputs(Struct, frozen=True, kw_only=True):
    """What is wanted; what no one asked for is not built."""

    eve: bool = False
    fast: bool = False
    pcap: bool = False
    capture: CaptureSettings = CaptureSettings()
    tables: tuple[Literal["packets", "flows", "alerts", "anomalies"], ...] = ()
    lines: Lines | None = None
