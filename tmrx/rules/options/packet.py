"""Keywords that test a packet's headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from tmrx.plan import (
    ChecksumIs,
    Dsize,
    Field,
    FragBits,
    Instances,
    IpOption,
    IsDataAt,
    Number,
    Rpc,
    SameIp,
    TcpFlags,
    VlanId,
)
from tmrx.rules.catalogue import did_you_mean, keywords
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import BufferDraft, Draft
from tmrx.rules.numbers import U8, U16, U32, number, number_text, unsigned_text
from tmrx.rules.options.instances import counted, which
from tmrx.rules.parser import Option

Handler = Callable[[Draft, Option], None]

# The header's bits (RFC 9293, section 3.1); 1 and 2 are the reserved bits of old, now CWR and ECE (RFC 3168).
_TCP_BITS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "2": 64, "C": 128, "1": 128, "0": 0, "N": 0}
_TCP_FLAGS = re.compile(r"\s*([+*!-]?)\s*([FSRPAUECN120]+)\s*([+*!-]?)\s*(?:,\s*([FSRPAUEC12]+)\s*)?", re.IGNORECASE)
FlagsOp = Literal["exactly", "all", "any", "not_all"]
_FLAGS_OPS: dict[str, FlagsOp] = {"": "exactly", "=": "exactly", "+": "all", "*": "any", "!": "not_all", "-": "not_all"}

_FRAG_BITS = {"M": 1, "D": 2, "R": 4}
_FRAG = re.compile(r"\s*([+*!-]?)\s*([MDR]+)\s*([+*!-]?)\s*", re.IGNORECASE)

# RFC 791, section 3.1, and IANA's list of IP options: the option's whole first byte.
_IP_OPTIONS: Mapping[str, int | None] = {
    "rr": 7, "lsrr": 131, "lsrre": 131, "ssrr": 137, "satid": 136, "ts": 68, "sec": 130, "esec": 133, "nop": 1,
    "eol": 0, "cipso": 134, "rtralt": 148, "qs": 25, "any": None,
}  # fmt: skip

# IANA's protocol numbers, by the names of a system's list of protocols.
PROTOCOLS = {
    "ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "ipip": 4, "st": 5, "tcp": 6, "egp": 8,
    "igp": 9, "pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36,
    "ddp": 37, "idpr-cmtp": 38, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47,
    "esp": 50, "ipsec-esp": 50, "ah": 51, "ipsec-ah": 51, "skip": 57, "ipv6-icmp": 58, "icmpv6": 58,
    "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73, "vmtp": 81, "eigrp": 88, "ospf": 89, "ospfigp": 89, "ax.25": 93,
    "etherip": 97, "encap": 98, "pim": 103, "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132,
    "fc": 133, "mobility-header": 135, "udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140,
    "wesp": 141, "rohc": 142,
}  # fmt: skip

# RFC 9260, section 3.2, and the chunks of RFC 3758, 4820, 4895, 5061, 6525 and 8260.
_CHUNKS = {
    "data": 0, "init": 1, "init_ack": 2, "sack": 3, "heartbeat": 4, "heartbeat_ack": 5, "abort": 6, "shutdown": 7,
    "shutdown_ack": 8, "error": 9, "cookie_echo": 10, "cookie_ack": 11, "ecne": 12, "cwr": 13,
    "shutdown_complete": 14, "auth": 15, "i_data": 64, "asconf_ack": 128, "re_config": 130, "pad": 132,
    "forward_tsn": 192, "asconf": 193, "i_forward_tsn": 194,
}  # fmt: skip


def _bits(letters: str, known: Mapping[str, int]) -> int:
    bits = 0
    for letter in letters.upper():
        bits |= known[letter]
    return bits


def _tcp_flags(draft: Draft, option: Option) -> None:
    match = _TCP_FLAGS.fullmatch(option.value)
    if match is None or (match[1] and match[3]):
        hint = "[+*!-] before letters of FSRPAUEC120, then the letters to ignore: SA,12"
        raise Fault(f"'{option.value}' is no set of TCP flags", hint, at=option.value_at)
    op, flags = _FLAGS_OPS[match[1] or match[3]], _bits(match[2], _TCP_BITS)
    mask = 0xFF & ~_bits(match[4] or "", _TCP_BITS)
    if flags == 0:
        # None of them named: `0` and `+0` ask for a bare header, `!0` for any flag; `*0` asks for nothing.
        if op == "any":
            raise Fault(f"'{option.value}' can never match", "0 stands for no flags", at=option.value_at)
        op, flags = ("any", 0xFF) if op == "not_all" else ("exactly", 0)
    draft.add_packet_check(TcpFlags(op=op, flags=flags, mask=mask), option)


def _fragbits(draft: Draft, option: Option) -> None:
    match = _FRAG.fullmatch(option.value)
    if match is None or (match[1] and match[3]):
        hint = "[+*!-] before letters of MDR"
        raise Fault(f"'{option.value}' is no set of fragment bits", hint, at=option.value_at)
    op = _FLAGS_OPS[match[1] or match[3]]
    draft.add_packet_check(FragBits(op=op, bits=_bits(match[2], _FRAG_BITS)), option)


def _dsize(draft: Draft, option: Option) -> None:
    draft.once(option)
    draft.add_packet_check(Dsize(number=number(option, U16)), option)


_FieldName = Literal[
    "ttl", "ip_id", "fragoffset", "itype", "icode", "icmp_id", "icmp_seq", "icmpv6_mtu", "igmp_type", "tcp_seq",
    "tcp_ack", "tcp_window", "tcp_mss", "tcp_wscale", "sctp_vtag", "sctp_chunk_cnt", "vlan_layers",
]  # fmt: skip


def _field(field: _FieldName, highest: int) -> Handler:
    """A number of a header."""

    def handler(draft: Draft, option: Option) -> None:
        draft.add_packet_check(Field(field=field, number=number(option, highest)), option)

    return handler


def _named(text: str, names: Mapping[str, int], highest: int, option: Option) -> Number:
    """A number test, or `[!<>]name`."""
    operator = "!" if text.startswith("!") else text[:1] if text[:1] in ("<", ">", "=") else ""
    name = text.removeprefix(operator).strip().lower()
    if name[:1].isdigit() or not name:
        return number_text(text, highest, option)
    if name not in names:
        raise Fault(f"'{name}' is no number and no name", did_you_mean(name, names.keys()), at=option.value_at)
    return number_text(f"{operator}{names[name]}", highest, option)


def _ip_proto(draft: Draft, option: Option) -> None:
    draft.checks.append(Field(field="ip_proto", number=_named(option.value, PROTOCOLS, U8, option)))


def _sctp_chunk_type(draft: Draft, option: Option) -> None:
    draft.add_packet_check(Field(field="sctp_chunk_type", number=_named(option.value, _CHUNKS, U8, option)), option)


_TOS = re.compile(r"(!?)\s*(?:([0-9]{1,3})|x([0-9a-fA-F]{1,2}))")


def _tos(draft: Draft, option: Option) -> None:
    match = _TOS.fullmatch(option.value.strip())
    if match is None or int(match[2] or 0) > U8:
        raise Fault(f"'{option.value}' is no TOS", "0 to 255, or x and two hex digits", at=option.value_at)
    value = int(match[2]) if match[2] else int(match[3], 16)
    draft.add_packet_check(Field(field="tos", number=Number(op="ne" if match[1] else "eq", a=value)), option)


def _ipopts(draft: Draft, option: Option) -> None:
    name = option.value.strip().lower()
    if name not in _IP_OPTIONS:
        hint = did_you_mean(name, _IP_OPTIONS.keys()) or ", ".join(_IP_OPTIONS)
        raise Fault(f"'{name}' is no IP option", hint, at=option.value_at)
    draft.add_packet_check(IpOption(option=_IP_OPTIONS[name]), option)


def _sameip(draft: Draft, option: Option) -> None:
    draft.add_packet_check(SameIp(), option)


def _l3_proto(draft: Draft, option: Option) -> None:
    """The header of that version is there."""
    name = option.value.strip().lower().replace("ipv", "ip")
    if name not in ("ip4", "ip6"):
        raise Fault(f"'{option.value}' is no layer 3", "ipv4 or ipv6", at=option.value_at)
    header = keywords()[f"ipv{name[-1]}.hdr"]
    draft.buffers.append(BufferDraft(header.name, header, option.at, entries=[IsDataAt(at=0)]))


_ChecksumOf = Literal["ipv4", "tcpv4", "tcpv6", "udpv4", "udpv6", "icmpv4", "icmpv6", "igmp"]


def _checksum(layer: _ChecksumOf) -> Handler:
    """Whether a checksum is right."""

    def handler(draft: Draft, option: Option) -> None:
        word = option.value.strip().lower()
        if word not in ("valid", "invalid"):
            raise Fault(f"'{option.value}' is no state of a checksum", "valid or invalid", at=option.value_at)
        draft.add_packet_check(ChecksumIs(layer=layer, valid=word == "valid"), option)

    return handler


_RPC_PARTS = 3


def _rpc(draft: Draft, option: Option) -> None:
    parts = [part.strip() for part in option.value.split(",")]
    if len(parts) > _RPC_PARTS:
        raise Fault(f"'{option.value}' is no RPC call", "PROGRAM[,VERSION|*[,PROCEDURE|*]]", at=option.value_at)
    program = unsigned_text(parts[0], 0, U32, option)
    version, procedure = (None if part == "*" else unsigned_text(part, 0, U32, option)
                          for part in (*parts[1:], "*", "*")[:2])  # fmt: skip
    draft.add_packet_check(Rpc(program=program, version=version, procedure=procedure), option)


MAX_VLAN_LAYERS = 3


def _vlan_id(draft: Draft, option: Option) -> None:
    value, comma, places = (part.strip() for part in option.value.partition(","))
    if count := counted(value, option):
        check = VlanId(number=count, instances=Instances(which="count"))
    else:
        instances = which(places, option) if comma else Instances()
        check = VlanId(number=number_text(value, U16, option), instances=instances)
    draft.add_packet_check(check, option)


HANDLERS: dict[str, Handler] = {
    "dsize": _dsize,
    "ttl": _field("ttl", U8),
    "id": _field("ip_id", U16),
    "fragoffset": _field("fragoffset", U16),
    "itype": _field("itype", U8),
    "icode": _field("icode", U8),
    "icmp_id": _field("icmp_id", U16),
    "icmp_seq": _field("icmp_seq", U16),
    "icmpv6.mtu": _field("icmpv6_mtu", U32),
    "igmp.type": _field("igmp_type", U8),
    "tcp.seq": _field("tcp_seq", U32),
    "tcp.ack": _field("tcp_ack", U32),
    "tcp.window": _field("tcp_window", U16),
    "tcp.mss": _field("tcp_mss", U16),
    "tcp.wscale": _field("tcp_wscale", U8),
    "sctp.vtag": _field("sctp_vtag", U32),
    "sctp.chunk_cnt": _field("sctp_chunk_cnt", U16),
    "vlan.layers": _field("vlan_layers", MAX_VLAN_LAYERS),
    "tcp.flags": _tcp_flags,
    "fragbits": _fragbits,
    "ip_proto": _ip_proto,
    "sctp.chunk_type": _sctp_chunk_type,
    "tos": _tos,
    "ipopts": _ipopts,
    "sameip": _sameip,
    "l3_proto": _l3_proto,
    "ipv4-csum": _checksum("ipv4"),
    "tcpv4-csum": _checksum("tcpv4"),
    "tcpv6-csum": _checksum("tcpv6"),
    "udpv4-csum": _checksum("udpv4"),
    "udpv6-csum": _checksum("udpv6"),
    "icmpv4-csum": _checksum("icmpv4"),
    "icmpv6-csum": _checksum("icmpv6"),
    "igmp-csum": _checksum("igmp"),
    "rpc": _rpc,
    "vlan.id": _vlan_id,
}
