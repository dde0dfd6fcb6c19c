"""Keywords that test a packet's header or its flow."""

from __future__ import annotations

import re
from typing import Literal

from tmrx.plan import Dsize, Field, FlowCheck, TcpFlags
from tmrx.rules.diagnostics import Fault, unsupported
from tmrx.rules.draft import Draft
from tmrx.rules.numbers import number
from tmrx.rules.parser import Option

U8, U16 = 255, 65_535

# The header's bits (RFC 9293, section 3.1); 1 and 2 are the reserved bits of old, now CWR and ECE (RFC 3168).
_TCP_BITS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "2": 64, "C": 128, "1": 128, "0": 0, "N": 0}
_TCP_FLAGS = re.compile(r"\s*([+*!-]?)\s*([FSRPAUECN120]+)\s*([+*!-]?)\s*(?:,\s*([FSRPAUEC12]+)\s*)?", re.IGNORECASE)
FlagsOp = Literal["exactly", "all", "any", "not_all"]
_TCP_OPS: dict[str, FlagsOp] = {"": "exactly", "+": "all", "*": "any", "!": "not_all", "-": "not_all"}


def _bits(letters: str) -> int:
    bits = 0
    for letter in letters.upper():
        bits |= _TCP_BITS[letter]
    return bits


def _tcp_flags(draft: Draft, option: Option) -> None:
    match = _TCP_FLAGS.fullmatch(option.value)
    if match is None or (match[1] and match[3]):
        hint = "[+*!-] before letters of FSRPAUEC120, then the letters to ignore: SA,12"
        raise Fault(f"'{option.value}' is no set of TCP flags", hint, at=option.value_at)
    op, flags = _TCP_OPS[match[1] or match[3]], _bits(match[2])
    mask = 0xFF & ~_bits(match[4] or "")
    if flags == 0:
        # None of them named: `0` and `+0` ask for a bare header, `!0` for any flag; `*0` asks for nothing.
        if op == "any":
            raise Fault(f"'{option.value}' can never match", "0 stands for no flags", at=option.value_at)
        op, flags = ("any", 0xFF) if op == "not_all" else ("exactly", 0)
    draft.add_packet_check(TcpFlags(op=op, flags=flags, mask=mask), option)


def _dsize(draft: Draft, option: Option) -> None:
    draft.once(option)
    draft.add_packet_check(Dsize(number=number(option, U16)), option)


def _ttl(draft: Draft, option: Option) -> None:
    draft.add_packet_check(Field(field="ttl", number=number(option, U8)), option)


def _itype(draft: Draft, option: Option) -> None:
    draft.add_packet_check(Field(field="itype", number=number(option, U8)), option)


def _icode(draft: Draft, option: Option) -> None:
    draft.add_packet_check(Field(field="icode", number=number(option, U8)), option)


_Direction = Literal["", "to_server", "to_client"]
_State = Literal["", "established", "not_established", "stateless"]
_DIRECTIONS: dict[str, _Direction] = {
    "to_server": "to_server",
    "from_client": "to_server",
    "to_client": "to_client",
    "from_server": "to_client",
}
_STATES: dict[str, _State] = {
    "established": "established",
    "not_established": "not_established",
    "stateless": "stateless",
}
_STREAMS = ("only_stream", "no_stream")
_FRAGMENTS = ("only_frag", "no_frag")
_FLOW_WORDS = (*_DIRECTIONS, *_STATES, *_STREAMS, *_FRAGMENTS)


def _flow(draft: Draft, option: Option) -> None:
    draft.once(option)
    direction: _Direction = ""
    state: _State = ""
    stream = ""
    for word in (part.strip().lower() for part in option.value.split(",")):
        taken = (word in _DIRECTIONS and direction) or (word in _STATES and state) or (word in _STREAMS and stream)
        if taken:
            raise Fault(f"'{word}' after '{taken}'", "one direction, one state, one kind of data", at=option.value_at)
        if word in _FRAGMENTS:
            raise unsupported(f"'{word}' of 'flow'", at=option.value_at)
        if word not in _FLOW_WORDS:
            raise Fault(f"'{word}' is no word of 'flow'", ", ".join(_FLOW_WORDS), at=option.value_at)
        direction = _DIRECTIONS.get(word, direction)
        state = _STATES.get(word, state)
        stream = word if word in _STREAMS else stream
    draft.flow = FlowCheck(
        direction=direction, state=state, only_stream=stream == "only_stream", no_stream=stream == "no_stream"
    )


HANDLERS = {
    "dsize": _dsize,
    "flow": _flow,
    "icode": _icode,
    "itype": _itype,
    "tcp.flags": _tcp_flags,
    "ttl": _ttl,
}
