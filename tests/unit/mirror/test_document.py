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
        (b'{"Resources": {"T": {"Type": "AWS::S3::Bucket"}}}', "holds no resource that has to do with mirrors"),
        (b"AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n", "holds no resource that has to do with mirrors"),
        (b"Resources: 1\n--- 2", "is not YAML as CloudFormation takes it"),
        (b'{"TemplateBody": "7"}', "is no CloudFormation template"),
        (b'{"terraform_version": "1.9", "format_version": "1.0"}', "is Terraform's JSON without resources"),
        (b'{"terraform_version": "0.11", "version": 3}', "is a state of version 3, not 4"),
        (b'{"resource": {"aws_ec2_traffic_mirror_target": {}}}', "is Terraform's source, in JSON"),
        (b'# made by hand\nresource "aws_ec2_traffic_mirror_target" "t" {\n}\n', "is Terraform's source"),
        (b"locals {\n}\n", "is Terraform's source"),
        (b'{"@level":"info","type":"version"}\n{"@level":"info"}\n', "holds messages of a terraform command"),
        (b"PK\x03\x04\xff", "is an archive, as Terraform's plan files are"),
        (b'{"Vpcs": [], "Vpcs": []}', "has the key 'Vpcs' twice in one object"),
    ],
)
def test_refused(data: bytes, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse("f", data)
    assert caught.value.what == "f"
    assert caught.value.why.startswith(why)
    assert caught.value.hint
