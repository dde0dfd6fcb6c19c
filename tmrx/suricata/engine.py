"""suricata.yaml → the parts of the plan that say how packets are taken apart, put together and tracked."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.rules import Variables
from tmrx.rules import sets as rule_sets
from tmrx.rules.diagnostics import Fault
from tmrx.rules.lexer import Field
from tmrx.suricata.document import Text
from tmrx.suricata.settings import Configuration, is_true, scalars

# Operating systems by what they do with overlapping fragments (specification, decode.md, "Policy").
FRAGMENTS: dict[str, plan.FragmentPolicy] = {
    "bsd": "bsd", "hpux10": "bsd", "irix": "bsd", "bsd-right": "bsd-right", "linux": "linux", "old-linux": "linux",
    "macos": "first", "hpux11": "first", "old-solaris": "first", "first": "first", "solaris": "solaris",
    "windows": "windows", "vista": "windows", "windows2k3": "windows", "last": "last",
}  # fmt: skip
SEGMENTS: dict[str, plan.StreamPolicy] = {
    "bsd": "bsd", "bsd-right": "bsd", "windows": "windows", "windows2k3": "windows2k3", "vista": "vista",
    "linux": "linux", "old-linux": "old-linux", "hpux10": "hpux10", "hpux11": "hpux11", "irix": "irix",
    "macos": "macos", "solaris": "solaris", "old-solaris": "solaris", "first": "first", "last": "last",
}  # fmt: skip
# The policies of exceptions, as far as an engine that only looks can follow them.
_PASSIVE: dict[str, plan.ExceptionPolicy] = {
    "": "ignore", "auto": "ignore", "ignore": "ignore", "pass-packet": "pass_packet", "pass-flow": "pass_flow",
    "bypass": "bypass", "reject": "reject", "rejectboth": "reject", "reject-both": "reject",
    "drop-packet": "ignore", "drop-flow": "ignore",
}  # fmt: skip
_INLINE: dict[str, plan.ExceptionPolicy] = {
    **_PASSIVE, "auto": "drop_flow", "drop-packet": "drop_packet", "drop-flow": "drop_flow",
}  # fmt: skip
_MIDSTREAM_TAKES = {"ignore", "pass_flow"}


def decap(configuration: Configuration, variables: Variables) -> plan.DecapSettings:
    """Which ports carry what. Raises ConfigError."""

    def ports(name: str) -> tuple[int, ...]:
        if not configuration.flag(f"decoder.{name}.enabled"):
            return ()
        return _ports(configuration, f"decoder.{name}.ports", variables)

    check = _one_of(configuration, "decoder.vxlan.reserved-bits-check", ("strict", "permissive"))
    return plan.DecapSettings(
        vxlan_ports=ports("vxlan"),
        geneve_ports=ports("geneve"),
        teredo_ports=ports("teredo"),
        max_depth=min(8, configuration.number("decoder.max-layers")),
        vxlan_strict=check == "strict",
    )


def _ports(configuration: Configuration, path: str, variables: Variables) -> tuple[int, ...]:
    text = ",".join(configuration.words(path)) or configuration.text(path)
    if text == "any":  # which the core has as port 0
        return (0,)
    try:
        found = rule_sets.ports(Field(f"[{text}]" if "," in text and "[" not in text else text, 0), variables)
    except Fault as fault:
        raise ConfigError(configuration.place(path), fault.why, fault.hint) from None
    ranges = ((1, 65_535),) if found.any else found.ranges
    return tuple(port for low, high in ranges for port in range(low, high + 1))


def fragments(configuration: Configuration) -> plan.FragmentSettings:
    """How datagrams in fragments are put together. Raises ConfigError."""
    hosts = tuple(
        plan.FragmentHost(network=network, prefix=prefix, policy=FRAGMENTS[name])
        for (network, prefix), name in host_policies(configuration)
    )
    return plan.FragmentSettings(
        policy="bsd",
        hosts=hosts,
        timeout=configuration.number("defrag.timeout"),
        memory=configuration.size("defrag.memcap"),
    )


def flow(configuration: Configuration) -> plan.FlowSettings:
    """How flows are tracked. Raises ConfigError."""

    def seconds(protocol: str, state: str) -> int:
        return max(1, configuration.number(f"flow-timeouts.{protocol}.{state}"))

    timeouts = plan.Timeouts(
        tcp_new=seconds("tcp", "new"),
        tcp_established=seconds("tcp", "established"),
        tcp_closed=seconds("tcp", "closed"),
        other_new=seconds("udp", "new"),
        other_established=seconds("udp", "established"),
    )
    return plan.FlowSettings(
        timeouts=timeouts,
        by_depth=configuration.flag("decoder.recursion-level.use-for-tracking"),
        by_vlan=configuration.flag("vlan.use-for-tracking"),
        community_id_seed=_seed(configuration),
    )


def _seed(configuration: Configuration) -> int:
    """The Community ID's seed is each EVE section's own; the first one counts."""
    outputs = configuration.node("outputs")
    for entry in outputs if isinstance(outputs, list) else []:
        section = entry.get("eve-log") if isinstance(entry, dict) else None
        seed = section.get("community-id-seed") if isinstance(section, dict) else None
        if isinstance(seed, Text) and seed.isdigit() and int(seed) < 2**16:
            return int(seed)
    return 0


def streams(configuration: Configuration, *, inline: bool, checksums: bool) -> plan.StreamSettings:
    """How TCP is put together. Raises ConfigError."""
    read = configuration
    midstream = read.flag("stream.midstream")
    overlaps = read.text("stream.reassembly.check-overlap-different-data")
    urgent = _one_of(read, "stream.reassembly.urgent.policy", ("oob", "inline", "drop", "gap"))
    return plan.StreamSettings(
        enabled=True,
        midstream=midstream,
        lossy=False,
        async_oneside=read.flag("stream.async-oneside"),
        inline=_is_inline(read, inline=inline),
        checksums=checksums and read.flag("stream.checksum-validation"),
        memcap=read.size("stream.memcap"),
        reassembly_memcap=read.size("stream.reassembly.memcap"),
        depth=read.size("stream.reassembly.depth"),
        chunk_size=read.size("stream.reassembly.toserver-chunk-size"),
        max_syn_queued=read.number("stream.max-syn-queued"),
        max_synack_queued=read.number("stream.max-synack-queued"),
        urgent=urgent,  # type: ignore[arg-type]
        urgent_limit=_urgent_limit(read, urgent),  # type: ignore[arg-type]
        bypass=read.flag("stream.bypass"),
        compare_overlaps=is_true(overlaps) or (inline and not overlaps),
        policy="bsd",
        hosts=tuple(_hosts(configuration)),
        midstream_policy=_midstream_policy(read, inline=inline, midstream=midstream),
        memcap_policy=_policy(read, "stream.memcap-policy", inline=inline),
        reassembly_memcap_policy=_policy(read, "stream.reassembly.memcap-policy", inline=inline),
    )


def _is_inline(configuration: Configuration, *, inline: bool) -> bool:
    text = configuration.text("stream.inline")
    return inline if text == "auto" else is_true(text)


def _one_of(configuration: Configuration, path: str, words: tuple[str, ...]) -> str:
    word = configuration.text(path).lower()
    if word not in words:
        raise ConfigError(configuration.place(path), f"{word!r} is none of {', '.join(words)}")
    return word


def _urgent_limit(configuration: Configuration, urgent: str) -> str:
    path = "stream.reassembly.urgent.oob-limit-policy"
    if configuration.text(path):
        return _one_of(configuration, path, ("drop", "inline", "gap"))
    return "drop" if urgent == "oob" else "inline"


def _policy(configuration: Configuration, path: str, *, inline: bool) -> plan.ExceptionPolicy:
    """What becomes of a packet that can't be judged; `exception-policy` stands for those that say nothing."""
    where = path if configuration.text(path) else "exception-policy"
    text = configuration.text(where).lower()
    table = _INLINE if inline else _PASSIVE
    if text not in table:
        raise ConfigError(configuration.place(where), f"{text!r} is no exception policy")
    return table[text]


