"""What a compiled rule asks, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tmrx import plan
from tmrx._core import rule_literal

_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]+|[|\"\\;:]+")
_TCP_FLAGS = "FSRPAUEC"
_FRAGMENT_BITS = {1: "M", 2: "D", 4: "R"}
_FLAG_OPS = {"exactly": "are exactly", "all": "are at least", "any": "are any of", "not_all": "are not all of"}
_CAUSES = {1: "packet_length", 2: "mtu", 4: "snaplen", 8: "unknown"}
_VERDICTS = {1: "valid", 2: "bad", 4: "not_calculated", 8: "unverifiable", 16: "absent"}
_STATES = {1: "setup", 2: "established", 4: "closing"}

KINDS: dict[str, str] = {
    "packet": "every packet",
    "ip_only": "the first packet of each direction of a flow, and packets without flow",
    "like_ip_only": "every packet",
    "decoder_event": "packets with an anomaly, also those that are cut or wrong",
    "protocol_detection": "the packet at which a direction's application is known",
    "packet_and_stream": "the payload of every packet, and what TCP carries as a stream",
    "stream": "what TCP carries as a stream, once it is acknowledged; other payloads packet by packet",
    "app": "every packet of a flow of the application, once that is known",
    "app_tx": "transactions, as soon as what is looked into is complete",
}


def literal(pattern: bytes) -> str:
    """A pattern as a rule writes it: text, other bytes in hex."""
    return '"' + _UNPRINTABLE.sub(lambda m: b"|" + m[0].hex(" ").encode() + b"|", pattern).decode() + '"'


def number(test: plan.Number) -> str:
    """A test on a number, after the word for what is tested."""
    a, b = test.a, test.b
    return {
        "eq": f"is {a}",
        "ne": f"is not {a}",
        "lt": f"is below {a}",
        "le": f"is at most {a}",
        "gt": f"is above {a}",
        "ge": f"is at least {a}",
        "between": f"is between {a} and {b}, both excluded",
        "outside": f"is not between {a} and {b}",
        "mask_eq": f"has {b:#x} in the bits {a:#x}",
        "mask_ne": f"does not have {b:#x} in the bits {a:#x}",
    }[test.op]


def _not(negated: bool, text: str) -> str:
    return f"not: {text}" if negated else text


def _place(place: plan.Place) -> str:
    return f"variable {place.var}" if isinstance(place, plan.Variable) else str(place)


# --- what is looked for in buffers


def _window(content: plan.Content) -> Iterator[str]:
    if content.startswith:
        yield "at the start"
    elif content.relative:
        start = _place(content.distance)
        yield "after the last match" if start == "0" else f"from {start} bytes after the last match"
        if content.within is not None:
            yield f"within {_place(content.within)} bytes"
    else:
        if content.offset != 0:
            yield f"from byte {_place(content.offset)}"
        if content.depth is not None:
            yield f"in {_place(content.depth)} bytes"
    if content.endswith:
        yield "at the end"
    if content.nocase:
        yield "in any case"


def _content(content: plan.Content) -> str:
    return _not(content.negated, ", ".join((literal(content.pattern), *_window(content))))


def _pcre(match: plan.Pcre) -> str:
    flags = match.flags + "R" * match.relative
    return _not(match.negated, f"/{match.pattern.decode('utf-8', 'replace')}/{flags}")


def _at(match: plan.ByteTest | plan.ByteJump | plan.ByteExtract | plan.ByteMath) -> str:
    origin = "behind the last match" if match.relative else "in the buffer"
    how = "as text" if match.digits.text else "little endian" if match.digits.little else ""
    return f"the number of {_place(match.bytes)} bytes at {_place(match.offset)} {origin}{how and f' ({how})'}"


_COMPARE = {"lt": "<", "gt": ">", "eq": "=", "le": "<=", "ge": ">=", "and": "&", "or": "^"}
_OPERATE = {"add": "+", "sub": "-", "mul": "*", "div": "/", "shl": "<<", "shr": ">>"}


def _asn1(match: plan.Asn1) -> str:
    wanted = [name for name in ("bitstring_overflow", "double_overflow") if getattr(match, name)]
    wanted += [] if match.oversize_length is None else [f"a length over {match.oversize_length}"]
    start = "the last match" if match.relative else "the start"
    return f"ASN.1 {match.offset} bytes from {start} with {' or '.join(wanted) or 'nothing odd'}"


def _base64(match: plan.Base64) -> str:
    inside = "; ".join(matched(entry) for entry in match.matches or ())
    return f"base64 decoded: {inside or 'nothing is asked of it'}"


def _entropy(match: plan.Entropy) -> str:
    ends = f"{match.a} and {match.b}" if match.op in ("between", "outside") else str(match.a)
    return f"entropy {match.op} {ends} bits a byte"


_MATCHES: dict[type, Callable[[Any], str]] = {
    plan.Content: _content,
    plan.Pcre: _pcre,
    plan.ByteTest: lambda m: _not(m.negated, f"{_at(m)} {_COMPARE[m.op]} {_place(m.value)}"),
    plan.ByteJump: lambda m: f"go on behind {_at(m)} and as far as it says",
    plan.ByteExtract: lambda m: f"variable {m.var} is {_at(m)}",
    plan.ByteMath: lambda m: f"variable {m.var} is {_at(m)} {_OPERATE[m.oper]} {_place(m.operand)}",
    plan.IsDataAt: lambda m: _not(m.negated, f"data {_place(m.at)} bytes on{' from the last match' * m.relative}"),
    plan.Bsize: lambda m: f"its size {number(m.number)}",
    plan.Absent: lambda m: "it is not there" + ", or else" * m.or_else,
    plan.Entropy: _entropy,
    plan.DatasetTest: lambda m: f"{m.op} in dataset {m.set}",
    plan.ReputationTest: lambda m: f"its number in list {m.set} {number(m.number)}",
    plan.Base64: _base64,
    plan.Asn1: _asn1,
}


def matched(match: plan.Match) -> str:
    """What one entry of a buffer's list asks."""
    return _MATCHES[type(match)](match)


