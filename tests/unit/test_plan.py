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


def choices(struct: type[msgspec.Struct], whole: typing.Any) -> Iterator[typing.Any]:
    """`whole`, then one for each word of each of its choices."""
    yield whole
    for info in msgspec.structs.fields(struct):
        if typing.get_origin(info.type) is typing.Literal:
            yield from (replace(whole, **{info.name: word}) for word in typing.get_args(info.type))


ONE = plan.Number(op="eq", a=1, b=2)
VAR = plan.Variable(var=3)


def file_tests() -> Iterator[plan.FileTest]:
    """Each test on files, with each word of its choices."""
    yield plan.FileName(text=b"a", negated=True, end=True)
    yield plan.FileMagic(text=b"a", negated=True)
    yield plan.FileSize(number=ONE, negated=True)
    yield from choices(plan.FileHash, plan.FileHash(hash="md5", digests=b"a" * 16, negated=True))


def checks() -> Iterator[plan.Check]:
    """Each check, with each word of its choices."""
    yield from (plan.Dsize(number=number, negated=True) for number in choices(plan.Number, ONE))
    wholes: tuple[plan.Check, ...] = (
        plan.Field(field="ttl", number=ONE, negated=True),
        plan.VlanId(number=ONE, instances=plan.Instances(which="some", index=-1, number=ONE)),
        plan.TcpFlags(op="any", flags=2, mask=0x3F),
        plan.FragBits(op="any", bits=2),
        plan.IpOption(option=None),
        plan.IpOption(option=7),
        plan.SameIp(),
        plan.ChecksumIs(layer="ipv4", valid=False),
        plan.Rpc(program=1, version=2, procedure=3),
        plan.Event(name="decoder.ipv4.pkt_too_small"),
        plan.StreamSize(side="client", number=ONE),
        plan.TcpSession(states=3),
        plan.FlowNumber(what="age", side="either", number=ONE),
        plan.FlowElephant(side="both"),
        plan.Flowbits(isset=True, bits=(0, 1)),
        plan.FlowintTest(name=1, op="lt", value=2, other=3),
        plan.XbitTest(isset=True, bit=1, track="ip_src"),
        plan.Captured(of="packet", name="agent", text=b"curl"),
        plan.Iprep(side="any", category=1, number=ONE),
        plan.Application(names=("http", "failed"), negated=True, of="either"),
        plan.Hook(hook="flow_start"),
        plan.MirrorVni(number=ONE),
        plan.MirrorSession(value="web*", negated=True),
        plan.MirrorTruncated(causes=3, negated=True),
        plan.MirrorChecksum(layer="l3", verdicts=2, negated=True),
        plan.File(tests=tuple(file_tests())),
        plan.TransactionEvent(protocol="http", name="a"),
        plan.TransactionProgress(number=ONE),
        plan.TransactionValue(value="dns.opcode", number=ONE, instances=plan.Instances(), negated=True),
    )
    for whole in wholes:
        yield from choices(type(whole), whole)


def matches() -> Iterator[plan.Match]:
    """Each entry of a buffer's list, with each word of its choices."""
    digits = plan.Digits(little=True, text=True, base=16, dce=True)
    content = plan.Content(
        pattern=b"\x00a", negated=True, nocase=True, relative=True, offset=1, depth=2, distance=-3, within=4,
        startswith=True, endswith=True, fast_pattern=True, chop=(0, 1),
    )  # fmt: skip
    captures = (*choices(plan.Capture, plan.Capture(kind="flow", name="a")), None)
    wholes: tuple[plan.Match, ...] = (
        content,
        replace(content, offset=VAR, depth=VAR, distance=VAR, within=VAR),
        plan.Pcre(pattern=b"a+", negated=True, flags="i", relative=True, captures=captures),
        plan.ByteTest(bytes=4, op="lt", negated=True, value=2**64 - 1, offset=-1, relative=True, digits=digits, mask=7),
        plan.ByteJump(
            bytes=VAR, offset=1, relative=True, digits=digits, multiplier=2, align=True, post_offset=-3, mask=4
        ),
        plan.ByteExtract(bytes=2, var=1, offset=3, relative=True, digits=digits, multiplier=4, align=4),
        plan.ByteMath(bytes=2, var=1, offset=3, oper="add", operand=VAR, relative=True, digits=digits, mask=5),
        plan.IsDataAt(at=VAR, negated=True, relative=True),
        plan.Bsize(number=ONE),
        plan.Absent(or_else=True),
        plan.Entropy(op="lt", a=1.5, b=2.5, offset=1, bytes=2, name="content"),
        plan.DatasetTest(op="set", set=1, subdomain=True),
        plan.ReputationTest(set=1, number=ONE),
        plan.Asn1(bitstring_overflow=True, double_overflow=True, oversize_length=2048, offset=-1, relative=True),
        plan.Base64(bytes=VAR, offset=1, relative=True, matches=(content,)),
    )
    for whole in wholes:
        yield from choices(type(whole), whole)