def _midstream_policy(configuration: Configuration, *, inline: bool, midstream: bool) -> plan.ExceptionPolicy:
    path = "stream.midstream-policy"
    policy = _policy(configuration, path, inline=inline)
    given = configuration.text(path).lower()
    if midstream and given and (policy not in _MIDSTREAM_TAKES or given.startswith("drop")):
        why = f"{given!r} can't be where stream.midstream takes sessions in"
        raise ConfigError(configuration.place(path), why, "ignore or pass-flow")
    return policy if not midstream or policy in {*_MIDSTREAM_TAKES, "bypass"} else "ignore"


def _hosts(configuration: Configuration) -> Iterator[plan.HostPolicy]:
    for network, name in host_policies(configuration):
        yield plan.HostPolicy(network=network[0], prefix=network[1], policy=SEGMENTS[name])


def host_policies(configuration: Configuration) -> Iterator[tuple[tuple[bytes, int], str]]:
    """`host-os-policy`: networks (16 bytes, prefix of 128), and the name of their system. Raises ConfigError."""
    node = configuration.node("host-os-policy")
    for name, networks in node.items() if isinstance(node, dict) else ():
        if name not in FRAGMENTS:
            raise ConfigError("host-os-policy", f"{name!r} is no operating system", f"one of {', '.join(FRAGMENTS)}")
        for text in scalars(networks):
            yield _network(text), name


def _network(text: Text) -> tuple[bytes, int]:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ConfigError(text.place, f"{text!r} is no network, as in 10.0.0.0/8") from None
    if isinstance(network, ipaddress.IPv6Network):
        return network.network_address.packed, network.prefixlen
    return b"\0" * 10 + b"\xff\xff" + network.network_address.packed, network.prefixlen + 96


def detect(configuration: Configuration) -> plan.DetectSettings:
    """The limits of the evaluation. Raises ConfigError."""
    guesses = configuration.number("detect.stream-tx-log-limit")
    return plan.DetectSettings(
        packet_alert_max=configuration.number("packet-alert-max"),
        recursion_limit=configuration.number("detect.inspection-recursion-limit"),
        pcre_match_limit=configuration.number("pcre.match-limit"),
        pcre_recursion_limit=configuration.number("pcre.match-limit-recursion"),
        guessed_transactions=guesses if configuration.flag("detect.guess-applayer-tx") else 0,
    )
