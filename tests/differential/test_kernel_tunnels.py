"""The kernel's own tunnels between network namespaces: tmrx, Wireshark and what was sent agree.

Kinds of tunnels that the running kernel has not are skipped by name.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.differential.analysed import Analysed, analyse
from tests.differential.lab import INNER, OUTER, Lab, made, needs_namespaces
from tests.differential.rows import Row
from tests.differential.test_tshark_agrees import compare

pytestmark = needs_namespaces

PORT = 7000
SIZES = (0, 1, 100, 1200)
# Larger than the cable takes, in several pieces.
LARGE = (4000, 9000)
STREAM = 100_000
ANY_GPE = ("vxlan_gpe_ports=4790",)


@dataclass(frozen=True)
class Tunnel:
    """A kind of ip(8)'s, its options, the outer IP version, what tmrx calls it, its number, the inner IP versions."""

    kind: str
    options: str
    outer: int
    name: str
    vni: int = 0
    inner: tuple[int, ...] = (4, 6)
    # What lets the kernel fragment its datagrams; over IPv6 it never does.
    fragments: str = "nopmtudisc"

    def __str__(self) -> str:
        words = f"{self.kind} over ip{self.outer} {self.options}"
        return "-".join(words.split())


GRE = "key 77 seq csum"
TUNNELS = [
    Tunnel("vxlan", "id 7 dstport 4789", 4, "vxlan", 7, fragments="df unset"),
    Tunnel("vxlan", "id 8 dstport 4789", 6, "vxlan", 8),
    Tunnel("geneve", "id 9", 4, "geneve", 9, fragments="df unset"),
    Tunnel("geneve", "id 9 innerprotoinherit", 4, "geneve", 9, fragments="df unset"),
    Tunnel("gretap", "", 4, "gre"),
    Tunnel("gretap", GRE, 4, "gre", 77),
    Tunnel("gre", "", 4, "gre"),
    Tunnel("gre", GRE, 4, "gre", 77),
    Tunnel("ip6gre", GRE, 6, "gre", 77),
    Tunnel("ip6gretap", "", 6, "gre"),
    Tunnel("erspan", "seq key 21 erspan_ver 0", 4, "erspan1"),
    Tunnel("erspan", "seq key 21 erspan_ver 1 erspan 123", 4, "erspan2", 21),
    Tunnel("erspan", "seq key 21 erspan_ver 2 erspan_dir egress erspan_hwid 17", 4, "erspan3", 21),
    Tunnel("ip6erspan", "seq key 22 erspan_ver 1 erspan 123", 6, "erspan2", 22),
    Tunnel("ip6erspan", "seq key 22 erspan_ver 2 erspan_dir ingress erspan_hwid 7", 6, "erspan3", 22),
    Tunnel("ipip", "", 4, "ipip", inner=(4,)),
    Tunnel("sit", "", 4, "6in4", inner=(6,)),
    Tunnel("ip6tnl", "mode ipip6", 6, "4in6", inner=(4,)),
    Tunnel("ip6tnl", "mode ip6ip6", 6, "6in6", inner=(6,)),
]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with made() as ready:
        yield ready


def sent(found: Analysed, source: str, destination: str, proto: int, port: int) -> list[Row]:
    """The packets of a direction, fragments left out."""
    version = ip_address(source).version
    mapped = bytes(10) + b"\xff\xff" if version == 4 else b""
    ends = [mapped + ip_address(address).packed for address in (source, destination)]
    rows = [row for row in found.packets if [row["src"], row["dst"]] == ends and row["proto"] == proto]
    return [row for row in rows if not row["fragment"] and port in (row["sport"], row["dport"])]


def payloads(found: Analysed, source: str, destination: str, proto: int, port: int) -> list[int]:
    """Their payloads' lengths."""
    return [row["payload_length"] for row in sent(found, source, destination, proto, port)]