def effects() -> Iterator[plan.Effect]:
    """Each effect, with each word of its choices."""
    wholes: tuple[plan.Effect, ...] = (
        plan.SetFlowbits(set=True, bits=(1,)),
        plan.SetFlowint(name=1, op="add", value=2, other=3),
        plan.SetXbit(op="set", bit=1, track="tx", expire=9),
        plan.Tag(scope="host", count=1, unit="bytes", side="src"),
        plan.Bypass(),
        plan.Untrack(),
        plan.Filestore(side="rule", scope="file"),
        plan.Unlog(of="transaction"),
    )
    for whole in wholes:
        yield from choices(type(whole), whole)


def limits() -> Iterator[plan.Limit]:
    """Limits with each word of their choices."""
    whole = plan.Limit(
        type="limit", track="by_src", count=1, seconds=2, multiplier=3, unique_on="dst_port", addresses=0,
        new_action="drop", timeout=4,
    )  # fmt: skip
    return choices(plan.Limit, whole)


def rules() -> Iterator[plan.Rule]:
    """A rule that has everything, then one for each word of the choices."""
    names = typing.get_args({info.name: info.type for info in msgspec.structs.fields(plan.Transform)}["name"])
    transforms = tuple(plan.Transform(name=name, text=b"x", numbers=(1, None)) for name in names)
    flow = plan.FlowCheck(only_stream=True, no_stream=True)
    yield plan.Rule(
        action="alert", scope="flow", kind="app", protocol="tcp", application="http", src=0, sport=0, dst=0, dport=0,
        both_directions=True, sid=1, gid=2, rev=3, msg="a message", category="a category", priority=1,
        references=("url,example.com",), metadata=(("key", ("value", "other")),), target="src_ip", text="alert",
        noalert=True, flow=flow, checks=tuple(checks()), effects=tuple(effects()), limits=tuple(limits()),
        buffers=(plan.BufferTest(buffer="http.uri", transforms=transforms, matches=tuple(matches())),),
    )  # fmt: skip
    plain = plan.Rule(action="alert", protocol="ip", src=0, sport=0, dst=0, dport=0, sid=9)
    yield from choices(plan.Rule, plain)
    yield from (replace(plain, scope="packet", flow=flow) for flow in choices(plan.FlowCheck, flow))


def streams() -> Iterator[plan.StreamSettings]:
    """Settings with everything other than the default, then one for each word of the choices."""
    hosts = tuple(choices(plan.HostPolicy, plan.HostPolicy(network=V6, prefix=96, policy="linux")))
    return choices(plan.StreamSettings, plan.StreamSettings(
        enabled=True, midstream=False, async_oneside=True, inline=True, checksums=False, memcap=1, reassembly_memcap=2,
        depth=0, chunk_size=1, max_syn_queued=1, max_synack_queued=2, bypass=True, compare_overlaps=True, hosts=hosts,
    ))  # fmt: skip


def steps() -> Iterator[plan.Step]:
    """Each test, with a verdict and with a step that follows."""
    tests = (
        plan.There(), plan.Numbers(ranges=((V6, V6),), mask=0x12), plan.Words(words=("mtu",)), plan.Part(text="web"),
    )  # fmt: skip
    yield from (plan.Step(column="vni", test=test, negated=True, yes=9, no=False) for test in tests)


