"""Keywords of FTP that are no buffers: what a command agrees on, and what a data connection is for."""

from __future__ import annotations

from tmrx.plan import Instances, Number, TransactionValue
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft
from tmrx.rules.numbers import U16, number_text
from tmrx.rules.parser import Option

# As the core counts them (core/src/app/ftp_data/mod.rs and ftp/asked.rs).
_COMMANDS = {name: number for number, name in enumerate(("retr", "stor", "appe", "stou", "list", "nlst", "mlsd"))}
_MODES = {"passive": 0, "active": 1}
_BOOLEANS = {**dict.fromkeys(("yes", "true", "1", "on"), 1), **dict.fromkeys(("no", "false", "0", "off"), 0)}


def _test(draft: Draft, option: Option, number: Number) -> None:
    draft.need(option)
    draft.checks.append(TransactionValue(value=option.keyword.name, number=number, instances=Instances()))


def _named(draft: Draft, option: Option, names: dict[str, int]) -> None:
    number = names.get(option.value.strip().lower())
    if number is None:
        raise Fault(
            f"'{option.value}' is no value of '{option.keyword.name}'", option.keyword.value, at=option.value_at
        )
    _test(draft, option, Number(op="eq", a=number))


def _dynamic_port(draft: Draft, option: Option) -> None:
    _test(draft, option, number_text(option.value, U16, option))


def _bounce(draft: Draft, option: Option) -> None:
    """PORT with another host than the client."""
    _test(draft, option, Number(op="eq", a=1))


# The keywords, a function each.
HANDLERS = {
    "ftp.dynamic_port": _dynamic_port,
    "ftp.mode": lambda draft, option: _named(draft, option, _MODES),
    "ftp.reply_received": lambda draft, option: _named(draft, option, _BOOLEANS),
    "ftpbounce": _bounce,
    "ftpdata_command": lambda draft, option: _named(draft, option, _COMMANDS),
}