def buffers(rule: plan.Rule) -> list[str]:
    """Each entry of each buffer with the buffer's name and its transforms in front."""
    return [
        f"{' | '.join((test.buffer, *(transform.name for transform in test.transforms)))}: {matched(match)}"
        for test in rule.buffers
        for match in test.matches
    ]


# --- what is asked outside of buffers


def _bits(value: int, names: dict[int, str]) -> str:
    return ", ".join(name for bit, name in names.items() if value & bit)


def _tcp_flags(check: plan.TcpFlags) -> str:
    letters = "".join(letter for bit, letter in enumerate(_TCP_FLAGS) if check.flags & 1 << bit) or "none"
    return f"TCP flags {_FLAG_OPS[check.op]} {letters}"


def _flow(flow: plan.FlowCheck | None) -> Iterator[str]:
    if flow is None:
        return
    if flow.direction:
        yield f"data {flow.direction.replace('_', ' the ')}"
    if flow.state:
        yield {
            "established": "the flow is established",
            "not_established": "the flow is not established",
            "stateless": "whatever the flow's state",
        }[flow.state]
    if flow.fragments:
        yield "fragments only" if flow.fragments == "only" else "no fragments"


def _file(test: plan.FileTest) -> str:
    if isinstance(test, plan.FileSize):
        return _not(test.negated, f"whose size {number(test.number)}")
    if isinstance(test, plan.FileHash):
        return _not(test.negated, f"whose {test.hash} is listed")
    what = "type" if isinstance(test, plan.FileMagic) else "name"
    end = isinstance(test, plan.FileName) and test.end
    return _not(test.negated, f"whose {what} {'ends in' if end else 'has'} {literal(test.text)}")


