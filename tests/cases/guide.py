"""The guide's examples (specification, section 13) as cases: `python -m tests.cases.guide` writes their folders.

What a folder expects, `expected.pcap` and `truth.jsonl`, is not written but where it is missing: it was checked by hand
once. `test_sending.py` holds the sender, and the reference, to it.
"""

# ruff: noqa: PLR0913, PLR0917 - every field of a packet may be the one that matters
from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cases.aws import (
    ANY4,
    ANY6,
    TCP,
    UDP,
    Row,
    endpoint,
    filter_of,
    interface,
    key,
    mac_of,
    reservation,
    rule,
    session,
    to_endpoint,
    to_interface,
    vpc,
)  # fmt: skip
from tests.packets import (
    ACK,
    ARP,
    DESTINATION,
    ICMP,
    ICMPV6,
    PSH_ACK,
    SYN,
    SYN_ACK,
    arp,
    ethernet,
    icmp,
    ip,
    mac,
    tcp,
    udp,
)  # fmt: skip
from tmrx.cli import run

HERE = Path(__file__).parent
A4, A6, B4, B6 = "10.0.0.10", "2001:db8:1234:1a00::10", "10.0.0.11", "2001:db8:1234:1a00::11"
APPLIANCE4, APPLIANCE6, SECOND4 = "10.0.1.100", "2001:db8:1234:1a01::100", "10.0.1.101"
RESOLVER, NEIGHBOUR, PEERED = "10.0.0.2", "10.0.3.4", "10.1.0.5"
CLIENT4, CLIENT6, MY_NETWORK, SERVER4, NAMES = (
    "198.51.100.7",
    "2001:db8:ffff::7",
    "192.0.2.25",
    "203.0.113.80",
    "192.0.2.53",
)
ROUTER = "router"
REQUEST = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"
START = 1_700_000_000
TTL_ROUTED = 63

Packets = list[tuple[str, bytes]]


@dataclass
class Case:
    """One folder. `packets`: what each is, and its frame; without any, the mirror is refused, with these `errors`."""

    name: str
    what: str
    tables: dict[str, list[Row]]
    packets: Packets = field(default_factory=list)
    toml: str = ""
    errors: tuple[str, ...] = ()
    # Of another case, that this one adds to.
    base: str = ""
    file: str = "mirror.json"


# ------------------------------------------------------------------------------------------------------- packets


def inbound(packet: bytes, to: str = "source A", via: str = ROUTER) -> bytes:
    return ethernet(mac(mac_of(via)), mac(mac_of(to)), packet)


def outbound(packet: bytes, source: str = "source A", via: str = ROUTER) -> bytes:
    return ethernet(mac(mac_of(source)), mac(mac_of(via)), packet)


def tcp_in(src: str, dport: int, dst: str = A4, flags: int = SYN, payload: bytes = b"", sport: int = 40_000) -> bytes:
    return inbound(ip(src, dst, TCP, tcp(sport, dport, payload, flags), ttl=TTL_ROUTED))


def tcp_out(
    dst: str, sport: int, src: str = A4, flags: int = SYN_ACK, payload: bytes = b"", dport: int = 40_000
) -> bytes:
    return outbound(ip(src, dst, TCP, tcp(sport, dport, payload, flags)))


def udp_in(src: str, dport: int, dst: str = A4, payload: bytes = b"datagram", sport: int = 40_000) -> bytes:
    return inbound(ip(src, dst, UDP, udp(sport, dport, payload), ttl=TTL_ROUTED))


def udp_out(dst: str, dport: int, src: str = A4, payload: bytes = b"datagram", sport: int = 40_000) -> bytes:
    return outbound(ip(src, dst, UDP, udp(sport, dport, payload)))


def ping_in(src: str, dst: str = A4, payload: bytes = b"echo") -> bytes:
    six = ":" in src
    return inbound(ip(src, dst, ICMPV6 if six else ICMP, icmp(128 if six else 8, payload=payload), ttl=TTL_ROUTED))


