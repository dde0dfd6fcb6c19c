"""The mirror as source and receiver need it: which sessions there are, and how their copies look on arrival."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address, ip_network

from tmrx import plan
from tmrx.config import Settings
from tmrx.mirror import guide
from tmrx.mirror.merge import Rows
from tmrx.mirror.model import (
    DEFAULT_MTU,
    GWLB_MTU,
    MAX_PACKET_LENGTH,
    Instance,
    NetworkInterface,
    TrafficMirrorFilter,
    TrafficMirrorSession,
    TrafficMirrorTarget,
)
from tmrx.mirror.network import NetworkAcl, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint
from tmrx.mirror.read import AWS, OWN
from tmrx.mirror.values import Model

# Addresses of the VPC's resolver that are the same in every VPC (specification, section 2.6).
_RESOLVERS = ("169.254.169.253", "fd00:ec2::253")


# The setting `outer`, as a version of IP.
IP_VERSIONS = {"ipv4": 4, "ipv6": 6}


@dataclass(frozen=True)
class Mirror:
    """Objects by id, checked, and the settings that came with them; `warnings` are a line each.

    `drawn` are the sessions whose VNI no document has; `rows` say where each object stands.
    """

    sessions: dict[str, TrafficMirrorSession] = field(default_factory=dict)
    targets: dict[str, TrafficMirrorTarget] = field(default_factory=dict)
    filters: dict[str, TrafficMirrorFilter] = field(default_factory=dict)
    interfaces: dict[str, NetworkInterface] = field(default_factory=dict)
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    vpc_endpoints: dict[str, VpcEndpoint] = field(default_factory=dict)
    security_groups: dict[str, SecurityGroup] = field(default_factory=dict)
    network_acls: dict[str, NetworkAcl] = field(default_factory=dict)
    route_tables: dict[str, RouteTable] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    warnings: tuple[str, ...] = ()
    drawn: frozenset[str] = frozenset()
    rows: Rows = field(default_factory=dict, repr=False, compare=False)

    def place(self, model: type[Model], key: str, name: str = "", index: int | None = None) -> str:
        """Where an object stands, or a field of it, or an item of a field; its id where no document has it."""
        row = self.rows.get(model, {}).get(key)
        if row is None:
            return key
        return row.at(name) if index is None else row.item(name, index)

    def lists(self, model: type[Model]) -> bool:
        """Whether what was given of a kind is all there is of it.

        What instances say of their interfaces is not, nor what a template makes: it may name what was there before.
        """
        rows = self.rows.get(model, {}).values()
        return not rows or any(row.layer == OWN or (row.layer == AWS and row.described) for row in rows)

    def sources(self) -> dict[str, tuple[TrafficMirrorSession, ...]]:
        """Each source's sessions in the order of their evaluation; sources in the order of their first session."""
        found: dict[str, list[TrafficMirrorSession]] = {}
        for session in self.sessions.values():
            if session.network_interface_id:
                found.setdefault(session.network_interface_id, []).append(session)
        return {source: tuple(sorted(of, key=TrafficMirrorSession.order)) for source, of in found.items()}

    def identities(self, settings: Settings | None = None) -> plan.IdentitySettings:
        """What the core is told of sessions; `settings` are the mirror's own unless given.

        A session is also known by the loopback address that `tmrx send` gives its source on this machine.
        """
        given = self.settings if settings is None else settings
        domains = self.domains()
        version = IP_VERSIONS[given["outer"]]
        known: dict[tuple[int, bytes, str], plan.Identity] = {}
        for source in (_as_it_is, loopback):
            for session in self.sessions.values():
                outer = source(self.outer_source(session, version))
                identity = self._identity(session, outer, domains)
                known.setdefault((identity.vni, identity.outer_src, identity.endpoint), identity)
        return plan.IdentitySettings(
            known=tuple(known.values()),
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

    def filter(self, session: TrafficMirrorSession) -> TrafficMirrorFilter | None:
        """What a session mirrors, where that is known."""
        return self.filters.get(session.traffic_mirror_filter_id)

    def instance_type(self, interface: NetworkInterface) -> str:
        """The type of the instance that an interface is attached to; empty where it is not known."""
        instance = self.instances.get(interface.instance_id())
        return instance.instance_type if instance else ""

    def is_active(self, session: TrafficMirrorSession) -> str:
        """Why a session mirrors nothing, a word; empty where nothing is known to be in its way."""
        if session.state == "inactive":
            return "inactive"
        if self._target_gone(session):
            return "target_gone"
        return self._source_unfit(session) or ("ipv6_only_subnet" if self.ipv6_only(session) else "")

    def ipv6_only(self, session: TrafficMirrorSession) -> tuple[str, ...]:
        """The IPv6-only subnets at a session's ends."""
        interface, target = self.interface(session), self.target(session)
        near = [interface.subnet_id] if interface else []
        far = self._subnets(target) if target else []
        ends = [near, far]
        return tuple(subnet for end in ends if end and all(map(self._ipv6_native, end)) for subnet in end)

    def addresses(self, target: TrafficMirrorTarget, version: int = 4) -> tuple[str, ...]:
        """Where copies to a target are sent, one of these each, by that IP version if possible; empty: not known."""
        if target.addresses:
            return target.addresses
        interfaces = [target.network_interface_id]
        if endpoint := self.vpc_endpoints.get(target.gateway_load_balancer_endpoint_id):
            interfaces = list(endpoint.network_interface_ids)
        known = (self.interfaces[key].outer_source(version) for key in interfaces if key in self.interfaces)
        return tuple(address for address in known if address)

    def _receivers(self, target: TrafficMirrorTarget, version: int) -> tuple[str, ...]:
        """Whom copies reach: the receivers behind a Network Load Balancer, else where they are sent."""
        return (target.receivers if target.network_load_balancer_arn else ()) or self.addresses(target, version)

    def resolvers(self, interface: NetworkInterface) -> tuple[str, ...]:
        """The addresses of an interface's resolver: base + 2 of each of its VPC's IPv4 CIDRs, and the fixed ones."""
        vpc = self.vpcs.get(self.vpc_of(interface))
        bases = (ip_network(cidr).network_address for cidr in (vpc.ipv4_cidrs() if vpc else ()))
        return (*(str(base + 2) for base in bases), *_RESOLVERS)

    def ends(self, session: TrafficMirrorSession, version: int = 4) -> tuple[str, tuple[str, ...]] | None:
        """Outer source and destinations of a session's copies, of that IP version where both have it, or of the other.

        Either is empty where it is not known. None: they have no version in common.
        """
        interface, target = self.interface(session), self.target(session)
        for wanted in (version, 10 - version):
            source = (interface.outer_source(wanted) if interface else None) or ""
            every = self._receivers(target, wanted) if target else ()
            to = tuple(address for address in every if ip_address(address).version == wanted)
            if (not source or ip_address(source).version == wanted) and (to or not every):
                return source, to
        return None

    def outer_source(self, session: TrafficMirrorSession, version: int = 4) -> str:
        """The address that a session's copies come from, of that IP version where they go by it; empty: not known."""
        ends, interface = self.ends(session, version), self.interface(session)
        if ends is None and interface is not None:
            return interface.outer_source(version) or ""
        return ends[0] if ends else ""

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
        return interface.mtu_or_default() if interface else DEFAULT_MTU

    def _target_gone(self, session: TrafficMirrorSession) -> bool:
        target = self.target(session)
        if target is None:
            return bool(self.targets and session.traffic_mirror_target_id) and self.lists(TrafficMirrorTarget)
        endpoint = self.vpc_endpoints.get(target.gateway_load_balancer_endpoint_id)
        return endpoint is not None and endpoint.gone()

    def _source_unfit(self, session: TrafficMirrorSession) -> str:
        interface = self.interface(session)
        if interface is None:
            return ""
        if interface.detached():
            return "not_attached"
        kind = self.instance_type(interface)
        return "unsupported_instance_type" if kind and not guide.can_be_mirrored(kind) else ""

    def _subnets(self, target: TrafficMirrorTarget) -> list[str]:
        """The subnets that copies to a target enter, as far as they are known."""
        interface = self.interfaces.get(target.network_interface_id)
        endpoint = self.vpc_endpoints.get(target.gateway_load_balancer_endpoint_id)
        return [interface.subnet_id] if interface else list(endpoint.subnet_ids) if endpoint else []

    def _ipv6_native(self, subnet: str) -> bool:
        known = self.subnets.get(subnet)
        return known is not None and known.ipv6_native

    def _domain(self, vpc: str) -> str:
        known = self.vpcs.get(vpc)
        return (known.domain if known else "") or vpc

    def _identity(self, session: TrafficMirrorSession, outer: str, domains: dict[str, int]) -> plan.Identity:
        interface = self.interface(session)
        vpc = self.vpc_of(interface) if interface else ""
        return plan.Identity(
            vni=session.virtual_network_id,
            outer_src=packed(outer),
            endpoint=self.endpoint(session),
            session=session.traffic_mirror_session_id,
            name=session.label(),
            interface=session.network_interface_id,
            vpc=vpc,
            comment=session.description,
            domain=domains.get(self._domain(vpc), 0),
            packet_length=self.packet_length(session),
            target_mtu=self.target_mtu(session),
        )


def _as_it_is(address: str) -> str:
    return address


def loopback(address: str) -> str:
    """The loopback address that copies from this one come from, where their target is on this machine: the same low 24
    bits in 127.0.0.0/8, and ::1 for IPv6. Empty for none.
    """
    if not address:
        return ""
    parsed = ip_address(address)
    if parsed.version == IP_VERSIONS["ipv6"]:
        return "::1"
    low = int(parsed) & 0xFFFFFF
    return str(IPv4Address(0x7F000000 | min(max(low, 1), 0xFFFFFE)))


def packed(address: str) -> bytes:
    """An address as 16 bytes, IPv4 in its mapped form (RFC 4291, section 2.5.5.2); nothing for none."""
    if not address:
        return b""
    parsed = ip_address(address)
    return b"\0" * 10 + b"\xff\xff" + parsed.packed if isinstance(parsed, IPv4Address) else parsed.packed
