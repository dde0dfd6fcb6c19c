"""`outputs:` of suricata.yaml → what the core builds, and the files that it goes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tmrx import __version__, plan
from tmrx.errors import ConfigError
from tmrx.sinks import Rotation
from tmrx.suricata import http, talk
from tmrx.suricata.document import Node, Text
from tmrx.suricata.files import Files
from tmrx.suricata.messages import Level, level
from tmrx.suricata.settings import Configuration, is_true, size

Map = dict[str, Node]

# Event types that come with the application protocols.
_LATER = """
smtp websocket rdp nfs smb tftp ike dcerpc krb5 bittorrent-dht snmp rfb sip quic ldap pop3
dhcp mqtt pgsql dnp3 modbus enip ikev2
"""
# Outputs that Suricata has or had, and tmrx has not.
_ELSEWHERE = """
alert-debug tls-store tcp-data http-body-data lua unified2-alert http-log tls-log dns-log drop syslog
pcap-info file-log alert-prelude
"""


@dataclass
class Wanted:
    """The outputs of a run: EVE files with what they hold, fast.log and stats.log, None for none.

    `files` are those that traffic carried. `pcap` is the capture, the files of which `rotation` says, and `pcap_filter`
    the expression that packets in it fit. `idle` names what was asked for and is not written.
    """

    events: list[tuple[Path, plan.Eve]] = field(default_factory=list)
    fast: Path | None = None
    stats: Path | None = None
    pcap: Path | None = None
    rotation: Rotation = field(default_factory=Rotation)
    pcap_filter: str = ""
    files: Files = field(default_factory=Files)
    idle: list[str] = field(default_factory=list)


def read(configuration: Configuration, folder: Path, capture: str) -> Wanted:
    """What `outputs` asks for, below `folder`; `capture` is what `pcap-file: yes` names. Raises ConfigError."""
    wanted = Wanted()
    common = Common(configuration, capture)
    for name, options in _entries(configuration.node("outputs")):
        if not is_true(_text(options, "enabled", "no")):
            continue
        if name == "eve-log":
            wanted.events.append((_path(folder, options, "eve.json"), _section(options, common, wanted)))
        elif name == "fast":
            wanted.fast = _path(folder, options, "fast.log")
        elif name == "stats":
            wanted.stats = _path(folder, options, "stats.log")
        elif name == "pcap-log":
            _capture(wanted, folder, options)
        elif name == "file-store":
            wanted.files.store(options)
        elif name in _ELSEWHERE.split():
            wanted.idle.append(f"outputs.{name}")
        else:
            raise ConfigError("outputs", f"there is no output {name!r}")
    return wanted


def logs(configuration: Configuration, folder: Path) -> Iterator[tuple[Path, Level]]:
    """The files that messages go to, as `logging.outputs` has them."""
    for name, options in _entries(configuration.node("logging.outputs")):
        if name == "file" and _flag(options, "enabled"):
            yield _path(folder, options, "suricata.log"), level(_text(options, "level", "info")) or Level.INFO


@dataclass(frozen=True)
class Common:
    """What all EVE sections share."""

    configuration: Configuration
    capture: str


def _entries(node: Node | None) -> Iterator[tuple[str, Map]]:
    """A list's entries, `- name: options` or `- name`, in order."""
    for entry in node if isinstance(node, list) else []:
        if isinstance(entry, Text):
            yield entry, {}
        elif isinstance(entry, dict):
            for name, options in entry.items():
                yield name, options if isinstance(options, dict) else {}


def _text(options: Map, key: str, default: str) -> str:
    value = options.get(key)
    return value if isinstance(value, Text) and value else default


def _flag(options: Map, key: str, default: bool = False) -> bool:
    return is_true(_text(options, key, "yes" if default else "no"))


def _capture(wanted: Wanted, folder: Path, options: Map) -> None:
    """pcap-log: all packets, in files that are named by the second of their first one."""
    limit, most = size(_text(options, "limit", "0")), _text(options, "max-files", "0")
    if limit is None or not (most.isascii() and most.isdigit()):
        raise ConfigError("outputs.pcap-log", "its limit or max-files can't be", "limit: 1gb, max-files: 10")
    # Which packets are in it, and how it is written, there are other ways of in Suricata.
    usual = {"mode": "normal", "conditional": "all", "compression": "none", "ts-format": "sec"}
    odd = [key for key, value in usual.items() if _text(options, key, value) != value]
    odd += [key for key in ("use-stream-depth", "honor-pass-rules", "lz4-checksum") if _flag(options, key)]
    wanted.idle += [f"outputs.pcap-log.{key}" for key in odd]
    wanted.pcap = _path(folder, options, "log.pcap")
    wanted.rotation = Rotation(size=limit, keep=int(most), stamped=True)
    wanted.pcap_filter = _text(options, "bpf-filter", "")


def _path(folder: Path, options: Map, default: str) -> Path:
    return folder / _text(options, "filename", default)


