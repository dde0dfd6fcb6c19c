"""The configuration that Terraform really made: plan, show and read a mirror's resources, without AWS or a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import REPO
from tmrx.mirror import from_documents, load, parse

FILES = Path(__file__).parent / "terraform"
RECORDED = REPO / "tests/unit/mirror/terraform/plan.json"
TERRAFORM = shutil.which("terraform")
_MIRROR = re.compile(r'^\s*path\s*=\s*"([^"]+)"', re.MULTILINE)


def plugin_folders() -> Iterator[Path]:
    """Where providers may lie: as said, where terraform's own settings say, where it looks itself, and under /opt."""
    for name in ("TMRX_TF_PLUGINS", "TF_PLUGIN_CACHE_DIR"):
        if os.environ.get(name):
            yield Path(os.environ[name])
    settings = Path(os.environ.get("TF_CLI_CONFIG_FILE") or Path.home() / ".terraformrc")
    if settings.is_file():
        yield from map(Path, _MIRROR.findall(settings.read_text()))
    yield Path.home() / ".terraform.d/plugins"
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for folder in (str(Path.home() / ".local/share"), *shared.split(":")):
        yield Path(folder) / "terraform/plugins"
    yield from sorted(Path("/opt").glob("*"))


def plugins() -> Path | None:
    """The first folder that has the aws provider, in the layout of a filesystem mirror."""
    return next((folder for folder in plugin_folders() if any(folder.glob("*/hashicorp/aws/*"))), None)


def terraform(folder: Path, *arguments: str) -> str:
    """What terraform prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
    environment = kept | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [str(TERRAFORM), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.needs_terraform
@pytest.mark.skipif(not TERRAFORM, reason="terraform is not installed")
def test_a_plan_that_terraform_made(tmp_path: Path) -> None:
    provider = plugins()
    if provider is None:
        pytest.skip("terraform's aws provider is not here: TMRX_TF_PLUGINS names a folder that has it")
    folder = tmp_path / "terraform"
    shutil.copytree(FILES, folder)
    terraform(folder, "init", "-input=false", "-no-color", f"-plugin-dir={provider}")
    terraform(folder, "plan", "-input=false", "-no-color", "-out=plan")
    shown = terraform(folder, "show", "-json", "plan")
    read = from_documents([parse("plan.json", shown.encode())])
    check(read, json.loads(shown))
    assert read == load([RECORDED]), "what the unit tests read is what terraform prints"


def check(read: Any, shown: dict[str, Any]) -> None:
    """Each resource of the mirror's is read, and everything that a session refers to is there."""
    changes = shown["resource_changes"]
    for kind, found in (("session", read.sessions), ("target", read.targets), ("filter", read.filters)):
        assert set(found) == {one["address"] for one in changes if one["type"] == f"aws_ec2_traffic_mirror_{kind}"}
    rules = {one["address"] for one in changes if one["type"] == "aws_ec2_traffic_mirror_filter_rule"}
    kept = [rule for one in read.filters.values() for rule in (*one.rules("ingress"), *one.rules("egress"))]
    assert {rule.traffic_mirror_filter_rule_id for rule in kept} == rules
    for session in read.sessions.values():
        assert read.interface(session)
        assert read.target(session)
        assert read.filter(session)
        assert read.outer_source(session).startswith("10.0.1.")
