"""Terraform's states and plans as mirrors.

`terraform/plan.json` is what terraform 1.11 with the aws provider 5.100 printed of tests/e2e/terraform, which tests/e2e
plans again where both are installed. `terraform/terraform.tfstate` was written by hand, as no AWS was at hand, and
`terraform/state.json` is what `terraform show -json` printed of it. What tmrx does not look at was taken out of all
three: providers, schema versions, sensitive values, attributes that are null.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tmrx.errors import ConfigError
from tmrx.mirror import Mirror, from_documents, load, parse

FILES = Path(__file__).parent / "terraform"
PLAN = FILES / "plan.json"
STATE = FILES / "state.json"

Content = dict[str, Any]


def read(content: Content) -> Mirror:
    """The mirror of a state or plan."""
    return from_documents([parse("plan.json", json.dumps(content).encode())])


def faults(content: Content) -> list[str]:
    """What is wrong with a state or plan."""
    with pytest.raises(ConfigError) as caught:
        read(content)
    return caught.value.lines()


def plan() -> Content:
    """The plan, to be changed."""
    content: Content = json.loads(PLAN.read_text())
    return content


def planned(content: Content, address: str) -> dict[str, Any]:
    """The attributes of a resource of the root module."""
    resources = content["planned_values"]["root_module"]["resources"]
    values: dict[str, Any] = next(one for one in resources if one["address"] == address)["values"]
    return values


def configured(content: Content, address: str) -> dict[str, Any]:
    """The expressions of a resource of the root module."""
    resources = content["configuration"]["root_module"]["resources"]
    expressions: dict[str, Any] = next(one for one in resources if one["address"] == address)["expressions"]
    return expressions


def test_a_plan_refers_to_what_it_is_to_make() -> None:
    sessions = load([PLAN]).sessions
    assert {key: session.network_interface_id for key, session in sessions.items()} == {
        'aws_ec2_traffic_mirror_session.each["a"]': 'aws_network_interface.source["a"]',
        'aws_ec2_traffic_mirror_session.each["b"]': 'aws_network_interface.source["b"]',
        "aws_ec2_traffic_mirror_session.web[0]": "aws_instance.web[0].primary_network_interface_id",
        "aws_ec2_traffic_mirror_session.web[1]": "aws_instance.web[1].primary_network_interface_id",
        'module.session["a"].aws_ec2_traffic_mirror_session.this': 'aws_network_interface.source["a"]',
        'module.session["b"].aws_ec2_traffic_mirror_session.this': 'aws_network_interface.source["b"]',
    }
    assert {session.traffic_mirror_filter_id for session in sessions.values()} == {
        "module.filter.aws_ec2_traffic_mirror_filter.this"
    }
    assert [session.traffic_mirror_target_id.rpartition(".")[2] for session in sessions.values()] == (
        ["appliance", "appliance", "nlb", "nlb", "gateway", "gateway"]
    )
    assert sessions['aws_ec2_traffic_mirror_session.each["a"]'].label() == "source-a"


def test_a_plan_s_network() -> None:
    mirror = load([PLAN])
    source = mirror.interfaces['aws_network_interface.source["a"]']
    assert (source.private_ip_address, mirror.vpc_of(source)) == ("10.0.1.10", "aws_vpc.main")
    assert mirror.resolvers(source)[0] == "10.0.0.2"
    web = mirror.interfaces["aws_instance.web[1].primary_network_interface_id"]
    assert (web.private_ip_address, mirror.instance_type(web)) == ("10.0.1.21", "t3.micro")
    appliance = mirror.interfaces["aws_network_interface.appliance"]
    groups = [mirror.security_groups[group.group_id] for group in appliance.groups]
    assert [[p.cidrs() for p in group.ip_permissions] for group in groups] == [[("10.0.0.0/16",)]] * 2
    assert groups[0].ip_permissions_egress == (), "terraform removes AWS's default rule"
    balanced = mirror.targets["aws_ec2_traffic_mirror_target.nlb"]
    assert (balanced.zones, balanced.cross_zone, balanced.listeners) == (("us-east-1a",), True, (4789,))
    assert balanced.receivers == ("10.0.1.50",)


def test_rules_of_a_module_s_filter() -> None:
    only = load([PLAN]).filters["module.filter.aws_ec2_traffic_mirror_filter.this"]
    [https], [out] = only.rules("ingress"), only.rules("egress")
    assert (https.protocol, https.destination_cidr_block, https.source_port_range) == (6, "10.0.0.0/16", None)
    assert https.destination_port_range is not None
    assert https.destination_port_range.from_port == 443
    assert out.protocol is None


@pytest.mark.parametrize("path", [STATE, FILES / "terraform.tfstate"])
def test_a_state(path: Path) -> None:
    mirror = load([path])
    [session] = mirror.sessions.values()
    assert (session.traffic_mirror_session_id, session.label()) == ("tms-0aaaaaaaaaaaaaaa1", "web-0")
    assert session.packet_length is None, "the provider's 0 is none"
    source = mirror.interfaces[session.network_interface_id]
    assert (source.private_ip_address, source.instance_id()) == ("10.0.1.20", "i-0aaaaaaaaaaaaaaa1")
    assert mirror.resolvers(source)[:2] == ("10.0.0.2", "10.1.0.2"), "both CIDRs of a VPC that was read"
    assert mirror.interfaces["eni-0aaaaaaaaaaaaaaa9"].mac_address == "02:00:00:00:00:99"
    [only] = mirror.filters.values()
    assert [rule.protocol for rule in (*only.rules("ingress"), *only.rules("egress"))] == [6, None]
    assert mirror.drawn == frozenset()


def test_a_state_file_says_what_terraform_shows() -> None:
    one, other = load([STATE]), load([FILES / "terraform.tfstate"])
    assert one == other
    places = [
        [row.place.partition(": ")[2] for rows in mirror.rows.values() for row in rows.values()]
        for mirror in (one, other)
    ]
    assert sorted(places[0]) == sorted(places[1])


def test_every_fault_has_its_place() -> None:
    content = plan()
    planned(content, 'aws_ec2_traffic_mirror_session.each["b"]')["packet_length"] = 9000
    [rules] = [m for m in content["planned_values"]["root_module"]["child_modules"] if m["address"] == "module.filter"]
    [https] = [one for one in rules["resources"] if one["name"] == "https"]
    https["values"] |= {"rule_number": 0, "destination_port_range": [{"from_port": 70000, "to_port": None}]}
    rule = "module.filter.aws_ec2_traffic_mirror_filter_rule.https"
    assert sorted(faults(content)) == [
        'plan.json: aws_ec2_traffic_mirror_session.each["b"].packet_length: 9000 is above 8500 (1 to 8500)',
        f"plan.json: {rule}.destination_port_range[0].from_port: 70000 is above 65535 (0 to 65535)",
        f"plan.json: {rule}.destination_port_range[0].to_port: is missing",
        f"plan.json: {rule}.rule_number: 0 is below 1 (1 to 32766)",
    ]


TARGET = "aws_ec2_traffic_mirror_target.appliance"


@pytest.mark.parametrize(
    ("references", "why"),
    [
        (["local.eni"], "comes from a local value, of which a plan does not say what it refers to"),
        (["aws_network_interface.source"], "may refer to one of several"),
        (['aws_network_interface.source["z"].id', "aws_network_interface.source"], "refers to what the plan does not"),
        (["aws_network_interface.none.id"], "refers to what the plan does not have"),
        (
            ['aws_network_interface.source["a"].id', "aws_network_interface.appliance.id"],
            'may be aws_network_interface.source["a"] or aws_network_interface.appliance',
        ),
        (["aws_vpc.main.owner"], "is known only after apply"),
        (["module.filter"], "is known only after apply"),
        (["var.vni"], "is known only after apply"),
        (["..", "aws_vpc", ""], "is known only after apply"),
    ],
)
def test_what_a_plan_leaves_open_is_a_fault(references: list[str], why: str) -> None:
    content = plan()
    configured(content, TARGET)["network_interface_id"] = {"references": references}
    [only] = faults(content)
    assert only.startswith(f"plan.json: {TARGET}.network_interface_id: {why}")
    assert "give the state after terraform apply" in only


@pytest.mark.parametrize(
    ("references", "found"),
    [
        (['aws_network_interface.source["a"].id', 'aws_network_interface.source["a"]'], 'source["a"]'),
        (["path.module", "terraform.workspace", "aws_network_interface.appliance"], "appliance"),
    ],
)
def test_references(references: list[str], found: str) -> None:
    content = plan()
    configured(content, "aws_ec2_traffic_mirror_target.nlb")["network_load_balancer_arn"] = {"references": references}
    target = read(content).targets["aws_ec2_traffic_mirror_target.nlb"]
    assert target.network_load_balancer_arn == f"aws_network_interface.{found}"


def test_a_loop_of_modules_ends() -> None:
    """Outputs that name each other, and each the other twice: 2^n ways, were they not counted."""
    content = plan()
    outputs = {f"o{n}": {"expression": {"references": [f"module.filter.o{m}" for m in range(9)]}} for n in range(9)}
    content["configuration"]["root_module"]["module_calls"]["filter"]["module"]["outputs"] |= outputs
    calls = content["configuration"]["root_module"]["module_calls"]["filter"]
    calls["module"]["outputs"]["o0"] = {"expression": {"references": ["var.cidr", "var.cidr"]}}
    calls["expressions"]["cidr"] = {"references": ["module.filter.o0", "module.filter.o0.x"]}
    configured(content, TARGET)["network_interface_id"] = {"references": ["module.filter.o0"]}
    [only] = faults(content)
    assert "refers to too much" in only


def damage(change: Callable[[Content], None]) -> Content:
    content = plan()
    change(content)
    return content


@pytest.mark.parametrize(
    "content",
    [
        damage(lambda c: c["configuration"].update(root_module=7)),
        damage(lambda c: c.pop("configuration")),
        damage(lambda c: c["planned_values"]["root_module"].update(child_modules=[1, {"resources": [2]}])),
        damage(lambda c: c["planned_values"]["root_module"]["resources"].append({"values": 1, "index": {}})),
        damage(lambda c: configured(c, TARGET).update(network_interface_id=[1])),
    ],
)
def test_a_damaged_plan_is_no_crash(content: Content) -> None:
    assert all(line.startswith("plan.json: ") for line in tried(content))


def tried(content: Content) -> list[str]:
    """What is wrong with a state or plan, which may be nothing."""
    try:
        read(content)
    except ConfigError as error:
        return error.lines()
    return []


def test_a_group_of_which_anything_is_unknown_is_left_out() -> None:
    content = plan()
    inline = planned(content, "aws_security_group.inline")
    inline["ingress"][0]["cidr_blocks"] = [None]
    assert "aws_security_group.inline" not in read(content).security_groups
    assert "aws_security_group.appliance" in read(content).security_groups


def test_data_of_a_plan_comes_from_what_was_read_before() -> None:
    content = plan()
    shown = json.loads(STATE.read_text())
    content["prior_state"] = shown
    mirror = read(content)
    assert "vpc-0aaaaaaaaaaaaaaa1" in mirror.vpcs
    assert "tms-0aaaaaaaaaaaaaaa1" not in mirror.sessions