_CHECKS: dict[type, Callable[[Any, plan.Rules], str]] = {
    plan.Dsize: lambda c, _: _not(c.negated, f"the payload's size {number(c.number)}"),
    plan.Field: lambda c, _: _not(c.negated, f"{c.field} {number(c.number)}"),
    plan.VlanId: lambda c, _: f"VLAN identifier ({c.instances.which}) {number(c.number)}",
    plan.TcpFlags: lambda c, _: _tcp_flags(c),
    plan.FragBits: lambda c, _: f"fragment bits {_FLAG_OPS[c.op]} {_bits(c.bits, _FRAGMENT_BITS)}",
    plan.IpOption: lambda c, _: "any IP option" if c.option is None else f"IP option {c.option}",
    plan.SameIp: lambda _, __: "source and destination are one",
    plan.ChecksumIs: lambda c, _: f"the {c.layer} checksum is {'valid' if c.valid else 'wrong'}",
    plan.Rpc: lambda c, _: f"a call of RPC program {c.program}",
    plan.Event: lambda c, _: f"the event {c.name}",
    plan.StreamSize: lambda c, _: f"the stream's size ({c.side}) {number(c.number)}",
    plan.TcpSession: lambda c, _: f"the TCP session is in {_bits(c.states, _STATES)}",
    plan.FlowNumber: lambda c, _: f"the flow's {c.what} ({c.side}) {number(c.number)}",
    plan.FlowElephant: lambda c, _: f"the flow is an elephant ({c.side})",
    plan.Flowbits: lambda c, r: f"flowbit {_or(c.bits, r.flowbits)} is {'set' if c.isset else 'not set'}",
    plan.FlowintTest: lambda c, r: f"flowint {r.flowints[c.name]} {c.op} {_operand(c, r)}".rstrip(),
    plan.XbitTest: lambda c, r: f"bit {r.xbits[c.bit]} of {c.track} is {'set' if c.isset else 'not set'}",
    plan.Captured: lambda c, _: f"what was captured as {c.of} variable {c.name} holds {literal(c.text)}",
    plan.Iprep: lambda c, _: f"reputation of {c.side} in {c.category} {number(c.number) if c.number else c.op}",
    plan.Application: lambda c, _: _not(c.negated, f"the flow's application ({c.of}) is {' or '.join(c.names)}"),
    plan.Hook: lambda c, _: f"at {c.hook}",
    plan.MirrorSession: lambda c, _: _not(c.negated, f"mirror session {c.value}"),
    plan.MirrorVni: lambda c, _: f"the VNI {number(c.number)}",
    plan.MirrorTruncated: lambda c, _: _not(c.negated, f"truncated by {_bits(c.causes, _CAUSES)}"),
    plan.MirrorChecksum: lambda c, _: _not(c.negated, f"the {c.layer} checksum is {_bits(c.verdicts, _VERDICTS)}"),
    plan.TransactionEvent: lambda c, _: f"the event {c.protocol}.{c.name or 'any'} of a transaction",
    plan.TransactionProgress: lambda c, _: f"the transaction's state{c.side and f' {c.side}'} {number(c.number)}",
    plan.TransactionValue: lambda c, _: _not(c.negated, f"{c.value} ({c.instances.which}) {number(c.number)}"),
    plan.File: lambda c, _: ", ".join(("a file", *map(_file, c.tests))),
}


def _or(numbers: tuple[int, ...], names: tuple[str, ...]) -> str:
    return " or ".join(names[number] for number in numbers)


def _operand(entry: plan.FlowintTest | plan.SetFlowint, rules: plan.Rules) -> str:
    if entry.op in ("isset", "isnotset"):
        return ""
    return str(entry.value) if entry.other is None else rules.flowints[entry.other]


def conditions(rule: plan.Rule, rules: plan.Rules) -> list[str]:
    """What is asked of the packet and its flow, outside of buffers."""
    return [*_flow(rule.flow), *(_CHECKS[type(check)](check, rules) for check in rule.checks)]


# --- what comes of a match

_EFFECTS: dict[type, Callable[[Any, plan.Rules], str]] = {
    plan.SetFlowbits: lambda e, r: f"{'set' if e.set else 'unset'} flowbit {_or(e.bits, r.flowbits)}",
    plan.SetFlowint: lambda e, r: f"flowint {r.flowints[e.name]} {e.op} {_operand(e, r)}",
    plan.SetXbit: lambda e, r: f"{e.op} bit {r.xbits[e.bit]} of {e.track} for {e.expire} s",
    plan.Tag: lambda e, _: f"log the {e.scope} for {e.count} {e.unit}",
    plan.Bypass: lambda _, __: "look at nothing more of the flow",
    plan.Untrack: lambda _, __: "the packet gets no flow",
    plan.Unlog: lambda e, _: f"no events of the {e.of}",
    plan.Filestore: lambda e, _: f"store files: {e.side}, {e.scope}",
}


def effects(rule: plan.Rule, rules: plan.Rules) -> list[str]:
    """What a match does besides its action."""
    quiet = rule.action in {"pass", "config"}
    telling = ["no alert"] if rule.noalert else ["an alert, too"] if rule.alert and quiet else []
    return [*(_EFFECTS[type(effect)](effect, rules) for effect in rule.effects), *telling]


def limits(rule: plan.Rule) -> list[str]:
    """What becomes of the matches."""
    return [_limit(limit) for limit in rule.limits]


def _limit(limit: plan.Limit) -> str:
    facts = (limit.track, limit.count and f"count {limit.count}", limit.seconds and f"{limit.seconds} s")
    return ", ".join((limit.type, *(str(fact) for fact in facts if fact)))


def prefilter(rule: plan.Rule) -> str:
    """The literal that the core looks for first and where, "" for a rule that has none."""
    found = rule_literal(msgspec.msgpack.encode(rule))
    if found is None:
        return ""
    buffer, pattern = found
    return f"{literal(pattern)} in {buffer}"