def never_mirrored() -> Packets:
    """What no filter lets through (section 3), and what is not the source's."""
    question = ethernet(mac(mac_of(ROUTER)), b"\xff" * 6, arp("10.0.0.1", A4), ARP)
    answer = ethernet(mac(mac_of("source A")), mac(mac_of(ROUTER)), arp(A4, "10.0.0.1", 2), ARP)
    return [
        ("ARP, from the source", answer),
        ("instance metadata, in", tcp_in("169.254.169.254", 40_000, flags=ACK, sport=80)),
        ("broadcast ARP, from another interface: not at the source", question),
    ]


# ----------------------------------------------------------------------------------------------------- the mirror


def network(*interfaces: Row, **tables: list[Row]) -> dict[str, list[Row]]:
    """Tables around these interfaces: one VPC, and an instance for each interface."""
    names = [row["TagSet"][0]["Value"] for row in interfaces]
    return tables | {
        "NetworkInterfaces": list(interfaces),
        "Vpcs": [vpc()],
        "Reservations": [reservation(name) for name in names],
    }


SOURCE_A, SOURCE_B = interface("source A", A4, A6), interface("source B", B4, B6)
APPLIANCE_A, APPLIANCE_B = interface("appliance A", APPLIANCE4, APPLIANCE6), interface("appliance B", SECOND4)


def one_source(through: Row, length: int | None = None) -> dict[str, list[Row]]:
    """Source A, target A on appliance A, one session."""
    name = through["Description"]
    return network(
        SOURCE_A,
        APPLIANCE_A,
        TrafficMirrorSessions=[session("session", "source A", "Target A", name, length=length)],
        TrafficMirrorTargets=[to_interface("Target A", "appliance A")],
        TrafficMirrorFilters=[through],
    )


def tcp_rule(of: str, direction: str = "ingress", number: int = 10, **fields: Any) -> Row:
    return rule(of, direction, number, protocol=TCP, **fields)


def everything(of: str) -> list[Row]:
    """Accept all, of both families, both ways."""
    return [rule(of, direction, 10) for direction in ("ingress", "egress")]


INBOUND_TCP = filter_of("Filter 1", tcp_rule("Filter 1", src=ANY4, dst=ANY4, description="TCP Rule"))


def inbound_tcp() -> Case:
    return Case(
        "guide-01-inbound-tcp",
        "Mirror inbound TCP traffic to a single monitoring appliance: one accept rule, TCP, 0.0.0.0/0 to 0.0.0.0/0, "
        "and no outbound rules. Answers, UDP, ICMP and IPv6 are not mirrored.",
        one_source(INBOUND_TCP),
        [
            ("SYN from the internet", tcp_in(CLIENT4, 80)),
            ("its answer, out", tcp_out(CLIENT4, 80)),
            ("a request", tcp_in(CLIENT4, 80, flags=PSH_ACK, payload=REQUEST)),
            ("SSH from the VPC", tcp_in(NEIGHBOUR, 22)),
            ("UDP", udp_in(CLIENT4, 5000)),
            ("an answer of the VPC's resolver, over TCP", tcp_in(RESOLVER, 40_000, flags=SYN_ACK, sport=53)),
            ("an answer of another resolver, over TCP", tcp_in(NAMES, 40_000, flags=SYN_ACK, sport=53)),
            ("ICMP", ping_in(CLIENT4)),
            ("TCP over IPv6", tcp_in(CLIENT6, 80, A6)),
            *never_mirrored(),
        ],
    )


def two_sources() -> Case:
    between = ip(A4, B4, TCP, tcp(40_001, 80))
    answer = ip(B4, A4, TCP, tcp(80, 40_001, flags=SYN_ACK))
    return Case(
        "guide-02-two-sources",
        "Sources A and B to target D through one filter. What goes from A to B is mirrored twice: as it leaves A, and "
        "as it arrives at B; so is the answer.",
        network(
            SOURCE_A,
            SOURCE_B,
            interface("appliance D", APPLIANCE4),
            TrafficMirrorSessions=[
                session(f"session {name}", f"source {name}", "Target D", "Filter A") for name in ("A", "B")
            ],
            TrafficMirrorTargets=[to_interface("Target D", "appliance D")],
            TrafficMirrorFilters=[filter_of("Filter A", *everything("Filter A"))],
        ),
        [
            ("SYN to A", tcp_in(CLIENT4, 443)),
            ("A answers", tcp_out(CLIENT4, 443)),
            ("SYN to B", inbound(ip(CLIENT4, B4, TCP, tcp(40_000, 443)), "source B")),
            ("B asks a name server", outbound(ip(B4, NAMES, UDP, udp(40_000, 53)), "source B")),
            ("from A to B", outbound(between, "source A", "source B")),
            ("from B to A", outbound(answer, "source B", "source A")),
            ("neither's", inbound(ip(CLIENT4, "10.0.0.12", TCP, tcp(40_000, 443)), "source C")),
        ],
    )


