"""`make bench`: tmrx against `tcpdump -r FILE -w /dev/null` in the same run, on one core, start-up subtracted; and its
sender's way to UDP against a bare loop of sendmmsg(2).

Start-up is what the same command takes on a capture of one frame, and is stated. Every run's answer is checked: the
frames that were received, and with rules the alerts, which are counted in the file by other means.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import captures, detection, measure
from bench.captures import MIB, ROOT, Capture
from bench.measure import Run
from bench.sender import make_plan

RULES = 100
MEMORY_FLOWS = 50_000
# Five frames a flow: fewer would measure little but the making of flows.
MANY_FRAMES = 5_000_000
SEED = 1
# Decompressors, where they are there, and what their files end in.
PACKED = {"gzip": ".gz", "zstd": ".zst", "lz4": ".lz4"}


@dataclass(frozen=True)
class Result:
    """One line of the table: a rate and what it is compared with."""

    what: str
    capture: str
    frames: int
    rate: float
    against: str
    ratio: float
    target: float | None = None


@dataclass(frozen=True)
class Startup:
    """Seconds that the commands take on one frame."""

    tcpdump: float
    tmrx: float
    tmrx_rules: float


def write_rules(path: Path) -> None:
    """100 content rules: one that looks for the marker, the others for what is nowhere."""
    words = random.Random(SEED)  # noqa: S311  # a repeatable choice, no secret
    letters = "abcdefghijklmnopqrstuvwxyz0123456789/.?=_-"
    contents = [captures.MARKER.decode()]
    contents += ["".join(words.choices(letters, k=words.randint(6, 24))) for _ in range(RULES - 1)]
    rule = 'alert ip any any -> any any (msg:"bench {0}"; content:"{1}"; sid:{0}; rev:1;)\n'
    path.write_text("".join(rule.format(sid, content) for sid, content in enumerate(contents, 1)))


def startup(capture: Capture, rules: Path, rounds: int) -> Startup:
    """Measured on one frame."""
    one = captures.one_frame(capture)
    dump, alone = measure.pairs(lambda: measure.tcpdump(one), lambda: measure.tmrx(one), rounds)
    ruled = [measure.tmrx(one, "-S", str(rules)) for _ in range(rounds)]
    return Startup(measure.median(dump), measure.median(alone), measure.median(ruled))


def rate(capture: Capture, runs: list[Run], start: float) -> float:
    """Frames a second, start-up left out."""
    return capture.frames / (measure.median(runs) - start)


def against_tcpdump(capture: Capture, start: Startup, rounds: int, target: float) -> Result:
    """Reading, decapsulation, decoding, verdicts and flow table."""
    dump, own = measure.pairs(lambda: measure.tcpdump(capture), lambda: measure.tmrx(capture), rounds)
    yardstick, own_rate = rate(capture, dump, start.tcpdump), rate(capture, own, start.tmrx)
    return Result("summary", capture.name, capture.frames, own_rate, "tcpdump", own_rate / yardstick, target)


def with_rules(capture: Capture, rules: Path, start: Startup, rounds: int) -> Result:
    """The same with 100 content rules; what they find is checked."""
    expected = capture.marked()
    dump, own = measure.pairs(lambda: measure.tcpdump(capture), lambda: measure.tmrx(capture, "-S", str(rules)), rounds)
    found = {run.stats["alerts"] for run in own}
    if found != {expected} or not expected:
        raise RuntimeError(f"{capture.name}: {expected} frames hold the marker, alerts: {sorted(found)}")
    yardstick, own_rate = rate(capture, dump, start.tcpdump), rate(capture, own, start.tmrx_rules)
    return Result(f"{RULES} rules", capture.name, capture.frames, own_rate, "tcpdump", own_rate / yardstick, 0.5)


def with_workers(capture: Capture, start: Startup, rounds: int) -> Result:
    """Two workers on two cores against one on one."""
    one, two = measure.pairs(lambda: measure.tmrx(capture), lambda: measure.tmrx(capture, workers=2), rounds)
    single, double = rate(capture, one, start.tmrx), rate(capture, two, start.tmrx)
    return Result("two workers", capture.name, capture.frames, double, "one worker", double / single, 1.7)


def compressed(capture: Capture, tool: str, suffix: str, start: Startup, rounds: int) -> Result:
    """A compressed capture against its decompressor alone, on two cores each.

    gzip is to cost no more than that; zstd and lz4 decompress faster than anything analyses.
    """
    packed = captures.packed(capture, tool, suffix)
    alone = [tool, "-dc", str(packed.path)]
    tools, own = measure.pairs(lambda: measure.run(alone, 2), lambda: measure.tmrx(packed, cores=2), rounds)
    own_rate = rate(packed, own, start.tmrx)
    return Result(
        "decompress", packed.name, packed.frames, own_rate, f"{tool} -dc", own_rate / rate(packed, tools, 0), 1.0
    )


def mirror(capture: Capture, plan: Path, rounds: int) -> Result:
    """The source path: direction, filter, truncation and encapsulation, into a capture nowhere."""

    def own(of: Capture) -> Run:
        return measure.sender(of, plan, "pcap", os.devnull)

    one = captures.one_frame(capture)
    starts = measure.pairs(lambda: measure.tcpdump(one), lambda: own(one), rounds)
    dump, sent = measure.pairs(lambda: measure.tcpdump(capture), lambda: own(capture), rounds)
    yardstick, own_rate = (
        rate(capture, runs, measure.median(start)) for runs, start in ((dump, starts[0]), (sent, starts[1]))
    )
    return Result("mirror", capture.name, capture.frames, own_rate, "tcpdump", own_rate / yardstick, 1.0)


def to_udp(capture: Capture, plan: Path, rounds: int) -> Result:
    """Capture to UDP loopback, against a bare loop with the same datagrams; nobody reads where both send to."""
    bare, outer = str(captures.example("bare_send")), captures.FOLDER / "outer.pcap"
    copies = measure.sender(capture, plan, "pcap", str(outer)).stats["copies"]["sent"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        address, port = receiver.getsockname()
        loop = [bare, str(outer), f"{address}:{port}"]
        said = int(subprocess.run(loop, check=True, capture_output=True, text=True).stdout)
        if said != copies:
            raise RuntimeError(f"{capture.name}: {copies} copies, the bare loop sent {said}")

        def own(of: Capture) -> Run:
            return measure.sender(of, plan, "udp", address, port)

        start = measure.median([own(captures.one_frame(capture)) for _ in range(rounds)])
        bare_runs, sent = measure.pairs(lambda: measure.run(loop), lambda: own(capture), rounds)
    own_seconds = measure.median(sent) - start
    ratio = measure.median(bare_runs) / own_seconds
    return Result("mirror, UDP", capture.name, capture.frames, copies / own_seconds, "bare loop", ratio, 0.9)


def memory(small: Capture, large: Capture) -> dict[str, float]:
    """Peak memory on a small and a large capture of the same flows."""
    peaks = [measure.tmrx(capture).peak / MIB for capture in (small, large)]
    sizes = [capture.path.stat().st_size / MIB for capture in (small, large)]
    return {"small_mib": sizes[0], "small_peak_mib": peaks[0], "large_mib": sizes[1], "large_peak_mib": peaks[1]}


def et_open(corpus: Capture, rounds: int) -> list[Result]:
    """ET Open's rules against tcpdump, and all of them against 100."""
    found = detection.rates(corpus, rounds)
    yardstick, *others = found.items()
    rows = [
        Result(f"ET Open, {name}", corpus.name, corpus.frames, rate, yardstick[0], rate / yardstick[1],
               detection.SHARES.get(name))
        for name, rate in others
    ]  # fmt: skip
    plain = Result(f"ET Open, {detection.PLAIN}", corpus.name, corpus.frames, found[detection.PLAIN], "100 rules",
                   found[detection.PLAIN] / found["100"], 1 / detection.TIMES)  # fmt: skip
    return [*rows, plain]


