"""CloudFormation templates as mirrors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmrx import mirror
from tmrx.errors import ConfigError
from tmrx.mirror import Mirror, from_documents, parse
from tmrx.mirror.importers.intrinsics import Template
from tmrx.mirror.placed import Unknown

TEMPLATE = (Path(__file__).parent / "template.yaml").read_text()


def read(text: str | dict[str, Any]) -> Mirror:
    """The mirror of a template."""
    data = text if isinstance(text, str) else json.dumps(text)
    return from_documents([parse("template.yaml", data.encode())])


def faults(text: str | dict[str, Any]) -> list[str]:
    """What is wrong with a template."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    return caught.value.lines()


def session(**properties: Any) -> dict[str, Any]:
    """A template of one session and what it names."""
    given = {"NetworkInterfaceId": "eni-1", "TrafficMirrorTargetId": "tmt-1", "TrafficMirrorFilterId": "tmf-1"}
    resource = {"Type": "AWS::EC2::TrafficMirrorSession", "Properties": {**given, "SessionNumber": 1, **properties}}
    return {"Resources": {"Web": resource}}


def test_a_template() -> None:
    read_ = read(TEMPLATE)
    web = read_.sessions["WebSession"]
    assert (web.network_interface_id, web.traffic_mirror_target_id) == ("WebInterface", "Appliance")
    assert (web.session_number, web.virtual_network_id, web.packet_length) == (1, 42, 128)
    assert web.label() == "stack-web"
    assert read_.drawn == {"ApiSession"}
    assert read_.identities().known[0].name == "stack-web"


def test_rules_stand_in_their_filters() -> None:
    only = read(TEMPLATE).filters["Filter"]
    assert only.amazon_dns()
    inward, outward = only.rules("ingress"), only.rules("egress")
    assert [rule.traffic_mirror_filter_rule_id for rule in inward] == ["NoSsh", "Https"]
    assert inward[1].destination_cidr_block == "10.0.0.0/16"
    assert inward[1].destination_port_range is not None
    assert inward[1].destination_port_range.to_port == 443
    assert [rule.protocol for rule in outward] == [None]


def test_the_network() -> None:
    read_ = read(TEMPLATE)
    assert read_.resolvers(read_.interfaces["WebInterface"])[:2] == ("10.0.0.2", "10.1.0.2")
    interface = read_.interfaces["WebInterface"]
    assert (interface.private_ip_address, interface.instance_id()) == ("10.0.1.10", "WebServer")
    assert read_.vpc_of(interface) == "Vpc"
    assert read_.instance_type(interface) == "t3.micro"
    assert [group.group_id for group in interface.groups] == ["Group"]
    permission = read_.security_groups["Group"].ip_permissions[1]
    assert (permission.ip_protocol, permission.to_port, permission.cidrs()) == ("17", 4789, ("10.0.0.0/16",))
    assert [p.cidrs() for p in read_.security_groups["Group"].ip_permissions_egress] == [("0.0.0.0/0",), ("::/0",)]
    assert "HalfKnown" not in read_.security_groups, "part of a group would seem to drop what it admits"
    assert read_.subnets["Subnet"].availability_zone == "us-east-1b"
    assert "Absent" not in read_.interfaces, "its condition leaves it out"


def test_a_load_balancer() -> None:
    target = read(TEMPLATE).targets["Balanced"]
    assert target.network_load_balancer_arn == "Balancer"
    assert (target.zones, target.cross_zone, target.listeners) == (("us-east-1b",), True, (4789,))
    assert target.receivers == ("10.0.1.50", "10.0.1.51")


def test_an_endpoint_without_an_id_has_a_stand_in() -> None:
    read_ = read(TEMPLATE)
    endpoint = read_.targets["Gateway"].gateway_load_balancer_endpoint_id
    assert endpoint in read_.vpc_endpoints
    assert endpoint.startswith("vpce-0")
    assert int(endpoint.removeprefix("vpce-"), 16) < 2**64