def sections() -> Iterator[plan.Eve]:
    """EVE with every option other than its default, and with each word of its choices."""
    alert = plan.AlertEvents(
        flow=False, rule_metadata=False, references=True, rule_text=True, payload=True, payload_printable=True,
        payload_length=True, payload_size=9, packet=True, verdict=True, tagged_packets=False,
        http_body=True, http_body_printable=True, xff=plan.Xff(header="Client", overwrite=True, last=False),
    )  # fmt: skip
    whole = plan.Eve(
        alert=alert, anomaly=plan.AnomalyEvents(packet_header=True), drop=plan.DropEvents(alerts=False, verdict=True),
        stats=plan.StatsEvents(totals=False, threads=True, deltas=True), metadata=False, ethernet=True,
        frame=plan.FrameEvents(payload_size=9), variables=True, ipv6_compress=True, suricata_version="9.0.0",
        host="sensor", pcap_filename="a.pcap",
    )  # fmt: skip
    yield from (replace(whole, drop=drop) for drop in choices(plan.DropEvents, whole.drop))


def everything() -> plan.Plan:
    """A plan with every struct, every field other than its default, every word of a choice."""
    known = plan.Identity(
        vni=7, outer_src=V6, endpoint="vpce-0123456789abcdef0", session="tms-1", name="web", interface="eni-1",
        vpc="vpc-1", comment="a comment", domain=1, packet_length=128, target_mtu=9001,
    )  # fmt: skip
    dataset = plan.Dataset(
        name="a", type="ip", values=(V6,), numbers=(1,), contexts=(b"{}",), context_key="key", saved=True
    )
    return plan.Plan(
        decap=plan.DecapSettings(
            vxlan_ports=(4789, 8472),
            geneve_ports=(6081, 10800),
            vxlan_gpe_ports=(4790,),
            gre_udp_ports=(4754,),
            teredo_ports=(3545,),
            tunnels=("ip", "gre", "erspan"),
            max_depth=8,
            vxlan_strict=True,
        ),
        identity=plan.IdentitySettings(known=(known,), unknown="refuse", unknown_domain="own", max_learned=9),
        fragments=plan.FragmentSettings(
            policy="bsd-right",
            hosts=(plan.FragmentHost(network=bytes(15) + b"\x01", prefix=128, policy="last"),),
            timeout=9,
            memory=2**33,
        ),
        flow=plan.FlowSettings(
            max_flows=1024,
            timeouts=plan.Timeouts(tcp_new=1),
            by_depth=False,
            by_vlan=False,
            community_id_seed=5,
            hash_seed=None,
        ),
        applications=plan.Applications(
            off=("smb",), named=("ssh",), ports=(plan.DetectionPorts(protocol="dns", udp=True, ports=(1053,)),)
        ),
        rules=plan.Rules(
            rules=tuple(rules()),
            addresses=(plan.AddressSet(any=True, negated=True, v4=((1, 2),), v6=((V6, V6),)),),
            ports=(plan.PortSet(any=True, ranges=((1, 2),)),),
            flowbits=("a",),
            flowints=("b",),
            xbits=("c",),
            datasets=tuple(choices(plan.Dataset, dataset)),
            reputation=(plan.Reputation(network=V6, prefix=96, category=1, score=100),),
            failed=1,
            skipped=2,
            settings=plan.DetectSettings(packet_alert_max=9),
        ),
        streams=next(streams()),
        outputs=plan.Outputs(
            eve=(plan.EVERYTHING, *sections()),
            inline=True,
            fast=True,
            stats_log=True,
            pcap=True,
            capture=plan.CaptureSettings(
                pcapng=True,
                rotate_size=1_000_000,
                rotate_time=60_000_000_000,
                frames=True,
                filter=(plan.Program(link="ip", code=((6, 0, 0, 1),)),),
            ),
            tables=("packets", "flows", "alerts", "anomalies"),
            lines=plan.Lines(form="json", columns=("time",), most=9),
        ),
        inspect_outer=True,
        truncated_is_invalid=True,
        ignore_checksums=True,
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
