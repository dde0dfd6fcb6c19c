"""Keywords that read numbers out of a buffer, or ask for its size: byte_*, isdataat, base64_decode, asn1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tmrx.plan import Asn1, ByteExtract, ByteJump, ByteMath, ByteTest, Digits, IsDataAt, Place
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import BASE64, Base64Draft, BufferDraft, Draft, Need
from tmrx.rules.numbers import U16, U32, U64, signed_text, unsigned_text
from tmrx.rules.options.places import new_variable, place
from tmrx.rules.parser import Option

MAX_BINARY = 8
MAX_TEXT = 23
MAX_OFFSET = 2**31 - 1
_BASES: Mapping[str, Literal[8, 10, 16]] = {"hex": 16, "dec": 10, "oct": 8}
_ENDIAN = ("big", "little", "dce")

_TestOp = Literal["lt", "gt", "eq", "le", "ge", "and", "or"]
_TEST_OPS: Mapping[str, _TestOp] = {
    "<": "lt", ">": "gt", "=": "eq", "==": "eq", "<=": "le", ">=": "ge", "&": "and", "^": "or", "": "eq",
}  # fmt: skip
_MathOp = Literal["add", "sub", "mul", "div", "shl", "shr"]
_MATH_OPS: Mapping[str, _MathOp] = {"+": "add", "-": "sub", "*": "mul", "/": "div", "<<": "shl", ">>": "shr"}


def _parts(option: Option, least: int, shape: str) -> list[str]:
    parts = [part.strip() for part in option.value.split(",")]
    if len(parts) < least:
        raise Fault(f"'{option.value}' is too short", f"{option.keyword.name}: {shape}", at=option.value_at)
    return parts


class _Words:
    """The words after a keyword's fixed parts, each at most once: `plain` ones, and `valued` ones with a value."""

    def __init__(self, words: list[str], plain: frozenset[str], valued: frozenset[str], option: Option) -> None:
        self.option = option
        self.values: dict[str, str] = {}
        for word in words:
            name, _, value = word.partition(" ")
            if (name in valued) != bool(value) or not (name in plain or name in valued):
                hint = ", ".join(sorted(plain | valued))
                raise Fault(f"'{word}' is no word of '{option.keyword.name}'", hint, at=option.value_at)
            if name in self.values:
                raise Fault(f"'{name}' is given twice", at=option.value_at)
            self.values[name] = value.strip()

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        """The value of a word."""
        if name not in self.values:
            return default
        return signed_text(self.values[name], lowest, highest, self.option)

    def mask(self) -> int:
        """The bit mask, 0 for none."""
        if "bitmask" not in self.values:
            return 0
        mask = self.values["bitmask"]
        # Always hex, with 0x or without.
        return unsigned_text(mask if mask[:2] in ("0x", "0X") else f"0x{mask}", 1, U32, self.option)

    def one_of(self, names: tuple[str, ...]) -> str:
        """The one word of these that is there, "" for none. Raises Fault for two."""
        found = [name for name in names if name in self.values]
        if len(found) > 1:
            raise Fault(f"'{found[0]}' and '{found[1]}' exclude each other", at=self.option.value_at)
        return found[0] if found else ""


def _digits(text: bool, base: str, endian: str, draft: Draft, option: Option) -> Digits:
    if base and not text:
        raise Fault(f"'{base}' without 'string'", at=option.value_at)
    if endian == "dce":
        if text:
            raise Fault("'dce' is for binary numbers, not for strings", at=option.value_at)
        draft.needs.append(Need(f"dce of {option.keyword.name}", frozenset(("dcerpc", "smb")), "both", option.at))
    return Digits(little=endian == "little", text=text, base=_BASES[base] if base else 10, dce=endian == "dce")


def _worded_digits(words: _Words, draft: Draft) -> Digits:
    base = words.one_of(tuple(_BASES))
    return _digits("string" in words, base, words.one_of(_ENDIAN), draft, words.option)


