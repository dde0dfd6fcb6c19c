"""A CloudFormation template → the objects of AWS's JSON.

A resource's logical id is its id. A resource that its condition leaves out is left out; one whose condition can't be
known is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tmrx.errors import ConfigError
from tmrx.mirror.importers.intrinsics import Template, section
from tmrx.mirror.importers.objects import content
from tmrx.mirror.importers.resources import Resource
from tmrx.mirror.placed import Placed

_TYPES = {
    *(f"AWS::EC2::TrafficMirror{kind}" for kind in ("Session", "Target", "Filter", "FilterRule")),
    *("AWS::EC2::Instance", "AWS::EC2::NetworkInterface", "AWS::EC2::NetworkInterfaceAttachment"),
    *("AWS::EC2::VPC", "AWS::EC2::VPCCidrBlock", "AWS::EC2::Subnet", "AWS::EC2::VPCEndpoint"),
    *("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"),
    *(f"AWS::ElasticLoadBalancingV2::{kind}" for kind in ("LoadBalancer", "Listener", "TargetGroup")),
}
# Fields that are no text: CloudFormation takes `"8500"` for a number and `8500` for a text.
_NUMBERS = {
    *("SessionNumber", "VirtualNetworkId", "PacketLength", "RuleNumber", "Protocol"),
    *("FromPort", "ToPort", "Port"),
}
_SWITCHES = {"Primary", "Ipv6Native"}
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_HINT = "as in AWS's template reference"
_PROCESSED = "give the template as AWS unrolled it: aws cloudformation get-template --template-stage Processed"


def read(source: str, template: Mapping[str, Any]) -> tuple[dict[str, list[Placed]], list[ConfigError]]:
    """The objects of a template, and what is wrong with its own form."""
    faults: list[ConfigError] = []
    resources = list(_resources(source, template, faults))
    return content(resources), faults


def _resources(source: str, template: Mapping[str, Any], faults: list[ConfigError]) -> Iterator[Resource]:
    values = Template(template)
    if not isinstance(template.get("Resources"), dict):
        faults.append(ConfigError(f"{source}: Resources", "is not an object of resources", _HINT))
    for name, resource in section(template, "Resources").items():
        place = f"Resources.{name}"
        wrong, hint = _wrong(name, resource)
        if wrong:
            faults.append(ConfigError(f"{source}: {place}", wrong, hint))
        elif resource["Type"] in _TYPES and values.condition(resource.get("Condition")) is not False:
            yield _resource(values, name, resource)


def _wrong(name: str, resource: Any) -> tuple[str, str]:
    """What is wrong with a resource's form, and a hint."""
    if name.startswith("Fn::"):
        return "is a loop, which only AWS unrolls", _PROCESSED
    if not isinstance(resource, dict):
        return "is not an object", _HINT
    if not isinstance(resource.get("Type"), str):
        return "has no Type", _HINT
    if not isinstance(resource.get("Properties", {}), dict | None):
        return "has Properties that are no object", _HINT
    return "", ""


def _resource(values: Template, name: str, resource: Mapping[str, Any]) -> Resource:
    properties = section(resource, "Properties")
    return Resource(
        kind=resource["Type"].rpartition("::")[2],
        id=name,
        place=f"Resources.{name}",
        get=lambda key: _typed(key, values.value(properties.get(key))),
        at=lambda key: f"Resources.{name}.Properties.{key}",
    )


def _typed(name: str, value: Any) -> Any:
    """Texts as the numbers and switches that a field has."""
    if isinstance(value, dict):
        return {key: _typed(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(name, item) for item in value]
    if name in _NUMBERS and isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return int(value)
    if name in _SWITCHES and value in {"true", "false"}:
        return value == "true"
    return value
