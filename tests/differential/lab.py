"""Two network namespaces with a cable between them, the kernel's own tunnels over it, and tcpdump at one end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

TOOLS = ("ip", "tcpdump", "unshare")
TALK = Path(__file__).with_name("talk.py")
# The cable's ends; a tunnel's have the same host part in other networks.
OUTER = {4: ("10.9.0.1", "10.9.0.2"), 6: ("fd00:9::1", "fd00:9::2")}
INNER = {4: ("10.7.0.1", "10.7.0.2"), 6: ("fd00:7::1", "fd00:7::2")}
PREFIX = {4: 24, 6: 64}
MEETING = 7100
# Of a tunnel: what leaves room for any headers on the cable.
MTU = 1400


def can_make_namespaces() -> bool:
    there = all(map(shutil.which, TOOLS)) and os.geteuid() == 0
    return there and subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


needs_namespaces = [
    pytest.mark.needs_netns,
    pytest.mark.skipif(not can_make_namespaces(), reason=f"needs root, namespaces and {', '.join(TOOLS)}"),
]


def _settle(path: Path) -> None:
    """Wait until what tcpdump writes has not grown for a while: the last frames are on their way to it."""
    before, unchanged = -1, 0
    for _ in range(100):
        size = path.stat().st_size
        unchanged = unchanged + 1 if size == before else 0
        if unchanged == 4:
            return
        before = size
        time.sleep(0.1)


class Lab:
    """`veth0` in both namespaces, `a` and `b`."""

    def __init__(self) -> None:
        self.names = {end: f"tmrx-{os.getpid()}-{end}" for end in "ab"}

    def make(self) -> None:
        for name in self.names.values():
            subprocess.run(["ip", "netns", "add", name], check=True)
        self.ip("a", f"link add veth0 type veth peer name veth0 netns {self.names['b']}")
        for end in "ab":
            self.ip(end, "link set lo up")
            self.address(end, "veth0", OUTER)

    def remove(self) -> None:
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def address(self, end: str, device: str, networks: dict[int, tuple[str, str]]) -> None:
        """Give a device its addresses, and take it up."""
        for version, ends in networks.items():
            nodad = " nodad" if version == 6 else ""
            self.try_ip(end, f"addr add {ends[end == 'b']}/{PREFIX[version]} dev {device}{nodad}")
        self.ip(end, f"link set {device} up")

    def inside(self, end: str, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.names[end], *command]

    def try_ip(self, end: str, words: str) -> str:
        """Run ip(8); what it says where it fails."""
        command = ["ip", "-n", self.names[end], *words.split()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stderr.strip() if done.returncode else ""

    def ip(self, end: str, words: str) -> None:
        assert self.try_ip(end, words) == "", words

    def tunnel(self, kind: str, version: int, options: str = "", mtu: int = MTU) -> None:
        """A device `tun0` of a kind at both ends, over this version of IP. Skips the test where the kernel has none."""
        near, far = OUTER[version]
        for end, local, remote in (("a", near, far), ("b", far, near)):
            here = "" if kind == "geneve" else f"local {local}"
            words = f"link add tun0 type {kind} {here} remote {remote} {options}"
            why = self.try_ip(end, words)
            if "Unknown device type" in why:
                pytest.skip(f"the kernel has no {kind}")
            assert why == "", words
            self.ip(end, f"link set tun0 mtu {mtu}")
            self.address(end, "tun0", INNER)

    @contextmanager
    def captured(self, end: str, path: Path, *options: str, device: str = "veth0") -> Iterator[None]:
        """What passes a device meanwhile, in a file."""
        # Room for bursts: in immediate mode a frame takes as much of the buffer as the longest may have.
        room = ("-s", "70000", "-B", "65536")
        command = self.inside(end, "tcpdump", "-i", device, "-w", str(path), "-U", "--immediate-mode", *room, *options)
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if "listening on" in line:
                    break
            else:
                pytest.skip(f"tcpdump can't capture {device} {' '.join(options)}")
            try:
                yield
                _settle(path)
            finally:
                process.send_signal(signal.SIGINT)

    @contextmanager
    def serving(self, end: str, address: str, port: int) -> Iterator[None]:
        """A server meanwhile (talk.py)."""
        command = self.inside(end, sys.executable, str(TALK), "serve", address, str(port))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                yield
            finally:
                process.kill()

    def ask(self, source: str, address: str, port: int, sizes: Sequence[int], *options: str) -> None:
        """A client in `a` (talk.py)."""
        words = [source, address, str(port), *map(str, sizes), *options]
        command = self.inside("a", sys.executable, str(TALK), "ask", *words)
        done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
        assert done.returncode == 0, done.stderr

    def meet(self) -> None:
        """Let the ends find each other: what is sent one way is lost until they have."""
        for near, far in OUTER.values():
            with self.serving("b", far, MEETING):
                self.ask(near, far, MEETING, (0,))


@contextmanager
def made() -> Iterator[Lab]:
    """A lab, which is removed again whatever happens."""
    lab = Lab()
    try:
        lab.make()
        yield lab
    finally:
        lab.remove()
