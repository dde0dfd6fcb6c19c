"""How TCP is put together (`core/src/plan/streams.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import Struct

StreamPolicy = Literal[
    "bsd", "windows", "windows2k3", "vista", "linux", "old-linux", "hpux10", "hpux11", "irix", "macos", "solaris",
    "first", "last",
]  # fmt: skip
ExceptionPolicy = Literal["ignore", "pass_flow", "pass_packet", "drop_flow", "drop_packet", "bypass", "reject"]


class HostPolicy(Struct, frozen=True, kw_only=True):
    """Which operating system the hosts of a network are: 16 bytes, prefix length of 128. The longest prefix counts."""

    network: bytes
    prefix: int
    policy: StreamPolicy


class StreamSettings(Struct, frozen=True, kw_only=True):
    """TCP sessions and their reassembly. Sizes are bytes.

    Midstream pickup is on: what was lost on the way to us does not lose the session (specification, commands.md).
    """

    # Something that is asked for needs sessions.
    enabled: bool = False
    midstream: bool = True
    async_oneside: bool = False
    # Packets may have been lost on the way here: a handshake need not be whole.
    lossy: bool = True
    # Data is looked at as it comes, not as it is acknowledged.
    inline: bool = False
    # Packets with a bad checksum are not taken in.
    checksums: bool = True
    memcap: int = 64 * 2**20
    reassembly_memcap: int = 256 * 2**20
    # 0: no limit.
    depth: int = 2**20
    chunk_size: int = 2560
    max_syn_queued: int = 10
    max_synack_queued: int = 5
    urgent: Literal["oob", "inline", "drop", "gap"] = "oob"
    urgent_limit: Literal["drop", "inline", "gap"] = "drop"
    bypass: bool = False
    # Events of overlaps with other data are asked for.
    compare_overlaps: bool = False
    policy: StreamPolicy = "bsd"
    hosts: tuple[HostPolicy, ...] = ()
    midstream_policy: ExceptionPolicy = "ignore"
    memcap_policy: ExceptionPolicy = "ignore"
    reassembly_memcap_policy: ExceptionPolicy = "ignore"
