"""Sticky buffers, the transforms behind them, and what is asked of a buffer as a whole."""

from __future__ import annotations

import re
from typing import Literal

from tmrx.plan import Absent, Bsize, Entropy, Transform
from tmrx.rules.catalogue import Keyword, keywords
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import BASE64, PAYLOAD, BufferDraft, Draft, Need
from tmrx.rules.numbers import U32, U64, number, signed_text, unsigned_text
from tmrx.rules.options.payload import OLD_NAMES
from tmrx.rules.options.regex import checked
from tmrx.rules.parser import Option

_DIRECTIONS: dict[str, Literal["ts", "tc"]] = {"to_server": "ts", "to_client": "tc"}
# Buffers of a packet that go with those of a transaction too.
_OF_ADDRESSES = frozenset(("ip.src", "ip.dst"))


# --- opening


def _sticky(draft: Draft, option: Option) -> None:
    keyword = option.keyword
    draft.open(BufferDraft(keyword.name, keyword, option.at))
    if "packet" not in keyword.protocol:
        _need(draft, option)
    elif keyword.name not in _OF_ADDRESSES:
        draft.packet_keyword = draft.packet_keyword or keyword.name


def _need(draft: Draft, option: Option) -> None:
    """What the buffer's keyword needs, in the direction that its value says."""
    if not option.value:
        draft.need(option)
        return
    if option.value not in _DIRECTIONS:
        raise Fault(f"'{option.value}' is no direction", "to_server or to_client", at=option.value_at)
    draft.needs.append(Need(option.keyword.name, option.keyword.protocol, _DIRECTIONS[option.value], option.at))


def _pkt_data(draft: Draft, option: Option) -> None:
    """Back to the payload."""
    draft.open(BufferDraft(PAYLOAD, None, option.at))


# --- transforms


def _transform(draft: Draft, option: Option, text: bytes = b"", numbers: tuple[int | None, ...] = ()) -> None:
    """Put a transform behind the open buffer; after contents once, for what follows only."""
    buffer = draft.current
    name = option.keyword.name
    if buffer.keyword is None or buffer.name == BASE64:
        raise Fault(f"'{name}' outside a buffer", "transforms stand behind a sticky buffer", at=option.at)
    if buffer.entries:
        if buffer.transforms or buffer.split:
            raise Fault(f"'{name}' is in a second group of transforms", "one group a buffer", at=option.at)
        buffer = BufferDraft(buffer.name, buffer.keyword, option.at, split=True)
        draft.open(buffer)
    buffer.transforms.append(Transform(name=name, text=text, numbers=numbers))  # type: ignore[arg-type]


def _plain(draft: Draft, option: Option) -> None:
    _transform(draft, option)


def _options(option: Option, known: tuple[str, ...]) -> dict[str, str]:
    """`name value` pairs, separated by commas, each at most once."""
    found: dict[str, str] = {}
    for part in option.value.split(",") if option.value else ():
        name, _, value = part.strip().partition(" ")
        if name not in known or not value or name in found:
            raise Fault(f"'{part.strip()}' is no word of '{option.keyword.name}'", ", ".join(known), at=option.value_at)
        found[name] = value.strip()
    return found


def _from_base64(draft: Draft, option: Option) -> None:
    words = _options(option, ("bytes", "offset", "mode"))
    mode = words.get("mode", "rfc4648").lower()
    if mode not in ("strict", "rfc4648", "rfc2045"):
        raise Fault(f"unknown mode '{mode}'", "strict, rfc4648 or rfc2045", at=option.value_at)
    size = unsigned_text(words["bytes"], 1, U32, option) if "bytes" in words else None
    offset = unsigned_text(words.get("offset", "0"), 0, U32, option)
    _transform(draft, option, mode.encode(), (size, offset))


DECOMPRESSED = 1024


def _decompress(draft: Draft, option: Option) -> None:
    size = _options(option, ("max-size",)).get("max-size")
    _transform(draft, option, numbers=(DECOMPRESSED if size is None else unsigned_text(size, 1, U32, option),))


