"""Rules on one frame, from their text to their alerts."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from tmrx.cli import run

# Suricata's limit of alerts on one packet, which is tmrx's.
MOST = 15


def capture(folder: Path, frame: bytes) -> None:
    """Put a capture of one Ethernet frame there."""
    record = struct.pack("<IIII", 1_700_000_000, 0, len(frame), len(frame)) + frame
    (folder / "one.pcap").write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + record)


def alerted(options: list[str], folder: Path, header: str) -> list[str]:
    """Those of these options whose rules alert on the capture, in their order."""
    rules, eve = folder / "t.rules", folder / "eve.json"
    rules.write_text("".join(f"{header} ({text} sid:{sid};)\n" for sid, text in enumerate(options, 1)))
    assert run(["analyze", str(folder / "one.pcap"), "--quiet", "--strict", "-S", str(rules), "--eve", str(eve)]) == 0
    events = [json.loads(line) for line in eve.read_text().splitlines()]
    return [options[event["alert"]["signature_id"] - 1] for event in events if event["event_type"] == "alert"]