def _count(text: str, digits: Digits, lowest: int, draft: Draft, option: Option) -> Place:
    """How many bytes the number has."""
    return place(text, 0 if digits.text else lowest, MAX_TEXT if digits.text else MAX_BINARY, draft, option)


_DIGIT_WORDS = frozenset(("relative", "string", *_BASES, *_ENDIAN))
_MASKED = frozenset(("bitmask",))


def _byte_test(draft: Draft, option: Option) -> None:
    count, operator, value, offset, *rest = _parts(option, 4, "BYTES, [!]OPERATOR, VALUE, OFFSET, ...")
    words = _Words(rest, _DIGIT_WORDS, _MASKED, option)
    digits = _worded_digits(words, draft)
    negated = operator.startswith("!")
    bare = operator.removeprefix("!").strip()
    if not operator or bare not in _TEST_OPS:
        raise Fault(f"'{operator}' is no operator", "[!] and one of < > = <= >= & ^", at=option.value_at)
    test = ByteTest(
        bytes=_count(count, digits, 1, draft, option),
        op=_TEST_OPS[bare],
        negated=negated,
        value=place(value, 0, U64, draft, option),
        offset=place(offset, -MAX_OFFSET, MAX_OFFSET, draft, option),
        relative="relative" in words,
        digits=digits,
        mask=words.mask(),
    )
    draft.add(test, test.relative)


_JUMP_WORDS = _DIGIT_WORDS | {"align", "from_beginning", "from_end"}
_JUMP_VALUES = _MASKED | {"multiplier", "post_offset"}


def _byte_jump(draft: Draft, option: Option) -> None:
    count, offset, *rest = _parts(option, 2, "BYTES, OFFSET, ...")
    words = _Words(rest, _JUMP_WORDS, _JUMP_VALUES, option)
    digits = _worded_digits(words, draft)
    start = words.one_of(("from_beginning", "from_end"))
    jump = ByteJump(
        bytes=_count(count, digits, 0, draft, option),
        offset=place(offset, -MAX_OFFSET, MAX_OFFSET, draft, option),
        relative="relative" in words,
        digits=digits,
        multiplier=words.number("multiplier", 1, 1, U16),
        align="align" in words,
        base="beginning" if start == "from_beginning" else "end" if start else "here",
        post_offset=words.number("post_offset", 0, -MAX_OFFSET, MAX_OFFSET),
        mask=words.mask(),
    )
    draft.add(jump, jump.relative)


_EXTRACT_VALUES = frozenset(("multiplier", "align"))


def _byte_extract(draft: Draft, option: Option) -> None:
    count, offset, name, *rest = _parts(option, 3, "BYTES, OFFSET, NAME, ...")
    words = _Words(rest, _DIGIT_WORDS, _EXTRACT_VALUES, option)
    digits = _worded_digits(words, draft)
    align = words.number("align", 0, 2, 4)
    if align not in (0, 2, 4):
        raise Fault(f"align {align}", "2 or 4", at=option.value_at)
    extract = ByteExtract(
        bytes=unsigned_text(count, 0 if digits.text else 1, MAX_TEXT if digits.text else MAX_BINARY, option),
        offset=place(offset, -MAX_OFFSET, MAX_OFFSET, draft, option),
        var=new_variable(name, draft, option),
        relative="relative" in words,
        digits=digits,
        multiplier=words.number("multiplier", 1, 1, U16),
        align=align,
    )
    draft.add(extract, extract.relative)


_MATH_NEEDED = ("bytes", "offset", "oper", "rvalue", "result")
_MATH_VALUES = _MASKED | {*_MATH_NEEDED, "endian", "string"}


