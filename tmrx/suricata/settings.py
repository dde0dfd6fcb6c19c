"""Every setting of suricata.yaml once: what it is, what it means where the file has none, and whether it has effect.

The paths are dotted; `*` stands for any name, and a tree is all that is below its path. Without `-c` the values are
those of `stock.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from tmrx.errors import ConfigError
from tmrx.suricata.document import Node, Text

STOCK = Path(__file__).with_name("stock.yaml")

Kind = Literal["flag", "size", "number", "text", "list", "tree", "idle"]


class Setting(NamedTuple):
    """One setting. `default` is what it means where nothing sets it; `idle` settings are known and have no effect."""

    path: str
    kind: Kind
    default: str
    help: str


def _idle(above: str, names: str) -> tuple[Setting, ...]:
    return tuple(Setting(f"{above}.{name}".removeprefix("."), "idle", "", "") for name in names.split())


_POLICY = "what becomes of a packet then: ignore, auto, pass-packet, pass-flow, drop-packet, drop-flow, bypass, reject"

SETTINGS: tuple[Setting, ...] = (
    Setting("vars.address-groups", "tree", "", "address variables of rules"),
    Setting("vars.port-groups", "tree", "", "port variables of rules"),
    Setting("default-rule-path", "text", "", "folder of rule files"),
    Setting("rule-files", "list", "", "rule files, unless -S names one"),
    Setting("classification-file", "text", "", "the classes of rules; tmrx's own list where there is none"),
    Setting("reference-config-file", "text", "", "the kinds of references"),
    Setting("threshold-file", "text", "", "thresholds and suppressions"),
    Setting("action-order", "list", "", "which actions go first"),
    Setting("reputation-categories-file", "text", "", "the categories of iprep"),
    Setting("default-reputation-path", "text", "", "folder of reputation files"),
    Setting("reputation-files", "list", "", "reputation files"),
    Setting("datasets.rules.allow-write", "flag", "yes", "whether rules may save datasets"),
    Setting("datasets.rules.allow-absolute-filenames", "flag", "no", "whether rules may name files anywhere"),
    Setting("default-data-dir", "text", "", "where datasets are kept, without --data-dir"),
    Setting("datasets", "tree", "", "datasets by name: type, load, save, state, hashsize, memcap"),
    Setting("default-log-dir", "text", ".", "where outputs go, without -l"),
    Setting("outputs", "tree", "", "what is written"),
    Setting("stats.enabled", "flag", "yes", "whether there are statistics"),
    Setting("logging.default-log-level", "text", "notice", "how much is said"),
    Setting("logging.outputs", "tree", "", "where it is said"),
    Setting("exception-policy", "text", "", f"for all that follow: {_POLICY}"),
    Setting("host-os-policy", "tree", "", "networks by operating system, for overlapping segments and fragments"),
    Setting("stream.memcap", "size", "64mb", "memory for TCP sessions"),
    Setting("stream.memcap-policy", "text", "", _POLICY),
    Setting("stream.checksum-validation", "flag", "yes", "TCP segments with a wrong checksum are not taken in"),
    Setting("stream.midstream", "flag", "no", "sessions without their beginning are taken in"),
    Setting("stream.midstream-policy", "text", "", _POLICY),
    Setting("stream.async-oneside", "flag", "no", "sessions of which one side is seen are taken in"),
    Setting("stream.inline", "text", "auto", "data is inspected before it is acknowledged"),
    Setting("stream.bypass", "flag", "no", "a flow is left alone once its depth is reached"),
    Setting("stream.max-syn-queued", "number", "10", "SYN packets kept of one handshake"),
    Setting("stream.max-synack-queued", "number", "5", "SYN/ACK packets kept of one handshake"),
    Setting("stream.reassembly.memcap", "size", "256mb", "memory for segments"),
    Setting("stream.reassembly.memcap-policy", "text", "", _POLICY),
    Setting("stream.reassembly.depth", "size", "1mb", "how far into a stream to go; 0 for no limit"),
    Setting("stream.reassembly.toserver-chunk-size", "size", "2560", "the least that is inspected at once"),
    Setting("stream.reassembly.toclient-chunk-size", "size", "2560", "the same of the other side"),
    Setting("stream.reassembly.check-overlap-different-data", "text", "", "look for overlaps with other data"),
    Setting("stream.reassembly.urgent.policy", "text", "inline", "what becomes of urgent data: oob, inline, drop, gap"),
    Setting("stream.reassembly.urgent.oob-limit-policy", "text", "", "and of more of it than can be kept apart"),
    Setting("flow.memcap", "size", "128mb", "memory for flows"),
    Setting("flow-timeouts.default.new", "number", "30", "seconds: flows seen in one direction"),
    Setting("flow-timeouts.default.established", "number", "300", "seconds: flows seen in both"),
    Setting("flow-timeouts.tcp.new", "number", "30", "seconds: TCP before the end of the handshake"),
    Setting("flow-timeouts.tcp.established", "number", "300", "seconds: TCP after it"),
    Setting("flow-timeouts.tcp.closed", "number", "10", "seconds: TCP that is closed"),
    Setting("flow-timeouts.udp.new", "number", "30", "seconds: UDP seen in one direction"),
    Setting("flow-timeouts.udp.established", "number", "300", "seconds: UDP seen in both"),
    Setting("flow-timeouts.icmp.new", "number", "30", "seconds: ICMP seen in one direction"),
    Setting("flow-timeouts.icmp.established", "number", "300", "seconds: ICMP seen in both"),
    Setting("defrag.memcap", "size", "16mb", "memory for fragments"),
    Setting("defrag.timeout", "number", "60", "seconds a datagram waits for its fragments"),
    Setting("decoder.max-layers", "number", "16", "how deep encapsulations go"),
    Setting("decoder.vxlan.enabled", "flag", "yes", "VXLAN is taken off"),
    Setting("decoder.vxlan.ports", "text", "4789", "UDP ports of VXLAN"),
    Setting("decoder.vxlan.reserved-bits-check", "text", "strict", "strict or permissive"),
    Setting("decoder.geneve.enabled", "flag", "yes", "GENEVE is taken off"),
    Setting("decoder.geneve.ports", "text", "6081", "UDP ports of GENEVE"),
    Setting("decoder.teredo.enabled", "flag", "yes", "Teredo is taken off"),
    Setting("decoder.teredo.ports", "text", "any", "UDP ports of Teredo"),
    Setting("decoder.recursion-level.use-for-tracking", "flag", "yes", "flows at other depths are other flows"),
    Setting("vlan.use-for-tracking", "flag", "yes", "flows of other VLANs are other flows"),
    Setting("pcap-file.checksum-checks", "text", "auto", "whether checksums are verified"),
    Setting("packet-alert-max", "number", "15", "alerts of one packet that are kept"),
    Setting("detect.inspection-recursion-limit", "number", "3000", "steps of content matching"),
    Setting("detect.guess-applayer-tx", "flag", "no", "alerts on streams show the transaction that is the only one"),
    Setting("detect.stream-tx-log-limit", "number", "4", "such alerts of one transaction"),
    Setting("pcre.match-limit", "number", "3500", "steps of a pcre"),
    Setting("pcre.match-limit-recursion", "number", "1500", "depth of a pcre"),
    Setting("engine-analysis.rules", "flag", "no", "with --engine-analysis, what rules are"),
    Setting("engine-analysis.rules-fast-pattern", "flag", "no", "with --engine-analysis, their fast patterns"),
    Setting("sensor-name", "text", "", "the name of the host in events"),
    # The application protocols will read theirs.
    *_idle("", "app-layer asn1-max-frames legacy lua magic-file geoip-database ja3-fingerprints port-groups"),
    # How work is done, which changes no result here.
    *_idle("", "runmode max-pending-packets host-mode threading default-packet-size detect detect-engine mpm-algo"),
    *_idle("", "spm-algo mpm cuda profiling multi-detect rule-reload heartbeat host ippair containers plugins"),
    *_idle("", "flow-timeouts datasets.defaults datasets.limits datasets.enabled ignore-unknown-requirements"),
    *_idle("flow", "hash-size prealloc emergency-recovery managers recyclers memcap-policy"),
    *_idle("defrag", "hash-size prealloc max-frags trackers memcap-policy host-config"),
    *_idle("stream", "prealloc-sessions drop-invalid liberal-timestamps max-sessions check-overlap"),
    *_idle("stream.reassembly", "randomize-chunk-size randomize-chunk-range raw segment-prealloc max-regions segments"),
    *_idle("stats", "interval decoder-events decoder-events-prefix stream-events exception-policy"),
    *_idle("logging", "default-log-format default-output-filter default-line-length stacktrace-on-signal"),
    *_idle("", "engine-analysis decoder.erspan decoder.vntag decoder.ieee8021ah vlan"),
    # Live capture, and what a service of the system is.
    *_idle("", "af-packet af-xdp pcap pcap-file netmap dpdk pfring napatech ipfw nfq nflog mpipe windivert capture"),
    *_idle("", "live unix-command run-as coredump daemon-directory pid-file umask security limit-noproc"),
    *_idle("", "suricata-version bpf-filter ebpf-filter filestore tls-log"),
)
BY_PATH: Mapping[str, Setting] = {setting.path: setting for setting in SETTINGS}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([a-zA-Z]*)", re.ASCII)
_UNITS = {"": 1, "b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_TRUE = {"1", "yes", "true", "on"}
_FALSE = {"0", "no", "false", "off"}


def is_true(text: str) -> bool:
    """Whether a scalar says yes; anything else says no."""
    return text.lower() in _TRUE


def size(text: str) -> int | None:
    """Bytes: a number with kb, mb, gb, KiB, MiB, GiB or nothing, powers of 1024; None for what is no size."""
    match = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    return None if match is None or unit is None else int(float(match[1]) * unit)


class Configuration:
    """A document, read by the table."""

    def __init__(self, document: dict[str, Node]) -> None:
        self.document = document

    def node(self, path: str) -> Node | None:
        """What stands at a path."""
        node: Node | None = self.document
        for key in path.split("."):
            node = node.get(key) if isinstance(node, dict) else None
        return node

    def text(self, path: str) -> str:
        """A scalar, the default where there is none or an empty one."""
        node = self.node(path)
        return node if isinstance(node, Text) and node else BY_PATH[path].default

    def flag(self, path: str) -> bool:
        """A boolean."""
        return is_true(self.text(path))

    def size(self, path: str) -> int:
        """Bytes. Raises ConfigError."""
        return self._number(path, size(self.text(path)), "no size, as in 64mb")

    def number(self, path: str) -> int:
        """A whole number. Raises ConfigError."""
        text = self.text(path)
        return self._number(path, int(text) if text.isascii() and text.isdigit() else None, "no number")

    def words(self, path: str) -> list[str]:
        """A list of scalars; a scalar is a list of one."""
        return list(scalars(self.node(path)))

    def place(self, path: str) -> str:
        """Where a setting stands, for messages."""
        node = self.node(path)
        return f"{node.place}: {path}" if isinstance(node, Text) else path

    def _number(self, path: str, number: int | None, why: str) -> int:
        if number is None or number >= 2**63:
            raise ConfigError(self.place(path), f"{self.text(path)!r} is {why}")
        return number

    def idle(self) -> tuple[list[str], list[str]]:
        """Settings that are there without effect, and those that are not known at all."""
        known, unknown = set(), set()
        for path in _paths(self.document):
            setting = _nearest(path)
            if setting is None:
                unknown.add(path)
            elif setting.kind == "idle":
                known.add(setting.path)
        return sorted(known), sorted(unknown)


def scalars(node: Node | None) -> Iterator[Text]:
    """The scalars of a list, or the one that is there; empty ones are left out. `--set x.0=` makes a list too."""
    items = node if isinstance(node, list) else node.values() if isinstance(node, dict) else [node]
    for item in items:
        if isinstance(item, Text) and item:
            yield item


def _paths(document: dict[str, Node], above: str = "") -> Iterator[str]:
    for key, node in document.items():
        path = f"{above}{key}"
        if isinstance(node, dict) and path not in BY_PATH:
            yield from _paths(node, f"{path}.")
        elif node or path in BY_PATH:
            yield path


def _nearest(path: str) -> Setting | None:
    while path:
        if path in BY_PATH:
            return BY_PATH[path]
        path = path.rpartition(".")[0]
    return None
