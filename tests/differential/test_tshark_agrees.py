"""The core and Wireshark's dissector say the same of what both decode: every packet of every frame's tree.

Left out, each for its reason:

* frames that Wireshark calls malformed, or of whose layers it leaves fields out: where it stops is no one's fault;
* truncated copies: a tunnel's length is the cut one's, so Wireshark calls what follows malformed;
* checksum verdicts where tmrx says `not_calculated`, `unverifiable` or `absent`: Wireshark has no such words; nor where
  Wireshark says that it did not look;
* loopback frames of an address family that Wireshark does not know: Linux' own number for IPv6;
* a datagram that never became whole, of which tmrx makes a packet with a gap in the end;
* packets inside more tunnels than tmrx follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.differential.analysed import analyse
from tests.differential.test_core_agrees import CAPTURES, SUITE
from tests.differential.wireshark import Dissected, Layer, Theirs, dissect, needs_tshark
from tests.support import SAMPLES, SHARED, sample_names, write_pcap
from tmrx.errors import InputError

pytestmark = needs_tshark

Row = dict[str, Any]
FEW = 200  # frames of a capture in the fast subset
# One frame for each anomaly, all of them wrong in some way.
LEFT_OUT = ("malformed",)
TAKEN = ("max_depth=8", "vxlan_gpe_ports=4790", "gre_udp_ports=4754")
# A Teredo datagram that is longer than its inside is none to tmrx, as to Suricata; a damaged capture that Wireshark takes
# for another vendor's format.
ALONE = {("teredo.pcap", 4), ("fuzz.pcap", 1)}
# Wireshark leaves IP in ERSPAN and a VLAN tag in GRE to the reader.
GIVES_UP = (["gre", "data"], ["erspan", "data"])
# Wireshark's words for a checksum, by number: 0 bad, 1 good.
STATUS = {"bad": "0", "valid": "1"}
VLANS = {"vlan": "vlan.id", "ieee8021ad": "ieee8021ad.id"}
PORTS = ("tcp", "udp", "sctp")


def text(address: bytes, version: int) -> str:
    return str(ip_address(address[12:] if version == 4 else address))


def network(row: Row) -> dict[str, str]:
    """What the core says of the network header, under Wireshark's names."""
    name = "ip" if row["ip"] == 4 else "ipv6"
    out = {f"{name}.{end}": text(row[end], row["ip"]) for end in ("src", "dst")}
    return out | {"ip.ttl" if row["ip"] == 4 else "ipv6.hlim": str(row["ttl"])}


def transport(row: Row) -> dict[str, str]:
    """What the core says of the transport header."""
    layer, out = row["layer"], {}
    if layer in PORTS:
        out = {f"{layer}.srcport": str(row["sport"]), f"{layer}.dstport": str(row["dport"])}
    if layer in ("icmp", "icmpv6"):
        out = {f"{layer}.type": str(row["sport"]), f"{layer}.code": str(row["dport"])}
    if layer in ("tcp", "udp") and row["l4_checksum"] in STATUS:
        out[f"{layer}.checksum.status"] = STATUS[row["l4_checksum"]]
    # Of a length that is beyond the packet tmrx takes what there is.
    if layer == "udp" and "udp.length_too_long" not in row["anomalies"]:
        out["udp.length"] = str(row["payload_length"] + 8)
    if layer == "tcp":
        out |= {"tcp.seq_raw": str(row["seq"]), "tcp.ack_raw": str(row["ack"]), "tcp.len": str(row["payload_length"])}
        out |= {"tcp.flags": f"0x{row['tcp_flags']:04x}", "tcp.window_size_value": str(row["window"])}
    return out


def as_told(layer: Layer) -> dict[str, str]:
    """A layer's fields, in the form that `network` and `transport` give them."""
    ends = ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst")
    fields = {name: str(ip_address(value)) if name in ends else value for name, value in layer.fields.items()}
    if "tcp.flags" in fields:
        fields["tcp.flags"] = f"0x{int(fields['tcp.flags'], 16) & 0xFF:04x}"
    return fields


