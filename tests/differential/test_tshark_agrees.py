"""The core and Wireshark's dissector say the same of what both decode.

The packet compared is the innermost: the last occurrence of each field. Left out, each for its reason:

* malformed.pcap: Wireshark stops at other places in broken headers, which is no one's fault;
* overlay.pcap's deepest frame: tmrx follows four tunnels, Wireshark all;
* truncated copies: a tunnel's length is the cut one's, so Wireshark calls what follows malformed;
* fields inside the packet that an ICMP error quotes;
* checksum verdicts where tmrx says `not_calculated`, `unverifiable` or `absent`: Wireshark has no such words.
"""

from __future__ import annotations

import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.differential.rows import Row, core_rows
from tests.support import SAMPLES, SHARED, read_pcap, sample_names
from tmrx.plan import Plan

pytestmark = [
    pytest.mark.needs_tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]

OFF = ("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams", "tcp.relative_sequence_numbers")
ON = ("ip.check_checksum", "tcp.check_checksum", "udp.check_checksum")
FIELDS = (
    "ip.src", "ip.dst", "ip.ttl", "ipv6.src", "ipv6.dst", "ipv6.hlim", "tcp.srcport", "tcp.dstport", "tcp.seq_raw",
    "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "udp.srcport", "udp.dstport", "icmp.type", "icmp.code",
    "icmpv6.type", "icmpv6.code", "vxlan.vni", "vlan.id", "tcp.checksum.status", "udp.checksum.status",
)  # fmt: skip
LEFT_OUT = ("malformed", "overlay")
ICMP_ERRORS = {"icmp": (3, 4, 5, 11, 12), "icmpv6": (1, 2, 3, 4)}
# Wireshark's words for a checksum, by number: 0 bad, 1 good.
STATUS = {"bad": "0", "valid": "1"}


def tshark(path: Path) -> list[dict[str, list[str]]]:
    """Every occurrence of each field, by frame."""
    command = ["tshark", "-n", "-r", str(path)]
    command += [word for name in OFF for word in ("-o", f"{name}:FALSE")]
    command += [word for name in ON for word in ("-o", f"{name}:TRUE")]
    command += ["-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;"]
    command += [word for name in FIELDS for word in ("-e", name)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [
        {name: cell.split(";") if cell else [] for name, cell in zip(FIELDS, line.split("\t"), strict=True)}
        for line in out.split("\n")[:-1]
    ]


def told(row: Row) -> dict[str, str]:
    """What the core says, under Wireshark's names."""
    layer, network = row["layer"], "ip" if row["ip"] == 4 else "ipv6"
    out = {f"{network}.{end}": str(ip_address(row[end][12:] if row["ip"] == 4 else row[end])) for end in ("src", "dst")}
    out["ip.ttl" if row["ip"] == 4 else "ipv6.hlim"] = str(row["ttl"])
    if layer in ("tcp", "udp"):
        out |= {f"{layer}.srcport": str(row["sport"]), f"{layer}.dstport": str(row["dport"])}
        if row["l4_checksum"] in STATUS:
            out[f"{layer}.checksum.status"] = STATUS[row["l4_checksum"]]
    if layer in ICMP_ERRORS:
        out |= {f"{layer}.type": str(row["sport"]), f"{layer}.code": str(row["dport"])}
    if layer == "tcp":
        out |= {"tcp.seq_raw": str(row["seq"]), "tcp.ack_raw": str(row["ack"])}
        out |= {"tcp.flags": f"0x{row['tcp_flags']:04x}", "tcp.window_size_value": str(row["window"])}
    if row["vni"] is not None and "vxlan" in row["encapsulation"]:
        out["vxlan.vni"] = str(row["vni"])
    return out


def compare(path: Path) -> list[str]:
    frames = read_pcap(path)
    if not frames:
        pytest.skip("a link type that tmrx does not read, or no frame")
    wireshark = tshark(path)
    differ = []
    for row in core_rows(Plan(), frames):
        theirs = wireshark[row["frame"] - 1]
        quotes = row["layer"] in ICMP_ERRORS and row["sport"] in ICMP_ERRORS[row["layer"]]
        if not row["ip"] or row["truncated"] or quotes:
            continue
        for name, value in told(row).items():
            last = theirs[name][-1] if theirs[name] else None
            if last is not None and name == "tcp.flags":
                last = f"0x{int(last, 16) & 0xFF:04x}"
            if last != value:
                differ.append(f"frame {row['frame']} {name}: {value}, Wireshark says {last}")
    return differ


@pytest.mark.parametrize("name", [name for name in sample_names() if name not in LEFT_OUT])
def test_sample(name: str) -> None:
    assert compare(SAMPLES / f"{name}.pcap") == []


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not here")
def test_aws_capture() -> None:
    assert compare(SHARED / "captures" / "aws-mirror-2019.pcap") == []
