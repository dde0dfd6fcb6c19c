"""The per-packet core of tmrx. Errors are those of `tmrx.errors`."""

from collections.abc import Sequence
from typing import Literal, final

DEBUG: bool
"""Whether this is a debug build, many times slower than a release build."""

def anomalies() -> list[tuple[str, str, str, str, str]]:
    """The catalogue of anomalies: name, layer, severity, meaning, Suricata's event or ""."""

def stream_events() -> list[tuple[str, str, str]]:
    """The catalogue of stream events: name, severity, meaning."""

def columns() -> list[tuple[str, str, str, list[str]]]:
    """The columns of packets: name, kind, meaning, and the words that the cells hold, where there is a list of them.

    The kind is number, time, address, flag, text, word (one of the words) or words (any of them).
    """

def pcre_error(pattern: bytes, flags: str) -> tuple[str, int] | None:
    """What is wrong with a pattern, and at which byte; None where PCRE2 takes it. `flags` as in the plan."""

def rule_literal(rule: bytes) -> tuple[str, bytes] | None:
    """What is searched for before a rule is asked: the buffer's name and the literal; None where nothing is. The rule
    is encoded as in the plan.
    """

def rule_buffers() -> list[str]:
    """The buffers that rules can look into, by the names of the keywords that open them."""

def applications() -> list[str]:
    """The application protocols that rules can ask for."""

def application_events() -> list[str]:
    """What can be odd about an application's transactions, in lower case with the protocol in front."""

def rule_values() -> list[str]:
    """The numbers of transactions that rules can test, by the names of their keywords."""

def is_capture(path: str) -> bool:
    """Whether a file is a capture, by its content. InputError for what can't be read."""

def first_time(path: str) -> int | None:
    """The time of a capture's first frame in nanoseconds; None where it has none. InputError as for `Capture`."""

@final
class Table:
    """Rows of one kind, through Arrow's C stream."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A PyCapsule with an ArrowArrayStream."""
    def __len__(self) -> int:
        """Rows."""

@final
class Batch:
    """What came of a call of the engine."""

    @property
    def frames(self) -> int:
        """Frames taken in by the call."""
    @property
    def alerts(self) -> int:
        """Alerts raised."""
    @property
    def ended(self) -> bool:
        """The source is at its end."""
    @property
    def idle(self) -> bool:
        """The source has no more for now."""
    @property
    def eve(self) -> list[bytes]:
        """EVE lines, of each section that the plan asks for."""
    @property
    def fast(self) -> bytes:
        """fast.log lines."""
    @property
    def stats_log(self) -> bytes:
        """The table of Suricata's counters, at the end of the run."""
    @property
    def pcap(self) -> bytes:
        """The next piece of a capture of the innermost packets."""
    @property
    def pcap_files(self) -> list[tuple[int, int]]:
        """Where in `pcap` files begin, and the time of their first packet in nanoseconds."""
    @property
    def lines(self) -> bytes:
        """Lines of packets."""
    @property
    def shown(self) -> int:
        """Packets that have had a line in the run so far."""
    @property
    def files(self) -> list[tuple[int, bytes, str, bool]]:
        """Pieces of stored files: number, bytes, SHA-256, and whether it ended; without SHA-256 it can't be stored."""
    @property
    def quarantine(self) -> bytes:
        """A pcap of the frames that made the core panic; empty on every good day."""
    def table(self, name: str) -> Table:
        """A table's rows; KeyError for one that the plan did not ask for."""

@final
class Engine:
    """Frames in, tables and events out. One thread owns it at a time."""

    def __new__(cls, plan: bytes, workers: int = 1) -> Engine:
        """From an encoded plan (`tmrx.plan`). ConfigError for one that can't be taken."""
    def push(self, frames: Sequence[tuple[int, bytes, int]], link: str = "ethernet") -> Batch:
        """Take in frames: (time in ns, bytes, original length) each; `link` names how they begin ("ethernet", "ip")."""
    def run(self, source: Capture | Merged | Listener, max_frames: int = 0, timeout_ms: int = 100) -> Batch:
        """Take in frames until the source is idle or ended, or `max_frames` (0: no limit) or the time is reached."""
    def finish(self) -> Batch:
        """The end of the run: flows end. Call it until the batch has `ended`: one call gives only so many."""
    def dataset(self, name: str) -> list[bytes]:
        """The values of a dataset of the rules, in order; empty for one that is not there."""
    def rule_costs(self) -> list[tuple[int, int, int]]:
        """What each of the plan's rules cost so far: checks, matches, nanoseconds. Empty unless the plan profiles."""
    def stats(self, overflowed: int | None = None, captured: tuple[int, int] | None = None) -> bytes:
        """The summary document as JSON.

        With the datagrams lost at the sockets, and the packets received and dropped where the captures were made, where
        there are such.
        """

@final
class Compressor:
    """Compresses an output: one stream of gzip (RFC 1952) or zstd (RFC 8878)."""

    def __new__(cls, form: Literal["gzip", "zstd"]) -> Compressor: ...
    def compress(self, data: bytes) -> bytes:
        """The stream's next bytes; with them and those before, all that was given so far can be read."""
    def finish(self) -> bytes:
        """The stream's end. What is given afterwards begins another stream."""

