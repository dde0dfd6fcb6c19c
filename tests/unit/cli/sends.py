"""A mirror and traffic for the tests of `tmrx send` and `tmrx mirror explain`."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from tests.unit.mirror.build import filter_of, interface, ports, rule, session, to_interface

MAC, PEER = "02:00:00:00:00:01", "02:00:00:00:00:02"
HOST, OTHER = "10.0.0.1", "10.0.0.7"
NOTHING_BUT_WEB = filter_of("tmf-web", ingress=[rule(Protocol=6, DestinationPortRange=ports(80))])
ALL_BUT_SSH = filter_of(
    ingress=[
        rule(
            5, "reject", Protocol=6, DestinationPortRange=ports(22),
            SourceCidrBlock="10.0.0.0/8", DestinationCidrBlock="0.0.0.0/0",
        ),
        rule(10, SourceCidrBlock="0.0.0.0/0", DestinationCidrBlock="0.0.0.0/0"),
    ],
    NetworkServices=["amazon-dns"],
)  # fmt: skip
TABLES: dict[str, Any] = {
    "TrafficMirrorSessions": [
        session(1, TrafficMirrorFilterId="tmf-web", PacketLength=60, Tags=[{"Key": "Name", "Value": "web"}]),
        session(2),
    ],
    "TrafficMirrorFilters": [NOTHING_BUT_WEB, ALL_BUT_SSH],
    "TrafficMirrorTargets": [to_interface()],
    "NetworkInterfaces": [
        interface(MacAddress=MAC, PrivateIpAddress=HOST, TagSet=[{"Key": "Name", "Value": "front"}]),
        interface("eni-t", PrivateIpAddress="127.0.0.1"),
    ],
}


def mirror(folder: Path, **tables: Any) -> str:
    """That mirror as a file, with other tables."""
    path = folder / "mirror.json"
    path.write_text(json.dumps(TABLES | tables))
    return str(path)


def tcp(  # noqa: PLR0913 -- that many things there are
    src: str, dst: str, sport: int, dport: int, *, macs: tuple[str, str], payload: int = 0
) -> bytes:
    """A SYN by IPv4; `macs`: source, destination. Checksums are 0."""
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + payload, 1, 0, 64, 6, 0, _packed(src), _packed(dst))
    header = struct.pack(">HHIIBBHHH", sport, dport, 1, 0, 0x50, 0x02, 1024, 0, 0)
    link = bytes.fromhex((macs[1] + macs[0]).replace(":", "")) + b"\x08\x00"
    return link + ip + header + bytes(payload)


def into(dport: int, payload: int = 0) -> bytes:
    """From the peer to the source."""
    return tcp(OTHER, HOST, 40000, dport, macs=(PEER, MAC), payload=payload)


def capture(path: Path, *frames: bytes) -> str:
    """Frames as a capture, a millisecond apart."""
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    for number, frame in enumerate(frames):
        data += struct.pack("<IIII", 1_700_000_000, number * 1000, len(frame), len(frame)) + frame
    path.write_bytes(data)
    return str(path)


def _packed(address: str) -> bytes:
    return bytes(map(int, address.split(".")))
