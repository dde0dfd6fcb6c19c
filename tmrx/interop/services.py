"""What a mirror leaves out: ARP, DHCP, Amazon's metadata, time and activation services, as an instance uses them."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import replace

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import UDP
from scapy.layers.l2 import ARP
from scapy.packet import Packet, Raw

from tmrx.interop.line import Line, Udp
from tmrx.interop.scenarios.http import converse, request, response
from tmrx.interop.scene import ROUTER_MAC, SECOND, Party, Scene, Timed, service
from tmrx.interop.tcp import Tcp

METADATA = service("169.254.169.254", "fd00:ec2::254")
TIME_SYNC = service("169.254.169.123", "fd00:ec2::123")
ACTIVATION = (service("169.254.169.250", "fd00:ec2::250"), service("169.254.169.251", "fd00:ec2::250"))
BROADCAST = "ff:ff:ff:ff:ff:ff"
NTP, KMS = 123, 1688
# From 1900, where NTP begins, to 1970 in seconds (RFC 5905, section 6).
NTP_ERA = 2_208_988_800
LEASE = 3600


def arp(scene: Scene, asked: Party) -> Iterator[Timed]:
    """Who has this address? Asked by the source. Short frames are padded to 60 bytes."""
    line, me = Line(scene, scene.source, asked), scene.source
    who = ARP(op=1, hwsrc=me.mac, psrc=me.ipv4, hwdst="00:00:00:00:00:00", pdst=asked.ipv4)
    yield line.put(me, who / Raw(bytes(18)), BROADCAST)
    has = ARP(op=2, hwsrc=asked.mac, psrc=asked.ipv4, hwdst=me.mac, pdst=me.ipv4)
    yield line.put(asked, has / Raw(bytes(18)), me.mac)


def dhcp(scene: Scene, *, renew: bool = False) -> Iterator[Timed]:
    """A lease from the VPC's router (RFC 2131): from nothing, or half through the last one."""
    line = Line(scene, scene.source, _gateway(scene))
    number = scene.chance.getrandbits(32)
    if renew:
        yield _dhcp(line, number, "request", renew=True)
        yield _dhcp(line, number, "ack", renew=True)
        return
    for message in ("discover", "offer", "request", "ack"):
        yield _dhcp(line, number, message)