def test_json_and_what_get_template_prints() -> None:
    bare = session(PacketLength="128")
    for text in (bare, {"TemplateBody": bare}, {"TemplateBody": json.dumps(bare)}, {"TemplateBody": TEMPLATE}):
        assert {one.packet_length for one in read(text).sessions.values()} >= {128}


def test_every_fault_has_its_place() -> None:
    text = TEMPLATE.replace("PacketLength: 128", "PacketLength: 9000").replace("FromPort: 443", "FromPort: http")
    text = text.replace("RuleAction: reject", "RuleAction: deny").replace("SessionNumber: 2", "VirtualNetworkId: x")
    assert sorted(faults(text)) == [
        "template.yaml: Resources.ApiSession.Properties.SessionNumber: is missing",
        "template.yaml: Resources.ApiSession.Properties.VirtualNetworkId: 'x' is not a whole number",
        "template.yaml: Resources.Https.Properties.DestinationPortRange.FromPort: 'http' is not a whole number",
        "template.yaml: Resources.NoSsh.Properties.RuleAction: 'deny' is not accept or reject",
        "template.yaml: Resources.WebSession.Properties.PacketLength: 9000 is above 8500 (1 to 8500)",
    ]


def test_faults_of_the_whole_have_their_places_too() -> None:
    text = TEMPLATE.replace("RuleNumber: 20", "RuleNumber: 10").replace("SessionNumber: 2", "SessionNumber: 1")
    text = text.replace("NetworkInterfaceId: !Ref ApiInterface", "NetworkInterfaceId: !Ref WebInterface")
    assert sorted(faults(text)) == [
        "template.yaml: Resources.ApiSession.Properties.SessionNumber: 1 is also that of WebSession "
        "(unique for each source)",
        "template.yaml: Resources.Https: rule number 10 is taken (unique for a filter and direction)",
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"Ref": "Source"}, "is the parameter 'Source', which has no Default (give the parameter a Default)"),
        ({"Ref": "Kept"}, "is the parameter 'Kept', which names a value that SSM keeps (give the value itself)"),
        ({"Ref": "Typo"}, "names 'Typo', which is neither a resource nor a parameter of the template"),
        ({"Ref": "Out"}, "names 'Out', which its condition 'Never' leaves out"),
        ({"Fn::ImportValue": "eni"}, "is what Fn::ImportValue gives, which is known only after deployment"),
        ({"Fn::GetAtt": ["Other", "Thing"]}, "is Thing of 'Other', which is known only after deployment"),
        ({"Fn::If": ["Unsaid", "a", "b"]}, "depends on the condition 'Unsaid', which is not known"),
        ({"Fn::Select": [7, ["a"]]}, "selects nothing"),
        ({"Fn::Join": ["", "x"]}, "is Fn::Join of something else than [delimiter, list]"),
        ({"Fn::FindInMap": ["A", "b", "c"]}, "is not in the mapping: A.b.c"),
        ({"Fn::Sub": "${Loop.CidrBlock}"}, "refers to itself"),
        (["eni-1"], "a list is not a string"),
    ],
)
def test_what_can_not_be_known_is_a_fault_where_it_is_needed(value: Any, why: str) -> None:
    template = session(NetworkInterfaceId=value, Description=value, Tags=[{"Key": "Name", "Value": value}])
    template["Parameters"] = {
        "Source": {"Type": "AWS::EC2::NetworkInterface::Id"},
        "Kept": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/eni"},
    }
    template["Conditions"] = {
        "Never": {"Fn::Equals": ["a", "b"]},
        "Unsaid": {"Fn::Equals": [{"Ref": "Source"}, "b"]},
    }
    template["Resources"] |= {
        "Other": {"Type": "AWS::EC2::NetworkInterface"},
        "Out": {"Type": "AWS::EC2::NetworkInterface", "Condition": "Never"},
        "Loop": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Fn::GetAtt": "Loop.CidrBlock"}}},
    }
    # Where it isn't needed, as in a description, it is left out.
    faults_ = [line for line in faults(template) if "Description" not in line and "Tags" not in line]
    assert len(faults_) == 1
    assert faults_[0].startswith(f"template.yaml: Resources.Web.Properties.NetworkInterfaceId: {why}")


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::NoValue"}, None),
        ({"Ref": "List"}, ["a", "b"]),
        ({"Fn::Sub": "${AWS::Partition}-${!x}-${Name}-${Vpc.VpcId}"}, "aws-${x}-n-Vpc"),
        ({"Fn::Sub": ["${a}${Name}", {"a": {"Ref": "Name"}}]}, "nn"),
        ({"Fn::Join": [",", ["a", {"Ref": "Name"}]]}, "a,n"),
        ({"Fn::Join": ["", {"Ref": "List"}]}, "ab"),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", "a-b-c"]}]}, "b"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "us-east-1a"),
        ({"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "k"]}, "v"),
        ({"Fn::Select": [1, {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 2, 8]}]}, "10.0.1.0/24"),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", {"Ref": "AWS::NoValue"}]}, None),
        ({"Fn::If": ["Unsaid", "a", "a"]}, "a"),
        ({"Fn::If": ["Both", "a", "b"]}, "b"),
        ({"Fn::If": ["Either", "a", "b"]}, "a"),
        (True, "true"),
        (6, "6"),
        ({"a": 1, "b": {"Ref": "AWS::NoValue"}}, {"a": "1"}),
    ],
)
def test_functions(node: Any, value: Any) -> None:
    yes = {"Fn::Equals": [{"Ref": "Name"}, "n"]}
    unsaid = {"Fn::Equals": [{"Ref": "Unsaid"}, "n"]}
    template = Template(
        {
            "Parameters": {
                "Name": {"Type": "String", "Default": "n"},
                "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
                "Unsaid": {"Type": "String"},
            },
            "Mappings": {"Map": {"us-east-1": {"k": "v"}}},
            "Conditions": {
                "Yes": yes,
                "No": {"Fn::Not": [{"Condition": "Yes"}]},
                "Unsaid": unsaid,
                "Both": {"Fn::And": [unsaid, {"Condition": "No"}]},
                "Either": {"Fn::Or": [unsaid, yes]},
            },
            "Resources": {"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}},
        }
    )
    assert template.value(node) == value


def test_an_unknown_condition_keeps_its_resource() -> None:
    template = session()
    template["Resources"]["Web"]["Condition"] = "Unsaid"
    template["Conditions"] = {"Unsaid": {"Fn::Equals": [{"Ref": "P"}, "x"]}}
    template["Parameters"] = {"P": {"Type": "String"}}
    assert "Web" in read(template).sessions
    template["Parameters"]["P"]["Default"] = "y"
    assert faults(template)[0].startswith("template.yaml: holds no resource that has to do with mirrors")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Resources:\n  A: &a {}\n  B: *a\n", "CloudFormation takes no aliases at line 3 column 6"),
        ("Resources:\n  A: {}\n  A: {}\n", "'A' is there twice at line 3 column 3"),
        ("Resources:\n  A: [1,\n", "line 3 column 1"),
        ("Resources:\n  [1]: 2\n", "a key is no text at line 2 column 3"),
        ("Resources: \x01", "special characters are not allowed"),
        ("Resources: {}\n---\nResources: {}\n", "expected a single document"),
    ],
)
def test_not_yaml_as_cloudformation_takes_it(text: str, why: str) -> None:
    only = faults(text)
    assert len(only) == 1
    assert only[0].startswith("template.yaml: is not YAML as CloudFormation takes it: ")
    assert why in only[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Resources:\n  Fn::ForEach::A: []\n", "Resources.Fn::ForEach::A: is a loop, which only AWS unrolls"),
        ("Resources:\n  A: 1\n", "Resources.A: is not an object"),
        ("Resources:\n  A: {}\n", "Resources.A: has no Type"),
        ("Resources:\n  A: {Type: B, Properties: []}\n", "Resources.A: has Properties that are no object"),
        ("Resources: 7\n", "Resources: is not an object of resources"),
        ("Resources:\n  A: {Type: AWS::S3::Bucket}\n", "holds no resource that has to do with mirrors"),
        ('{"Resources": {"A": {}, "A": {}}}', "has the key 'A' twice in one object"),
    ],
)
def test_form(text: str, why: str) -> None:
    assert f"template.yaml: {why}" in faults(text)[0]


