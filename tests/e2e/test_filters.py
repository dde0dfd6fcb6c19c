"""`-f` takes in what tcpdump finds in the frames inside."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import SAMPLES

EXPRESSIONS = [
    "tcp port 80",
    "udp",
    "icmp or icmp6",
    "ip6 and not tcp",
    "greater 100",
    "host 10.0.1.10",
    "tcp[13] & 2 != 0",
]
CAPTURES = ["vxlan-ipv4", "geneve-vxlan-aws", "truncated-64", "checksums", "attack"]
needs_tcpdump = pytest.mark.skipif(not shutil.which("tcpdump"), reason="tcpdump is not installed")


def decap(capture: str, out: Path, *options: str) -> bytes:
    """The frames inside, as `tmrx decap` writes them."""
    command = [sys.executable, "-m", "tmrx", "decap", str(SAMPLES / f"{capture}.pcap"), "-q", "-w", str(out), *options]
    subprocess.run(command, check=True)
    return out.read_bytes()


@needs_tcpdump
@pytest.mark.parametrize("capture", CAPTURES)
def test_tcpdump_finds_the_same(capture: str, tmp_path: Path) -> None:
    decap(capture, tmp_path / "all.pcap")
    for expression in EXPRESSIONS:
        found = tmp_path / "found.pcap"
        read = ["tcpdump", "-r", str(tmp_path / "all.pcap"), "-w", str(found), expression]
        subprocess.run(read, check=True, capture_output=True)
        # Versions of libpcap write other snaplens into the file's header.
        assert decap(capture, tmp_path / "ours.pcap", "-f", expression)[24:] == found.read_bytes()[24:], expression
