"""What several tests need: where things are, captures as frames, sample sessions."""

from __future__ import annotations

import importlib.util
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from tmrx import mirror
from tmrx.plan import IdentitySettings
from tmrx.reference import Frame, Link

REPO = Path(__file__).parent.parent
SAMPLES = REPO / "sample_pcaps"
SHARED = Path(os.environ.get("TMRX_SHARED") or REPO.parent / "shared")

LINKS: dict[int, Link] = {
    **dict.fromkeys((12, 14, 101, 228, 229, 778), "ip"),
    0: "null",
    1: "ethernet",
    9: "ppp",
    50: "ppp",
    104: "chdlc",
    105: "wifi",
    108: "null",
    113: "sll",
    127: "radiotap",
    276: "sll2",
}
ORDERS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}


def read_pcap(path: Path) -> list[Frame] | None:
    """All whole records of a classic pcap; None for a link type that tmrx does not read."""
    data = path.read_bytes()
    order, unit = ORDERS[data[:4]]
    link = LINKS.get(struct.unpack_from(f"{order}I", data, 20)[0] & 0x0FFF_FFFF)
    if link is None:
        return None
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, fraction, captured, original = struct.unpack_from(f"{order}IIII", data, at)
        at += 16
        if at + captured > len(data):
            break
        time = seconds * 1_000_000_000 + fraction * unit
        frames.append(Frame(time, data[at : at + captured], max(original, captured), link))
        at += captured
    return frames


def write_pcap(path: Path, frames: Iterable[bytes], link: int = 1) -> None:
    """A capture of whole frames, a millisecond apart."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, link)]
    for number, frame in enumerate(frames):
        out.append(struct.pack("<IIII", 1_700_000_000 + number // 1000, number % 1000 * 1000, len(frame), len(frame)))
        out.append(frame)
    path.write_bytes(b"".join(out))


def sample(name: str) -> list[Frame]:
    """The frames of a sample capture."""
    frames = read_pcap(SAMPLES / f"{name}.pcap")
    assert frames is not None
    return frames


def sample_names() -> list[str]:
    """All sample captures."""
    return sorted(path.stem for path in SAMPLES.glob("*.pcap"))


def sample_module(name: str) -> ModuleType:
    """A module of sample_pcaps/."""
    spec = importlib.util.spec_from_file_location(f"sample_pcaps.{name}", SAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    if str(SAMPLES) not in sys.path:  # they import one another
        sys.path.append(str(SAMPLES))
    spec.loader.exec_module(module)
    return module


def known_sessions() -> IdentitySettings:
    """The sessions of the sample captures."""
    return mirror.load([SAMPLES / "mirror.json"]).identities()