def test_functions_of_functions_stay_small() -> None:
    """Each resource doubles the one before it: 2^60 characters, were it not for a limit."""
    resources = {
        f"R{n}": {
            "Type": "AWS::EC2::VPC",
            "Properties": {"CidrBlock": {"Fn::Sub": f"${{R{n - 1}.CidrBlock}}${{R{n - 1}.CidrBlock}}" if n else "x"}},
        }
        for n in range(60)
    }
    template = session(Description={"Fn::GetAtt": "R59.CidrBlock"}, PacketLength={"Fn::GetAtt": "R59.CidrBlock"})
    template["Resources"] |= resources
    assert "Resources.Web.Properties.PacketLength: is longer than 4,096 characters" in "\n".join(faults(template))


def test_no_larger_than_cloudformation_takes() -> None:
    assert faults("Resources:\n" + "#" * (1 << 20))[0].startswith("template.yaml: has 1,048,587 characters")


def test_deep_nesting_and_long_chains_are_no_crash() -> None:
    assert faults("Resources: " + "[" * 5000)[0].startswith("template.yaml: is nested too deeply")
    conditions = {f"C{n}": {"Condition": f"C{n + 1}"} for n in range(20_000)}
    template = {**session(), "Conditions": conditions}
    template["Resources"]["Web"]["Condition"] = "C0"
    assert faults(template)[0].startswith("template.yaml: is nested too deeply")


