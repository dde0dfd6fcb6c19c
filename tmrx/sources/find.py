"""The captures that a name stands for: a file, a folder, a pattern."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator

from tmrx.errors import InputError

STDIN = "-"
# As tcpdump and dumpcap name them, rotated ones too: x.pcap, x.pcap0, x.pcap12.gz.
_NAMED = re.compile(r"\.(pcap|pcapng|cap)\d*(\.(gz|zst|lz4))?$")


def files(name: str) -> list[str]:
    """The captures that `name` stands for, sorted by name. Raises InputError where it stands for none.

    Of a folder or a pattern, empty files are left out: what writes them has not written anything yet. Of a folder, so
    is what is neither named nor begins as a capture.
    """
    if not is_several(name):
        return [name]
    found = [path for path in candidates(name) if os.path.getsize(path) and (is_pattern(name) or is_capture(path))]
    if found:
        return found
    if is_pattern(name):
        raise InputError(name, "matches no capture", "check the pattern; quoted, tmrx expands *, ? and [...] itself")
    raise InputError(name, "is a folder without captures", "no file in it begins as pcap or pcapng, compressed or not")


def is_several(name: str) -> bool:
    """Whether it is a folder or a pattern rather than a file's own name."""
    return name != STDIN and (os.path.isdir(name) or is_pattern(name))


def is_pattern(name: str) -> bool:
    """Whether it is a pattern of the shell's: no file is called that."""
    return glob.has_magic(name) and not os.path.lexists(name)


def candidates(name: str) -> Iterator[str]:
    """The plain files of a folder, hidden ones left out, or those that match a pattern. Raises InputError."""
    if is_pattern(name):
        yield from filter(os.path.isfile, sorted(glob.glob(name, recursive=True)))
        return
    try:
        with os.scandir(name) as entries:
            found = sorted(entry.path for entry in entries if entry.is_file() and not entry.name.startswith("."))
    except OSError as error:
        raise InputError(name, f"can't be read: {(error.strerror or str(error)).lower()}") from None
    yield from found


def is_capture(path: str) -> bool:
    """Whether it is named as one, or begins as one."""
    from tmrx._core import is_capture as begins  # noqa: PLC0415

    return _NAMED.search(path) is not None or begins(path)
