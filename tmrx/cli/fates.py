"""What became of packets at the sources of a mirror, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# By fate and reason, as `--truth` names them; where a fate has no reasons of its own, the reason is "".
NOT_MIRRORED: Mapping[tuple[str, str], str] = {
    ("rejected", "rule"): "rejected by a rule",
    ("rejected", "no_rule"): "no rule matches",
    ("rejected", "no_amazon_dns"): "the VPC resolver's, without amazon-dns",
    ("excluded", "arp"): "never mirrored: ARP",
    ("excluded", "dhcp"): "never mirrored: DHCP",
    ("excluded", "instance_metadata"): "never mirrored: instance metadata",
    ("excluded", "ntp"): "never mirrored: NTP",
    ("excluded", "windows_activation"): "never mirrored: Windows activation",
    ("excluded", "mirrored_copy"): "never mirrored: a copy of this mirror's",
    ("excluded", "security_group"): "dropped by the source's security groups",
    ("excluded", "network_acl"): "dropped by the subnet's network ACL",
    ("skipped", "too_large"): "too large for a datagram",
    ("not_at_source", ""): "at no source",
}
CUT_BY: Mapping[str, str] = {
    "packet_length": "the packet length",
    "mtu": "the target's MTU",
    "snaplen": "the capture",
}
CHECKSUMS: Mapping[str, str] = {
    "pseudo": "with the pseudo-header's sum as checksum",
    "zero": "with 0 as checksum",
}

IMPAIRMENTS = ("lost", "duplicated", "reordered", "delayed", "corrupted")


def why(fate: str, reason: str | None) -> str:
    """Why a packet was not mirrored."""
    if fate == "no_session":
        return f"no active session: {words(reason or '')}"
    return NOT_MIRRORED.get((fate, reason or "")) or words(f"{fate}: {reason}")


def not_mirrored(stats: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Each reason not to mirror and how often, from `--stats`; those that there were, each sum of its own."""
    for fate in ("rejected", "excluded", "no_session", "not_at_source", "skipped"):
        counts = stats[fate] if isinstance(stats[fate], Mapping) else {"": stats[fate]}
        yield from ((why(fate, reason), count) for reason, count in counts.items() if count)


def words(name: str) -> str:
    """`target_gone` as people say it."""
    return name.replace("_", " ")
