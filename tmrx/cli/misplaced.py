"""Where no packet touches a source: which ends the capture has, and what of a source is in it all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

import msgspec

from tmrx.errors import InputError
from tmrx.plan import MirrorPlan, MirrorSource

_SHOWN = 3
_SAY_MORE = "tmrx mirror explain says it of each packet"

Ends = Counter[tuple[str, str]]  # a MAC address and an IP address that were seen together


def suspected(stats: Mapping[str, Any]) -> bool:
    """Whether there were packets, and none touched a source."""
    return bool(stats["frames"]) and stats["not_at_source"] == stats["outcomes"]


def hint(capture: str, plan: MirrorPlan) -> str:
    """Why that may be; `capture` is looked at again where it is a file."""
    ends = _ends(capture, plan)
    strangers = [text for source in plan.sources if (text := _other_mac(source, ends))]
    macs = [f"{_mac(source.mac)} ({source.interface})" for source in plan.sources if source.mac]
    said = ["nothing was mirrored: no packet is a source's"]
    if strangers:
        said += strangers[:_SHOWN]
    else:
        said += [f"sources have {_list(macs)}"] if macs else []
        said += (
            [f"the capture has {_list(f'{mac} ({ip})' if mac else ip for (mac, ip), _ in ends.most_common(_SHOWN))}"]
            if ends
            else []
        )
    return f"{'; '.join(said)}. {_SAY_MORE}"


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


def _list(items: Iterable[str]) -> str:
    listed = list(items)
    return ", ".join([*listed[:_SHOWN], *(["…"] if len(listed) > _SHOWN else [])])
