"""What is wanted of a run (`core/src/plan/outputs.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import NO_LIMIT, Struct
from tmrx.plan.filters import Program


class Lines(Struct, frozen=True, kw_only=True):
    """A line for each packet: brief, or of `columns` (none: all); `most` of them."""

    form: Literal["line", "table", "json", "csv"] = "line"
    columns: tuple[str, ...] = ()
    most: int = NO_LIMIT


class CaptureSettings(Struct, frozen=True, kw_only=True):
    """How the capture of the frames inside is written; of those around them, as they came, with `frames`.

    The next file begins once this one has `rotate_size` bytes, or a packet comes that is `rotate_time` nanoseconds of
    packet time after its first one. What `filter` does not admit is left out.
    """

    pcapng: bool = False
    rotate_size: int = NO_LIMIT
    rotate_time: int = NO_LIMIT
    frames: bool = False
    filter: tuple[Program, ...] = ()


class Xff(Struct, frozen=True, kw_only=True):
    """The client that proxies name in a `header` of a request: the address that stands there first or last.

    Alerts and files show it as `xff`, or with `overwrite` in place of the client's address.
    """

    header: str = "X-Forwarded-For"
    overwrite: bool = False
    last: bool = True


class AlertEvents(Struct, frozen=True, kw_only=True):
    """What an alert says besides which rule matched: `payload_size` is the most bytes of a payload or a stream.

    With `tagged_packets`, the packets that a tag asks for are events of their own, of type packet. `http_body` is in
    base64.
    """

    application: bool = True
    flow: bool = True
    rule_metadata: bool = True
    references: bool = False
    rule_text: bool = False
    payload: bool = False
    payload_printable: bool = False
    payload_length: bool = False
    payload_size: int = 4096
    packet: bool = False
    verdict: bool = False
    tagged_packets: bool = True
    http_body: bool = False
    http_body_printable: bool = False
    xff: Xff | None = None


class AnomalyEvents(Struct, frozen=True, kw_only=True):
    """Which anomalies are events: the decoder's, the streams', the applications'; with a packet's first 32 bytes."""

    decode: bool = False
    stream: bool = False
    applayer: bool = False
    packet_header: bool = False


class StatsEvents(Struct, frozen=True, kw_only=True):
    """Which counters the statistics have: of all threads together, of each, and beside each its change."""

    totals: bool = True
    threads: bool = False
    deltas: bool = False


class DropEvents(Struct, frozen=True, kw_only=True):
    """Packets that an inline engine would drop: a flow's first or all, with the rule and the verdict."""

    alerts: bool = True
    flows: Literal["start", "all"] = "start"
    verdict: bool = False


class HttpEvents(Struct, frozen=True, kw_only=True):
    """HTTP transactions. `custom`: further fields by the names that the specification gives headers (http.md)."""

    extended: bool = True
    custom: tuple[str, ...] = ()
    all_headers: Literal["", "request", "response", "both"] = ""


class DnsEvents(Struct, frozen=True, kw_only=True):
    """DNS messages, in Suricata's form 3 or 2. `types`: only with a query of such a record type, empty for all."""

    version: Literal[2, 3] = 3
    requests: bool = True
    responses: bool = True
    detailed: bool = True
    grouped: bool = True
    types: tuple[str, ...] = ()


class TlsEvents(Struct, frozen=True, kw_only=True):
    """TLS handshakes. `custom`: these fields instead of those of `extended`."""

    extended: bool = True
    custom: tuple[str, ...] = ()
    session_resumption: bool = False


class FileEvents(Struct, frozen=True, kw_only=True):
    """Files, at their ends; `stored`: only those that are stored."""

    stored: bool = False
    xff: Xff | None = None


class FrameEvents(Struct, frozen=True, kw_only=True):
    """Frames: the parts of streams and datagrams that parsers tell apart, each with its first `payload_size` bytes."""

    payload_size: int = 4096


class Eve(Struct, frozen=True, kw_only=True):
    """One stream of EVE events: the types that it has, each with its options, and what all of them say.

    `variables`: an event for each packet of which rules captured variables.
    `mirror` adds the mirror object and tmrx's own anomalies, `metadata` what rules noted, `ethernet` the MAC addresses.
    `suricata_version`, `host` (the sensor's name) and `pcap_filename` are written as they are, "" for none.
    """

    alert: AlertEvents | None = None
    anomaly: AnomalyEvents | None = None
    drop: DropEvents | None = None
    stats: StatsEvents | None = None
    http: HttpEvents | None = None
    http2: bool = False
    doh2: bool = False
    dns: DnsEvents | None = None
    mdns: bool = False
    llmnr: bool = False
    tls: TlsEvents | None = None
    ftp: bool = False
    ssh: bool = False
    files: FileEvents | None = None
    frame: FrameEvents | None = None
    flow: bool = False
    netflow: bool = False
    arp: bool = False
    variables: bool = False
    mirror: bool = False
    metadata: bool = True
    ethernet: bool = False
    community_id: bool = False
    ipv6_compress: bool = False
    suricata_version: str = ""
    host: str = ""
    pcap_filename: str = ""


# tmrx's own: every event type that a passive engine has, with the mirror object.
EVERYTHING = Eve(
    alert=AlertEvents(),
    anomaly=AnomalyEvents(decode=True, stream=True, applayer=True),
    stats=StatsEvents(),
    http=HttpEvents(),
    http2=True,
    doh2=True,
    dns=DnsEvents(),
    mdns=True,
    llmnr=True,
    tls=TlsEvents(),
    ftp=True,
    ssh=True,
    files=FileEvents(),
    flow=True,
    netflow=True,
    arp=True,
    mirror=True,
    community_id=True,
)


class Outputs(Struct, frozen=True, kw_only=True):
    """What is wanted; what no one asked for is not built. Each of `eve` gets its own bytes.

    With `inline`, what rules drop is told as dropped, as by an engine that traffic goes through.
    """

    eve: tuple[Eve, ...] = ()
    inline: bool = False
    fast: bool = False
    stats_log: bool = False
    pcap: bool = False
    capture: CaptureSettings = CaptureSettings()
    tables: tuple[Literal["packets", "flows", "alerts", "anomalies"], ...] = ()
    lines: Lines | None = None