@final
class Capture:
    """A pcap or pcapng file, perhaps compressed, recognised by its content; "-" is standard input.

    A file's first bytes are looked at when it is opened, a pipe's when it is first read.
    """

    def __new__(cls, path: str, follow: bool = False) -> Capture:
        """Open it; with `follow` its end is no more than silence, until it is settled."""
    def settle(self) -> None:
        """A file that is followed grows no more: its end is the end."""
    @property
    def size(self) -> int | None:
        """Bytes in it; None for a pipe."""
    @property
    def position(self) -> int:
        """Bytes read so far."""
    @property
    def captured(self) -> tuple[int, int] | None:
        """Packets received and dropped where it was made, where it says so."""
    @property
    def warning(self) -> str | None:
        """A damaged tail: where, and how many bytes were left."""

@final
class Merged:
    """Captures as one, merged by the time of their frames; at equal times in the order named."""

    def __new__(cls, paths: Sequence[str]) -> Merged:
        """Look at each, as `Capture`; a file is open only from its first frame's time on."""
    @property
    def size(self) -> int | None:
        """Bytes in all; None where one is a pipe."""
    @property
    def position(self) -> int:
        """Bytes read so far."""
    @property
    def captured(self) -> tuple[int, int] | None:
        """Packets received and dropped where they were made, as far as they say so."""
    @property
    def warnings(self) -> list[str]:
        """Damaged tails: in which capture, where, and how many bytes were left."""

@final
class Listener:
    """UDP sockets on the mirror's ports (Linux)."""

    def __new__(cls, on: Sequence[tuple[str, str, int]], receive_buffer: int = 33554432) -> Listener:
        """Bind a socket for each (kind, address, port).

        The kind is vxlan, geneve, vxlan-gpe or gre-in-udp, port 0 is any free one, and `receive_buffer` is in bytes.
        IPv6 sockets take IPv6 only, so that 0.0.0.0 and :: can be listened on together; :: on a machine without IPv6 is
        a `warning`.
        """
    @property
    def on(self) -> list[tuple[Literal["vxlan", "geneve", "vxlan-gpe", "gre-in-udp"], str, int]]:
        """What is listened on, with the ports as bound."""
    @property
    def overflowed(self) -> int:
        """Datagrams lost because a socket's buffer was full."""
    @property
    def receive_buffer(self) -> int:
        """Bytes of the smallest receive buffer that the kernel gave."""
    @property
    def position(self) -> int:
        """Bytes received so far."""
    @property
    def warning(self) -> str | None:
        """An address that could not be listened on and need not be."""

@final
class Sender:
    """Sends a capture, or what a live interface sees, as the sources of a mirror would.

    `step` until it says False; between two steps, counts can be shown, the truth taken and signals handled.
    """

    def __new__(
        cls,
        source: str,
        to: tuple[Literal["udp", "pcap", "raw", "none"], str, int],
        *,
        plan: bytes,
        pace: tuple[Literal["captured", "pps", "bps", "flat-out"], float] = ("captured", 1.0),
        loops: int = 1,
        truth: bool = False,
    ) -> Sender:
        """Open a capture's path, "-" or an interface ("iface:NAME"), then where copies go.

        `to`: ("udp", ADDRESS, PORT), or ("udp", "", 0) for each copy to its own target; ("pcap", PATH, 0) for a file of
        outer frames ("-": standard output); ("raw", INTERFACE, 0); ("none", "", 0) to decide and count only.
        `plan`: an encoded `tmrx.plan.MirrorPlan`. The pace's number is times the captured speed, packets a second, or
        bits a second of the encapsulated size; a file is written without waiting, and the frames of an interface are
        sent as they come. Flat out, copies are in order within each flow only, and have a UDP checksum.
        """
    def step(self, max_frames: int = 0) -> bool:
        """Send what is due within 100 ms; False when all was sent and written.

        It ends earlier after that many frames (0: any number), and when 4 MiB of truth wait to be taken.
        """
    def finish(self) -> None:
        """End a file, and send at once what impairments hold back, where the sender is left before its end."""
    def truth(self) -> bytes:
        """What became of each frame since this was last asked: JSON lines, as `tmrx send --truth` writes them."""
    def stats(self) -> bytes:
        """What became of the frames so far: one JSON object, as `tmrx send --stats` writes it.

        `outcomes` = `mirrored` + all of `rejected`, `excluded`, `no_session` and `skipped` + `not_at_source`. Bytes are
        those read, of `copies` those of outer frames, of a session those after the VXLAN header. `live.uncut`:
        frames that only the network card could have cut or completed, and that were mirrored as they were.
        """
    @property
    def frames(self) -> int:
        """Frames read."""
    @property
    def size(self) -> int | None:
        """Bytes in the capture; None for a pipe and an interface."""
    @property
    def position(self) -> int:
        """Bytes of the source read in this round."""
    @property
    def warning(self) -> str | None:
        """What the user should know: a damaged tail of the capture, frames lost, copies too large for the interface."""

@final
class Mirror:
    """What sources do with packets, without input or output."""

    def __new__(cls, plan: bytes) -> Mirror:
        """From an encoded plan (`tmrx.plan.MirrorPlan`). ConfigError for one that can't be taken."""
    def push(self, frames: Sequence[tuple[int, bytes, int]], link: str = "ethernet") -> tuple[list[bytes], bytes]:
        """Decide on frames: (time in ns, bytes, original length) each; `link` is "ethernet" or "ip".

        Gives the copies' outer frames, in order, and the truth, a JSON line for each packet and source.
        """
    def explain(self, source: Capture) -> bytes | None:
        """Decide on what a capture has next, and say why; None at its end, nothing where a pipe is silent.

        A JSON line a frame: what the packet is, and for each source that it touches its truth and `asked`, the
        sessions that were asked, in order.
        """
