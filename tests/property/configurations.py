"""Mirrors to try as people write them: AWS's JSON, and the TOML for what it can't say."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.property.mirrors import BLOCKS4, BLOCKS6, MACS, OWN4, OWN6, PROTOCOLS, ranges, seldom
from tmrx import mirror
from tmrx.mirror import Mirror

Row = dict[str, Any]

SOURCES = tuple(f"eni-{number:017x}" for number in range(1, 4))
ENDPOINTS = tuple(f"vpce-0{number:016x}" for number in range(1, 4))
KINDS = ("NetworkInterfaceId", "NetworkLoadBalancerArn", "GatewayLoadBalancerEndpointId")


def addresses_of(four: str, six: str) -> Row:
    return {"PrivateIpAddress": four, "Ipv6Addresses": [{"Ipv6Address": six}]}


@st.composite
def rules(draw: st.DrawFn, direction: str) -> list[Row]:
    found: list[Row] = []
    for number in range(draw(st.integers(0, 3))):
        action = "reject" if draw(st.integers(1, 4)) == 1 else "accept"
        row: Row = {"TrafficMirrorFilterRuleId": f"tmfr-{direction}{number}", "RuleNumber": 10 * number + 10}
        row |= {"RuleAction": action, "TrafficDirection": direction}
        protocol = draw(seldom(st.sampled_from(PROTOCOLS), None, 3))
        if protocol is not None:
            row["Protocol"] = protocol
        blocks = st.sampled_from(draw(st.sampled_from((BLOCKS4, BLOCKS6))))
        for end in ("Source", "Destination"):
            if draw(st.booleans()):
                row[f"{end}CidrBlock"] = draw(blocks)
            ports = draw(seldom(ranges, None, 6)) if protocol in (6, 17) else None
            if ports:
                row[f"{end}PortRange"] = {"FromPort": ports[0], "ToPort": ports[1]}
        found.append(row)
    return found


@st.composite
def filters(draw: st.DrawFn) -> list[Row]:
    return [
        {
            "TrafficMirrorFilterId": f"tmf-{number}",
            "IngressFilterRules": draw(rules("ingress")),
            "EgressFilterRules": draw(rules("egress")),
            "NetworkServices": ["amazon-dns"] if draw(st.booleans()) else [],
        }
        for number in range(2)
    ]


@st.composite
def targets(draw: st.DrawFn) -> tuple[list[Row], list[str]]:
    """Three targets, and the TOML that is said of them."""
    rows, own = [], []
    for number in range(3):
        kind = draw(st.sampled_from(KINDS))
        named = {KINDS[0]: f"eni-t{number}", KINDS[1]: f"arn:aws:nlb/{number}", KINDS[2]: ENDPOINTS[number]}[kind]
        rows.append({"TrafficMirrorTargetId": f"tmt-{number}", kind: named})
        if kind == KINDS[0]:
            mtu = draw(st.sampled_from((576, 1500, 9001)))
            own.append(f'[[network_interfaces]]\nnetwork_interface_id = "{named}"\nmtu = {mtu}\n')
            continue
        said = f'[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "tmt-{number}"\n'
        if draw(st.booleans()):
            said += f'addresses = ["10.0.7.{number}", "2001:db8:7::{number}"]\n'
        receivers = [f"10.0.8.{last}" for last in range(1, draw(st.integers(1, 4)))]
        own.append(f"{said}receivers = {json.dumps(receivers)}\n")
    return rows, own


@st.composite
def configurations(draw: st.DrawFn) -> Mirror:
    """One to three sources of up to three sessions each, with a VNI of its own."""
    target_rows, own = draw(targets())
    interfaces = [
        {"NetworkInterfaceId": f"eni-t{number}"} | addresses_of(f"10.0.9.{number + 1}", f"2001:db8:9::{number + 1}")
        for number in range(3)
    ]
    sessions: list[Row] = []
    for number, source in enumerate(SOURCES[: draw(st.integers(1, 3))]):
        row = {"NetworkInterfaceId": source, "VpcId": "vpc-1"} | addresses_of(OWN4[number], OWN6[number % 2])
        interfaces.append(row | ({"MacAddress": MACS[number].hex(":")} if draw(st.integers(1, 5)) > 1 else {}))
        if draw(st.integers(1, 4)) == 1:
            own.append(f'[[network_interfaces]]\nnetwork_interface_id = "{source}"\noffload = false\n')
        for order in range(draw(st.integers(1, 3))):
            length = draw(st.one_of(st.none(), st.integers(1, 140), st.sampled_from((1464, 8500))))
            sessions.append(
                {
                    "TrafficMirrorSessionId": f"tms-{number}{order}",
                    "NetworkInterfaceId": source,
                    "TrafficMirrorTargetId": f"tmt-{draw(st.integers(0, 2))}",
                    "TrafficMirrorFilterId": f"tmf-{draw(st.integers(0, 1))}",
                    "SessionNumber": order + 1,
                    "VirtualNetworkId": draw(st.sampled_from((0, 16_000_000))) + len(sessions),
                    **({"PacketLength": length} if length else {}),
                }
            )
    choices = {
        "outer": ("ipv4", "ipv6"),
        "mtu_reading": ("byte-exact", "documented"),
        "source_ports": ("aws", "ephemeral"),
        "truncated_checksum": ("pseudo", "zero", "kept"),
        "exclude_ntp": ("amazon", "all", "none"),
    }
    settings = "".join(f'{name} = "{draw(st.sampled_from(values))}"\n' for name, values in choices.items())
    tables = {
        "TrafficMirrorSessions": sessions,
        "TrafficMirrorTargets": target_rows,
        "TrafficMirrorFilters": draw(filters()),
        "NetworkInterfaces": interfaces,
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
    }
    documents = (("mirror.json", json.dumps(tables)), ("mirror.toml", "\n".join([*own, "[settings]", settings])))
    return mirror.from_documents([mirror.parse(name, text.encode()) for name, text in documents])