def _section(options: Map, common: Common, wanted: Wanted) -> plan.Eve:
    filetype = _text(options, "filetype", "regular")
    if filetype not in {"regular", "file"}:
        raise ConfigError("outputs.eve-log.filetype", f"{filetype!r} is known, not supported yet", "regular")
    section = plan.Eve(
        metadata=_flag(options, "metadata", True),
        ethernet=_flag(options, "ethernet"),
        community_id=_flag(options, "community-id"),
        ipv6_compress=_flag(options, "ipv6-compress"),
        suricata_version=__version__ if _flag(options, "suricata-version") else "",
        host=common.configuration.text("sensor-name"),
        pcap_filename=common.capture if _flag(options, "pcap-file") else "",
    )
    shared = {key: node for key, node in options.items() if key == "xff"}
    for name, own in ((name, shared | own) for name, own in _entries(options.get("types"))):
        if not _flag(own, "enabled", True):
            continue
        if name in TYPES:
            section = TYPES[name](section, own)
            if name == "files":
                wanted.files.force(own, "outputs.eve-log.types.files")
        elif name in _LATER.split():
            wanted.idle.append(f"outputs.eve-log.types.{name}")
        else:
            raise ConfigError("outputs.eve-log.types", f"there is no event type {name!r}")
    return section


def _alert(section: plan.Eve, options: Map) -> plan.Eve:
    metadata = options.get("metadata")
    parts = metadata if isinstance(metadata, dict) else {}
    on = _flag(options, "metadata", True) or isinstance(metadata, dict)
    rule = parts.get("rule")
    of_rule = rule if isinstance(rule, dict) else {}
    return _replace(
        section,
        alert=plan.AlertEvents(
            application=on and _flag(parts, "app-layer", True),
            flow=on and _flag(parts, "flow", True),
            rule_metadata=on and _flag(of_rule, "metadata", True) and not _is_no(rule),
            references=on and _flag(of_rule, "reference"),
            rule_text=on and _flag(of_rule, "raw"),
            payload=_flag(options, "payload"),
            payload_printable=_flag(options, "payload-printable"),
            payload_length=_flag(options, "payload-length"),
            payload_size=_payload_size(options),
            packet=_flag(options, "packet"),
            verdict=_flag(options, "verdict"),
            tagged_packets=_flag(options, "tagged-packets", True),
            http_body=_flag(options, "http-body"),
            http_body_printable=_flag(options, "http-body-printable"),
            xff=http.xff(options.get("xff")),
        ),
    )


def _payload_size(options: Map) -> int:
    found = size(_text(options, "payload-buffer-size", "4kb"))
    if found is None:
        raise ConfigError("payload-buffer-size", f"{options.get('payload-buffer-size')!r} is no size, as in 4kb")
    return found


def _frame(section: plan.Eve, options: Map) -> plan.Eve:
    return _replace(section, frame=plan.FrameEvents(payload_size=_payload_size(options)))


def _is_no(node: Node | None) -> bool:
    return isinstance(node, Text) and bool(node) and not is_true(node)


def _anomaly(section: plan.Eve, options: Map) -> plan.Eve:
    types = options.get("types")
    which = types if isinstance(types, dict) else {}
    events = plan.AnomalyEvents(
        decode=_flag(which, "decode"),
        stream=_flag(which, "stream"),
        applayer="applayer" not in which or _flag(which, "applayer"),
        packet_header=_flag(options, "packethdr"),
    )
    return _replace(section, anomaly=events)


def _stats(section: plan.Eve, options: Map) -> plan.Eve:
    events = plan.StatsEvents(
        totals=_flag(options, "totals", True), threads=_flag(options, "threads"), deltas=_flag(options, "deltas")
    )
    return _replace(section, stats=events)


def _drop(section: plan.Eve, options: Map) -> plan.Eve:
    flows = _text(options, "flows", "start")
    if flows not in {"start", "all"}:
        raise ConfigError("outputs.eve-log.types.drop.flows", f"{flows!r} is not start or all")
    events = plan.DropEvents(
        alerts=_flag(options, "alerts", True), flows="all" if flows == "all" else "start",
        verdict=_flag(options, "verdict"),
    )  # fmt: skip
    return _replace(section, drop=events)


def _replace(section: plan.Eve, **changes: object) -> plan.Eve:
    made: plan.Eve = msgspec.structs.replace(section, **changes)
    return made


TYPES: dict[str, Callable[[plan.Eve, Map], plan.Eve]] = {
    "alert": _alert,
    "anomaly": _anomaly,
    "stats": _stats,
    "drop": _drop,
    "http": lambda section, options: _replace(section, http=http.events(options)),
    "http2": lambda section, _: _replace(section, http2=True),
    "doh2": lambda section, _: _replace(section, doh2=True),
    "dns": lambda section, options: _replace(section, dns=talk.dns(options)),
    "mdns": lambda section, _: _replace(section, mdns=True),
    "ftp": lambda section, _: _replace(section, ftp=True),
    "ssh": lambda section, _: _replace(section, ssh=True),
    "llmnr": lambda section, _: _replace(section, llmnr=True),
    "tls": lambda section, options: _replace(section, tls=talk.tls(options)),
    "flow": lambda section, _: _replace(section, flow=True),
    "files": lambda section, options: _replace(section, files=plan.FileEvents(xff=http.xff(options.get("xff")))),
    "frame": _frame,
    "netflow": lambda section, _: _replace(section, netflow=True),
    "arp": lambda section, _: _replace(section, arp=True),
    "metadata": lambda section, _: _replace(section, variables=True),
}