def two_appliances() -> Case:
    udp_filter = filter_of(
        "Filter 2", rule("Filter 2", "ingress", 10, "accept", UDP, ANY4, ANY4, description="UDP Rule")
    )
    return Case(
        "guide-03-tcp-and-udp",
        "Inbound TCP to appliance A by session 1, inbound UDP to appliance B by session 2. AWS lists sessions in any "
        "order: their numbers count.",
        network(
            SOURCE_A,
            APPLIANCE_A,
            APPLIANCE_B,
            TrafficMirrorSessions=[
                session("UDP session", "source A", "Target B", "Filter 2", 2),
                session("TCP session", "source A", "Target A", "Filter 1", 1),
            ],
            TrafficMirrorTargets=[to_interface("Target A", "appliance A"), to_interface("Target B", "appliance B")],
            TrafficMirrorFilters=[INBOUND_TCP, udp_filter],
        ),
        [
            ("TCP", tcp_in(CLIENT4, 80)),
            ("UDP", udp_in(CLIENT4, 5000)),
            ("ICMP", ping_in(CLIENT4)),
            ("TCP, out", tcp_out(CLIENT4, 80)),
            ("UDP, out", udp_out(CLIENT4, 5000)),
            ("a later fragment of a UDP datagram", inbound(ip(CLIENT4, A4, UDP, bytes(64), fragment=(185, False)))),
            ("UDP over IPv6", udp_in(CLIENT6, 5000, A6)),
        ],
    )


def non_local() -> Case:
    inside, out, into = "10.0.0.0/16", "egress", "ingress"
    filter_f = filter_of(
        "Filter F",
        rule("Filter F", out, 10, "reject", None, ANY4, inside, description="Reject all intra-VPC traffic"),
        rule("Filter F", out, 20, "accept", None, ANY4, ANY4, description="Accept all outbound traffic"),
        rule("Filter F", into, 10, "reject", None, inside, ANY4, description="Reject all intra-VPC traffic"),
        rule("Filter F", into, 20, "accept", None, ANY4, ANY4, description="Accept all inbound traffic"),
    )
    return Case(
        "guide-04-non-local",
        "Mirror non-local VPC traffic: reject what stays in 10.0.0.0/16, accept the rest, protocol All, both ways. The "
        "rules are of IPv4: IPv6 is not mirrored.",
        one_source(filter_f),
        [
            ("from the internet", tcp_in(CLIENT4, 443)),
            ("to the internet", tcp_out(CLIENT4, 443)),
            ("from a neighbour in the VPC", tcp_in(NEIGHBOUR, 443)),
            ("to a neighbour", tcp_out(NEIGHBOUR, 443)),
            ("UDP to a neighbour", udp_out(NEIGHBOUR, 5000)),
            ("UDP from the internet", udp_in(CLIENT4, 5000)),
            ("ICMP from the internet", ping_in(CLIENT4)),
            ("GRE from the internet: protocol All", inbound(ip(CLIENT4, A4, 47, b"\0\0\x08\0" + bytes(24)))),
            ("from a peered VPC", tcp_in(PEERED, 443)),
            ("to the VPC's resolver", udp_out(RESOLVER, 53)),
            ("to another resolver", udp_out(NAMES, 53)),
            ("from the internet over IPv6", tcp_in(CLIENT6, 443, A6)),
        ],
    )