def streamed(found: Analysed, source: str, destination: str, port: int) -> int:
    """Bytes of a TCP direction; what a busy machine's kernel sent again counts once."""
    rows = sent(found, source, destination, 6, port)
    first = min(row["seq"] for row in rows)
    reached = total = 0
    for start, length in sorted(((row["seq"] - first) % 2**32, row["payload_length"]) for row in rows):
        total += max(0, start + length - max(start, reached))
        reached = max(reached, start + length)
    return total


def check_flows(found: Analysed, version: int, sizes: tuple[int, ...], stream: int) -> None:
    """Both directions of both conversations are there, with every byte that was sent."""
    ends = INNER[version]
    for source, destination in (ends, ends[::-1]):
        assert payloads(found, source, destination, 17, PORT) == list(sizes)
        assert streamed(found, source, destination, PORT) == stream
    tuples = {(flow["proto"], flow["src_ip"], flow["dest_ip"], flow.get("dest_port")) for flow in found.of("flow")}
    near, far = (str(ip_address(end)) if version == 4 else ip_address(end).exploded for end in ends)
    assert {("UDP", near, far, PORT), ("TCP", near, far, PORT)} <= tuples
    flows = [flow for flow in found.of("flow") if (flow["proto"], flow["dest_ip"]) == ("UDP", far)]
    assert [flow["flow"]["pkts_toserver"] for flow in flows if flow["dest_port"] == PORT] >= [len(sizes)]


def check_ledger(found: Analysed) -> None:
    """Every frame has one fate, and none is held at the end."""
    frames = found.summary["frames"]
    fates = sum(frames[fate] for fate in ("decoded", "merged", "duplicate", "held"))
    assert fates + sum(frames["rejected"].values()) + sum(frames["dropped"].values()) == frames["received"]
    assert frames["held"] == 0


def talk(lab: Lab, version: int, sizes: tuple[int, ...], stream: int = STREAM) -> None:
    near, far = INNER[version]
    with lab.serving("b", far, PORT):
        lab.ask(near, far, PORT, sizes, "--tcp", str(stream))


def agrees_with_wireshark(capture: Path) -> None:
    if shutil.which("tshark"):
        assert compare(capture) == []


@pytest.mark.parametrize("tunnel", TUNNELS, ids=str)
def test_tunnel(lab: Lab, tmp_path: Path, tunnel: Tunnel) -> None:
    lab.tunnel(tunnel.kind, tunnel.outer, tunnel.options)
    capture = tmp_path / "tunnel.pcap"
    for version in tunnel.inner:
        with lab.captured("b", capture):
            # The large ones are fragmented inside: the tunnel's MTU leaves room for its headers.
            talk(lab, version, (*SIZES, *LARGE))
        found = analyse(capture)
        check_flows(found, version, (*SIZES, *LARGE), STREAM)
        check_ledger(found)
        around = {row["encapsulation"] for row in found.packets if row["outer_src"] is not None}
        assert around == {tunnel.name}
        numbers = {row["vni"] for row in found.packets if row["encapsulation"].startswith(("vxlan", "geneve"))}
        assert numbers <= {tunnel.vni}
        agrees_with_wireshark(capture)


@pytest.mark.parametrize("tunnel", [tunnel for tunnel in TUNNELS if tunnel.outer == 4], ids=str)
def test_fragments_outside(lab: Lab, tmp_path: Path, tunnel: Tunnel) -> None:
    """A tunnel whose MTU is above the cable's: the kernel fragments its datagrams."""
    lab.tunnel(tunnel.kind, tunnel.outer, f"{tunnel.options} {tunnel.fragments}", mtu=8000)
    capture = tmp_path / "tunnel.pcap"
    version = tunnel.inner[0]
    with lab.captured("b", capture):
        talk(lab, version, (100, 4000), 0)
    found = analyse(capture)
    ends = INNER[version]
    assert payloads(found, *ends, 17, PORT) == [100, 4000]
    assert found.summary["frames"]["merged"] > 0
    check_ledger(found)
    agrees_with_wireshark(capture)