def _byte_math(draft: Draft, option: Option) -> None:
    words = _Words(_parts(option, len(_MATH_NEEDED), "bytes N, offset N, ..."), frozenset(("relative", "dce")),
                   _MATH_VALUES, option)  # fmt: skip
    values = words.values
    for name in _MATH_NEEDED:
        if name not in words:
            raise Fault(f"'{name}' is missing", ", ".join(_MATH_NEEDED), at=option.value_at)
    endian, base = values.get("endian", "dce" if "dce" in words else ""), values.get("string", "")
    for word, known in ((endian, _ENDIAN), (base, _BASES), (values["oper"], _MATH_OPS)):
        if word and word not in known:
            raise Fault(f"'{word}' is no word of 'byte_math'", ", ".join(known), at=option.value_at)
    digits = _digits(bool(base), base, endian, draft, option)
    # What it reads may use the variable's old value.
    read = _count(values["bytes"], digits, 1, draft, option)
    operand = place(values["rvalue"], 0, U32, draft, option)
    math = ByteMath(
        bytes=read,
        offset=place(values["offset"], -MAX_OFFSET, MAX_OFFSET, draft, option),
        oper=_MATH_OPS[values["oper"]],
        operand=operand,
        var=new_variable(values["result"], draft, option),
        relative="relative" in words,
        digits=digits,
        mask=words.mask(),
    )
    draft.add(math, math.relative)


def _isdataat(draft: Draft, option: Option) -> None:
    negated = option.value.startswith("!")
    at, *rest = (part.strip() for part in option.value.removeprefix("!").split(","))
    words = _Words(rest, frozenset(("relative", "rawbytes")), frozenset(), option)
    entry = IsDataAt(at=place(at, 0, U16, draft, option), negated=negated, relative="relative" in words)
    draft.add(entry, entry.relative)


def _base64_decode(draft: Draft, option: Option) -> None:
    parts = [part.strip() for part in option.value.split(",")] if option.value else []
    words = _Words(parts, frozenset(("relative",)), frozenset(("bytes", "offset")), option)
    entry = Base64Draft(
        bytes=place(words.values["bytes"], 1, U32, draft, option) if "bytes" in words else None,
        offset=place(words.values.get("offset", "0"), 0, U16, draft, option),
        relative="relative" in words,
    )
    draft.add(entry, entry.relative)


def _base64_data(draft: Draft, option: Option) -> None:
    """Open what the last base64_decode gives."""
    decoded = next((entry for buffer in reversed(draft.buffers) for entry in reversed(buffer.entries)
                    if isinstance(entry, Base64Draft)), None)  # fmt: skip
    if decoded is None:
        raise Fault("base64_data without base64_decode before it", at=option.at)
    if decoded.data is None:
        decoded.data = BufferDraft(BASE64, option.keyword, option.at)
    draft.enter(decoded.data)


_ASN1_PLAIN = frozenset(("bitstring_overflow", "double_overflow"))
_ASN1_VALUED = frozenset(("oversize_length", "absolute_offset", "relative_offset"))


def _asn1(draft: Draft, option: Option) -> None:
    words = _Words(_parts(option, 1, option.keyword.value), _ASN1_PLAIN, _ASN1_VALUED, option)
    relative = "relative_offset" in words
    if relative and "absolute_offset" in words:
        raise Fault("'relative_offset' after 'absolute_offset'", "one of them", at=option.value_at)
    name = "relative_offset" if relative else "absolute_offset"
    entry = Asn1(
        bitstring_overflow="bitstring_overflow" in words,
        double_overflow="double_overflow" in words,
        oversize_length=words.number("oversize_length", 0, 0, U32) if "oversize_length" in words else None,
        offset=words.number(name, 0, -MAX_OFFSET if relative else 0, MAX_OFFSET),
        relative=relative,
    )
    draft.add(entry, relative)


HANDLERS = {
    "asn1": _asn1,
    "byte_test": _byte_test,
    "byte_jump": _byte_jump,
    "byte_extract": _byte_extract,
    "byte_math": _byte_math,
    "isdataat": _isdataat,
    "base64_decode": _base64_decode,
    "base64_data": _base64_data,
}