SPOKES = (
    ("Spoke VPC1", "10.1.0.0/16", "10.1.0.10", "10.1.9.9"),
    ("Spoke VPC2", "10.2.0.0/16", "10.2.0.10", "10.2.9.9"),
)


def gateway() -> Case:
    rows: dict[str, list[Row]] = {
        "TrafficMirrorSessions": [
            session(name, f"source in {name}", f"Target {name[-1]}", "Filter 1") for name, *_ in SPOKES
        ],
        "TrafficMirrorTargets": [to_endpoint(f"Target {name[-1]}", f"endpoint in {name}") for name, *_ in SPOKES],
        "TrafficMirrorFilters": [INBOUND_TCP],
        "VpcEndpoints": [endpoint(f"endpoint in {name}", name) for name, *_ in SPOKES],
        "Vpcs": [vpc(name, cidr) for name, cidr, *_ in SPOKES],
        "Reservations": [reservation(f"source in {name}") for name, *_ in SPOKES],
    }
    rows["NetworkInterfaces"] = [interface(f"source in {name}", own, network=name) for name, _, own, _ in SPOKES]
    rows["NetworkInterfaces"] += [
        interface(f"endpoint in {name}", own, "", name, "gateway_load_balancer_endpoint", False)
        for name, _, _, own in SPOKES
    ]
    packets: Packets = []
    for name, _, own, _ in SPOKES:
        source = f"source in {name}"
        for sport in (40_000, 40_001, 40_002):
            packets.append((f"SYN in {name}, port {sport}", inbound(ip(CLIENT4, own, TCP, tcp(sport, 80)), source)))
        packets.append((f"UDP in {name}", inbound(ip(CLIENT4, own, UDP, udp(40_000, 53)), source)))
        packets.append((f"an answer in {name}, out", outbound(ip(own, CLIENT4, TCP, tcp(80, 40_000)), source)))
    said = "\n".join(
        f'[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "{key("tmt", f"Target {name[-1]}")}"\n'
        f'receivers = ["10.100.0.10", "10.100.0.11"]\nattachment = {number}\n'
        for number, (name, *_) in enumerate(SPOKES, 0x0A0B_0C01)
    )
    return Case(
        "guide-05-gateway-endpoints",
        "Inbound TCP through Gateway Load Balancer endpoints in two spoke VPCs to appliances behind one load balancer: "
        "GENEVE around VXLAN. The guide's step 2 means Spoke VPC2.",
        rows,
        packets,
        said,
    )


def no_ssh() -> Case:
    rules = [
        row
        for direction in ("ingress", "egress")
        for row in (
            tcp_rule("no SSH", direction, 10, action="reject", dport=22),
            tcp_rule("no SSH", direction, 20, action="reject", sport=22),
            rule("no SSH", direction, 30),
        )
    ]
    return Case(
        "guide-06-all-but-ssh",
        "Get started: inbound and outbound rules that reject SSH traffic but accept all other traffic; of both "
        "families, since the rules name no CIDR.",
        one_source(filter_of("no SSH", *rules)),
        [
            ("SSH to the source", tcp_in(CLIENT4, 22)),
            ("its answer", tcp_out(CLIENT4, 22)),
            ("SSH from the source", tcp_out(SERVER4, 40_001, flags=SYN, dport=22)),
            ("its answer", tcp_in(SERVER4, 40_001, flags=SYN_ACK, sport=22)),
            ("HTTP", tcp_in(CLIENT4, 80)),
            ("its answer", tcp_out(CLIENT4, 80)),
            ("UDP to port 22 is no SSH", udp_in(CLIENT4, 22)),
            ("ICMP", ping_in(CLIENT4)),
            ("SSH over IPv6", tcp_in(CLIENT6, 22, A6)),
            ("HTTP over IPv6", tcp_in(CLIENT6, 80, A6)),
            ("to the VPC's resolver: without amazon-dns not mirrored", udp_out(RESOLVER, 53)),
            ("to another resolver", udp_out(NAMES, 53)),
        ],
    )


