"""What a document may hold: its tables in AWS's words, the model of a row, and the field that names the row."""

from __future__ import annotations

from tmrx.mirror.model import (
    Instance,
    NetworkInterface,
    TrafficMirrorFilter,
    TrafficMirrorFilterRule,
    TrafficMirrorSession,
    TrafficMirrorTarget,
)
from tmrx.mirror.network import NetworkAcl, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint
from tmrx.mirror.values import Model

TABLES: tuple[tuple[str, type[Model], str], ...] = (
    ("TrafficMirrorSessions", TrafficMirrorSession, "traffic_mirror_session_id"),
    ("TrafficMirrorTargets", TrafficMirrorTarget, "traffic_mirror_target_id"),
    ("TrafficMirrorFilters", TrafficMirrorFilter, "traffic_mirror_filter_id"),
    ("TrafficMirrorFilterRules", TrafficMirrorFilterRule, "traffic_mirror_filter_rule_id"),
    ("NetworkInterfaces", NetworkInterface, "network_interface_id"),
    ("Vpcs", Vpc, "vpc_id"),
    ("Subnets", Subnet, "subnet_id"),
    ("Instances", Instance, "instance_id"),
    ("VpcEndpoints", VpcEndpoint, "vpc_endpoint_id"),
    ("SecurityGroups", SecurityGroup, "group_id"),
    ("NetworkAcls", NetworkAcl, "network_acl_id"),
    ("RouteTables", RouteTable, "route_table_id"),
)
