"""What a rule as a whole keeps to: the lines of the specification's table (rules.md) about more than a keyword."""

from __future__ import annotations

import pytest

FAILS = {
    # protocol and application
    "alert tls any any -> any any (http.uri; content:\"a\";":
        "'http.uri' is of http/http2 and does not go with a rule of tls",
    "alert tcp any any -> any any (http.uri; content:\"a\"; tls.sni; content:\"b\";":
        "'tls.sni' is of tls and does not go with 'http.uri'",
    "alert udp any any -> any any (http.uri; content:\"a\";": "http/http2 is not carried by udp",
    "alert icmp any any -> any any (http.uri; content:\"a\";": "http/http2 is not carried by icmp",
    "alert http2 any any -> any any (content:\"a\"; http_uri;":
        "'http_uri' is of http and does not go with a rule of http2",
    "alert ssl any any -> any any (": "unknown protocol 'ssl'",
    # directions
    "alert http any any -> any any (http.uri; content:\"a\"; http.stat_code; content:\"200\";":
        "'http.stat_code' is of data to_client and does not go with 'http.uri'",
    "alert http any any -> any any (flow:to_client; http.uri; content:\"a\";":
        "'http.uri' is of data to_server and does not go with flow:to_client",
    "alert http any any -> any any (http.header.raw; content:\"a\";": "http.header.raw without direction",
    # packets and streams
    "alert tcp-pkt any any -> any any (content:\"a\"; flow:only_stream;":
        "'tcp-pkt' wants packets and 'flow:only_stream' wants stream data only",
    "alert tcp-stream any any -> any any (content:\"a\"; dsize:1;":
        "'dsize' wants packets and 'tcp-stream' wants stream data only",
    "alert http any any -> any any (http.uri; content:\"a\"; dsize:1;":
        "'dsize' wants packets and 'http.uri' what an application sent",
    "alert http any any -> any any (http.uri; content:\"a\"; tcp.flags:S;":
        "'tcp.flags' wants packets and 'http.uri' what an application sent",
    "alert http any any -> any any (http.uri; content:\"a\"; ttl:1;":
        "'ttl' wants packets and 'http.uri' what an application sent",
    "alert tcp any any -> any any (dsize:2; content:\"abc\";":
        "dsize allows at most 2 bytes, and this content ends at byte 3 or later",
    # frames
    "alert tls any any -> any any (frame:pdu; content:\"a\"; pkt_data; content:\"b\";":
        "a frame together with 'payload'",
    # headers
    "alert pkthdr any any -> any any (content:\"a\";": "'content' in a pkthdr rule",
    "alert ether any 80 -> any any (": "ether has no ports",
    "alert http:request_line any any -> any any (": "a hook of http",
    "alert http2:request_headers any any -> any any (": "a hook of http2 needs a kind",
    "alert tls:stream:client_hello_done any any -> any any (": "'stream' is no kind of transactions of tls",
    "alert http1:request_lines any any -> any any (": "unknown hook 'request_lines'",
    "alert http1:request_line any any -> any any (http.host; content:\"a\";":
        "'http.host' is not of the state 'request_line'",
    "alert http1:request_line any any -> any any (http.stat_code; content:\"200\";":
        "'http.stat_code' is of data to_client and does not go with the hook 'request_line'",
    "alert http1:request_line any any -> any any (flow:to_client;":
        "the hook is of data to_server and the rule's flow:to_client is not",
    # transactional
    "alert http any any => any any (http.uri; content:\"a\";": "'=>' needs a buffer of each direction",
    "alert http any any => any any (http.uri; content:\"a\"; http.stat_code; content:\"2\"; file.data; content:\"b\";":
        "'file.data' is of both directions",
}  # fmt: skip


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("text", FAILS)
def test_fails(text: str, rules) -> None:
    (diagnostic,) = rules(f"{text} sid:1;)").diagnostics
    assert (diagnostic.severity, diagnostic.why) == ("error", FAILS[text])


DOES_NOT = {
    "alert ikev2 any any -> any any (": "ike",
    "alert ip any any -> any any (http.uri; content:\"a\";": "http",
    "alert tcp any any -> any any (content:\"a\"; http_uri;": "http1",
    "alert http any any -> any any (content:\"a\"; http_uri;": "http1",
    "alert http1 any any -> any any (http.uri; content:\"a\";": "http1",
    "alert http2 any any -> any any (http.uri; content:\"a\";": "http2",
    "alert tcp any any -> any any (dns.query; content:\"a\";": "dns",
    "alert dns any any -> any any (dns.query; content:\"a\";": "dns",
    "alert doh2 any any -> any any (dns.opcode:0; http.host; content:\"a\";": "doh2",
    "alert dcerpc any any -> any any (dcerpc.opnum:1;": "dcerpc",
    "alert smb any any -> any any (dcerpc.opnum:1;": "smb",
    "alert tcp any any -> any any (ja3.hash; content:\"01234567890123456789012345678901\";": "quic|tls",
    "alert tls any any -> any any (ja3.hash; content:\"01234567890123456789012345678901\";": "tls",
    "alert http any any -> any any (flow:to_server; http.header.raw; content:\"a\";": "http",
    "alert http1:request_line any any -> any any (http.uri; content:\"a\";": "http1",
    "alert http1:<request_headers any any -> any any (": "http1",
    "alert http2:stream:request_headers any any -> any any (": "http2",
    "alert http2:global:request_complete any any -> any any (": "http2",
    "alert http any any => any any (http.uri; content:\"a\"; http.stat_code; content:\"200\";": "http",
    "alert http any any => any any (http.uri; content:\"a\"; file.data: to_client; content:\"b\";": "http",
    "alert tcp any any -> any any (dsize:3; content:\"abc\";": "",
    "alert tcp-pkt any any -> any any (dsize:3; ttl:1; content:\"abc\";": "",
}  # fmt: skip


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("text", DOES_NOT)
def test_does_not_fail(text: str, one) -> None:
    assert one(f"{text} sid:1;)").application == DOES_NOT[text]


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    ("options", "direction"),
    [
        ('http.uri; content:"a";', "to_server"),
        ('http.stat_code; content:"a"; flow:established;', "to_client"),
        ('http.header; content:"a";', ""),
        ('http.header; content:"a"; flow:to_client;', "to_client"),
    ],
)
def test_a_buffer_of_one_direction_sets_it(options: str, direction: str, one) -> None:
    flow = one(f"alert http any any -> any any ({options} sid:1;)").flow
    assert (flow.direction if flow else "") == direction


REFUSED = {
    "alert modbus any any -> any any (content:\"a\";": "protocol 'modbus'",
    "alert ip any any -> any any (smb.share; content:\"a\";": "keyword 'smb.share'",
    "alert smb any any -> any any (smb.named_pipe; content:\"a\";": "keyword 'smb.named_pipe'",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_core_does_not_know_is_refused_by_name(text: str, rules) -> None:
    (diagnostic,) = rules(f"{text} sid:1;)").diagnostics
    assert (diagnostic.severity, diagnostic.why) == ("unsupported", f"{REFUSED[text]} is known, not supported yet")
