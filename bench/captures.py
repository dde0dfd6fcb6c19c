"""The captures that are measured on, built once under .bench/ and kept."""

from __future__ import annotations

import mmap
import os
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".bench"
SHARED = Path(os.environ.get("TMRX_SHARED", ROOT.parent / "shared"))
# Stands once in the generator's pool of payload bytes.
MARKER = b"tmrx-bench-marker"
RECORD, MEAN = 16, 350
MIB = 1 << 20


@dataclass(frozen=True)
class Capture:
    """A capture file and how many frames are in it."""

    name: str
    path: Path
    frames: int

    def marked(self) -> int:
        """How many frames hold the marker: what a rule that looks for it has to find."""
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return sum(1 for _ in re.finditer(re.escape(MARKER), data))


def built(name: str, tool: Path, command: list[str]) -> Capture:
    """The capture that `command` makes, anew where `tool` has changed since; it prints the number of frames first."""
    path = FOLDER / f"{name}.pcap"
    count = path.with_suffix(".frames")
    if not count.exists() or count.stat().st_mtime < tool.stat().st_mtime:
        FOLDER.mkdir(exist_ok=True)
        print(f"building {path.relative_to(ROOT)}", file=sys.stderr)
        said = subprocess.run([part.format(out=path) for part in command], check=True, capture_output=True, text=True)
        count.write_text(said.stdout.split()[0])
    return Capture(name, path, int(count.read_text()))


def example(name: str) -> Path:
    """A tool among the core's examples, built."""
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--example", name]
    subprocess.run(command, cwd=ROOT / "core", check=True)
    return ROOT / "core" / "target" / "release" / "examples" / name


def generated(flows: int, frames: int) -> Capture:
    """Mirrored traffic as the generator makes it."""
    tool = example("traffic")
    return built(f"generated-{flows}-{frames}", tool, [str(tool), "{out}", str(flows), str(frames), "1"])


def plain(flows: int, frames: int) -> Capture:
    """The same as it was before it was mirrored."""
    tool = example("traffic")
    return built(f"plain-{flows}-{frames}", tool, [str(tool), "{out}", str(flows), str(frames), "1", "plain"])


def of_size(mib: int, flows: int) -> Capture:
    """Generated traffic of about that many MiB."""
    return generated(flows, mib * MIB // (RECORD + MEAN))


def corpus(megabytes: int) -> Capture | None:
    """Real captures, wrapped as a mirror does; None where ../shared is not there."""
    script = SHARED / "bench" / "make_corpus.py"
    if not script.exists():
        return None
    return built(f"corpus-{megabytes}", script, [sys.executable, str(script), "{out}", str(megabytes)])


def packed(of: Capture, tool: str, suffix: str) -> Capture:
    """The same, compressed by that tool as it does unless told otherwise."""
    path = of.path.with_name(of.path.name + suffix)
    if not path.exists() or path.stat().st_mtime < of.path.stat().st_mtime:
        with path.open("wb") as out:
            subprocess.run([tool, "-c", str(of.path)], check=True, stdout=out)
    return Capture(of.name + suffix, path, of.frames)


def one_frame(of: Capture) -> Capture:
    """The first frame of a capture: what is measured on it is start-up."""
    path = FOLDER / "one-frame.pcap"
    with of.path.open("rb") as file:
        head = file.read(24 + RECORD)
        (captured,) = struct.unpack_from("<I", head, 24 + 8)
        path.write_bytes(head + file.read(captured))
    return Capture("one-frame", path, 1)
