"""Keywords that test a DNS message's numbers."""

from __future__ import annotations

from collections.abc import Mapping

from tmrx.plan import Instances, Number, TransactionValue
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft
from tmrx.rules.numbers import U8, U16, number_text
from tmrx.rules.options.instances import counted, parted, which
from tmrx.rules.parser import Option

# IANA's "Domain Name System (DNS) Parameters": those without a number follow the one before them.
_RCODE_NAMES = """
0 noerror formerr servfail nxdomain notimp refused yxdomain yxrrset nxrrset notauth notzone
16 badvers badkey badtime badmode badname badalg badtrunc 16 badsig
"""
_TYPE_NAMES = """
1 a ns md mf cname soa mb mg mr null wks ptr hinfo minfo mx txt rp afsdb x25 isdn rt nsap nsapptr sig key px gpos aaaa
loc nxt eid nimloc srv atma naptr kx cert a6 dname sink opt apl ds sshfp ipseckey rrsig nsec dnskey dhcid nsec3
nsec3param tlsa smimea 55 hip ninfo rkey talink cds cdnskey openpgpkey csync zonemd svcb https 99 spf uinfo uid gid
unspec nid l32 l64 lp eui48 eui64 249 tkey tsig ixfr axfr mailb maila any uri caa avc doa amtrelay 32768 ta dlv
"""


def _numbered(names: str) -> dict[str, int]:
    found, number = {}, 0
    for word in names.split():
        if word.isdigit():
            number = int(word)
        else:
            found[word] = number
            number += 1
    return found


_RCODES, _TYPES = _numbered(_RCODE_NAMES), _numbered(_TYPE_NAMES)


def _number(text: str, highest: int, names: Mapping[str, int], option: Option) -> Number:
    """A test on a number, or `[!]name`. Raises Fault."""
    name = text.removeprefix("!").strip().lower()
    if not name[:1].isalpha():
        return number_text(text, highest, option)
    if name not in names:
        raise Fault(f"'{name}' is no value of '{option.keyword.name}'", did_you_mean(name, names), at=option.value_at)
    return Number(op="ne" if text.startswith("!") else "eq", a=names[name])


def _test(draft: Draft, option: Option, number: Number, instances: Instances) -> None:
    draft.need(option)
    draft.checks.append(TransactionValue(value=option.keyword.name, number=number, instances=instances))


def _opcode(draft: Draft, option: Option) -> None:
    _test(draft, option, number_text(option.value, U8, option), Instances())


def _rcode(draft: Draft, option: Option) -> None:
    _test(draft, option, _number(option.value, U16, _RCODES, option), Instances())


def _rrtype(draft: Draft, option: Option) -> None:
    """Any of the types, or those that an index and a slice name."""
    value, *places = (part.strip() for part in option.value.split(","))
    if count := counted(value, option):
        _test(draft, option, count, Instances(which="count"))
    else:
        instances = which(places[0], option) if places else Instances()
        instances = parted(instances, ",".join(places[1:]), option) if places[1:] else instances
        _test(draft, option, _number(value, U16, _TYPES, option), instances)


# The keywords, a function each.
HANDLERS = {"dns.opcode": _opcode, "dns.rcode": _rcode, "dns.rrtype": _rrtype}
