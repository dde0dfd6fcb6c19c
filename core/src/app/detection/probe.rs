//! Protocols that are known by their port: the bytes only have to be possible.

use super::{Answer, Direction, Protocol, Transport};
use Protocol as P;
use Transport::{Tcp, Udp};

/// Whether bytes may be of a protocol.
type Probe = fn(&Direction<'_>) -> Answer;

/// A probe, and where it is asked.
struct Row {
    transport: Transport,
    ports: &'static [u16],
    probe: Probe,
}

const ROWS: [Row; 21] = [
    Row { transport: Udp, ports: &[53], probe: |d| dns(d.bytes, P::Dns) },
    Row { transport: Tcp, ports: &[53], probe: dns_tcp },
    Row { transport: Udp, ports: &[5353], probe: |d| dns(d.bytes, P::Mdns) },
    Row { transport: Udp, ports: &[5355], probe: |d| dns(d.bytes, P::Llmnr) },
    Row { transport: Tcp, ports: &[5355], probe: dns_tcp_llmnr },
    Row { transport: Udp, ports: &[67, 68], probe: dhcp },
    Row { transport: Udp, ports: &[123], probe: ntp },
    Row { transport: Udp, ports: &[161, 162], probe: snmp },
    Row { transport: Udp, ports: &[69], probe: tftp },
    Row { transport: Udp, ports: &[88], probe: |d| krb5(d.bytes) },
    Row { transport: Tcp, ports: &[88], probe: |d| krb5(d.bytes.get(4..).unwrap_or_default()) },
    Row { transport: Udp, ports: &[2049], probe: |d| rpc(d.bytes) },
    Row { transport: Tcp, ports: &[2049], probe: |d| rpc(d.bytes.get(4..).unwrap_or_default()) },
    Row { transport: Udp, ports: &[500, 4500], probe: ike },
    Row { transport: Tcp, ports: &[3389], probe: rdp },
    Row { transport: Tcp, ports: &[1883], probe: mqtt },
    Row { transport: Tcp, ports: &[389, 3268], probe: ldap },
    Row { transport: Udp, ports: &[389, 3268], probe: ldap },
    Row { transport: Tcp, ports: &[23], probe: telnet },
    Row { transport: Udp, ports: &[443, 80], probe: quic },
    Row { transport: Tcp, ports: &[21, 25, 465, 110, 139, 445, 80, 443], probe: by_answer },
];

/// What the probes of the receiver's port say, and else those of the sender's.
pub(super) fn answer(direction: &Direction<'_>) -> Answer {
    let mut answer = Answer::No;
    for port in [direction.dport, direction.sport] {
        for row in ROWS.iter().filter(|row| row.transport == direction.transport && row.ports.contains(&port)) {
            match (row.probe)(direction) {
                Answer::Yes(protocol) => return Answer::Yes(protocol),
                Answer::More => answer = Answer::More,
                Answer::No => {}
            }
        }
    }
    answer
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_be_bytes(*two))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}

fn yes_if(condition: bool, protocol: Protocol) -> Answer {
    if condition { Answer::Yes(protocol) } else { Answer::No }
}

/// Protocols whose server speaks first or that a port helps to tell.
fn by_answer(direction: &Direction<'_>) -> Answer {
    let (bytes, port) = (direction.bytes, if direction.to_server { direction.dport } else { direction.sport });
    match (port, direction.to_server) {
        (21, false) => yes_if(bytes.starts_with(b"220 ") || bytes.starts_with(b"220-"), P::Ftp),
        (25 | 465, false) => yes_if(bytes.starts_with(b"220"), P::Smtp),
        (110, false) => yes_if(bytes.starts_with(b"+OK") || bytes.starts_with(b"-ERR"), P::Pop3),
        (110, true) => yes_if([b"USER ", b"APOP ", b"CAPA\r"].iter().any(|name| bytes.starts_with(*name)), P::Pop3),
        // A session request (RFC 1002, section 4.3.2).
        (139 | 445, _) => yes_if(bytes.first() == Some(&0x81) && bytes.get(1..3) == Some(&[0, 0]), P::Smb),
        // A SETTINGS frame of stream 0 (RFC 9113, section 6.5).
        (80 | 443, false) => yes_if(bytes.get(3) == Some(&4) && long(bytes, 5) == Some(0), P::Http2),
        _ => Answer::No,
    }
}

/// A header (RFC 1035, section 4.1.1) whose counts the message has room for, and a first name; or a response that is
/// nothing but a header. LLMNR takes any operation.
fn dns(bytes: &[u8], protocol: Protocol) -> Answer {
    let (Some(flags), Some(header)) = (word(bytes, 2), bytes.get(4..12)) else { return Answer::No };
    let counts: usize = header.chunks_exact(2).map(|pair| word(pair, 0).unwrap_or_default()).map(usize::from).sum();
    let opcode = flags >> 11 & 15;
    let first_label = bytes.get(12).is_none_or(|length| *length <= 63 || *length >= 0xc0);
    let is_known = opcode <= 6 || protocol == P::Llmnr;
    let is_bare = flags & 0x8000 != 0 && counts == 0 && bytes.len() == 12;
    let has_room = counts > 0 && counts <= bytes.len() && bytes.len() > 12 && first_label;
    yes_if(is_known && (has_room || is_bare), protocol)
}

fn dns_tcp(direction: &Direction<'_>) -> Answer {
    framed(direction.bytes, P::Dns)
}

fn dns_tcp_llmnr(direction: &Direction<'_>) -> Answer {
    framed(direction.bytes, P::Llmnr)
}

