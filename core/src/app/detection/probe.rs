//! Protocols that are known by their port: the bytes only have to be possible.

use super::{Answer, Direction, Protocol, Sought, Transport};
use Protocol as P;
use Transport::{Tcp, Udp};

/// Whether bytes may be of a protocol.
type Probe = fn(&Direction<'_>) -> Answer;

/// A probe, and where it is asked.
struct Row {
    protocol: Protocol,
    transport: Transport,
    ports: &'static [u16],
    probe: Probe,
}

const fn row(protocol: Protocol, transport: Transport, ports: &'static [u16], probe: Probe) -> Row {
    Row { protocol, transport, ports, probe }
}

const ROWS: [Row; 25] = [
    row(P::Dns, Udp, &[53], |d| dns(d.bytes, P::Dns)),
    row(P::Dns, Tcp, &[53], dns_tcp),
    row(P::Mdns, Udp, &[5353], |d| dns(d.bytes, P::Mdns)),
    row(P::Llmnr, Udp, &[5355], |d| dns(d.bytes, P::Llmnr)),
    row(P::Llmnr, Tcp, &[5355], dns_tcp_llmnr),
    row(P::Dhcp, Udp, &[67, 68], dhcp),
    row(P::Ntp, Udp, &[123], ntp),
    row(P::Snmp, Udp, &[161, 162], snmp),
    row(P::Tftp, Udp, &[69], tftp),
    row(P::Krb5, Udp, &[88], |d| krb5(d.bytes)),
    row(P::Krb5, Tcp, &[88], |d| krb5(d.bytes.get(4..).unwrap_or_default())),
    row(P::Nfs, Udp, &[2049], |d| rpc(d.bytes)),
    row(P::Nfs, Tcp, &[2049], |d| rpc(d.bytes.get(4..).unwrap_or_default())),
    row(P::Ike, Udp, &[500, 4500], ike),
    row(P::Rdp, Tcp, &[3389], rdp),
    row(P::Mqtt, Tcp, &[1883], mqtt),
    row(P::Ldap, Tcp, &[389, 3268], ldap),
    row(P::Ldap, Udp, &[389, 3268], ldap),
    row(P::Telnet, Tcp, &[23], telnet),
    row(P::Quic, Udp, &[443, 80], quic),
    row(P::Ftp, Tcp, &[21], ftp),
    row(P::Smtp, Tcp, &[25, 465], smtp),
    row(P::Pop3, Tcp, &[110], pop3),
    row(P::Smb, Tcp, &[139, 445], smb),
    row(P::Http2, Tcp, &[80, 443], http2),
];

/// What the probes of the receiver's port say, and else those of the sender's.
pub(super) fn answer(direction: &Direction<'_>, sought: &Sought) -> Answer {
    let mut answer = Answer::No;
    for port in [direction.dport, direction.sport] {
        let asked = |row: &&Row| {
            let ports = || sought.ports(row.protocol, row.transport, row.ports);
            row.transport == direction.transport && ports().contains(&port) && sought.has(row.protocol)
        };
        for row in ROWS.iter().filter(asked) {
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

/// The server speaks first (RFC 959, section 5.4).
fn ftp(direction: &Direction<'_>) -> Answer {
    let begins = |reply: &[u8]| direction.bytes.starts_with(reply);
    yes_if(!direction.to_server && (begins(b"220 ") || begins(b"220-")), P::Ftp)
}

/// The server speaks first.
fn smtp(direction: &Direction<'_>) -> Answer {
    yes_if(!direction.to_server && direction.bytes.starts_with(b"220"), P::Smtp)
}

fn pop3(direction: &Direction<'_>) -> Answer {
    let begins = |names: &[&[u8]]| names.iter().any(|name| direction.bytes.starts_with(name));
    let found = if direction.to_server { begins(&[b"USER ", b"APOP ", b"CAPA\r"]) } else { begins(&[b"+OK", b"-ERR"]) };
    yes_if(found, P::Pop3)
}

/// A session request (RFC 1002, section 4.3.2).
fn smb(direction: &Direction<'_>) -> Answer {
    yes_if(matches!(direction.bytes, [0x81, 0, 0, ..]), P::Smb)
}

/// A SETTINGS frame of stream 0 (RFC 9113, section 6.5).
fn http2(direction: &Direction<'_>) -> Answer {
    yes_if(is_http2(direction), P::Http2)
}

/// The same, wherever it goes.
pub(super) fn is_http2(direction: &Direction<'_>) -> bool {
    let bytes = direction.bytes;
    !direction.to_server && bytes.get(3) == Some(&4) && long(bytes, 5) == Some(0)
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
