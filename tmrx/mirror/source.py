"""The mirror as its sources need it: what the core is told to copy, and how the copies look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from ipaddress import ip_address

from tmrx import plan
from tmrx.config import Settings
from tmrx.errors import ConfigError
from tmrx.mirror.firewall import Firewalls, block, version_of
from tmrx.mirror.mirror import IP_VERSIONS, Mirror, packed
from tmrx.mirror.model import (
    NetworkInterface,
    TrafficMirrorFilter,
    TrafficMirrorFilterRule,
    TrafficMirrorSession,
    TrafficMirrorTarget,
)

# Ends of outer headers that nothing names (RFC 5737: documentation).
OUTER_SRC, OUTER_DST = "192.0.2.1", "192.0.2.2"
GATEWAY_SRC, GATEWAY_DST = "192.0.2.3", "192.0.2.4"
ENDPOINT, ATTACHMENT = 0x0123_4567_89AB_CDEF, 1

_GIVE = "add what aws ec2 describe-traffic-mirror-{} prints"
_OWN_MACS = (bytes.fromhex("020000000002"), bytes.fromhex("020000000001"))
_FIRST_PORTS = {"aws": 65_408, "ephemeral": 49_152}
# Headers around a copy from the IP header on, by the version of IP: as on the wire, and as AWS's guide has them
# (specification, section 5).
_OVERHEAD = {"byte-exact": {4: 36, 6: 56}, "documented": {4: 40, 6: 60}}


def everything(vni: int, packet_length: int | None, ends: tuple[str, str], *, gateway: bool = False) -> plan.MirrorPlan:
    """A plan that copies every frame, unchanged but for its length. `ends`: outer source and destination.

    Raises ConfigError for ends that are none.
    """
    for end in ends:
        _check_address(end)
    copies = plan.Copies(
        vni=vni,
        src=packed(ends[0]),
        dst=(packed(ends[1]),),
        gateway=_gateway((), ENDPOINT, ATTACHMENT) if gateway else None,
        packet_length=packet_length or plan.NO_LIMIT,
    )
    return plan.MirrorPlan(everything=True, sessions=(plan.SourceSession(id="", filter=0, copies=copies),))


def source_plan(mirror: Mirror, settings: Settings) -> plan.MirrorPlan:
    """What the sources of a mirror do; `settings` win over its own.

    Raises ConfigError where it has no session, or not all that its sessions need.
    """
    together = settings.over(mirror.settings)
    if not mirror.sources():
        raise ConfigError("--mirror", "has no session with a source", "sessions name the interface that they mirror")
    faults = list(_missing(mirror))
    if faults:
        raise ConfigError.of(faults)
    maker = _Maker(mirror, together)
    sources = tuple(maker.source(key, sessions) for key, sessions in mirror.sources().items())
    return plan.MirrorPlan(
        sources=sources,
        sessions=tuple(maker.sessions),
        filters=tuple(_filter(known) for known in mirror.filters.values()),
        firewalls=tuple(maker.firewalls.made),
        exclude_ntp=together["exclude_ntp"],
        truncated_checksum=together["truncated_checksum"],
        first_port=_FIRST_PORTS[together["source_ports"]],
    )


def _missing(mirror: Mirror) -> Iterator[ConfigError]:
    """What a source can't do without, though a receiver can."""
    for key, session in mirror.sessions.items():
        interface, place = mirror.interface(session), partial(mirror.place, TrafficMirrorSession, key)
        if mirror.filter(session) is None:
            yield ConfigError(
                place("traffic_mirror_filter_id"), "names no filter that is given", _GIVE.format("filters")
            )
        if session.network_interface_id and (interface is None or not (interface.mac_address or interface.addresses())):
            why = "names an interface of which neither MAC nor IP address is given: nothing tells which packets are its"
            hint = "add what aws ec2 describe-network-interfaces prints"
            yield ConfigError(place("network_interface_id"), why, hint)
    for key, target in mirror.targets.items():
        if target.gateway_load_balancer_endpoint_id and any(":" in address for address in target.receivers):
            why = "are not all IPv4, and a Gateway Load Balancer's GENEVE is"
            yield ConfigError(mirror.place(TrafficMirrorTarget, key, "receivers"), why, "give IPv4 addresses")


