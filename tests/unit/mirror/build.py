"""Mirrors for tests, as documents: `mirror_of(TABLES…)` in AWS's words, defaults where a test does not care."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tmrx import mirror
from tmrx.errors import ConfigError
from tmrx.mirror import Mirror
from tmrx.mirror.findings import findings

Row = dict[str, Any]

EVERYTHING = {"RuleNumber": 10, "RuleAction": "accept"}
ALL_PORTS = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def aws(**tables: Any) -> mirror.Document:
    return mirror.parse("m.json", json.dumps(tables).encode())


def toml(text: str) -> mirror.Document:
    return mirror.parse("m.toml", text.encode())


def session(number: int = 1, **fields: Any) -> Row:
    """Session number of source eni-1 to target tmt-1 through filter tmf-1."""
    return {
        "TrafficMirrorSessionId": f"tms-{number}",
        "NetworkInterfaceId": "eni-1",
        "TrafficMirrorTargetId": "tmt-1",
        "TrafficMirrorFilterId": "tmf-1",
        "SessionNumber": number,
        "VirtualNetworkId": number,
    } | fields


def interface(key: str = "eni-1", **fields: Any) -> Row:
    return {
        "NetworkInterfaceId": key,
        "VpcId": "vpc-1",
        "SubnetId": "subnet-1",
        "PrivateIpAddress": "10.0.0.1",
    } | fields


def to_interface(key: str = "tmt-1", **fields: Any) -> Row:
    return {"TrafficMirrorTargetId": key, "NetworkInterfaceId": "eni-t"} | fields


def rule(number: int = 10, action: str = "accept", **fields: Any) -> Row:
    return {"RuleNumber": number, "RuleAction": action} | fields


def filter_of(
    key: str = "tmf-1", *, ingress: list[Row] | None = None, egress: list[Row] | None = None, **more: Any
) -> Row:
    return {"TrafficMirrorFilterId": key, "IngressFilterRules": ingress or [], "EgressFilterRules": egress or []} | more


def ports(first: int, last: int | None = None) -> Row:
    return {"FromPort": first, "ToPort": first if last is None else last}


def mirror_of(*documents: mirror.Document, **tables: Any) -> Mirror:
    return mirror.from_documents([aws(**tables), *documents] if tables else documents)


def found(name: str, *documents: mirror.Document, **tables: Any) -> list[str]:
    """The findings of a name, as lines."""
    return [str(one) for one in findings(mirror_of(*documents, **tables)) if one.name == name]


def faults(*documents: mirror.Document, **tables: Any) -> list[str]:
    """The faults of a mirror, as lines."""
    with pytest.raises(ConfigError) as caught:
        mirror_of(*documents, **tables)
    return caught.value.lines()
