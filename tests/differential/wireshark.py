"""What Wireshark's dissector says of a capture, a packet for each network header.

Frames that Wireshark calls malformed say nothing: where it stops in a broken header is its own choice.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

needs_tshark = [
    pytest.mark.needs_tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]

ON = ("ip.defragment", "ipv6.defragment", "ip.check_checksum", "tcp.check_checksum", "udp.check_checksum")
OFF = ("tcp.desegment_tcp_streams", "tcp.relative_sequence_numbers")
# Fields of each layer: one value for each time that the layer is there, in the frame's order.
LAYERS = {
    "ip": ("ip.src", "ip.dst", "ip.ttl", "ip.len", "ip.flags.mf", "ip.frag_offset"),
    "ipv6": ("ipv6.src", "ipv6.dst", "ipv6.hlim", "ipv6.plen"),
    "tcp": (
        "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.len",
        "tcp.checksum.status",
    ),
    "udp": ("udp.srcport", "udp.dstport", "udp.length", "udp.checksum.status"),
    "sctp": ("sctp.srcport", "sctp.dstport"),
    "icmp": ("icmp.type", "icmp.code"),
    "icmpv6": ("icmpv6.type", "icmpv6.code"),
    "vlan": ("vlan.id",),
    "ieee8021ad": ("ieee8021ad.id",),
    "vxlan": ("vxlan.vni",),
    "geneve": ("geneve.vni",),
    "erspan": ("erspan.spanid",),
    "igmp": (), "esp": (), "gre": (), "teredo": (), "mpls": (), "arp": (), "pppoes": (), "eth": (),
    "sll": (), "null": (), "wlan": (), "llc": (), "chdlc": (), "ppp": (),
}  # fmt: skip
# Where a layer is there without one of its fields, which value is whose can't be told.
EVERY = (
    "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "udp.srcport", "sctp.srcport", "icmp.type",
    "icmpv6.type", "vlan.id", "ieee8021ad.id", "vxlan.vni", "geneve.vni",
)  # fmt: skip
# Fields that are there in some frames only, as many times as they like.
LOOSE = ("gre.key", "erspan.direction", "ip.reassembled.length", "ipv6.reassembled.length")
FIELDS = ("frame.number", "frame.protocols", *(name for names in LAYERS.values() for name in names), *LOOSE)
NETWORK = ("ip", "ipv6")
TRANSPORT = ("tcp", "udp", "sctp", "icmp", "icmpv6", "igmp", "esp", "gre")
# What makes a tunnel of a datagram; anything else in one is an application's, packets or not.
TUNNELS = ("vxlan", "geneve", "gre", "teredo", "mpls")
ERRORS = {"icmp": ("3", "4", "5", "11", "12"), "icmpv6": ("1", "2", "3", "4")}


@dataclass
class Layer:
    """One layer: Wireshark's name for it and its fields."""

    name: str
    fields: dict[str, str]


@dataclass
class Theirs:
    """A network header and what was between it and the one before, and behind it."""

    network: Layer
    before: list[Layer]
    transport: Layer | None = None
    quoted: list[Layer] = field(default_factory=list)


@dataclass
class Dissected:
    """A frame: its layers' names, its packets from the outermost, and the loose fields."""

    protocols: list[str]
    packets: list[Theirs]
    loose: dict[str, list[str]]
    understood: bool


def dissect(path: Path, frames: int | None = None, options: tuple[str, ...] = ()) -> dict[int, Dissected]:
    """By frame number; `frames` at most, `options` for tshark."""
    command = ["tshark", "-n", "-r", str(path), *options]
    command += ["-c", str(frames)] if frames else []
    command += [word for name in OFF for word in ("-o", f"{name}:FALSE")]
    command += [word for name in ON for word in ("-o", f"{name}:TRUE")]
    command += ["-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;"]
    command += [word for name in FIELDS for word in ("-e", name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # A damaged capture is read up to the damage, as tmrx does.
    assert done.returncode == 0 or any(word in done.stderr for word in ("cut short", "damaged")), done.stderr
    found = {}
    for line in done.stdout.split("\n")[:-1]:
        cells = dict(zip(FIELDS, (cell.split(";") if cell else [] for cell in line.split("\t")), strict=True))
        found[int(cells["frame.number"][0])] = _frame(cells)
    return found


def _frame(cells: dict[str, list[str]]) -> Dissected:
    protocols = cells["frame.protocols"][0].split(":")
    loose = {name: cells[name] for name in LOOSE}
    counted = all(len(cells[name]) == protocols.count(name.rpartition(".")[0]) for name in EVERY)
    network = _without_application(protocols)
    understood = counted and "_ws.malformed" not in network and "_ws.short" not in network
    layers = _layers(protocols, network, cells) if understood else []
    return Dissected(protocols, _packets(layers), loose, understood)


def _without_application(protocols: list[str]) -> list[str]:
    """The layers before the first application's."""
    for number, (name, after) in enumerate(pairwise(protocols), 1):
        if name in ("tcp", "udp", "sctp") and after not in TUNNELS:
            return protocols[:number]
    return protocols


def _layers(protocols: list[str], network: list[str], cells: dict[str, list[str]]) -> list[Layer]:
    seen = dict.fromkeys(LAYERS, 0)
    layers = []
    for name in (name for name in network if name in LAYERS):
        at, seen[name] = seen[name], seen[name] + 1
        fields = {key: cells[key][at] for key in LAYERS[name] if len(cells[key]) == protocols.count(name)}
        layers.append(Layer(name, fields))
    return layers


def _packets(layers: list[Layer]) -> list[Theirs]:
    packets: list[Theirs] = []
    between: list[Layer] = []
    for number, layer in enumerate(layers):
        if layer.name in NETWORK:
            packets.append(Theirs(layer, between))
            between = []
        elif packets and layer.name in TRANSPORT and not between and packets[-1].transport is None:
            packets[-1].transport = layer
            if layer.fields.get(f"{layer.name}.type") in ERRORS.get(layer.name, ()):
                packets[-1].quoted = layers[number + 1 :]
                break
        else:
            between.append(layer)
    return packets
