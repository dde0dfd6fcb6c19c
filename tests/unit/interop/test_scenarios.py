"""Each scenario is what it says: whole, in order, repeatable, and read by the core as what one expects of it."""

from __future__ import annotations

import ipaddress
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support import REPO, read_pcap
from tmrx.cli import run
from tmrx.errors import OutputError, UsageError
from tmrx.interop import scenarios
from tmrx.interop.scenarios import Party, Timed, frames, names

NAMES = tuple(names())
# In another VPC than the defaults, and with none of their bytes.
SOURCE = Party("06:aa:bb:cc:dd:ee", "172.31.7.200", "2600:1f18::c8")
PEER = Party("06:aa:bb:cc:dd:01", "172.31.7.9", "2600:1f18::9")


@pytest.fixture(scope="session")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Each scenario as a capture, written when first asked for."""
    folder = tmp_path_factory.mktemp("scenarios")

    @cache
    def capture(name: str) -> Path:
        path = folder / f"{name}.pcap"
        assert scenarios.write(name, path) == len(played(path))
        return path

    return capture


def played(path: Path) -> list[Timed]:
    """The frames of a capture."""
    return [(frame.time, frame.data) for frame in read_pcap(path) or []]


@dataclass
class Expected:
    """What `tmrx analyze` says of a scenario: flows by protocol, alerts by sid, anomalies, verdicts but `valid`."""

    flows: dict[str, int]
    alerts: dict[int, int] = field(default_factory=dict)
    anomalies: dict[str, int] = field(default_factory=dict)
    # Fragments have no checksum that could be verified, ARP has none at all.
    unchecked: dict[str, int] = field(default_factory=dict)


EXPECTED = {
    "port-scan": Expected(
        flows={"TCP": 62, "UDP": 6, "ICMP": 1},
        alerts={9000001: 3, 9000002: 3, 9000003: 3},
        anomalies={"tcp.flags": 9},
    ),
    "syn-flood": Expected(flows={"TCP": 300}),
    "http": Expected(flows={"TCP": 3}),
    "http-attack": Expected(
        flows={"TCP": 10},
        alerts=dict.fromkeys([*range(9000101, 9000110), 9000201], 1),
    ),
    "dns": Expected(flows={"UDP": 8, "TCP": 1}),
    # 115 questions; chance has two of them come from one port.
    "dns-tunnel": Expected(flows={"UDP": 114}),
    "tls": Expected(flows={"TCP": 2}),
    "ssh": Expected(flows={"TCP": 11}),
    "icmp-ping": Expected(flows={"ICMP": 1, "IPv6-ICMP": 1}),
    "icmp-unreachable": Expected(flows={"UDP": 16, "ICMP": 7, "IPv6-ICMP": 7}),
    # Its destination options are padding, as hosts send them to try what gets through.
    "ipv6": Expected(
        flows={"TCP": 2, "UDP": 2, "IPv6-ICMP": 3}, anomalies={"ipv6.destination_padding": 3, "ipv6.pad_zero": 1}
    ),
    "fragments": Expected(flows={"UDP": 2}, unchecked={"unverifiable": 10, "absent": 24}),
    "jumbo": Expected(flows={"TCP": 1, "UDP": 2}),
    "excluded": Expected(flows={"TCP": 5, "UDP": 8}, unchecked={"absent": 2}),
    "mixed": Expected(
        flows={"TCP": 42, "UDP": 31, "ICMP": 1},
        alerts={9000105: 1},
        unchecked={"absent": 12},
    ),
}


def analyzed(capture: Path, scratch: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The summary document and the EVE records of `tmrx analyze`."""
    stats, eve = scratch / "stats.json", scratch / "eve.json"
    args = ["analyze", str(capture), "-S", str(REPO / "rules"), "--stats", str(stats), "--eve", str(eve), "--quiet"]
    assert run(args) == 0
    return json.loads(stats.read_text()), [json.loads(line) for line in eve.read_text().splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_the_core_reads_it_as_what_it_is(name: str, captures: Callable[[str], Path], tmp_path: Path) -> None:
    pytest.importorskip("tmrx._core", reason="the core is not built")
    expected, count = EXPECTED[name], len(played(captures(name)))
    stats, records = analyzed(captures(name), tmp_path)
    assert stats["frames"]["decoded"] + stats["frames"]["merged"] == stats["frames"]["received"] == count
    l3, l4 = (stats["packets"]["checksum"][layer] for layer in ("l3", "l4"))
    assert {verdict for verdict, number in l3.items() if number} <= {"valid", "absent"}
    verdicts = {verdict: number for verdict, number in l4.items() if number}
    total = stats["packets"]["total"]  # datagrams that were put together included
    assert verdicts == {"valid": total - sum(expected.unchecked.values()), **expected.unchecked}
    assert stats["anomalies"] == expected.anomalies
    flows = Counter(record["proto"] for record in records if record["event_type"] == "flow")
    assert flows == expected.flows
    alerts = Counter(record["alert"]["signature_id"] for record in records if record["event_type"] == "alert")
    assert alerts == expected.alerts


def test_every_scenario_is_in_the_tables_and_has_its_module() -> None:
    folder = Path(scenarios.__file__).parent
    modules = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--"}
    assert set(NAMES) == set(EXPECTED) == modules
    assert all(text.endswith(".") and len(text) < 100 for text in names().values())


@pytest.mark.parametrize("name", NAMES)
def test_times_ascend_from_a_fixed_instant_in_whole_microseconds(name: str, captures: Callable[[str], Path]) -> None:
    times = [time for time, _ in played(captures(name))]
    assert all(before <= after for before, after in pairwise(times))
    assert 1_767_603_600_000_000_000 <= times[0] < 1_767_603_600_000_000_000 + 60 * 10**9


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides(name: str, captures: Callable[[str], Path]) -> None:
    """And times are whole µs, or a capture would have lost something of them."""
    some = list(islice(frames(name), 40))
    assert some == played(captures(name))[:40]
    assert some != list(islice(frames(name, seed=1), 40))


@pytest.mark.parametrize("name", NAMES)
def test_every_frame_touches_the_source(name: str) -> None:
    """By its MAC address, and where a packet is not to everyone or of the link alone, by IP address."""
    mac, addresses = bytes.fromhex(SOURCE.mac.replace(":", "")), (SOURCE.ipv4, SOURCE.ipv6)
    packed = [ipaddress.ip_address(address).packed for address in addresses]
    resolver = "172.31.0.2"
    for _, frame in islice(frames(name, source=SOURCE, peer=PEER, resolver=resolver), 100):
        assert mac in (frame[:6], frame[6:12])
        link_local = frame[12:14] == b"\x86\xdd" and frame[22] == 0xFE
        assert frame[0] & 1 or link_local or any(address in frame for address in packed)
        assert ipaddress.ip_address("10.0.1.10").packed not in frame[:60]


def test_dns_goes_to_the_resolver_of_the_vpc() -> None:
    def servers(**cast: Any) -> set[str]:
        found = [frame for _, frame in frames("dns", **cast) if frame[36:38] == (53).to_bytes(2, "big")]
        return {str(ipaddress.IPv4Address(frame[30:34])) for frame in found}

    elsewhere = "198.51.100.53"
    assert servers() == {"10.0.0.2", elsewhere}
    assert servers(source=SOURCE) == {"172.31.0.2", elsewhere}
    assert servers(source=SOURCE, resolver="172.31.128.2") == {"172.31.128.2", elsewhere}


def test_jumbo_has_every_length_at_which_a_mirror_begins_to_cut(captures: Callable[[str], Path]) -> None:
    lengths = {
        family: {len(frame) - 14 for _, frame in played(captures("jumbo")) if frame[12:14] == family}
        for family in (b"\x08\x00", b"\x86\xdd")
    }
    wanted = {8426, 8427, 8430, 8431, 8446, 8447, 8450, 8451, 8927, 8928, 8931, 8932, 8947, 8948, 8951, 8952, 9001}
    assert all(wanted <= found and max(found) == 9001 for found in lengths.values())


@pytest.mark.parametrize(
    ("name", "hint"), [("prot-scan", "did you mean port-scan?"), ("x", "one of port-scan, syn-flood, http")]
)
def test_an_unknown_name(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        frames(name)
    assert str(caught.value).startswith(f"scenario {name}: is not known ({hint}")


def test_without_scapy_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scapy", None)
    with pytest.raises(UsageError) as caught:
        frames("dns")
    assert str(caught.value) == "scenario dns: needs scapy, which is not installed (pip install 'tmrx[scapy]')"


def test_names_need_no_scapy() -> None:
    code = "import sys; from tmrx.interop import scenarios; scenarios.names(); assert 'scapy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPO)


def test_a_capture_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        scenarios.write("dns", tmp_path / "missing" / "dns.pcap")


# What Wireshark may notice: how connections begin and end, tracing on purpose, what scanners do; and that it does
# not know the form of an Ed25519 signature (Wireshark 4.0).
NOTICED = (
    *("Connection finish", "Connection reset", "initiates the connection", "undergoes the connection"),
    *("Connection establish", "Possible traceroute", '"Time To Live" only', "Decoded 19 bytes, but packet"),
)
SCAN = ("ACKed segment that wasn't captured",)


@pytest.mark.needs_tshark
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", NAMES)
def test_wireshark_finds_nothing_wrong(name: str, captures: Callable[[str], Path]) -> None:
    command = [
        "tshark",
        "-n",
        "-r",
        str(captures(name)),
        "-T",
        "fields",
        "-e",
        "_ws.expert.message",
        "-E",
        "aggregator=;",
    ]
    command += [word for layer in ("ip", "tcp", "udp") for word in ("-o", f"{layer}.check_checksum:TRUE")]
    command += ["-Y", '_ws.expert.severity >= "Note"']
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    allowed = NOTICED + SCAN if name == "port-scan" else NOTICED
    unexpected = {message for line in lines for message in line.split(";") if not any(a in message for a in allowed)}
    assert unexpected == set()