def ssh_from_elsewhere() -> Case:
    name = "Filter"
    rules = (
        tcp_rule(name, number=10, action="reject", src="192.0.2.0/24", dst="10.0.0.0/16", dport=22),
        tcp_rule(name, number=20, src=ANY4, dst=ANY4),
    )
    return Case(
        "guide-07-ssh-from-my-network",
        "The rules table: 10 rejects SSH from my-network to the VPC, 20 accepts all other IPv4 TCP. SSH from elsewhere "
        "is mirrored; UDP, IPv6 and, without outbound rules, answers are not.",
        one_source(filter_of(name, *rules)),
        [
            ("SSH from my network", tcp_in(MY_NETWORK, 22)),
            ("SSH from elsewhere", tcp_in(CLIENT4, 22)),
            ("SSH from the VPC", tcp_in(NEIGHBOUR, 22)),
            ("HTTP from my network", tcp_in(MY_NETWORK, 80)),
            ("UDP from my network", udp_in(MY_NETWORK, 22)),
            ("SSH over IPv6", tcp_in(CLIENT6, 22, A6)),
            ("an answer, out", tcp_out(CLIENT4, 22)),
        ],
    )


def https() -> Case:
    rules = (tcp_rule("HTTPS", number=10, src=ANY4, dst=ANY4, dport=443),)
    rules += (tcp_rule("HTTPS", number=20, src=ANY6, dst=ANY6, dport=443),)
    options = (DESTINATION, b"\0\x01\x04\0\0\0\0")
    extended = ip(CLIENT6, A6, TCP, tcp(40_000, 443), extensions=(options,))
    return Case(
        "guide-08-https-both-families",
        "The rules table: 10 mirrors HTTPS from all IPv4 addresses, 20 from all IPv6 addresses. A port range matches "
        "only packets that have ports.",
        one_source(filter_of("HTTPS", *rules)),
        [
            ("HTTPS", tcp_in(CLIENT4, 443)),
            ("HTTPS over IPv6", tcp_in(CLIENT6, 443, A6)),
            ("HTTPS behind an extension header", inbound(extended)),
            ("HTTP", tcp_in(CLIENT4, 80)),
            ("QUIC", udp_in(CLIENT4, 443)),
            (
                "the first fragment of a segment",
                inbound(ip(CLIENT4, A4, TCP, tcp(40_000, 443, bytes(44)), fragment=(0, True))),
            ),
            ("a later fragment", inbound(ip(CLIENT4, A4, TCP, bytes(64), fragment=(8, False)))),
            ("an answer, out", tcp_out(CLIENT4, 443)),
        ],
    )


def http_above_tcp() -> Case:
    http = [tcp_rule("HTTP", number=10, dport=80), tcp_rule("HTTP", "egress", 10, sport=80)]
    all_tcp = [tcp_rule("all TCP", direction, 10) for direction in ("ingress", "egress")]
    return Case(
        "guide-09-http-above-tcp",
        "HTTP in a session of higher priority to one appliance, all other TCP in one of lower priority to another. "
        "Each packet is mirrored once.",
        network(
            SOURCE_A,
            APPLIANCE_A,
            APPLIANCE_B,
            TrafficMirrorSessions=[
                session("all TCP", "source A", "Target B", "all TCP", 20),
                session("HTTP", "source A", "Target A", "HTTP", 10),
            ],
            TrafficMirrorTargets=[to_interface("Target A", "appliance A"), to_interface("Target B", "appliance B")],
            TrafficMirrorFilters=[filter_of("HTTP", *http), filter_of("all TCP", *all_tcp)],
        ),
        [
            ("HTTP", tcp_in(CLIENT4, 80, flags=PSH_ACK, payload=REQUEST)),
            ("its answer", tcp_out(CLIENT4, 80, flags=ACK)),
            ("HTTP over IPv6", tcp_in(CLIENT6, 80, A6)),
            ("HTTPS", tcp_in(CLIENT4, 443)),
            ("its answer", tcp_out(CLIENT4, 443)),
            ("a later fragment, without ports", inbound(ip(CLIENT4, A4, TCP, bytes(64), fragment=(8, False)))),
            ("UDP", udp_in(CLIENT4, 80)),
        ],
    )


