"""`-f`: an expression in pcap-filter(7) syntax → classic BPF for each way in which frames begin, by libpcap."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from tmrx.errors import InputError, UsageError
from tmrx.plan import FilterLink, Program

# libpcap's DLT_ of each way in which a frame begins, and what people call it. BSD loopback and PPP are asked as raw IP.
LINKS: Mapping[FilterLink, tuple[int, str]] = MappingProxyType(
    {
        "ethernet": (1, "Ethernet"),
        "ip": (12, "raw IP"),
        "sll": (113, "Linux cooked"),
        "sll2": (276, "Linux cooked v2"),
        "chdlc": (104, "Cisco HDLC"),
        "wifi": (105, "802.11"),
        "radiotap": (127, "802.11 with radiotap"),
    }
)
_KERNELS = 1 << 31  # loads from there on are of what only a live interface knows
_ABSOLUTE_LOADS = (0x20, 0x28, 0x30)
_SNAPLEN = 262_144
_ANY_NETMASK = 0xFFFF_FFFF


class _Instruction(ctypes.Structure):
    """`struct bpf_insn`."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    """`struct bpf_program`."""

    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction)))


@dataclass(frozen=True)
class Compiled:
    """The programs, and what of the links there is no program for, in words; empty where there is one for each."""

    programs: tuple[Program, ...]
    warning: str = ""


def compiled(expression: str) -> Compiled:
    """The programs of an expression.

    Raises InputError where libpcap is not installed, UsageError with libpcap's words where it takes it for no link.
    """
    library = _library()
    programs: list[Program] = []
    refused: dict[str, str] = {}
    for link, (number, name) in LINKS.items():
        try:
            programs.append(Program(link=link, code=_compile(library, expression, number)))
        except ValueError as why:
            refused[name] = str(why)
    first = next(iter(refused.values()), "")
    if not programs:
        raise UsageError(f"-f {expression!r}", first, "man pcap-filter has the syntax")
    names = ", ".join(refused)
    return Compiled(tuple(programs), f"-f: nothing matches in frames of link type {names}: {first}" if refused else "")


def _compile(library: ctypes.CDLL, expression: str, link: int) -> tuple[tuple[int, int, int, int], ...]:
    """Raises ValueError with libpcap's words."""
    handle = library.pcap_open_dead(link, _SNAPLEN)
    program = _Program()
    try:
        if library.pcap_compile(handle, ctypes.byref(program), os.fsencode(expression), 1, _ANY_NETMASK):
            raise ValueError(library.pcap_geterr(handle).decode(errors="replace"))
        rows = [program.instructions[at] for at in range(program.length)]
        if any(row.code in _ABSOLUTE_LOADS and row.k >= _KERNELS for row in rows):
            raise ValueError("asks for what only a live interface knows")
        return tuple((row.code, row.jt, row.jf, row.k) for row in rows)
    finally:
        library.pcap_freecode(ctypes.byref(program))
        library.pcap_close(handle)


@cache
def _library() -> ctypes.CDLL:
    """Raises InputError."""
    found = ctypes.util.find_library("pcap")
    if found is None:
        raise InputError("-f", "libpcap is not installed", "install libpcap0.8, or use -Y on what is shown")
    library = ctypes.CDLL(found)
    library.pcap_open_dead.restype = ctypes.c_void_p
    library.pcap_open_dead.argtypes = [ctypes.c_int, ctypes.c_int]
    library.pcap_compile.argtypes = [
        ctypes.c_void_p, ctypes.POINTER(_Program), ctypes.c_char_p, ctypes.c_int, ctypes.c_uint32,
    ]  # fmt: skip
    library.pcap_geterr.restype = ctypes.c_char_p
    library.pcap_geterr.argtypes = [ctypes.c_void_p]
    library.pcap_freecode.argtypes = [ctypes.POINTER(_Program)]
    library.pcap_close.argtypes = [ctypes.c_void_p]
    return library
