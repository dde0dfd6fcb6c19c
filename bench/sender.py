"""One run of the sender, to be measured: `python -m bench.sender CAPTURE PLAN KIND,NAME,PORT STATS`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal, cast

# What the generator's frames are to and from.
SERVER = {
    "NetworkInterfaceId": "eni-server",
    "PrivateIpAddress": "10.200.0.1",
    "MacAddress": "02:85:69:c2:ab:02",
}
APPLIANCE = {"NetworkInterfaceId": "eni-appliance", "PrivateIpAddress": "10.0.9.9", "MacAddress": "02:00:00:00:00:99"}
# Cuts about a third of the generated frames.
PACKET_LENGTH = 256


def rules(source: str) -> list[dict[str, Any]]:
    """Five rules of one direction; the last two let through what the others don't name."""
    every = [
        {"RuleAction": "reject", "Protocol": 6, "DestinationPortRange": {"FromPort": 22, "ToPort": 23}},
        {"RuleAction": "reject", "Protocol": 17, "SourcePortRange": {"FromPort": 137, "ToPort": 139}},
        {"RuleAction": "reject", source: "192.168.0.0/16"},
        {"RuleAction": "accept", source: "10.0.0.0/8"},
        {"RuleAction": "accept"},
    ]
    return [rule | {"RuleNumber": 10 * number} for number, rule in enumerate(every, 1)]


def document() -> dict[str, Any]:
    """The mirror, as AWS prints it: one source, in both directions, to one appliance."""
    directions = {
        "IngressFilterRules": rules("SourceCidrBlock"),
        "EgressFilterRules": rules("DestinationCidrBlock"),
        "NetworkServices": ["amazon-dns"],
    }
    session = {
        "TrafficMirrorSessionId": "tms-bench",
        "TrafficMirrorTargetId": "tmt-bench",
        "TrafficMirrorFilterId": "tmf-bench",
        "NetworkInterfaceId": SERVER["NetworkInterfaceId"],
        "SessionNumber": 1,
        "VirtualNetworkId": 7,
        "PacketLength": PACKET_LENGTH,
    }
    target = {"TrafficMirrorTargetId": "tmt-bench", "NetworkInterfaceId": APPLIANCE["NetworkInterfaceId"]}
    return {
        "TrafficMirrorSessions": [session],
        "TrafficMirrorTargets": [target],
        "TrafficMirrorFilters": [{"TrafficMirrorFilterId": "tmf-bench", **directions}],
        "NetworkInterfaces": [SERVER, APPLIANCE],
    }


def make_plan(path: Path) -> None:
    """Compile the mirror and write the plan."""
    from tmrx import config, mirror  # noqa: PLC0415  # runs that are measured don't load it
    from tmrx.mirror.source import source_plan  # noqa: PLC0415

    known = mirror.from_documents([mirror.parse("bench.json", json.dumps(document()).encode())])
    path.write_bytes(source_plan(known, config.from_options(())).encode())


def main(capture: str, plan: str, to: str, stats: str) -> None:
    """Send it flat out."""
    from tmrx._core import Sender  # noqa: PLC0415

    kind, name, port = to.split(",")
    target = cast("tuple[Literal['udp', 'pcap'], str, int]", (kind, name, int(port)))
    sender = Sender(capture, target, plan=Path(plan).read_bytes(), pace=("flat-out", 1.0))
    while sender.step():
        pass
    Path(stats).write_bytes(sender.stats())


if __name__ == "__main__":
    main(*sys.argv[1:])