def no_rules() -> Case:
    return Case(
        "guide-10-no-rules",
        "If you don't add any rules, then no traffic is mirrored.",
        one_source(filter_of("nothing")),
        [
            ("TCP", tcp_in(CLIENT4, 80)),
            ("TCP, out", tcp_out(CLIENT4, 80)),
            ("UDP", udp_in(CLIENT4, 5000)),
            ("to the VPC's resolver", udp_out(RESOLVER, 53)),
        ],
    )


def packet_length() -> Case:
    return Case(
        "guide-11-packet-length-100",
        "If you set this value to 100, the first 100 bytes after the VXLAN header are copied. What has no more is "
        "whole; what leaves the source truncated lacks its checksum.",
        one_source(filter_of("all", *everything("all")), 100),
        [
            ("1514 bytes, in", tcp_in(CLIENT4, 80, flags=ACK, payload=bytes(1460))),
            ("101 bytes", tcp_in(CLIENT4, 80, flags=ACK, payload=bytes(47))),
            ("100 bytes", tcp_in(CLIENT4, 80, flags=ACK, payload=bytes(46))),
            ("60 bytes, of which 6 are padding", tcp_in(CLIENT4, 80, flags=ACK) + bytes(6)),
            ("1514 bytes, out", tcp_out(CLIENT4, 80, flags=ACK, payload=bytes(1460))),
            ("UDP of 200 bytes, out", udp_out(CLIENT4, 5000, payload=bytes(158))),
            ("an echo of 200 bytes, out", outbound(ip(A4, CLIENT4, ICMP, icmp(8, payload=bytes(158))))),
            ("TCP over IPv6, out", tcp_out(CLIENT6, 80, A6, ACK, bytes(100))),
        ],
    )


# Inner packets, from the IP header on, that are kept whole at a target of 9001, and behind a Gateway Load Balancer.
EDGES = {
    ("byte-exact", "ipv4"): (8951, 8450),
    ("byte-exact", "ipv6"): (8931, 8430),
    ("documented", "ipv4"): (8947, 8446),
    ("documented", "ipv6"): (8927, 8426),
}


def mtu(reading: str, outer: str) -> Case:
    """Source A mirrors to an interface, source B through a Gateway Load Balancer endpoint."""
    rows = network(
        SOURCE_A,
        SOURCE_B,
        APPLIANCE_A,
        TrafficMirrorSessions=[
            session("to appliance A", "source A", "Target A", "all"),
            session("to the endpoint", "source B", "Target B", "all"),
        ],
        TrafficMirrorTargets=[to_interface("Target A", "appliance A"), to_endpoint("Target B", "endpoint")],
        TrafficMirrorFilters=[filter_of("all", *everything("all"))],
        VpcEndpoints=[endpoint("endpoint", "VPC")],
    )
    own = interface("endpoint", "10.0.9.9", "2001:db8:1234:1a09::9", "VPC", "gateway_load_balancer_endpoint", False)
    rows["NetworkInterfaces"].append(own)
    packets: Packets = []
    for source, own4, edge, target in zip(
        "AB", (A4, B4), EDGES[reading, outer], ("9001", "the load balancer's 8500"), strict=True
    ):
        for size, meaning in ((edge, "the last that is whole"), (edge + 1, "the first that is cut")):
            packet = ip(CLIENT4, own4, TCP, tcp(40_000, 80, bytes(size - 40)))
            packets.append((f"{size} bytes of IP at {target}: {meaning}", inbound(packet, f"source {source}")))
    said = f'[[traffic_mirror_targets]]\ntraffic_mirror_target_id = "{key("tmt", "Target B")}"\n'
    said += 'receivers = ["10.100.0.10"]\n'
    return Case(
        f"guide-12-mtu-{reading}-{outer}",
        f"The target's MTU truncates: at an interface of 9001 and at a Gateway Load Balancer, by the {reading} "
        f"overhead, outer {outer.replace('ip', 'IP')}.",
        rows,
        packets,
        f'{said}\n[settings]\nmtu_reading = "{reading}"\nouter = "{outer}"\n',
    )