def otherwise(row: Row, theirs: Theirs) -> Iterator[str]:
    """What the core says otherwise of a packet."""
    header = as_told(theirs.network)
    for name, value in network(row).items():
        if header[name] != value:
            yield f"{name}: {value}, Wireshark says {header[name]}"
    vlans = [int(layer.fields[VLANS[layer.name]]) for layer in theirs.before if layer.name in VLANS]
    if row["vlan"] != vlans[:3]:
        yield f"vlan: {row['vlan']}, Wireshark says {vlans}"
    # Of a fragment's own transport header Wireshark says nothing.
    if row["stop"] != "complete" or row["fragment"]:
        return
    if theirs.transport is None or theirs.transport.name != row["layer"]:
        if row["layer"] in (*PORTS, "icmp", "icmpv6"):
            yield f"layer: {row['layer']}, Wireshark says {theirs.transport}"
        return
    fields = as_told(theirs.transport)
    for name, value in transport(row).items():
        verdict = name.endswith(".status") and fields.get(name) not in STATUS.values()
        if name in fields and fields[name] != value and not verdict:
            yield f"{name}: {value}, Wireshark says {fields[name]}"


def is_datagram_of(row: Row, parent: Row) -> bool:
    """Whether it was made of the fragment that is its parent."""
    return bool(row["defragmented"] and parent["fragment"])


def as_shown(rows: list[Row]) -> list[Row]:
    """The packets that Wireshark shows: a whole datagram in the place of the fragment that completed it.

    Not those of a datagram that was given up, nor what is in one.
    """
    replaced: set[int] = set()
    hidden: set[int] = set()
    for number, row in enumerate(rows):
        parent = row["parent"]
        if (row["defragmented"] and parent is None) or parent in hidden:
            hidden.add(number)
        elif parent is not None and is_datagram_of(row, rows[parent]):
            replaced.add(parent)
    return [row for number, row in enumerate(rows) if number not in replaced | hidden and row["ip"]]


def frame_differs(rows: list[Row], theirs: Dissected) -> list[str]:
    unknown_family = theirs.protocols == ["null", "data"]
    if (
        not theirs.understood
        or unknown_family
        or any(row["truncated"] or "mirror.too_deep" in row["anomalies"] for row in rows)
    ):
        return []
    if theirs.protocols[-2:] in GIVES_UP:
        rows = rows[: len(theirs.packets)]
    if len(rows) != len(theirs.packets):
        return [f"{len(rows)} packets, Wireshark has {len(theirs.packets)} in {':'.join(theirs.protocols)}"]
    return [why for row, packet in zip(rows, theirs.packets, strict=True) for why in otherwise(row, packet)]


def compare(path: Path, frames: int | None = None) -> list[str]:
    try:
        rows = analyse(path, outer=True, settings=TAKEN, frames=frames).packets
    except InputError as refused:
        pytest.skip(str(refused))
    wireshark = dissect(path, frames)
    differ = []
    for frame, packets in groupby(as_shown(rows), key=lambda row: int(row["frame"])):
        if (path.name, frame) not in ALONE:
            differ += [f"frame {frame}: {why}" for why in frame_differs(list(packets), wireshark[frame])]
    return differ


@pytest.mark.parametrize("name", [name for name in sample_names() if name not in LEFT_OUT])
def test_sample(name: str) -> None:
    assert compare(SAMPLES / f"{name}.pcap") == []


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not here")
def test_aws_capture() -> None:
    assert compare(SHARED / "captures" / "aws-mirror-2019.pcap") == []


@pytest.mark.parametrize("path", CAPTURES[::24], ids=lambda p: str(p.relative_to(SUITE)))
def test_some_of_the_suite(path: Path) -> None:
    assert compare(path, FEW) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", CAPTURES, ids=lambda p: str(p.relative_to(SUITE)))
def test_whole_suite(path: Path) -> None:
    assert compare(path, 20_000) == []


@pytest.mark.parametrize("seed", range(4))
def test_nestings(tmp_path: Path, seed: int) -> None:
    """scapy's frames: tags, tunnels in tunnels and fragments in any order."""
    pytest.importorskip("scapy", reason="scapy is not installed")
    from tmrx.interop.nestings import Nestings  # noqa: PLC0415 - not without scapy

    path = tmp_path / "nestings.pcap"
    write_pcap(path, Nestings(seed).frames(100))
    assert compare(path) == []
