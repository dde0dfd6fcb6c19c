"""Real AWS traffic, decapsulated and mirrored again by tmrx: the outer headers are AWS's, but for what is a hash's."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.support import SHARED, read_pcap
from tmrx.cli import run
from tmrx.reference import decode

CAPTURE = SHARED / "captures" / "aws-mirror-2019.pcap"
PORT = slice(34, 36)
RESOLVER, DNS = bytes([172, 31, 0, 2]), 53
# What is known of the mirror that was captured.
MIRROR: dict[str, list[dict[str, Any]]] = {
    "TrafficMirrorSessions": [
        {
            "TrafficMirrorSessionId": "tms-0aws2019",
            "TrafficMirrorTargetId": "tmt-0aws2019",
            "TrafficMirrorFilterId": "tmf-0aws2019",
            "NetworkInterfaceId": "eni-0source",
            "SessionNumber": 1,
            "VirtualNetworkId": 0x54FA11,
        }
    ],
    "TrafficMirrorTargets": [{"TrafficMirrorTargetId": "tmt-0aws2019", "NetworkInterfaceId": "eni-0target"}],
    "TrafficMirrorFilters": [
        {
            "TrafficMirrorFilterId": "tmf-0aws2019",
            "IngressFilterRules": [{"RuleNumber": 10, "RuleAction": "accept", "TrafficDirection": "ingress"}],
            "EgressFilterRules": [{"RuleNumber": 10, "RuleAction": "accept", "TrafficDirection": "egress"}],
            "NetworkServices": ["amazon-dns"],
        }
    ],
    "NetworkInterfaces": [
        {
            "NetworkInterfaceId": "eni-0source",
            "MacAddress": "02:85:69:c2:ab:02",
            "PrivateIpAddress": "172.31.0.238",
            "VpcId": "vpc-0aws2019",
        },
        {"NetworkInterfaceId": "eni-0target", "PrivateIpAddress": "172.31.17.188", "VpcId": "vpc-0aws2019"},
    ],
    "Vpcs": [{"VpcId": "vpc-0aws2019", "CidrBlock": "172.31.0.0/16"}],
}


@pytest.mark.skipif(not CAPTURE.exists(), reason="../shared is not here")
def test_the_outer_headers_are_aws_s(tmp_path: Path) -> None:
    known, inner, out = tmp_path / "mirror.json", tmp_path / "inner.pcap", tmp_path / "again.pcap"
    known.write_text(json.dumps(MIRROR))
    assert run(["decap", str(CAPTURE), "-w", str(inner), "--quiet"]) == 0
    assert run(["send", str(inner), "-w", str(out), "--mirror", str(known), "--quiet"]) == 0
    theirs, ours = read_pcap(CAPTURE), read_pcap(out)
    assert theirs is not None
    assert ours is not None
    assert len(ours) == len(theirs)
    ports: dict[Any, tuple[int, int]] = {}
    answers = 0
    for aws, again in zip(theirs, ours, strict=True):
        assert (
            again.data[12 : PORT.start] + again.data[PORT.stop :] == aws.data[12 : PORT.start] + aws.data[PORT.stop :]
        )
        assert again.time == aws.time
        (aws_port,), (port,) = (struct.unpack(">H", frame.data[PORT]) for frame in (aws, again))
        assert port >= 65_408
        p = decode(aws.data[50:], len(aws.data) - 50, "ethernet")
        if p.sport == DNS and p.src.endswith(RESOLVER):
            answers += 1
            assert (port, aws_port) == (65_408, 65_408)
            continue
        # Where AWS's port is the same both ways, so is ours.
        flow = frozenset([(p.src, p.sport), (p.dst, p.dport)])
        assert ports.setdefault((p.proto, flow), (aws_port, port)) == (aws_port, port)
    assert answers == 8
    assert len({port for _, port in ports.values()}) > 1
