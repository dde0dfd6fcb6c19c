"""Where no packet touches a source: which ends the capture has, and what of a source is in it all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import msgspec

from tmrx.errors import InputError
from tmrx.plan import MirrorPlan, MirrorSource

_SHOWN = 3

Ends = Counter[tuple[str, str]]  # a MAC address and an IP address that were seen together


def hint(capture: str, plan: MirrorPlan) -> str:
    """Why that may be; `capture` is looked at again where it is a file."""
    ends = _ends(capture, plan)
    said = ["nothing was mirrored: no packet is a source's"]
    said += [text for source in plan.sources if (text := _other_mac(source, ends))][:_SHOWN]
    if len(said) == 1:
        macs = [f"{_mac(source.mac)} ({source.interface})" for source in plan.sources if source.mac]
        seen = [f"{mac} ({ip})" if mac else ip for (mac, ip), _ in ends.most_common(_SHOWN + 1)]
        said += [f"{what} {_list(items)}" for what, items in (("sources have", macs), ("there are", seen)) if items]
    return "; ".join(said)


def _ends(capture: str, plan: MirrorPlan) -> Ends:
    """Of the first packets."""
    from tmrx._core import Capture, Mirror  # noqa: PLC0415

    try:
        lines = Mirror(plan.encode()).explain(Capture(capture)) if capture != "-" else None
    except InputError:
        return Counter()
    packets = msgspec.json.Decoder().decode_lines(lines or b"")
    seen: Ends = Counter()
    for packet in packets:
        seen.update((packet.get(f"{end}_mac", ""), packet[end]) for end in ("src", "dst") if end in packet)
    return seen


def _other_mac(source: MirrorSource, ends: Ends) -> str:
    """That a source's address is in the capture with another MAC; empty where it isn't."""
    addresses = {str(_address(address)) for address in source.addresses}
    for (mac, ip), _ in ends.most_common():
        if mac and str(ip_address(ip)) in addresses:
            return f"{ip} of {source.interface} has MAC {mac} there, not {_mac(source.mac)}"
    return ""


def _address(packed: bytes) -> Any:
    address = ip_address(packed)
    return getattr(address, "ipv4_mapped", None) or address


def _mac(mac: bytes) -> str:
    return mac.hex(":")


def _list(items: Sequence[str]) -> str:
    return ", ".join([*items[:_SHOWN], *(["…"] if len(items) > _SHOWN else [])])
