"""Kinds of rules: the table of the specification (inspection.md, "Rule types")."""

from __future__ import annotations

import pytest

KINDS = {
    "ether any any -> any any (": "packet",
    "arp any any -> any any (": "packet",
    "pkthdr any any -> any any (decode-event:ipv4.pkt_too_small;": "decoder_event",
    "ip any any -> any any (decode-event:ipv4.pkt_too_small; classtype:misc-attack;": "decoder_event",
    "tcp any any -> any any (stream-event:3whs_ack_in_wrong_dir;": "decoder_event",
    "tcp any any -> any any (decode-event:tcp.pkt_too_small; prefilter; requires:version >= 8;": "decoder_event",
    "tcp any any -> any any (stream-event:3whs_ack_in_wrong_dir; flow:to_server;": "packet",
    "ip any any -> any any (": "ip_only",
    "tcp any any -> any 80 (msg:\"a\"; flowbits:set,ab; tag:session;": "ip_only",
    "tcp 10.0.0.0/8 any -> any 80 (threshold:type limit, track by_src, count 1, seconds 1;": "ip_only",
    "tcp !10.0.0.0/8 any -> any 80 (": "like_ip_only",
    "tcp any any -> any any (flowbits:isset,ab;": "packet",
    "tcp any any -> any any (flow:established;": "packet",
    "tcp any any -> any any (flow:to_server;": "packet",
    "tcp:flow_start any any -> any any (": "packet",
    "tcp-pkt any any -> any any (": "packet",
    "tcp-pkt any any -> any any (content:\"a\";": "packet",
    "tcp any any -> any any (app-layer-protocol:http;": "protocol_detection",
    "tcp any any -> any any (app-layer-protocol:http; flow:to_server; flowbits:isset,ab;": "protocol_detection",
    "tcp any any -> any any (app-layer-protocol:http; flow:established;": "packet",
    "tcp any any -> any any (flags:S;": "packet",
    "tcp any any -> any any (content:\"a\"; flags:A;": "packet",
    "tcp any any -> any any (content:\"a\"; dsize:1;": "packet",
    "tcp any any -> any any (content:\"a\"; flow:no_stream;": "packet",
    "udp any any -> any any (content:\"a\"; depth:1;": "packet",
    "icmp any any -> any any (content:\"a\";": "packet",
    "tcp any any -> any any (content:\"a\"; depth:1;": "packet_and_stream",
    "tcp any any -> any any (content:\"a\"; startswith;": "packet_and_stream",
    "ip any any -> any any (content:\"a\"; offset:1;": "packet_and_stream",
    "tcp any any -> any any (content:\"a\"; stream_size:server,>,1;": "packet_and_stream",
    "tcp any any -> any any (content:\"a\";": "stream",
    "tcp any any -> any any (content:\"a\"; within:3; endswith;": "stream",
    "tcp any any -> any any (pcre:\"/a/\"; flow:established,to_server;": "stream",
    "tcp any any -> any any (byte_test:1,=,1,0;": "stream",
    "tcp-stream any any -> any any (content:\"a\"; depth:1;": "stream",
    "tcp any any -> any any (content:\"a\"; depth:1; flow:only_stream;": "stream",
    "tcp any any -> any any (ip.src; content:\"aaaa\"; pkt_data; content:\"a\";": "stream",
    "tcp any any -> any any (tcp.hdr; content:\"a\";": "packet",
    "http any any -> any any (": "app",
    "http any any -> any any (flow:established;": "app",
    "http any any -> any any (content:\"a\";": "stream",
    "http any any -> any any (flags:A;": "packet",
    "http any any -> any any (http.uri; content:\"a\";": "app_tx",
    "tcp any any -> any any (http.uri; content:\"a\";": "app_tx",
    "tcp any any -> any any (content:\"a\"; http_uri;": "app_tx",
}  # fmt: skip


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("text", KINDS)
def test_kind(text: str, one) -> None:
    assert one(f"alert {text} sid:1;)").kind == KINDS[text]