def _subslice(draft: Draft, option: Option) -> None:
    offset, *rest = (part.strip() for part in option.value.split(","))
    truncate = bool(rest) and rest[-1] == "truncate"
    sizes = rest[:-1] if truncate else rest
    if len(sizes) > 1:
        raise Fault(f"'{option.value}' is no slice", "OFFSET[,BYTES][,truncate]", at=option.value_at)
    start, *size = (signed_text(part, -U32, U32, option) for part in (offset, *sizes))
    _transform(draft, option, numbers=(start, size[0] if size else None, int(truncate)))


_EXTRACT = re.compile(r"(?:offset\s+(\d{1,5})\s*,\s*)?extract\s+(\d{1,3})\s+(\d{1,5})")


def _xor(draft: Draft, option: Option) -> None:
    """A key in hex; or bytes of the buffer as key: from `offset` on, `extract` LENGTH AT."""
    if match := _EXTRACT.fullmatch(option.value):
        length = int(match[2])
        if not length:
            raise Fault("a key without bytes", at=option.value_at)
        _transform(draft, option, numbers=(int(match[1] or 0), length, int(match[3])))
        return
    digits = option.value.strip()
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2}){1,255}", digits):
        raise Fault(f"'{option.value}' is no key", 'hex, two digits for each byte: "0d0ac8ff"', at=option.value_at)
    _transform(draft, option, bytes.fromhex(digits))


def _pcrexform(draft: Draft, option: Option) -> None:
    _transform(draft, option, checked(option.value, "", option.value_at))


# --- the buffer as a whole


def _sticky_only(draft: Draft, option: Option) -> BufferDraft:
    if draft.current.keyword is None:
        raise Fault(f"'{option.keyword.name}' needs a sticky buffer before it", at=option.at)
    return draft.current


def _bsize(draft: Draft, option: Option) -> None:
    _sticky_only(draft, option)
    draft.add(Bsize(number=number(option, U64)))


def _absent(draft: Draft, option: Option) -> None:
    buffer = _sticky_only(draft, option)
    if option.value not in ("", "or_else"):
        raise Fault(f"'{option.value}' is no word of 'absent'", "or_else", at=option.value_at)
    if buffer.entries:
        raise Fault("'absent' is not first after its buffer", at=option.at)
    draft.add(Absent(or_else=bool(option.value)))