def show(results: list[Result], start: Startup, peaks: dict[str, float]) -> None:
    """The table for people."""
    print("start-up, subtracted: " + ", ".join(f"{name} {took:.3f} s" for name, took in asdict(start).items()))
    print(f"{'what':<28} {'capture':<28} {'frames/s':>11} {'ratio':>6} {'of':<10} {'wanted':>6}")
    for r in results:
        wanted = "" if r.target is None else f"{r.target:.2f}"
        print(f"{r.what:<28} {r.capture:<28} {r.rate:>11,.0f} {r.ratio:>6.2f} {r.against:<10} {wanted:>6}")
    for size in ("small", "large"):
        print(f"peak memory: {peaks[size + '_peak_mib']:.0f} MiB, on a capture of {peaks[size + '_mib']:.0f} MiB")


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs whose medians are taken")
    parser.add_argument("--frames", type=int, default=2_000_000, help="frames of a generated capture")
    parser.add_argument("--large", type=int, default=2048, help="MiB of the capture that memory is measured on")
    parser.add_argument("--record", type=Path, default=ROOT / "bench" / "record", help="where the results go")
    return parser.parse_args()


def bench(given: argparse.Namespace) -> None:
    """All of it."""
    rules = captures.FOLDER / "content.rules"
    few, many = captures.generated(100_000, given.frames), captures.generated(1_000_000, max(given.frames, MANY_FRAMES))
    corpus = captures.corpus(1000)
    write_rules(rules)
    start = startup(few, rules, given.rounds)
    plain = [(few, 0.8), (many, 0.6)] + ([(corpus, 0.8)] if corpus else [])
    results = [against_tcpdump(capture, start, given.rounds, target) for capture, target in plain]
    if corpus and detection.ET_OPEN.exists():
        results += et_open(corpus, given.rounds)
    results += [with_rules(few, rules, start, given.rounds), with_workers(few, start, given.rounds)]
    packed = [(tool, suffix) for tool, suffix in PACKED.items() if shutil.which(tool)]
    results += [compressed(few, tool, suffix, start, given.rounds) for tool, suffix in packed]
    plain_frames, plan = captures.plain(100_000, given.frames), captures.FOLDER / "mirror.plan"
    make_plan(plan)
    results += [mirror(plain_frames, plan, given.rounds), to_udp(plain_frames, plan, given.rounds)]
    peaks = memory(*(captures.of_size(mib, MEMORY_FLOWS) for mib in (given.large // 8, given.large)))
    show(results, start, peaks)
    per_stage, with_streams = detection.stages(few, rules, streams=False), ""
    if corpus and detection.ET_OPEN.exists():
        every = detection.sets(captures.FOLDER)
        with_streams = detection.stages(corpus, every[detection.PLAIN], streams=True)
    print(per_stage + with_streams, end="")
    document = {
        "machine": platform.machine(), "cores": os.cpu_count(), "rounds": given.rounds, "startup_s": asdict(start),
        "results": [asdict(result) for result in results], "memory": peaks, "stages": per_stage.splitlines(),
        "stages_et_open": with_streams.splitlines(),
    }  # fmt: skip
    print(f"written: {measure.record(given.record, document)}")


def main() -> int:
    """Exit code 2 when what is needed is missing, 1 when an answer was wrong."""
    if shutil.which("tcpdump") is None:
        print("tmrx: missing: tcpdump, which is measured against: apt-get install tcpdump", file=sys.stderr)
        return 2
    try:
        bench(options())
    except RuntimeError as wrong:
        print(f"tmrx: bench: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
