"""Fuzz the rule compiler: damaged rules either compile, and the core takes them, or are refused by name.

    python -m tests.fuzz.rules --seconds 600 [--seed N]

A finding is a rule that makes the compiler raise or take long, that the core refuses though the compiler took it, or
that makes the core panic on packets. It is written to tests/fuzz/found/ and printed. Seeds are
`tests/fuzz/corpus/*.rules` and the rules that tmrx comes with.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.support import REPO, SAMPLES, read_pcap
from tmrx import _core, rules
from tmrx.plan import Plan, StreamSettings

HERE = Path(__file__).parent
CORPUS, FOUND = HERE / "corpus", HERE / "found"
# Rules that are compiled together, and the processor time that they may take: many times what they do.
BATCH, SLOW_S = 64, 4.0
NUMBERS = ("0", "1", "-1", "65535", "65536", "4294967295", "18446744073709551616", "-2147483649", "0x", "1e9", "")
PIECES = (
    "!", ",", ";", ":", "|", "\\", '"', "$HOME_NET", "[", "]", "<>", "=>", "->", "any", " ", "|00|", "/", "\x00", "é",
    "(", ")", "*" * 40, "[" * 60, "relative", "isset", "<", ">", "=", "10.0.0.0/33", "::/0", "!any",
)  # fmt: skip
_TOKENS = re.compile(r"\w+|\s+|.", re.DOTALL)


def seeds() -> list[str]:
    """Rules to begin with."""
    files = [*sorted(CORPUS.glob("*.rules")), *sorted((REPO / "rules").glob("*.rules"))]
    lines = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def damaged(pool: Sequence[str], chance: random.Random) -> str:
    """A rule made of one or two others by a few changes of its tokens."""
    tokens = _TOKENS.findall(chance.choice(pool))
    other = _TOKENS.findall(chance.choice(pool))
    for _ in range(chance.randint(1, 6)):
        chance.choice(CHANGES)(tokens, other, chance)
    return "".join(tokens).replace("\n", " ")


Change = Callable[[list[str], list[str], random.Random], None]


def _place(tokens: list[str], chance: random.Random) -> int:
    return chance.randrange(len(tokens) + 1)


def _delete(tokens: list[str], _other: list[str], chance: random.Random) -> None:
    at = _place(tokens, chance)
    del tokens[at : at + chance.randint(1, 4)]


def _insert(tokens: list[str], _other: list[str], chance: random.Random) -> None:
    tokens.insert(_place(tokens, chance), chance.choice(PIECES))


def _number(tokens: list[str], _other: list[str], chance: random.Random) -> None:
    places = [at for at, token in enumerate(tokens) if token.isdecimal()]
    if places:
        tokens[chance.choice(places)] = chance.choice(NUMBERS)


def _splice(tokens: list[str], other: list[str], chance: random.Random) -> None:
    at = _place(other, chance)
    start = _place(tokens, chance)
    tokens[start:start] = other[at : at + chance.randint(1, 12)]


def _repeat(tokens: list[str], _other: list[str], chance: random.Random) -> None:
    at = _place(tokens, chance)
    tokens[at:at] = tokens[at : at + 8] * chance.randint(1, 30)


def _swap(tokens: list[str], _other: list[str], chance: random.Random) -> None:
    if len(tokens) > 1:
        a, b = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        tokens[a], tokens[b] = tokens[b], tokens[a]


CHANGES: tuple[Change, ...] = (_delete, _insert, _number, _splice, _repeat, _swap)


def fails(lines: Sequence[str], frames: Sequence[tuple[int, bytes, int]]) -> str:
    """What goes wrong with these rules, or nothing."""
    with tempfile.NamedTemporaryFile("w", suffix=".rules", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        began = time.process_time()
        try:
            loaded = rules.load([file.name])
            engine = _core.Engine(Plan(rules=loaded.plan(), streams=StreamSettings(enabled=True)).encode())
            lost = engine.push(frames).quarantine or engine.finish().quarantine
        except Exception as error:  # whatever it is, it is the finding
            return f"{type(error).__name__}: {error}"
        if lost:
            return "the core panicked on a packet"
        return "slow" if time.process_time() - began > SLOW_S else ""


def smallest(lines: Sequence[str], frames: Sequence[tuple[int, bytes, int]]) -> list[str]:
    """Those rules among failing ones that fail by themselves; all of them where only all do."""
    alone = [line for line in lines if fails([line], frames)]
    return alone or list(lines)


def packets() -> list[tuple[int, bytes, int]]:
    """A few frames of every kind, from the samples."""
    frames: list[tuple[int, bytes, int]] = []
    for sample in sorted(SAMPLES.glob("*.pcap")):
        taken = read_pcap(sample) or []
        frames += [(frame.time, frame.data, frame.original) for frame in taken[:8] if frame.link == "ethernet"]
    return frames


def hunt(seconds: float, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Findings: what went wrong, and the rules that did it."""
    chance, pool, frames = random.Random(seed), seeds(), packets()  # noqa: S311  # repeatable on purpose
    ends = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < ends:
        lines = [damaged(pool, chance) for _ in range(BATCH)]
        tried += len(lines)
        why = fails(lines, frames)
        if why:
            yield why, smallest(lines, frames)
    print(f"{tried:,} rules tried", file=sys.stderr)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    options = parser.parse_args()
    found = 0
    for why, lines in hunt(options.seconds, options.seed):
        found += 1
        FOUND.mkdir(exist_ok=True)
        (FOUND / f"{options.seed}-{found}.rules").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{why}\n" + "\n".join(lines))
    print(f"{found} findings (seed {options.seed})", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