def offload() -> Case:
    rows = network(
        SOURCE_A,
        SOURCE_B,
        APPLIANCE_A,
        TrafficMirrorSessions=[
            session(f"session {name}", f"source {name}", "Target A", "all", length=100) for name in ("A", "B")
        ],
        TrafficMirrorTargets=[to_interface("Target A", "appliance A")],
        TrafficMirrorFilters=[filter_of("all", *everything("all"))],
    )
    segment = tcp(80, 40_000, bytes(1460), ACK)
    return Case(
        "guide-14-offload",
        "Checksum offloading: of the truncated packets that leave the sources, those of A lack the checksum that its "
        "interface would have calculated; B has transmit offload turned off, as the guide advises. What arrives has "
        "its own.",
        rows,
        [
            ("1514 bytes, from A", outbound(ip(A4, CLIENT4, TCP, segment))),
            ("the same, from B", outbound(ip(B4, CLIENT4, TCP, segment), "source B")),
            ("54 bytes, from A: whole", outbound(ip(A4, CLIENT4, TCP, tcp(80, 40_000)))),
            ("1514 bytes, to A", tcp_in(CLIENT4, 80, flags=ACK, payload=bytes(1460))),
            ("a first fragment, from A", outbound(ip(A4, CLIENT4, TCP, segment, fragment=(0, True)))),
        ],
        f'[[network_interfaces]]\nnetwork_interface_id = "{key("eni", "source B")}"\noffload = false\n',
    )


# --------------------------------------------------------------------------------------------------------- quotas


def crowd(count: int, kind: str) -> dict[str, list[Row]]:
    """That many sources of one target whose instance is of that type."""
    rows = network(
        APPLIANCE_A,
        *(interface(f"source {number}", f"10.0.8.{number}") for number in range(1, count + 1)),
        TrafficMirrorTargets=[to_interface("Target A", "appliance A")],
        TrafficMirrorFilters=[INBOUND_TCP],
    )
    rows["Reservations"] = [reservation("appliance A", kind)]
    rows["TrafficMirrorSessions"] = [
        session(f"session {number}", f"source {number}", "Target A", "Filter 1") for number in range(1, count + 1)
    ]
    return rows


def one_more(count: int) -> dict[str, list[Row]]:
    name = f"source {count}"
    return {
        "NetworkInterfaces": [interface(name, f"10.0.8.{count}")],
        "TrafficMirrorSessions": [session(f"session {count}", name, "Target A", "Filter 1")],
    }


def source(number: int, count: int) -> Packets:
    own = f"source {number}"
    into = inbound(ip(CLIENT4, f"10.0.8.{number}", TCP, tcp(40_000, 80)), own)
    return [(f"TCP to source {number} of {count}", into)]