class _Maker:
    """Makes sources and their sessions; `sessions` are those made so far, in the order of the plan."""

    def __init__(self, mirror: Mirror, settings: Settings) -> None:
        self.mirror = mirror
        self.settings = settings
        self.sessions: list[plan.SourceSession] = []
        self.firewalls = Firewalls(mirror)
        self._filters = {key: index for index, key in enumerate(mirror.filters)}

    def source(self, key: str, sessions: Iterable[TrafficMirrorSession]) -> plan.MirrorSource:
        """A source, and its active sessions in their order."""
        interface = self.mirror.interfaces[key]
        active, inactive = [], ""
        for session in sessions:
            why = self.mirror.is_active(session)
            if why:
                inactive = inactive or why
                continue
            active.append(len(self.sessions))
            self.sessions.append(self._session(session, interface))
        return plan.MirrorSource(
            interface=key,
            mac=_mac(interface.mac_address),
            addresses=tuple(packed(address) for address in interface.addresses()),
            resolvers=tuple(packed(address) for address in self.mirror.resolvers(interface)),
            offload=interface.offload,
            firewall=self.firewalls.of(interface),
            sessions=tuple(active),
            inactive="" if active else inactive,
        )

    def _session(self, session: TrafficMirrorSession, interface: NetworkInterface) -> plan.SourceSession:
        target = self.mirror.target(session)
        src, dst = self._ends(session)
        return plan.SourceSession(
            id=session.traffic_mirror_session_id,
            filter=self._filters[session.traffic_mirror_filter_id],
            copies=plan.Copies(
                vni=session.virtual_network_id,
                src=packed(src),
                dst=tuple(packed(address) for address in dst),
                macs=self._macs(interface, target),
                gateway=self._behind(target),
                packet_length=self.mirror.packet_length(session),
                mtu=self._mtu(session, src),
            ),
        )

    def _mtu(self, session: TrafficMirrorSession, src: str) -> int:
        """Bytes of a copy that the target's MTU leaves."""
        mtu = self.mirror.target_mtu(session)
        return mtu and mtu - _OVERHEAD[self.settings["mtu_reading"]][ip_address(src).version]

    def _ends(self, session: TrafficMirrorSession) -> tuple[str, tuple[str, ...]]:
        """Outer source and destinations; an end that nothing names has an address of documentation's."""
        wanted = IP_VERSIONS[self.settings["outer"]]
        ends = self.mirror.ends(session, wanted)
        if ends is None:
            what = f"{session.network_interface_id} and {session.traffic_mirror_target_id}"
            raise ConfigError(what, "have no addresses of one family", "give both an IPv4 address, or both an IPv6 one")
        src, dst = ends
        version = next((ip_address(address).version for address in (src, *dst) if address), wanted)
        return src or _stand_in(OUTER_SRC, version), dst or (_stand_in(OUTER_DST, version),)

    def _macs(self, interface: NetworkInterface, target: TrafficMirrorTarget | None) -> bytes:
        to = self.mirror.interfaces.get(target.network_interface_id) if target else None
        ends = (to.mac_address if to else None, interface.mac_address)
        return b"".join(_mac(mac) or own for mac, own in zip(ends, _OWN_MACS, strict=True))

    def _behind(self, target: TrafficMirrorTarget | None) -> plan.Gateway | None:
        if target is None or not target.gateway_load_balancer_endpoint_id:
            return None
        return _gateway(target.receivers, _number(target.gateway_load_balancer_endpoint_id), target.attachment)


def _gateway(receivers: Sequence[str], endpoint: int, attachment: int) -> plan.Gateway:
    dst = tuple(packed(address) for address in receivers or (GATEWAY_DST,))
    return plan.Gateway(src=packed(GATEWAY_SRC), dst=dst, endpoint=endpoint, attachment=attachment)


def _filter(known: TrafficMirrorFilter) -> plan.MirrorFilter:
    return plan.MirrorFilter(
        ingress=tuple(_rule(rule, "ingress") for rule in known.rules("ingress")),
        egress=tuple(_rule(rule, "egress") for rule in known.rules("egress")),
        amazon_dns=known.amazon_dns(),
    )


def rule_id(rule: TrafficMirrorFilterRule, direction: str) -> str:
    """What the truth calls a rule: its id, its direction and number where it has none."""
    return rule.traffic_mirror_filter_rule_id or f"{direction} {rule.rule_number}"


def _rule(rule: TrafficMirrorFilterRule, direction: str) -> plan.FilterRule:
    return plan.FilterRule(id=rule_id(rule, direction), accept=rule.rule_action == "accept", match=_match(rule))


def _match(rule: TrafficMirrorFilterRule) -> plan.PacketMatch:
    cidrs, sports, dports = rule.cidrs(), rule.source_port_range, rule.destination_port_range
    return plan.PacketMatch(
        ip=version_of(cidrs[0]) if cidrs else 0,
        protocol=rule.protocol,
        src=block(rule.source_cidr_block),
        dst=block(rule.destination_cidr_block),
        sports=(sports.from_port, sports.to_port) if sports else None,
        dports=(dports.from_port, dports.to_port) if dports else None,
    )


def _stand_in(address: str, version: int) -> str:
    """An address of documentation, as IPv6 in its prefix (RFC 3849)."""
    return address if version == 4 else f"2001:db8::{ip_address(address).packed[-1]}"  # noqa: PLR2004


def _mac(text: str | None) -> bytes:
    return bytes.fromhex(text.replace(":", "")) if text else b""


def _number(endpoint: str) -> int:
    """An endpoint's id as the 64 bits of GENEVE's option."""
    try:
        return int(endpoint.removeprefix("vpce-"), 16) & (2**64 - 1)
    except ValueError:
        raise ConfigError(endpoint, "is no endpoint's id", "as in vpce-0123456789abcdef0") from None


def _check_address(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        raise ConfigError(text, "is not an IP address", "as in 192.0.2.1 or 2001:db8::1") from None
