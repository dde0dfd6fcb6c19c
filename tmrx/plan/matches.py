"""What rules look for inside a buffer (`core/src/plan/matches.rs`)."""

from __future__ import annotations

from typing import Literal

from tmrx.plan.base import Struct

Bits = Literal["eq", "ne", "lt", "le", "gt", "ge", "between", "outside", "mask_eq", "mask_ne"]


class Number(Struct, frozen=True, kw_only=True):
    """A test on an unsigned number.

    `between` and `outside` exclude both ends (Suricata's ranges). `mask_eq`, `mask_ne`: number AND `a` is `b` or not.
    """

    op: Bits
    a: int
    b: int = 0


class Variable(Struct, frozen=True, kw_only=True):
    """A number that an earlier byte_extract or byte_math of the rule left: its number in the rule, from 0."""

    var: int


# A place or a size in bytes, where the language allows a variable too.
Place = int | Variable


class Content(Struct, frozen=True, kw_only=True, tag="content", omit_defaults=True):
    """A literal. `offset` and `depth` are absolute; with `relative`, `distance` and `within` count from the last match.

    `depth` and `within` are the size of the window in bytes, None for none. `chop` is the part of the pattern (offset,
    length) that the author chose as fast pattern.
    """

    pattern: bytes
    negated: bool = False
    nocase: bool = False
    relative: bool = False
    offset: Place = 0
    depth: Place | None = None
    distance: Place = 0
    within: Place | None = None
    startswith: bool = False
    endswith: bool = False
    fast_pattern: bool = False
    chop: tuple[int, int] | None = None


class Capture(Struct, frozen=True, kw_only=True):
    """What becomes of a group of a pattern: a variable of the flow, of the packet, or the alert's context."""

    kind: Literal["flow", "packet", "packet_key", "alert"]
    name: str


class Pcre(Struct, frozen=True, kw_only=True, tag="pcre", omit_defaults=True):
    """A PCRE2 pattern. `flags` are of `imsxAEG` (and `O`: no match limit); `relative` is Suricata's R.

    `captures` are its groups from the first one on, None for one of which nothing becomes.
    """

    pattern: bytes
    negated: bool = False
    flags: str = ""
    relative: bool = False
    captures: tuple[Capture | None, ...] = ()


class Digits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a number stands in the bytes: binary in big or little endian, or text in a base (0: as its prefix says)."""

    little: bool = False
    text: bool = False
    base: Literal[0, 8, 10, 16] = 10
    # Byte order of the DCERPC header.
    dce: bool = False


class ByteTest(Struct, frozen=True, kw_only=True, tag="byte_test", omit_defaults=True):
    """byte_test: a number in the buffer compared. `mask` 0: none."""

    bytes: Place
    op: Literal["lt", "gt", "eq", "le", "ge", "and", "or"]
    negated: bool = False
    value: Place
    offset: Place = 0
    relative: bool = False
    digits: Digits = Digits()
    mask: int = 0


class ByteJump(Struct, frozen=True, kw_only=True, tag="byte_jump", omit_defaults=True):
    """byte_jump: the position moves by a number in the buffer, from behind it, or from the buffer's start or end."""

    bytes: Place
    offset: Place = 0
    relative: bool = False
    digits: Digits = Digits()
    multiplier: int = 1
    align: bool = False
    base: Literal["here", "beginning", "end"] = "here"
    post_offset: int = 0
    mask: int = 0


class ByteExtract(Struct, frozen=True, kw_only=True, tag="byte_extract", omit_defaults=True):
    """byte_extract: a number in the buffer becomes a variable. `align`: 0, 2 or 4."""

    bytes: int
    var: int
    offset: Place = 0
    relative: bool = False
    digits: Digits = Digits()
    multiplier: int = 1
    align: int = 0


class ByteMath(Struct, frozen=True, kw_only=True, tag="byte_math", omit_defaults=True):
    """byte_math: a number in the buffer and another one become a variable."""

    bytes: Place
    var: int
    offset: Place = 0
    oper: Literal["add", "sub", "mul", "div", "shl", "shr"]
    operand: Place
    relative: bool = False
    digits: Digits = Digits()
    mask: int = 0


class IsDataAt(Struct, frozen=True, kw_only=True, tag="isdataat", omit_defaults=True):
    """isdataat."""

    at: Place
    negated: bool = False
    relative: bool = False


class Bsize(Struct, frozen=True, kw_only=True, tag="bsize"):
    """The buffer's size."""

    number: Number


class Absent(Struct, frozen=True, kw_only=True, tag="absent", omit_defaults=True):
    """The buffer is not there; `or_else`: or the entries after this one match."""

    or_else: bool = False


class Entropy(Struct, frozen=True, kw_only=True, tag="entropy", omit_defaults=True):
    """Shannon entropy in bits a byte over `bytes` (0: all) from `offset` on. `name`: under which it is logged.

    `between` excludes both ends.
    """

    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "between", "outside"]
    a: float
    b: float = 0.0
    offset: int = 0
    bytes: int = 0
    name: str


class DatasetTest(Struct, frozen=True, kw_only=True, tag="dataset", omit_defaults=True):
    """dataset: whether the bytes are in set number `set`; the operations set and unset also put or take them."""

    op: Literal["set", "unset", "isset", "isnotset"]
    set: int
    # Also the value without its first labels.
    subdomain: bool = False


class ReputationTest(Struct, frozen=True, kw_only=True, tag="datarep"):
    """datarep: the number that a set has beside the buffer's bytes."""

    set: int
    number: Number


class Base64(Struct, frozen=True, kw_only=True, tag="base64", omit_defaults=True):
    """base64_decode, and what base64_data then looks for in the result; without it the rule never matches."""

    bytes: Place | None = None
    offset: Place = 0
    relative: bool = False
    matches: tuple[Match, ...] | None = None


class Asn1(Struct, frozen=True, kw_only=True, tag="asn1", omit_defaults=True):
    """asn1: one of the elements of ASN.1 from `offset` on is encoded like this; `oversize_length`: longer than that."""

    bitstring_overflow: bool = False
    double_overflow: bool = False
    oversize_length: int | None = None
    offset: int = 0
    relative: bool = False


Match = (
    Content
    | Pcre
    | ByteTest
    | ByteJump
    | ByteExtract
    | ByteMath
    | IsDataAt
    | Bsize
    | Absent
    | Entropy
    | DatasetTest
    | ReputationTest
    | Base64
    | Asn1
)


class Transform(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A transform by its keyword's name, with what it takes.

    `text`: pcrexform's pattern, xor's key, from_base64's mode. `numbers`: the options that are numbers, in the order of
    the specification (from_base64: bytes, offset; subslice: offset, bytes, truncate; gunzip, zlib_deflate: max-size).
    """

    name: Literal[
        "compress_whitespace", "strip_whitespace", "strip_pseudo_headers", "to_md5", "to_sha1", "to_sha256",
        "dotprefix", "url_decode", "xor", "to_lowercase", "to_uppercase", "header_lowercase", "from_base64", "domain",
        "tld", "gunzip", "zlib_deflate", "subslice", "pcrexform",
    ]  # fmt: skip
    text: bytes = b""
    numbers: tuple[int | None, ...] = ()


class BufferTest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one buffer, after its transforms, has to hold. `buffer` is the sticky buffer's keyword; "payload" is the
    payload of a packet or a stream. `side`: of this direction only, in a rule for whole transactions."""

    buffer: str = "payload"
    side: Literal["", "to_server", "to_client"] = ""
    transforms: tuple[Transform, ...] = ()
    matches: tuple[Match, ...]