def dhcpv6(scene: Scene) -> Iterator[Timed]:
    """An address for half an hour (RFC 8415): solicit, advertise, request, reply, by their numbers 1, 2, 3 and 7."""
    client = replace(scene.source, ipv6="fe80::a:ff:fe00:10a")
    line = Line(replace(scene, source=client), client, replace(_gateway(scene), ipv6="fe80::a:ff:fe00:101"), ipv6=True)
    number = scene.chance.getrandbits(24).to_bytes(3, "big")
    duids = [_option6(kind, b"\0\x03\0\x01" + _mac(mac)) for kind, mac in ((1, client.mac), (2, ROUTER_MAC))]
    lease = _option6(5, ipaddress.IPv6Address(scene.source.ipv6).packed + struct.pack(">II", LEASE // 2, LEASE))
    for kind in (1, 2, 3, 7):
        by_client = kind in (1, 3)
        options = duids[0] + (b"" if kind == 1 else duids[1])
        options += _option6(3, struct.pack(">III", 1, 0, 0) + (b"" if kind == 1 else lease))
        ports = (546, 547) if by_client else (547, 546)
        message = UDP(sport=ports[0], dport=ports[1]) / Raw(bytes([kind]) + number + options)
        if not by_client:
            yield line.send(False, message)
            continue
        header = line.ip(line.client, line.server, ttl=1)
        header.dst = "ff02::1:2"
        yield line.put(line.client, header / message, "33:33:00:01:00:02")


def metadata(scene: Scene, *, ipv6: bool = False) -> Iterator[Timed]:
    """A token, then what the instance is (IMDSv2)."""
    host = f"[{METADATA.ipv6}]" if ipv6 else METADATA.ipv4
    common = {"Host": host, "User-Agent": "aws-sdk-go-v2/1.30"}
    token = "AQAEA" + scene.chance.randbytes(24).hex()
    asks, shows = {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}, {"X-aws-ec2-metadata-token": token}
    put = request("/latest/api/token", method="PUT", headers=common | asks)
    get = request("/latest/meta-data/instance-id", headers=common | shows)
    exchanges = [(put, response(token.encode())), (get, response(b"i-0123456789abcdef0"))]
    yield from converse(Line(scene, scene.source, METADATA, ipv6=ipv6), exchanges)


def ntp(scene: Scene, server: Party, *, ipv6: bool = False) -> Iterator[Timed]:
    """What time is it? (RFC 5905, section 7.3)"""
    line = Line(scene, scene.source, server, ipv6=ipv6)
    talk, asked = Udp(line, NTP), _ntp_time(line.now)
    yield talk.ask(struct.pack(">BBbb11I", 0x23, 0, 6, -20, *(0,) * 9, *asked))
    heard = _ntp_time(line.now + server.rtt_us * 500)
    reference = struct.unpack(">I", b"GPS\0")
    stamps = (*_ntp_time(line.now - 16 * SECOND), *asked, *heard, *heard)
    yield talk.answer(struct.pack(">BBbb11I", 0x24, 1, 6, -20, 0, 16, *reference, *stamps))


def activation(scene: Scene, server: Party, *, ipv6: bool = False) -> Iterator[Timed]:
    """Windows asks whether it is genuine: DCE/RPC's bind, and a call whose data is sealed ([MS-RPCE] 2.2.2)."""
    talk = Tcp(Line(scene, scene.source, server, ipv6=ipv6), KMS)
    kms = bytes.fromhex("75 21 c8 51 4e 84 50 47 b0 d8 ec 25 55 55 bc 06 01 00 00 00")
    ndr = bytes.fromhex("04 5d 88 8a eb 1c c9 11 9f e8 08 00 2b 10 48 60 02 00 00 00")
    sizes = struct.pack("<HHI", 5840, 5840, 0)
    yield from talk.open()
    yield from talk.ask(_rpc(11, 1, sizes + struct.pack("<IHH", 1, 0, 1) + kms + ndr))
    address = struct.pack("<H", 5) + b"1688\0" + b"\0"
    yield from talk.answer(_rpc(12, 1, sizes + address + struct.pack("<IHH", 1, 0, 0) + ndr))
    for kind, size in ((0, 260), (2, 184)):
        sealed = scene.chance.randbytes(size)
        call = _rpc(kind, 2, struct.pack("<IHH", size, 0, 0) + sealed)
        yield from talk.ask(call) if kind == 0 else talk.answer(call)
    yield from talk.close()


def _rpc(kind: int, call: int, body: bytes) -> bytes:
    return struct.pack("<BBBB4sHHI", 5, 0, kind, 3, b"\x10\0\0\0", 16 + len(body), 0, call) + body


def _gateway(scene: Scene) -> Party:
    """The VPC's router in the source's subnet: its base + 1."""
    return Party(ROUTER_MAC, scene.source.ipv4.rsplit(".", 1)[0] + ".1", "fe80::1")


def _dhcp(line: Line, number: int, message: str, *, renew: bool = False) -> Timed:
    me, server, by_client = line.client, line.server, message in ("discover", "request")
    options: list[object] = [("message-type", message)]
    if message != "discover" and not renew:
        options.append(("server_id", server.ipv4))
    if not by_client:
        options += [("lease_time", LEASE), ("subnet_mask", "255.255.255.0"), ("router", server.ipv4)]
    elif message == "request" and not renew:
        options.append(("requested_addr", me.ipv4))
    bootp = BOOTP(op=1 if by_client else 2, chaddr=_mac(me.mac) + bytes(10), xid=number)
    if not by_client:
        bootp.yiaddr = me.ipv4
    elif renew:
        bootp.ciaddr = me.ipv4
    ports = (68, 67) if by_client else (67, 68)
    body: Packet = UDP(sport=ports[0], dport=ports[1]) / bootp / DHCP(options=[*options, "end"])
    if not by_client or renew:
        return line.send(by_client, body)
    header = line.ip(me, server)
    header.src, header.dst = "0.0.0.0", "255.255.255.255"  # noqa: S104 - who has no address yet
    return line.put(me, header / body, BROADCAST)


def _option6(kind: int, data: bytes) -> bytes:
    return struct.pack(">HH", kind, len(data)) + data


def _ntp_time(now: int) -> tuple[int, int]:
    seconds, rest = divmod(now, SECOND)
    return seconds + NTP_ERA, (rest << 32) // SECOND


def _mac(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
