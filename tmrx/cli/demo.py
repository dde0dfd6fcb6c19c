"""`tmrx demo`: a mirror, its receiver and an attack on one machine, live and again offline."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from tmrx.cli import summary
from tmrx.cli.console import heading
from tmrx.errors import InputError, InternalError

_HOME = Path(__file__).parents[2]
SAMPLE = _HOME / "sample_pcaps" / "attack.pcap"
RULES = _HOME / "rules"
VNI = 5569041
_ADDRESS = "127.0.0.1"
PACKET_LENGTH = 128
# The receiver's whole run; without losses it ends with the last frame, long before.
_PATIENCE = 30

_ANYWHERE = {"SourceCidrBlock": "0.0.0.0/0", "DestinationCidrBlock": "0.0.0.0/0"}
_SSH = _ANYWHERE | {
    "RuleNumber": 10,
    "RuleAction": "reject",
    "Protocol": 6,
    "DestinationPortRange": {"FromPort": 22, "ToPort": 22},
    "TrafficDirection": "ingress",
}
_EVERYTHING = _ANYWHERE | {"RuleNumber": 20, "RuleAction": "accept"}
# What `aws ec2 describe-…` would print of this mirror: of a web server, to an appliance.
_MIRROR = {
    "TrafficMirrorSessions": [
        {
            "TrafficMirrorSessionId": "tms-0123456789abcdef0",
            "TrafficMirrorTargetId": "tmt-0123456789abcdef0",
            "TrafficMirrorFilterId": "tmf-0123456789abcdef0",
            "NetworkInterfaceId": "eni-0123456789abcdef0",
            "SessionNumber": 1,
            "VirtualNetworkId": VNI,
            "PacketLength": PACKET_LENGTH,
            "Tags": [{"Key": "Name", "Value": "demo"}],
        }
    ],
    "TrafficMirrorFilters": [
        {
            "TrafficMirrorFilterId": "tmf-0123456789abcdef0",
            "IngressFilterRules": [_SSH, _EVERYTHING | {"TrafficDirection": "ingress"}],
            "EgressFilterRules": [_EVERYTHING | {"TrafficDirection": "egress"}],
            "NetworkServices": ["amazon-dns"],
        }
    ],
    "TrafficMirrorTargets": [
        {"TrafficMirrorTargetId": "tmt-0123456789abcdef0", "NetworkInterfaceId": "eni-0123456789abcdef1"}
    ],
    "NetworkInterfaces": [
        {
            "NetworkInterfaceId": "eni-0123456789abcdef0",
            "MacAddress": "02:00:0a:01:00:14",
            "PrivateIpAddress": "10.0.1.10",
            "VpcId": "vpc-0123456789abcdef0",
            "TagSet": [{"Key": "Name", "Value": "web"}],
        },
        {
            "NetworkInterfaceId": "eni-0123456789abcdef1",
            "PrivateIpAddress": "10.0.9.9",
            "VpcId": "vpc-0123456789abcdef0",
        },
    ],
}


@click.command()
def demo() -> int:
    """See it work: mirror an attack to yourself, and catch it.

    Starts a receiver on this machine, mirrors a sample capture to it through a session that cuts packets, shows what
    the receiver says of it, and then analyses the same copies offline: both must agree.

    \b
    Example:
      tmrx demo
    """
    for needed in (SAMPLE, RULES):
        if not needed.exists():
            raise InputError(str(needed), "is not there", "the demo runs in a clone of tmrx's repository")
    with tempfile.TemporaryDirectory(prefix="tmrx-demo-") as folder:
        return _Demo(Path(folder)).run()


class _Demo:
    """The steps, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mirror = self._path("mirror.json")

    def run(self) -> int:
        """All of them; the exit code."""
        Path(self.mirror).write_text(json.dumps(_MIRROR, indent=2))
        mirrored = self._path("mirrored.pcap")
        sample = [str(SAMPLE), "--mirror", self.mirror]

        _say(f"1. A mirror of a web server, the first {PACKET_LENGTH} bytes of each packet. What it does, and why:")
        _tmrx("mirror", "explain", *sample, "--packet", "3,40,42", "--quiet")

        _say("2. Its copies, as a capture, with a table of what became of the packets:")
        _tmrx("send", *sample, "-w", mirrored)

        _say("3. A receiver, and the same sent to it over the network:")
        frames = self._frames(mirrored)
        with self._receiver(frames) as (receiver, address):
            _tmrx("send", *sample, "--to", address, "--rate", "2kpps", "--quiet")
            live = receiver.communicate(timeout=_PATIENCE + 5)[0]

        _say("4. What the receiver says: the alerts as they came, then a summary.")
        click.echo(live, nl=False)

        _say("5. The same copies, analysed offline:")
        self._analyze(mirrored, "offline")
        return self._compare()

    def _path(self, name: str) -> str:
        return str(self.folder / name)

    def _known(self) -> list[str]:
        return ["--mirror", self.mirror, "-S", str(RULES)]

    def _frames(self, capture: str) -> int:
        listed = _tmrx("sessions", capture, "--mirror", self.mirror, "--format", "json", show=False)
        return sum(session["frames"] for session in json.loads(listed))

    def _analyze(self, capture: str, name: str) -> None:
        _tmrx("analyze", capture, *self._known(), "--stats", self._path(f"{name}.json"), "--quiet")

    @contextmanager
    def _receiver(self, frames: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """`tmrx listen` for that many frames, and where it listens."""
        args = ["listen", "--on", f"vxlan:{_ADDRESS}:0", *self._known()]
        args += ["--stats", self._path("live.json"), "--count", str(frames), "--duration", f"{_PATIENCE}s"]
        _show(args)
        pipe = subprocess.PIPE
        with subprocess.Popen(_command(args), stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 -- ourselves
            try:
                yield process, _address(process)
            finally:
                process.kill()

    def _compare(self) -> int:
        live, offline = (json.loads(Path(self._path(f"{name}.json")).read_text()) for name in ("live", "offline"))
        differences = _differences(live, offline)
        for line in differences:
            click.echo(f"  {line}")
        verdict = "They differ." if differences else "Live and offline agree in every number."
        click.echo(f"\n{heading(verdict)}")
        return 1 if differences else 0


def _differences(live: dict[str, Any], offline: dict[str, Any]) -> list[str]:
    """Numbers that differ; bytes may, since a socket gives datagrams without their headers."""
    here, there = (dict(summary.flat(document)) for document in (live, offline))
    keys = sorted((here.keys() | there.keys()) - {"frames.bytes", "listener.overflowed"})
    differing = (key for key in keys if here.get(key) != there.get(key))
    return [f"{key}: {here.get(key)} live, {there.get(key)} offline" for key in differing]


def _address(process: subprocess.Popen[str]) -> str:
    """Where it listens, once it says so. Raises InternalError with what it says instead."""
    said = process.stderr.readline() if process.stderr else ""
    found = re.search(rf"listening on vxlan:({re.escape(_ADDRESS)}:\d+)", said)
    if found is None:
        raise InternalError("tmrx listen", said.strip() or "ended without a word", "the demo can't go on")
    return found[1]


def _tmrx(*args: str, show: bool = True) -> str:
    """Run a command of tmrx; what it printed. Raises InternalError where it failed."""
    if show:
        _show(args)
    done = subprocess.run(_command(args), stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 -- ourselves
    if done.returncode != 0:
        raise InternalError(f"tmrx {args[0]}", f"ended with exit code {done.returncode}", "what it said is above")
    if show:
        click.echo(done.stdout, nl=False)
    return done.stdout


def _command(args: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "tmrx", *args]


def _show(args: Sequence[str]) -> None:
    click.echo(click.style(f"$ tmrx {shlex.join(_short(arg) for arg in args)}", dim=True))


def _short(arg: str) -> str:
    """A path as seen from here, where that is shorter."""
    relative = os.path.relpath(arg) if os.path.isabs(arg) else arg
    return min(arg, relative, key=len)


def _say(text: str) -> None:
    click.echo(f"\n{heading(text)}")
