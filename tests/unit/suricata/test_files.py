"""`file-store` and what outputs force to be found out about files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.suricata.test_outputs import read
from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.suricata.files import Files


def test_nothing_is_found_out_unless_asked_for(tmp_path: Path) -> None:
    wanted = read(tmp_path, "outputs:\n- eve-log: {enabled: yes, types: [files]}\n- file-store: {version: 2}\n")
    assert wanted.files == Files()
    assert wanted.events[0][1].files == plan.FileEvents()


@pytest.mark.parametrize(
    ("options", "magic", "hashes"),
    [
        ("force-magic: yes", True, ()),
        ("force-hash: [sha256, md5]", False, ("md5", "sha256")),
        ("force-md5: yes", False, ("md5",)),
        ("force-hash: sha1", False, ("sha1",)),
    ],
)
def test_what_events_force(tmp_path: Path, options: str, magic: bool, hashes: tuple[str, ...]) -> None:
    wanted = read(tmp_path, f"outputs:\n- eve-log: {{enabled: yes, types: [{{files: {{{options}}}}}]}}\n")
    assert (wanted.files.settings.magic, wanted.files.settings.hashes) == (magic, hashes)


def test_the_store(tmp_path: Path) -> None:
    text = "version: 2, enabled: yes, dir: kept, write-fileinfo: yes, force-filestore: yes, stream-depth: 1mb"
    wanted = read(tmp_path, f"outputs:\n- file-store: {{{text}, force-hash: [md5]}}\n")
    settings = plan.FileSettings(hashes=("md5",), store=True, store_all=True, stream_depth=2**20)
    assert wanted.files == Files(settings, "kept", True)


@pytest.mark.parametrize("text", ["version: 1", "version: 2, stream-depth: deep", "version: 2, force-hash: [crc]"])
def test_stores_that_can_not_be(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read(tmp_path, f"outputs:\n- file-store: {{enabled: yes, {text}}}\n")