_FLOAT = r"(\d{1,3}(?:\.\d{1,20})?)"
_ENTROPY = re.compile(rf"(?:([!<>]?=?)\s*{_FLOAT}|(!?)\s*{_FLOAT}\s*-\s*{_FLOAT})")
_EntropyOp = Literal["eq", "ne", "lt", "le", "gt", "ge"]
_ENTROPY_OPS: dict[str, _EntropyOp] = {
    "": "eq", "=": "eq", "!": "ne", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip
_CONTENT = "content"


def _entropy(draft: Draft, option: Option) -> None:
    words = _options(option, ("bytes", "offset", "value"))
    match = _ENTROPY.fullmatch(words.get("value", ""))
    if match is None:
        raise Fault(f"'{option.value}' has no value to compare with", "value >= 7.5, value 4-5", at=option.value_at)
    low, high = float(match[2] or match[4]), float(match[5] or 0)
    if match[5] and high <= low:
        raise Fault(f"nothing is between {low} and {high}", at=option.value_at)
    draft.add(
        Entropy(
            op=_ENTROPY_OPS[match[1]] if match[2] else "outside" if match[3] else "between",
            a=low,
            b=high,
            offset=unsigned_text(words.get("offset", "0"), 0, U32, option),
            bytes=unsigned_text(words.get("bytes", "0"), 0, U32, option),
            name=_logged(draft.current),
        )
    )


def _logged(buffer: BufferDraft) -> str:
    """The name that records have a buffer under: that of the old content modifier, where there is one."""
    if buffer.keyword is None:
        return _CONTENT
    old = {new: name for name, new in OLD_NAMES.items() if name != "uricontent"}
    return old.get(buffer.name) or buffer.name.replace(".", "_")


# --- frames

# The frames of each protocol (specification, app-layer.md); every one on TCP has `stream` too.
FRAMES = {
    "http1": "request response",
    "tls": "pdu hdr data alert heartbeat ssl2.hdr ssl2.pdu",
    "smtp": "command_line data response_line",
    "ssh": "record.hdr record.data record.pdu",
    "smb": "nbss.pdu nbss.hdr nbss.data smb1.pdu smb1.hdr smb1.data smb2.pdu smb2.hdr smb2.data "
           "smb3.pdu smb3.hdr smb3.data",
    "dcerpc": "pdu hdr data",
    "dns": "pdu",
    "enip": "hdr data pdu cip enip.item",
    "nfs": "rpc.pdu rpc.hdr rpc.data rpc.creds nfs.pdu nfs.status nfs4.pdu nfs4.hdr nfs4.ops nfs4.status",
    "sip": "pdu request.line response.line request.headers response.headers request.body response.body",
    "rfb": "pdu",
    "ldap": "pdu",
    "mdns": "pdu",
    "llmnr": "pdu",
    "mqtt": "pdu header data",
    "telnet": "pdu ctl data",
    "websocket": "header pdu data",
    "http2": "hdr data pdu",
    "doh2": "hdr data pdu",
}  # fmt: skip
_DATAGRAMS = ("mdns", "llmnr")


def _frame(draft: Draft, option: Option) -> None:
    name, _, direction = (part.strip() for part in option.value.partition(","))
    if direction and direction not in _DIRECTIONS:
        raise Fault(f"'{direction}' is no direction", "to_server or to_client", at=option.value_at)
    protocol, frame = _frame_of(name.lower(), draft.protocol)
    if not protocol:
        raise Fault(f"'{name}' is no frame", "frame:PROTOCOL.TYPE, such as tls.pdu", at=option.value_at)
    # DNS over HTTP/2 has those of HTTP/2.
    parsed = "http2" if protocol == "doh2" else protocol
    draft.open(BufferDraft(f"frame.{parsed}.{frame}", option.keyword, option.at))
    # The catalogue's word for HTTP/1 is http.
    owner = frozenset(("http" if protocol == "http1" else protocol,))
    draft.needs.append(Need("frame", owner, _DIRECTIONS.get(direction, "both"), option.at))


def _frame_of(name: str, header: str) -> tuple[str, str]:
    """The protocol and type of a frame that may leave out the header's protocol; twice "" for none."""
    if _has_frame(header, name):
        return header, name
    protocol, _, frame = name.partition(".")
    return (protocol, frame) if _has_frame(protocol, frame) else ("", "")


def _has_frame(protocol: str, frame: str) -> bool:
    types = FRAMES.get(protocol, "").split()
    return frame in types or bool(types and frame == "stream" and protocol not in _DATAGRAMS)


# Sticky buffers that name nothing of the core's.
OWN = (BASE64, "pkt_data")


def _openers() -> list[Keyword]:
    own = (*OWN, "frame")
    return [word for word in keywords().values() if word.kind == "sticky buffer" and word.name not in own]


_PLAIN = (
    "compress_whitespace", "strip_whitespace", "strip_pseudo_headers", "to_md5", "to_sha1", "to_sha256", "dotprefix",
    "url_decode", "to_lowercase", "to_uppercase", "header_lowercase", "domain", "tld",
)  # fmt: skip

HANDLERS = {
    **{keyword.name: _sticky for keyword in _openers()},
    **dict.fromkeys(_PLAIN, _plain),
    "pkt_data": _pkt_data,
    "frame": _frame,
    "from_base64": _from_base64,
    "gunzip": _decompress,
    "zlib_deflate": _decompress,
    "subslice": _subslice,
    "xor": _xor,
    "pcrexform": _pcrexform,
    "bsize": _bsize,
    "absent": _absent,
    "entropy": _entropy,
}
