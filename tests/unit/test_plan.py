"""The plan's golden document: what Python writes here is what the core's own test reads (core/tests/plan.rs).

After a change of the schema: `python tests/unit/test_plan.py` writes the document anew.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tmrx import plan

FOLDER = Path(__file__).parents[2] / "core" / "tests"
GOLDEN, MIRROR_GOLDEN = FOLDER / "plan.golden", FOLDER / "mirror_plan.golden"
RETURN = ((6, 1, 2, 0xFFFF_FFFF),)
V6 = bytes.fromhex("20010db8000000000000000000000001")


def words(struct: type[msgspec.Struct], field: str) -> tuple[typing.Any, ...]:
    """What a field that is a choice may be."""
    (choice,) = (info.type for info in msgspec.structs.fields(struct) if info.name == field)
    return typing.get_args(choice)


def checks() -> Iterator[plan.Check]:
    """Each check, with each word of its choices."""
    for op in words(plan.Number, "op"):
        yield plan.Dsize(number=plan.Number(op=op, a=1, b=9), negated=True)
    one = plan.Number(op="eq", a=1)
    yield from (plan.Ttl(number=one), plan.IcmpType(number=one), plan.IcmpCode(number=one), plan.MirrorVni(number=one))
    yield from (plan.TcpFlags(op=op, flags=2, mask=0x3F) for op in words(plan.TcpFlags, "op"))
    yield plan.MirrorSession(value="web*", negated=True)
    yield plan.MirrorTruncated(causes=3, negated=True)
    yield from (
        plan.MirrorChecksum(layer=layer, verdicts=2, negated=True) for layer in words(plan.MirrorChecksum, "layer")
    )


def rules() -> Iterator[plan.Rule]:
    """A rule that has everything, then one for each word of the choices."""
    content = plan.Content(
        pattern=b"\x00a", negated=True, nocase=True, relative=True, offset=1, depth=2, distance=-3, within=4,
        startswith=True, endswith=True, fast_pattern=True,
    )  # fmt: skip
    yield plan.Rule(
        action="alert", scope="flow", protocol="tcp", src=0, sport=0, dst=0, dport=0, both_directions=True, sid=1,
        gid=2, rev=3, msg="a message", category="a category", priority=1, references=("url,example.com",),
        metadata=(("key", ("value", "other")),), noalert=True, flow=plan.FlowCheck(only_stream=True, no_stream=True),
        checks=tuple(checks()), payload=(content, plan.Pcre(pattern=b"a+", negated=True, flags="i", relative=True)),
    )  # fmt: skip
    plain = plan.Rule(action="alert", protocol="ip", src=0, sport=0, dst=0, dport=0, sid=9)
    for choice in ("protocol", "action"):
        yield from (replace(plain, **{choice: word}) for word in words(plan.Rule, choice))
    for choice in ("direction", "state"):
        for word in words(plan.FlowCheck, choice):
            yield replace(plain, scope="packet", flow=replace(plan.FlowCheck(), **{choice: word}))


def steps() -> Iterator[plan.Step]:
    """Each test, with a verdict and with a step that follows."""
    tests = (
        plan.There(), plan.Numbers(ranges=((V6, V6),), mask=0x12), plan.Words(words=("mtu",)), plan.Part(text="web"),
    )  # fmt: skip
    yield from (plan.Step(column="vni", test=test, negated=True, yes=9, no=False) for test in tests)


def everything() -> plan.Plan:
    """A plan with every struct, every field other than its default, every word of a choice."""
    known = plan.Identity(
        vni=7, outer_src=V6, endpoint="vpce-0123456789abcdef0", session="tms-1", name="web", interface="eni-1",
        vpc="vpc-1", comment="a comment", domain=1, packet_length=128, target_mtu=9001,
    )  # fmt: skip
    return plan.Plan(
        decap=plan.DecapSettings(
            vxlan_ports=(4789, 8472),
            geneve_ports=(6081, 10800),
            vxlan_gpe_ports=(4790,),
            gre_udp_ports=(4754,),
            teredo_ports=(3545,),
            tunnels=("ip", "gre", "erspan"),
            max_depth=8,
        ),
        identity=plan.IdentitySettings(known=(known,), unknown="refuse", unknown_domain="own", max_learned=9),
        fragments=plan.FragmentSettings(policy="bsd-right", timeout=9, memory=2**33),
        flow=plan.FlowSettings(
            max_flows=1024, timeouts=plan.Timeouts(tcp_new=1), by_depth=False, community_id_seed=5, hash_seed=None
        ),
        rules=plan.Rules(
            rules=tuple(rules()),
            addresses=(plan.AddressSet(any=True, negated=True, v4=((1, 2),), v6=((V6, V6),)),),
            ports=(plan.PortSet(any=True, ranges=((1, 2),)),),
        ),
        outputs=plan.Outputs(
            eve=True,
            fast=True,
            pcap=True,
            capture=plan.CaptureSettings(pcapng=True, rotate_size=1_000_000, rotate_time=60_000_000_000),
            tables=("packets", "flows", "alerts", "anomalies"),
            lines=plan.Lines(form="json", columns=("time",), most=9),
        ),
        inspect_outer=True,
        filter=tuple(plan.Program(link=link, code=RETURN) for link in typing.get_args(plan.FilterLink)),
        display=tuple(steps()),
    )


def mirrors() -> tuple[plan.MirrorPlan, ...]:
    """A plan with every struct and every field other than its default, then one for each word of the choices."""
    match = plan.PacketMatch(ip=4, protocol=6, src=(V6, V6), dst=(V6, V6), sports=(1, 2), dports=(3, 4), icmp=(8, -1))
    rule = plan.FilterRule(id="tmfr-1", accept=True, match=match)
    copies = plan.Copies(
        vni=7, src=V6, dst=(V6,), macs=bytes(12), packet_length=128, mtu=8965,
        gateway=plan.Gateway(src=V6, dst=(V6,), endpoint=1, attachment=2),
    )  # fmt: skip
    source = plan.MirrorSource(
        interface="eni-1", mac=bytes(6), addresses=(V6,), resolvers=(V6,), offload=False, sessions=(0,),
        inactive="gone",
        firewall=0,
    )  # fmt: skip
    whole = plan.MirrorPlan(
        everything=True, sources=(source,), sessions=(plan.SourceSession(id="tms-1", filter=0, copies=copies),),
        filters=(plan.MirrorFilter(ingress=(rule,), egress=(rule,), amazon_dns=True),), first_port=49_152,
        firewalls=(plan.Firewall(ingress=(match,), egress=(match,), acl=(rule,), subnet=((V6, V6),)),),
        impairments=plan.Impairments(
            seed=1, loss=0.1, duplicate=0.1, reorder=0.1, reorder_depth=4, delay=5, jitter=6, corrupt=0.1
        ),
    )  # fmt: skip
    choices = ("exclude_ntp", "truncated_checksum")
    return (whole, *(replace(whole, **{name: word}) for name in choices for word in words(plan.MirrorPlan, name)))


def used(value: object) -> Iterator[type]:
    """The classes of all structs in it."""
    if isinstance(value, plan.Struct):
        yield type(value)
        value = tuple(getattr(value, name) for name in value.__struct_fields__)
    if isinstance(value, tuple):
        for part in value:
            yield from used(part)


def test_golden() -> None:
    assert GOLDEN.read_bytes() == everything().encode(), "the schema has changed: see the top of this file"


def test_mirror_golden() -> None:
    assert MIRROR_GOLDEN.read_bytes() == msgspec.msgpack.encode(mirrors()), "see the top of this file"


def test_it_has_every_struct() -> None:
    assert set(used(everything())) | set(used(mirrors())) == set(plan.Struct.__subclasses__())


def test_it_comes_back() -> None:
    assert msgspec.msgpack.decode(everything().encode(), type=plan.Plan) == everything()
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(mirrors()), type=tuple[plan.MirrorPlan, ...])
    assert again == mirrors()


if __name__ == "__main__":
    GOLDEN.write_bytes(everything().encode())
    MIRROR_GOLDEN.write_bytes(msgspec.msgpack.encode(mirrors()))
