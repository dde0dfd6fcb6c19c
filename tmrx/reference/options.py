"""Options of IPv4, IPv6 and TCP, and what is wrong with them."""

# ruff: noqa: PLR2004 - sizes and numbers stand as the RFCs write them
from __future__ import annotations

from collections.abc import Iterator

from tmrx.reference.packet import AUTHENTICATION

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60
SEGMENT_ROUTING = 4
PAD1, PADN, ROUTER_ALERT, JUMBO, HOME_ADDRESS = 0, 1, 5, 0xC2, 0xC9
# IPv4's types, with the copied flag (IANA's registry "IP Option Numbers").
ROUTES, TIMESTAMP = (7, 131, 137), 68
SIZES = {136: 4, 148: 4, 25: 8}  # stream id, router alert, quick start
SECURITY = (130, 133, 134)
# TCP's kinds that stand once at most: MSS, window scale, SACK permitted, SACK, timestamps, fast open.
ONCE = (2, 3, 4, 5, 8, 34)


def ipv4_options(data: bytes) -> set[str]:
    """What is wrong with IPv4's options (RFC 791, section 3.1)."""
    found = {"ipv4.option_padding"} if len(data) % 8 else set()
    seen: list[int] = []
    at = 0
    while at < len(data) and data[at]:
        if data[at] == 1:
            at += 1
            continue
        if at + 1 == len(data):
            return found | {"ipv4.option_end"}
        kind, size = data[at : at + 2]
        if size < 2 or at + size > len(data):
            return found | {"ipv4.options"}
        found |= _ipv4_option(kind, data[at : at + size])
        if kind in seen:
            found.add("ipv4.option_twice")
        seen.append(kind)
        at += size
    return found


def _ipv4_option(kind: int, whole: bytes) -> set[str]:
    """What is wrong with one option; pointers count from 1 and stand behind kind and size."""
    size, pointer = len(whole), whole[2] if len(whole) > 2 else 0
    if kind in ROUTES:
        if size < 3:
            return {"ipv4.options"}
        return {"ipv4.option_malformed"} if size % 4 != 3 or pointer < 4 or pointer % 4 else set()
    if kind == TIMESTAMP:
        if size < 4:
            return {"ipv4.options"}
        return {"ipv4.option_malformed"} if pointer < 5 else set()
    if kind in SIZES:
        return set() if size == SIZES[kind] else {"ipv4.options"}
    return set() if kind in SECURITY else {"ipv4.option_unknown"}


def tcp_options(data: bytes) -> set[str]:
    """What is wrong with TCP's options (RFC 9293, section 3.1)."""
    found: set[str] = set()
    seen: list[int] = []
    at = 0
    while at < len(data) and data[at]:
        if data[at] == 1:
            at += 1
            continue
        if at + 1 == len(data) or data[at + 1] < 2 or at + data[at + 1] > len(data):
            return found | {"tcp.options"}
        kind, size = data[at : at + 2]
        if not _tcp_size(kind, size):
            found.add("tcp.options")
        if kind in ONCE and kind in seen:
            found.add("tcp.option_twice")
        seen.append(kind)
        at += size
    return found


def _tcp_size(kind: int, size: int) -> bool:
    """Whether an option can be that long: MSS, window scale, SACK permitted, timestamps, MD5; SACK; fast open; AO."""
    fixed = {2: 4, 3: 3, 4: 2, 8: 10, 19: 18}
    if kind in fixed:
        return size == fixed[kind]
    if kind == 5:
        return size % 8 == 2  # one without blocks says nothing, and is no fault
    if kind == 34:
        return size == 2 or (6 <= size <= 18 and size % 2 == 0)
    return size >= 4 if kind in (29, 253, 254) else True


def ipv6_options(extension: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and data of each option of a hop-by-hop or destination header that is there whole (RFC 8200, 4.2)."""
    at = 2
    while at < len(extension):
        if extension[at] == PAD1:
            yield PAD1, b""
            at += 1
            continue
        data = extension[at + 2 : at + 2 + extension[at + 1]] if at + 1 < len(extension) else None
        if data is None or len(data) < extension[at + 1]:
            return
        yield extension[at], data
        at += 2 + len(data)


def extension_anomalies(kind: int, extension: bytes, size: int, is_jumbogram: bool) -> set[str]:
    """What is wrong with an IPv6 extension header of `size` bytes, of which `extension` was captured."""
    if kind in (HOP_BY_HOP, DESTINATION):
        return _options(kind, extension, len(extension) == size, is_jumbogram)
    found: set[str] = set()
    if kind == ROUTING:
        if extension[2] == 0:
            found.add("ipv6.routing_type_0")
        room, left, last = extension[1] // 2, extension[3], extension[4]
        if extension[2] == SEGMENT_ROUTING and (last + 1 > room or left > last + 1):
            found.add("ipv6.segment_routing")
    elif kind == FRAGMENT:
        if not int.from_bytes(extension[2:4]) & 0xFFF9:
            found.add("ipv6.fragment_useless")
        if extension[1]:
            found.add("ipv6.fragment_reserved")
        if is_jumbogram:
            found.add("ipv6.jumbogram")
    elif kind == AUTHENTICATION and any(extension[2:4]):
        found.add("ipv6.ah_reserved")
    return found


def _options(kind: int, extension: bytes, whole: bool, is_jumbogram: bool) -> set[str]:
    name = "hop_by_hop" if kind == HOP_BY_HOP else "destination"
    found: set[str] = set()
    read = 2
    padding = True
    for option, data in ipv6_options(extension):
        read += 1 if option == PAD1 else 2 + len(data)
        padding = padding and option in (PAD1, PADN)
        sizes = {ROUTER_ALERT: 2, JUMBO: 4, HOME_ADDRESS: 16}
        if option == PADN and not data:
            found.add("ipv6.pad_zero")
        elif option in sizes and len(data) != sizes[option]:
            found.add("ipv6.option_length")
        elif option == JUMBO and not is_jumbogram:
            found.add("ipv6.jumbogram")
        elif option not in (PAD1, PADN, *sizes):
            found.add(f"ipv6.{name}_option")
    if whole and read < len(extension):
        found.add("ipv6.option_length")
    elif whole and padding:
        found.add(f"ipv6.{name}_padding")
    return found