def test_toml_over_a_template(tmp_path: Path) -> None:
    """What a template can't say comes from tmrx's own TOML."""
    template, own = tmp_path / "template.yaml", tmp_path / "own.toml"
    template.write_text(TEMPLATE)
    own.write_text('[[network_interfaces]]\nnetwork_interface_id = "WebInterface"\nmac_address = "02:00:00:00:00:01"\n')
    assert mirror.load([template, own]).interfaces["WebInterface"].mac_address == "02:00:00:00:00:01"


def test_what_a_template_names_and_does_not_make_may_be_there() -> None:
    template = session()
    template["Resources"]["Own"] = {"Type": "AWS::EC2::NetworkInterface"}
    template["Resources"]["Target"] = {
        "Type": "AWS::EC2::TrafficMirrorTarget",
        "Properties": {"NetworkInterfaceId": {"Ref": "Own"}},
    }
    read_ = read(template)
    assert read_.is_active(read_.sessions["Web"]) == ""


NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["R", "P", "C", "${P}", "R.x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["Ref", "Condition", "a"])
            | st.sampled_from(["Sub", "GetAtt", "Join", "Select", "Split", "FindInMap", "If", "Cidr", "GetAZs"]).map(
                "Fn::{}".format
            )
            | st.sampled_from(["Equals", "And", "Or", "Not", "Base64"]).map("Fn::{}".format),
            inner,
            max_size=2,
        )
    ),
    max_leaves=12,
)


@given(NODES, NODES, NODES)
def test_no_function_raises(node: Any, other: Any, third: Any) -> None:
    resource = {"Type": "AWS::EC2::TrafficMirrorSession", "Condition": "C", "Properties": {"x": other}}
    sections = {"Parameters": {"P": {"Default": third}}, "Mappings": {"R": {"P": {"C": other}}}}
    template = Template({"Resources": {"R": resource}, "Conditions": {"C": third}, **sections})
    assert isinstance(template.value(node), str | list | dict | Unknown | None)
    assert template.condition("C") in {True, False, None}
