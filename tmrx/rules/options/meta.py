"""Keywords that say something about the rule and match nothing."""

from __future__ import annotations

import re

from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Fault
from tmrx.rules.draft import Draft
from tmrx.rules.numbers import U32, unsigned
from tmrx.rules.parser import Option

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

# Where a reference leads, by type: Suricata's stock reference.config.
REFERENCES = {
    "arachnids": "http://www.whitehats.com/info/IDS",
    "bid": "http://www.securityfocus.com/bid/",
    "bugtraq": "http://www.securityfocus.com/bid/",
    "cve": "https://cve.mitre.org/cgi-bin/cvename.cgi?name=",
    "et": "http://doc.emergingthreats.net/",
    "etpro": "http://doc.emergingthreatspro.com/",
    "exploitdb": "http://www.exploit-db.com/exploits/",
    "mcafee": "http://vil.nai.com/vil/content/v_",
    "md5": "http://www.threatexpert.com/report.aspx?md5=",
    "msft": "http://technet.microsoft.com/security/bulletin/",
    "nessus": "http://cgi.nessus.org/plugins/dump.php3?id=",
    "openpacket": "https://www.openpacket.org/capture/grab/",
    "osvdb": "http://osvdb.org/show/osvdb/",
    "secunia": "http://www.secunia.com/advisories/",
    "securitytracker": "http://securitytracker.com/id?",
    "telus": "http://",
    "threatexpert": "http://www.threatexpert.com/report.aspx?md5=",
    "url": "http://",
    "xforce": "http://xforce.iss.net/xforce/xfdb/",
}


def _sid(draft: Draft, option: Option) -> None:
    draft.once(option)
    draft.sid = unsigned(option, 1, U32)


def _gid(draft: Draft, option: Option) -> None:
    draft.once(option)
    draft.gid = unsigned(option, 0, U32)


def _rev(draft: Draft, option: Option) -> None:
    draft.once(option)
    draft.rev = unsigned(option, 1, U32)


def _msg(draft: Draft, option: Option) -> None:
    draft.once(option)
    draft.msg = _ESCAPED.sub(r"\1", option.value) if "\\" in option.value else option.value


def _priority(draft: Draft, option: Option) -> None:
    draft.priority = unsigned(option, 0, U32)


def _classtype(draft: Draft, option: Option) -> None:
    found = draft.context.classes.get(option.value.strip().lower())
    if found is None:
        hint = did_you_mean(option.value, draft.context.classes.keys()) or "see classification.config"
        draft.warn(f"unknown classtype '{option.value}'", hint, option.value_at)
    elif draft.class_priority is None or found.priority < draft.class_priority:
        # Of several, the most urgent.
        draft.category, draft.class_priority = found.category, found.priority


def _reference(draft: Draft, option: Option) -> None:
    kind, comma, value = option.value.partition(",")
    kind, value = kind.strip(), value.strip()
    if not (kind and comma and value):
        raise Fault(f"'{option.value}' is no reference", "reference:type,value", at=option.value_at)
    known = draft.context.references
    prefix = known.get(kind.lower())
    if prefix is None:
        draft.warn(f"unknown reference type '{kind}'", did_you_mean(kind, known.keys()), option.value_at)
    else:
        draft.references.append(prefix + value)


def _metadata(draft: Draft, option: Option) -> None:
    for item in option.value.split(","):
        key, _, value = item.strip().partition(" ")
        if value:
            # Records name a key's last value first.
            draft.metadata.setdefault(key, []).insert(0, value.strip())


def _target(draft: Draft, option: Option) -> None:
    if option.value == "src_ip":
        draft.target = "src_ip"
    elif option.value == "dest_ip":
        draft.target = "dest_ip"
    else:
        raise Fault(f"'{option.value}' is no target", "src_ip or dest_ip", at=option.value_at)


def _noalert(draft: Draft, _: Option) -> None:
    draft.noalert = True


def _alert(draft: Draft, _: Option) -> None:
    draft.alert = True


def _requires(_: Draft, __: Option) -> None:
    """Looked at before all else: see `compiler.compile_rule`."""


HANDLERS = {
    "sid": _sid,
    "gid": _gid,
    "rev": _rev,
    "msg": _msg,
    "priority": _priority,
    "classtype": _classtype,
    "reference": _reference,
    "metadata": _metadata,
    "target": _target,
    "noalert": _noalert,
    "alert": _alert,
    "requires": _requires,
}
