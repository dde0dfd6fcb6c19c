//! The bytes of a frame, outer headers first.

use super::flow::{FIRST_FRAGMENT, ICMP, Plan, SYN, Segment, TCP, UDP};
use super::mix;

/// Payload bytes to take from; twice a segment more are there, so that none runs out.
pub const POOL: usize = 1 << 16;
pub const OUTER: usize = 50;
const OUTER_ETHERNET: [u8; 14] = [0x06, 0xe2, 0x43, 0x9c, 0xff, 0x5e, 0x06, 0x1d, 0x3c, 0x34, 0xd0, 0x77, 0x08, 0x00];
/// Sources whose session has a packet length, and that length.
const TRUNCATING: std::ops::Range<u32> = 12..24;
const PACKET_LENGTH: usize = 128;
const TEXT: &[u8] = b"GET /index.html?id=42 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
    Accept: text/html,application/json;q=0.9\r\nCookie: session=0123456789abcdef\r\nContent-Type: application/json\r\n\r\n\
    {\"name\": \"tmrx\", \"values\": [1, 2, 3], \"status\": \"ok\", \"message\": \"nothing to see here\"}";

/// What the benchmark's rule looks for; it stands in the pool once.
const MARKER: &[u8] = b"tmrx-bench-marker";
const MARKER_AT: usize = POOL * 3 / 4 + 2000;

/// What a frame turned out to be.
pub struct Made {
    pub ipv6: bool,
    pub fragment: bool,
    pub truncated: bool,
}

pub fn pcap_header() -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(0xa1b2_c3d4u32.to_le_bytes());
    out.extend(2u16.to_le_bytes());
    out.extend(4u16.to_le_bytes());
    out.extend([0; 8]);
    out.extend(262_144u32.to_le_bytes());
    out.extend(1u32.to_le_bytes());
    out
}

pub fn record_header(micros: u64, length: u32) -> [u8; 16] {
    let mut out = [0; 16];
    out[0..4].copy_from_slice(&((micros / 1_000_000) as u32).to_le_bytes());
    out[4..8].copy_from_slice(&((micros % 1_000_000) as u32).to_le_bytes());
    out[8..12].copy_from_slice(&length.to_le_bytes());
    out[12..16].copy_from_slice(&length.to_le_bytes());
    out
}

/// Bytes to fill payloads from: like ciphertext for the most part, with some text of the web.
pub fn pool(seed: u64) -> Vec<u8> {
    let mut out: Vec<u8> = (0..POOL as u64 / 8 + 512).flat_map(|n| mix(seed ^ n << 32).to_le_bytes()).collect();
    for chunk in out.chunks_mut(4096) {
        let length = TEXT.len().min(chunk.len());
        chunk[..length].copy_from_slice(&TEXT[..length]);
    }
    out[MARKER_AT..MARKER_AT + MARKER.len()].copy_from_slice(MARKER);
    out
}

/// RFC 1071 over `bytes`, on top of `sum`, not yet inverted.
fn sum(bytes: &[u8], sum: u64) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let total = words.iter().fold(sum, |sum, word| sum + u64::from(u32::from_be_bytes(*word)));
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    total + u64::from(u32::from_be_bytes(last))
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Build the frame of `segment` in `out`.
pub fn frame(out: &mut Vec<u8>, plan: &Plan, segment: &Segment, pool: &[u8]) -> Made {
    out.clear();
    out.resize(OUTER, 0);
    ethernet(out, plan, segment);
    let (at, pseudo) = ip(out, plan, segment);
    transport(out, plan, segment, &pool[segment.at as usize..][..segment.payload as usize], pseudo);
    if segment.fragment.is_some() {
        keep_fragment(out, at, segment);
    }
    let truncated = TRUNCATING.contains(&plan.source) && out.len() > OUTER + PACKET_LENGTH;
    if truncated {
        out.truncate(OUTER + PACKET_LENGTH);
    }
    outer(out, plan);
    Made { ipv6: plan.ipv6, fragment: segment.fragment.is_some(), truncated }
}

fn ethernet(out: &mut Vec<u8>, plan: &Plan, segment: &Segment) {
    let client = [2, 0x29, 0x23, 0x74, 0, plan.source as u8];
    let server = [2, 0x85, 0x69, 0xc2, 0xab, 2];
    let (to, from) = if segment.from_server { (client, server) } else { (server, client) };
    out.extend(to);
    out.extend(from);
    out.extend(if plan.ipv6 { [0x86, 0xdd] } else { [8, 0] });
}

/// The length of the transport header.
fn header_length(plan: &Plan, segment: &Segment) -> usize {
    match plan.protocol {
        TCP if segment.flags & SYN != 0 => 40,
        TCP => 32,
        _ => 8,
    }
}

