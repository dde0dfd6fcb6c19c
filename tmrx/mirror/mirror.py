"""The mirror as its receiver needs it: which sessions there are, and how their copies look on arrival."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

from tmrx import plan
from tmrx.config import Settings
from tmrx.mirror.model import (
    DEFAULT_MTU,
    GWLB_MTU,
    MAX_PACKET_LENGTH,
    NetworkInterface,
    Subnet,
    TrafficMirrorFilter,
    TrafficMirrorSession,
    TrafficMirrorTarget,
    Vpc,
)


@dataclass(frozen=True)
class Mirror:
    """Objects by id, checked, and the settings that came with them; `warnings` are a line each."""

    sessions: dict[str, TrafficMirrorSession] = field(default_factory=dict)
    targets: dict[str, TrafficMirrorTarget] = field(default_factory=dict)
    filters: dict[str, TrafficMirrorFilter] = field(default_factory=dict)
    interfaces: dict[str, NetworkInterface] = field(default_factory=dict)
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    warnings: tuple[str, ...] = ()

    def identities(self, settings: Settings | None = None) -> plan.IdentitySettings:
        """What the core is told of sessions; `settings` are the mirror's own unless given."""
        given = self.settings if settings is None else settings
        domains = self.domains()
        return plan.IdentitySettings(
            known=tuple(self._identity(session, domains) for session in self.sessions.values()),
            unknown=given["unknown"],
            unknown_domain=given["unknown_domain"],
            max_learned=given["max_learned"],
        )

    def domains(self) -> dict[str, int]:
        """Each domain's number, from 1 in the order of their names. A VPC that is given none is a domain of its own."""
        vpcs = {*self.vpcs, *(self.vpc_of(interface) for interface in self.interfaces.values())} - {""}
        names = sorted({self._domain(vpc) for vpc in vpcs})
        return {name: number for number, name in enumerate(names, 1)}

    def interface(self, session: TrafficMirrorSession) -> NetworkInterface | None:
        """A session's source, where it is known."""
        return self.interfaces.get(session.network_interface_id)

    def target(self, session: TrafficMirrorSession) -> TrafficMirrorTarget | None:
        """Where a session's copies go, where that is known."""
        return self.targets.get(session.traffic_mirror_target_id)

    def outer_source(self, session: TrafficMirrorSession) -> str:
        """The address that a session's copies come from; empty where it is not known."""
        interface = self.interface(session)
        return (interface.outer_source() if interface else None) or ""

    def endpoint(self, session: TrafficMirrorSession) -> str:
        """The Gateway Load Balancer endpoint that a session's copies pass; empty for none."""
        target = self.target(session)
        return target.gateway_load_balancer_endpoint_id if target else ""

    def vpc_of(self, interface: NetworkInterface) -> str:
        """An interface's VPC, by its subnet where it does not say; empty where it is not known."""
        subnet = self.subnets.get(interface.subnet_id)
        return interface.vpc_id or (subnet.vpc_id if subnet else "")

    def packet_length(self, session: TrafficMirrorSession) -> int:
        """Bytes after the VXLAN header that a session copies; `plan.NO_LIMIT` for all.

        A Network Load Balancer's default is 8500 (specification, section 4.6).
        """
        target = self.target(session)
        balanced = target is not None and target.network_load_balancer_arn
        return session.packet_length or (MAX_PACKET_LENGTH if balanced else plan.NO_LIMIT)

    def target_mtu(self, session: TrafficMirrorSession) -> int:
        """Bytes of an outer IP packet that reach a session's target; `plan.NO_LIMIT` where nothing is cut.

        Standalone instances and Gateway Load Balancers cut, Network Load Balancers don't (specification, section 6.1).
        """
        target = self.target(session)
        if target is None or target.network_load_balancer_arn:
            return plan.NO_LIMIT
        if target.gateway_load_balancer_endpoint_id:
            return GWLB_MTU
        interface = self.interfaces.get(target.network_interface_id)
        return interface.mtu if interface else DEFAULT_MTU

    def _domain(self, vpc: str) -> str:
        known = self.vpcs.get(vpc)
        return (known.domain if known else "") or vpc

    def _identity(self, session: TrafficMirrorSession, domains: dict[str, int]) -> plan.Identity:
        interface = self.interface(session)
        vpc = self.vpc_of(interface) if interface else ""
        return plan.Identity(
            vni=session.virtual_network_id,
            outer_src=packed(self.outer_source(session)),
            endpoint=self.endpoint(session),
            session=session.traffic_mirror_session_id,
            name=session.label(),
            interface=session.network_interface_id,
            vpc=vpc,
            domain=domains.get(self._domain(vpc), 0),
            packet_length=self.packet_length(session),
            target_mtu=self.target_mtu(session),
        )


def packed(address: str) -> bytes:
    """An address as 16 bytes, IPv4 in its mapped form (RFC 4291, section 2.5.5.2); nothing for none."""
    if not address:
        return b""
    parsed = ip_address(address)
    return b"\0" * 10 + b"\xff\xff" + parsed.packed if isinstance(parsed, IPv4Address) else parsed.packed