def test_vxlan_with_a_group_policy(lab: Lab, tmp_path: Path) -> None:
    lab.meet()
    lab.tunnel("vxlan", 4, "id 7 dstport 4789 gbp")
    capture = tmp_path / "gbp.pcap"
    with lab.captured("b", capture):
        lab.ask(*INNER[4], PORT, (100,), "--one-way", "--mark", "321")
    found = analyse(capture)
    assert payloads(found, *INNER[4], 17, PORT) == [100]
    (flow,) = [flow for flow in found.of("flow") if flow["proto"] == "UDP"]
    assert flow["mirror"]["vni"] == 7
    assert "vxlan.reserved_bits" not in found.summary["anomalies"]
    agrees_with_wireshark(capture)


def test_vxlan_gpe(lab: Lab, tmp_path: Path) -> None:
    """IP without Ethernet inside: a route that encapsulates."""
    lab.meet()
    for end in "ab":
        if why := lab.try_ip(end, "link add tun0 type vxlan dstport 4790 external gpe"):
            pytest.skip(f"no vxlan gpe here: {why}")
        lab.address(end, "tun0", INNER)
    far = INNER[4][1]
    if why := lab.try_ip("a", f"route add {far}/32 encap ip id 7 dst {OUTER[4][1]} dev tun0"):
        pytest.skip(f"no routes that encapsulate here: {why}")
    capture = tmp_path / "gpe.pcap"
    with lab.captured("b", capture):
        lab.ask(*INNER[4], PORT, (100, 1000), "--one-way")
    found = analyse(capture, settings=ANY_GPE)
    assert payloads(found, *INNER[4], 17, PORT) == [100, 1000]
    assert {row["encapsulation"] for row in found.packets if row["vni"] == 7} == {"vxlan-gpe"}


def test_segment_routing(lab: Lab, tmp_path: Path) -> None:
    """IPv6 in IPv6 with a segment routing header between the two."""
    lab.meet()
    far = INNER[6][1]
    if why := lab.try_ip("a", f"-6 route add {far}/128 encap seg6 mode encap segs {OUTER[6][1]} dev veth0"):
        pytest.skip(f"no segment routing here: {why}")
    capture = tmp_path / "seg6.pcap"
    with lab.captured("b", capture):
        lab.ask(OUTER[6][0], far, PORT, (100, 1000), "--one-way")
    found = analyse(capture)
    assert payloads(found, OUTER[6][0], far, 17, PORT) == [100, 1000]
    agrees_with_wireshark(capture)


def test_icmp_errors_quote_what_was_sent(lab: Lab, tmp_path: Path) -> None:
    """A closed port is answered with an error; it is of the flow that it quotes."""
    lab.tunnel("vxlan", 4, "id 7 dstport 4789")
    capture = tmp_path / "errors.pcap"
    for version, name in ((4, "icmp"), (6, "icmpv6")):
        with lab.captured("b", capture):
            lab.ask(*INNER[version], PORT, (100,), "--one-way")
        found = analyse(capture)
        assert name in {row["layer"] for row in found.packets if row["sport"] in (1, 3)}
        agrees_with_wireshark(capture)


@pytest.mark.parametrize(("link", "device"), [("EN10MB", "lo"), ("LINUX_SLL", "any"), ("LINUX_SLL2", "any")])
def test_link_types(lab: Lab, tmp_path: Path, link: str, device: str) -> None:
    """Loopback, and every interface at once."""
    capture = tmp_path / "link.pcap"
    with lab.captured("a", capture, "-y", link, device=device):
        for version in (4, 6):
            lab.ask(OUTER[version][0], OUTER[version][0], PORT, (100,), "--one-way")
    found = analyse(capture)
    assert {payloads(found, own, own, 17, PORT)[0] for own in (OUTER[4][0], OUTER[6][0])} == {100}
    check_ledger(found)
    agrees_with_wireshark(capture)