/// Append the IP header; where it begins, and the transport's pseudo-header sum.
fn ip(out: &mut Vec<u8>, plan: &Plan, segment: &Segment) -> (usize, u64) {
    let at = out.len();
    let length = header_length(plan, segment) + segment.payload as usize;
    let protocol = if plan.ipv6 && plan.protocol == ICMP { 58 } else { plan.protocol };
    if plan.ipv6 {
        out.extend([0x60, 0, 0, 0]);
        out.extend((length as u16).to_be_bytes());
        out.extend([protocol, 64]);
    } else {
        let id = if segment.fragment.is_some() { segment.number / 2 } else { segment.number };
        out.extend([0x45, 0]);
        out.extend((20 + length as u16).to_be_bytes());
        out.extend((id as u16).to_be_bytes());
        out.extend([if segment.fragment.is_some() { 0 } else { 0x40 }, 0, 64, protocol, 0, 0]);
    }
    let addresses = out.len();
    let client = host(plan.ipv6, [10, 0], plan.client);
    let server = host(plan.ipv6, [10, 200], plan.server);
    let ends = if segment.from_server { [server, client] } else { [client, server] };
    let width = if plan.ipv6 { 16 } else { 4 };
    ends.iter().for_each(|end| out.extend(&end[..width]));
    let pseudo = sum(&out[addresses..], length as u64 + u64::from(protocol));
    if !plan.ipv6 {
        checksum_at(out, at, at + 10, 0);
    }
    (at, if plan.protocol == ICMP && !plan.ipv6 { 0 } else { pseudo })
}

/// An address of the network `10.a.0.0/9` or `2001:db8:a::/48`, left-aligned.
fn host(ipv6: bool, network: [u8; 2], number: u32) -> [u8; 16] {
    let [_, b, c, d] = number.to_be_bytes();
    if ipv6 {
        [0x20, 1, 0x0d, 0xb8, 0, network[1], 0, 0, 0, 0, 0, 0, 0, b, c, d]
    } else {
        [network[0], network[1] + b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    }
}

/// Fill the checksum field at `field` over everything from `start`.
fn checksum_at(out: &mut [u8], start: usize, field: usize, pseudo: u64) {
    let value = !fold(sum(&out[start..], pseudo));
    out[field..field + 2].copy_from_slice(&value.to_be_bytes());
}

fn transport(out: &mut Vec<u8>, plan: &Plan, segment: &Segment, payload: &[u8], pseudo: u64) {
    let start = out.len();
    let (mut source, mut destination) = (plan.client_port, plan.server_port);
    if segment.from_server {
        (source, destination) = (destination, source);
    }
    let field = match plan.protocol {
        TCP => tcp(out, source, destination, segment),
        UDP => {
            out.extend([source, destination, 8 + payload.len() as u16, 0].iter().flat_map(|n| n.to_be_bytes()));
            6
        }
        _ => {
            let [request, reply] = if plan.ipv6 { [128, 129] } else { [8, 0] };
            out.extend([if segment.from_server { reply } else { request }, 0, 0, 0]);
            out.extend([plan.client_port, (segment.number / 2) as u16].iter().flat_map(|n| n.to_be_bytes()));
            2
        }
    };
    out.extend(payload);
    checksum_at(out, start, start + field, pseudo);
}

/// Append a TCP header with options; where in it the checksum is.
fn tcp(out: &mut Vec<u8>, source: u16, destination: u16, segment: &Segment) -> usize {
    out.extend(source.to_be_bytes());
    out.extend(destination.to_be_bytes());
    out.extend(segment.seq.to_be_bytes());
    out.extend(segment.ack.to_be_bytes());
    let syn = segment.flags & SYN != 0;
    out.extend([if syn { 0xa0 } else { 0x80 }, segment.flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    // MSS, SACK permitted, timestamps, window scale; afterwards timestamps alone (RFC 7323).
    out.extend::<&[u8]>(if syn { &[2, 4, 5, 0xb4, 4, 2, 8, 10] } else { &[1, 1, 8, 10] });
    out.extend((1000 + segment.number).to_be_bytes());
    out.extend(segment.number.saturating_sub(1).to_be_bytes());
    if syn {
        out.extend([1, 3, 3, 7]);
    }
    16
}

/// Turn the whole datagram whose IPv4 header is at `at` into one of its two fragments.
fn keep_fragment(out: &mut Vec<u8>, at: usize, segment: &Segment) {
    let body = at + 20;
    let first = segment.fragment == Some(0);
    if first {
        out.truncate(body + FIRST_FRAGMENT);
    } else {
        out.drain(body..body + FIRST_FRAGMENT);
    }
    let length = (out.len() - at) as u16;
    let flags = if first { 0x2000 } else { (FIRST_FRAGMENT / 8) as u16 };
    out[at + 2..at + 4].copy_from_slice(&length.to_be_bytes());
    out[at + 6..at + 8].copy_from_slice(&flags.to_be_bytes());
    out[at + 10..at + 12].fill(0);
    let value = !fold(sum(&out[at..body], 0));
    out[at + 10..at + 12].copy_from_slice(&value.to_be_bytes());
}

/// Write the outer headers as AWS does (specification, section 5).
fn outer(out: &mut [u8], plan: &Plan) {
    let length = out.len() - 14;
    out[..14].copy_from_slice(&OUTER_ETHERNET);
    let [high, low] = (length as u16).to_be_bytes();
    out[14..34].copy_from_slice(&[
        0x45,
        0,
        high,
        low,
        0,
        0,
        0,
        0,
        255,
        UDP,
        0,
        0,
        172,
        31,
        8,
        plan.source as u8,
        172,
        31,
        17,
        188,
    ]);
    let value = !fold(sum(&out[14..34], 0));
    out[24..26].copy_from_slice(&value.to_be_bytes());
    let port = 65408 + (plan.key >> 8) as u16 % 128;
    let udp = [port, 4789, length as u16 - 20, 0];
    out[34..42].copy_from_slice(udp.map(u16::to_be_bytes).as_flattened());
    let vni = 1000 + plan.source % 64;
    out[42..50].copy_from_slice(&[8, 0, 0, 0, (vni >> 16) as u8, (vni >> 8) as u8, vni as u8, 0]);
}