def quotas() -> Iterator[Case]:
    rules = [tcp_rule("ten", "ingress", number, dport=number) for number in (1, 20, 30, 40, 32_766)]
    rules += [tcp_rule("ten", "egress", number, sport=number) for number in (1, 20, 30, 40, 32_766)]
    yield Case(
        "guide-15-most-of-a-source",
        "Quotas: three sessions of a source, ten rules of a filter, session numbers from 1 to 32766.",
        network(
            SOURCE_A,
            APPLIANCE_A,
            TrafficMirrorSessions=[
                session(f"session {number}", "source A", "Target A", "ten", number) for number in (1, 2, 32_766)
            ],
            TrafficMirrorTargets=[to_interface("Target A", "appliance A")],
            TrafficMirrorFilters=[filter_of("ten", *rules)],
        ),
        [
            ("TCP to port 32766: rule 32766 of session 1", tcp_in(CLIENT4, 32_766)),
            ("to no rule's port", tcp_in(CLIENT4, 5)),
        ],
    )
    most = "guide-15-most-of-a-source"
    more = {"TrafficMirrorSessions": [session("one more", "source A", "Target A", "ten", 3)]}
    fourth = f"TrafficMirrorSessions[2]: is session 4 of {key('eni', 'source A')} (at most 3 a source)"
    yield Case(
        "guide-15-fourth-session",
        "Quotas: a source has at most three sessions; they count in the order of their numbers.",
        more,
        errors=(f"../{most}/mirror.json: {fourth}",),
        base=most,
        file="more.json",
    )
    eleventh = "TrafficMirrorFilters[0]: has 11 rules (at most 10 a filter, both directions together)"
    yield Case(
        "guide-15-eleventh-rule",
        "Quotas: a filter has at most ten rules, both directions together.",
        {"TrafficMirrorFilterRules": [tcp_rule("ten", "ingress", 50)]},
        errors=(f"../{most}/mirror.json: {eleventh}",),
        base=most,
        file="more.json",
    )
    for number, why in ((0, "0 is below 1 (1 to 32766)"), (32_767, "32767 is above 32766 (1 to 32766)")):
        bad = {"TrafficMirrorSessions": [session("session 2", "source A", "Target A", "ten", number)]}
        yield Case(
            f"guide-15-session-number-{number}", "Session numbers are from 1 to 32766.", bad,
            errors=(f"more.json: TrafficMirrorSessions[0].SessionNumber: {why}",), base=most, file="more.json",
        )  # fmt: skip
    for count, kind, name in ((10, "m5.large", "ten"), (100, "c5.18xlarge", "hundred")):
        yield Case(
            f"guide-15-{name}-sources", f"Quotas: {count} sources of a target whose instance is of type {kind}.",
            crowd(count, kind), source(count, count),
        )  # fmt: skip
        hint = f"at most {count} for an instance of type {kind}"
        why = f"{key('eni', 'appliance A')} is the target of {count + 1} sources ({hint})"
        yield Case(
            f"guide-15-{name}-sources-and-one", f"Quotas: one more than {count} sources of a target of type {kind}.",
            one_more(count + 1), base=f"guide-15-{name}-sources", file="more.json",
            errors=(f"../guide-15-{name}-sources/mirror.json: TrafficMirrorTargets[0].NetworkInterfaceId: {why}",),
        )  # fmt: skip


def cases() -> list[Case]:
    """All of them."""
    first = [inbound_tcp(), two_sources(), two_appliances(), non_local(), gateway(), no_ssh(), ssh_from_elsewhere()]
    first += [https(), http_above_tcp(), no_rules(), packet_length(), *(mtu(*edge) for edge in EDGES), offload()]
    return [*first, *quotas()]


# ---------------------------------------------------------------------------------------------------------- files


def pcap(frames: list[bytes]) -> bytes:
    """A second between two frames."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
    for second, frame in enumerate(frames, START):
        out += struct.pack("<IIII", second, 0, len(frame), len(frame)) + frame
    return out


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def document(case: Case) -> str:
    """case.toml."""
    own = ["mirror.toml"] if case.toml else []
    before = [f"../{case.base}/mirror.json"] if case.base else []
    mirrors = ", ".join(map(quoted, [*before, case.file, *own]))
    lines = ['kind = "send"', f"what = {quoted(case.what)}", f"mirror = [{mirrors}]"]
    for name, items in (("packets", [what for what, _ in case.packets]), ("errors", case.errors)):
        if items:
            lines += [f"{name} = [", *(f"  {quoted(item)}," for item in items), "]"]
    return "\n".join(lines) + "\n"


def write(case: Case) -> None:
    folder = HERE / case.name
    folder.mkdir(exist_ok=True)
    (folder / "case.toml").write_text(document(case))
    (folder / case.file).write_text(json.dumps(case.tables, indent=2) + "\n")
    if case.toml:
        (folder / "mirror.toml").write_text(case.toml)
    if case.packets:
        (folder / "input.pcap").write_bytes(pcap([frame for _, frame in case.packets]))
        expect(folder)


def expect(folder: Path) -> None:
    """Write what is sent, where it is not known yet."""
    out, truth = folder / "expected.pcap", folder / "truth.jsonl"
    mirrors = [name for name in ("mirror.json", "mirror.toml") if (folder / name).exists()]
    options = [word for name in mirrors for word in ("--mirror", str(folder / name))]
    if not out.exists():
        run(["send", str(folder / "input.pcap"), "-w", str(out), *options, "--truth", str(truth), "--quiet"])


if __name__ == "__main__":
    for one in cases():
        write(one)
