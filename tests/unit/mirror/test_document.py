"""Which kind of file a configuration is."""

from __future__ import annotations

import pytest

from tmrx.errors import ConfigError
from tmrx.mirror.document import parse


@pytest.mark.parametrize(
    ("data", "own"),
    [
        (b'{"Vpcs": []}', False),
        (b'\xef\xbb\xbf {"Vpcs": []}', False),
        ('{"Vpcs": []}'.encode("utf-16"), False),
        (b"# nothing but a remark", True),
        (b'[[vpcs]]\nvpc_id = "v"', True),
    ],
)
def test_recognised_by_content(data: bytes, own: bool) -> None:
    assert parse("f", data).own is own


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\x00\x80", "is not text"),
        (b'{"a": 1}', "holds nothing that tmrx knows"),
        (b'{"Vpcs": [}', "is not JSON: Expecting value at line 1 column 11"),
        (b'{"Vpcs": [' + b"9" * 5000 + b"]}", "is nested too deeply, or has a number of thousands of digits"),
        (b"[" * 100_000, "is neither JSON nor TOML"),
        (b'{"Vpcs": ' + b"[" * 100_000, "is nested too deeply, or has a number of thousands of digits"),
        (b'[{"VpcId": "v"}]', "is a JSON list where an object was expected"),
        (b"hello, world", "is neither JSON nor TOML"),
        (b'{"Resources": {"T": {"Type": "AWS::EC2::TrafficMirrorTarget"}}}', "is a CloudFormation template"),
        (b"AWSTemplateFormatVersion: '2010-09-09'\nResources:\n", "is a CloudFormation template"),
        (b'{"terraform_version": "1.9"}', "is Terraform's JSON"),
        (b'{"resource": {"aws_ec2_traffic_mirror_target": {}}}', "is Terraform's JSON"),
    ],
)
def test_refused(data: bytes, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse("f", data)
    assert caught.value.what == "f"
    assert caught.value.why.startswith(why)
    assert caught.value.hint