/// The same behind its length (RFC 1035, section 4.2.2).
fn framed(bytes: &[u8], protocol: Protocol) -> Answer {
    match word(bytes, 0) {
        None => Answer::More,
        Some(length) if length < 12 => Answer::No,
        Some(_) if bytes.len() < 15 => Answer::More,
        Some(_) => dns(bytes.get(2..).unwrap_or_default(), protocol),
    }
}

/// BOOTP with the magic cookie (RFC 2131, section 3).
fn dhcp(direction: &Direction<'_>) -> Answer {
    let bytes = direction.bytes;
    yes_if(matches!(bytes.first(), Some(1 | 2)) && long(bytes, 236) == Some(0x6382_5363), P::Dhcp)
}

/// A version from 1 to 4, and the size of a message (RFC 5905, section 7.3).
fn ntp(direction: &Direction<'_>) -> Answer {
    let version = direction.bytes.first().map_or(0, |first| first >> 3 & 7);
    yes_if((1..=4).contains(&version) && direction.bytes.len() >= 8, P::Ntp)
}

/// A sequence that begins with a version (RFC 1157, section 4; RFC 3412, section 6).
fn snmp(direction: &Direction<'_>) -> Answer {
    let inside = sequence(direction.bytes);
    yes_if(inside.is_some_and(|inside| matches!(inside.get(..3), Some([2, 1, 0 | 1 | 3]))), P::Snmp)
}

/// The inside of an ASN.1 sequence, as far as it is there.
fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x30, length, rest @ ..] if *length < 0x80 => Some(rest),
        [0x30, length, rest @ ..] if (0x81..=0x84).contains(length) => rest.get(usize::from(*length & 0x7f)..),
        _ => None,
    }
}

/// A read or write request (RFC 1350, section 5).
fn tftp(direction: &Direction<'_>) -> Answer {
    let bytes = direction.bytes;
    let request = matches!(word(bytes, 0), Some(1 | 2));
    yes_if(request && bytes.len() > 4 && bytes.last() == Some(&0), P::Tftp)
}

/// An application tag of a known message (RFC 4120, section 5.10).
fn krb5(bytes: &[u8]) -> Answer {
    match bytes.first() {
        None => Answer::More,
        Some(tag) => yes_if(matches!(tag, 0x6a..=0x6f | 0x74..=0x76 | 0x7e), P::Krb5),
    }
}

/// A call or reply of Sun RPC (RFC 5531, section 9).
fn rpc(bytes: &[u8]) -> Answer {
    match (long(bytes, 4), long(bytes, 8), long(bytes, 12)) {
        (None, ..) => Answer::More,
        (Some(0), Some(2), Some(program)) => yes_if(program == 100_003, P::Nfs),
        (Some(0), ..) if bytes.len() < 16 => Answer::More,
        (Some(1), Some(state), _) => yes_if(state <= 1, P::Nfs),
        _ => Answer::No,
    }
}

/// An IKE header of version 1 or 2, perhaps behind the non-ESP marker (RFC 7296, section 3.1).
fn ike(direction: &Direction<'_>) -> Answer {
    let bytes = direction.bytes;
    let behind = if long(bytes, 0) == Some(0) { bytes.get(4..).unwrap_or_default() } else { bytes };
    let length = long(behind, 24).is_some_and(|length| length as usize >= 28);
    yes_if(matches!(behind.get(17), Some(0x10 | 0x20)) && length, P::Ike)
}

/// TPKT with an X.224 connection request or confirmation (RFC 1006, section 6).
fn rdp(direction: &Direction<'_>) -> Answer {
    let bytes = direction.bytes;
    let kind = if direction.to_server { 0xe0 } else { 0xd0 };
    yes_if(matches!(bytes.get(..2), Some([3, 0])) && bytes.get(5).is_some_and(|byte| byte & 0xf0 == kind), P::Rdp)
}

/// CONNECT with a protocol name, or CONNACK (MQTT 5.0, section 3.1).
fn mqtt(direction: &Direction<'_>) -> Answer {
    let bytes = direction.bytes;
    let named = bytes.windows(4).take(8).any(|part| part == b"MQTT" || part == b"MQIs");
    let known = bytes.first().is_some_and(|first| (1..=15).contains(&(first >> 4)));
    yes_if(named || (known && !direction.to_server) || (known && bytes.len() >= 2), P::Mqtt)
}

/// A sequence that begins with a message id and an operation (RFC 4511, section 4.2).
fn ldap(direction: &Direction<'_>) -> Answer {
    let Some([2, length, rest @ ..]) = sequence(direction.bytes) else { return Answer::No };
    let operation = rest.get(usize::from(*length));
    yes_if(*length <= 4 && operation.is_some_and(|tag| tag & 0xc0 == 0x40), P::Ldap)
}

/// A command (RFC 854).
fn telnet(direction: &Direction<'_>) -> Answer {
    yes_if(matches!(direction.bytes.get(..2), Some([0xff, 240..=254])), P::Telnet)
}

/// A long header of a known version (RFC 9000, section 17.2).
fn quic(direction: &Direction<'_>) -> Answer {
    let long_header = direction.bytes.first().is_some_and(|first| first & 0xc0 == 0xc0 || first & 0x80 != 0);
    let version = long(direction.bytes, 1).unwrap_or_default();
    let known = matches!(version, 1 | 0x6b33_43cf | 0xff00_0000..=0xff00_00ff) || version >> 24 == u32::from(b'Q');
    yes_if(long_header && known, P::Quic)
}
