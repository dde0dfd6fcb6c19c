//! Numbers and flags of headers.

use super::lost;
use crate::detect::number::compare;
use crate::detect::subject::Subject;
use crate::detect::truth::Truth;
use crate::packet::{Layer, proto};
use crate::plan::{Field, FlagsOp, Number};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Extension, next};
use crate::wire::sctp::{self, Sctp};
use crate::wire::{Header, icmp, tcp};

/// Types of ICMP messages with an identifier and a sequence number (RFC 792, RFC 950) and of ICMPv6's (RFC 4443).
const ECHOES_V4: [u8; 8] = [0, 8, 13, 14, 15, 16, 17, 18];
const ECHOES_V6: [u8; 2] = [128, 129];
/// ICMPv6's "packet too big" (RFC 4443, section 3.2).
const PACKET_TOO_BIG: u8 = 2;

/// What a header says, or what a test of it comes to where it says nothing.
type Value = Result<u64, Truth>;

pub(super) fn holds(field: Field, number: Number, subject: &Subject<'_>) -> Truth {
    match field {
        Field::SctpChunkType => chunk_type(number, subject),
        _ => value(field, subject).map_or_else(|truth| truth, |value| compare(number, value).into()),
    }
}

fn value(field: Field, subject: &Subject<'_>) -> Value {
    let packet = subject.packet;
    match field {
        Field::VlanLayers => Ok(packet.vlan_count.into()),
        Field::Ttl if packet.ip != 0 => Ok(packet.ttl.into()),
        Field::IpProto if subject.lost_protocol() => Err(Truth::Unknown),
        Field::IpProto if packet.ip != 0 => Ok(packet.proto.into()),
        Field::Tos => ipv4(subject).map(|ip| ip.type_of_service().into()),
        Field::IpId => ipv4(subject).map(|ip| ip.identification().into()),
        Field::Fragoffset if packet.ip == 6 => fragment_v6(subject),
        // As it stands in the header, in units of eight bytes.
        Field::Fragoffset => ipv4(subject).map(|ip| u64::from(ip.fragment_offset() / 8)),
        Field::Itype => icmp(subject).map(|()| packet.sport.into()),
        Field::Icode => icmp(subject).map(|()| packet.dport.into()),
        Field::IcmpId => echo(subject, 4),
        Field::IcmpSeq => echo(subject, 6),
        Field::Icmpv6Mtu => too_big(subject),
        Field::IgmpType => transport(subject, proto::IGMP, Layer::Igmp).and_then(|()| bytes::<1>(subject, 0)),
        Field::TcpSeq => tcp_segment(subject).map(|()| packet.seq.into()),
        Field::TcpAck => tcp_segment(subject).map(|()| packet.ack.into()),
        Field::TcpWindow => tcp_segment(subject).map(|()| packet.window.into()),
        Field::TcpMss => tcp_option::<2>(subject, tcp::option::MSS),
        Field::TcpWscale => tcp_option::<1>(subject, tcp::option::WINDOW_SCALE),
        Field::SctpVtag => sctp(subject).map(|()| packet.seq.into()),
        Field::SctpChunkCnt => chunk_count(subject),
        Field::Ttl | Field::IpProto | Field::SctpChunkType => Err(Truth::False),
    }
}

/// The packet has this transport's header. Fragments have none, as their datagram has it once it is put together.
fn transport(subject: &Subject<'_>, protocol: u8, layer: Layer) -> Result<(), Truth> {
    let packet = subject.packet;
    match packet.layer == layer && !packet.fragment {
        true => Ok(()),
        false => Err(lost(subject, packet.proto == protocol && !packet.fragment)),
    }
}

fn tcp_segment(subject: &Subject<'_>) -> Result<(), Truth> {
    transport(subject, proto::TCP, Layer::Tcp)
}

fn sctp(subject: &Subject<'_>) -> Result<(), Truth> {
    transport(subject, proto::SCTP, Layer::Sctp)
}

fn icmp(subject: &Subject<'_>) -> Result<(), Truth> {
    let v6 = subject.packet.proto == proto::ICMPV6 || subject.lost_protocol();
    if v6 { transport(subject, proto::ICMPV6, Layer::Icmpv6) } else { transport(subject, proto::ICMP, Layer::Icmp) }
}

/// The big-endian number of so many bytes at `at` of the transport header.
fn bytes<const SIZE: usize>(subject: &Subject<'_>, at: usize) -> Value {
    let start = usize::from(subject.packet.l4) + at;
    let bytes = subject.headers.get(start..).and_then(|bytes| bytes.first_chunk::<SIZE>());
    let number = bytes.map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
    let sent = start + SIZE <= subject.packet.original as usize;
    number.ok_or(if sent { Truth::Unknown } else { Truth::False })
}

/// A message that asks or answers has its identifier at 4 and its number at 6.
fn echo(subject: &Subject<'_>, at: usize) -> Value {
    icmp(subject)?;
    let kinds = if subject.packet.layer == Layer::Icmp { ECHOES_V4.as_slice() } else { &ECHOES_V6 };
    let kind = subject.packet.sport as u8;
    if kinds.contains(&kind) { bytes::<2>(subject, at) } else { Err(Truth::False) }
}

fn too_big(subject: &Subject<'_>) -> Value {
    transport(subject, proto::ICMPV6, Layer::Icmpv6)?;
    let kind = subject.packet.sport;
    if kind == u16::from(PACKET_TOO_BIG) { bytes::<4>(subject, icmp::HEAD) } else { Err(Truth::False) }
}

/// The fixed IPv4 header, all of which is there where it was decoded.
fn ipv4<'a>(subject: &Subject<'a>) -> Result<Ipv4<'a>, Truth> {
    let packet = subject.packet;
    let bytes = subject.headers.get(usize::from(packet.l3)..).unwrap_or_default();
    Ipv4::parse(bytes).map(|(head, _)| head).filter(|_| packet.ip == 4).ok_or(Truth::False)
}

/// The offset in the fragment header, in bytes.
fn fragment_v6(subject: &Subject<'_>) -> Value {
    let packet = subject.packet;
    let bytes = subject.headers.get(usize::from(packet.l3)..).unwrap_or_default();
    let (mut kind, mut at) = (bytes.get(ipv6::NEXT_HEADER).copied().unwrap_or(next::NONE), ipv6::LEN);
    for _ in 0..ipv6::MAX_EXTENSIONS {
        if !Extension::is(kind) {
            return Err(Truth::False);
        }
        let extension = bytes.get(at..).and_then(|bytes| Extension::parse(kind, bytes));
        let Some(extension) = extension else { return Err(lost(subject, true)) };
        if let Some((offset, _)) = extension.fragment().filter(|_| kind == next::FRAGMENT) {
            return Ok(offset.into());
        }
        (kind, at) = (extension.next, at + extension.len);
    }
    Err(Truth::False)
}

/// The number in a TCP option that has `SIZE` bytes of data.
fn tcp_option<const SIZE: usize>(subject: &Subject<'_>, wanted: u8) -> Value {
    tcp_segment(subject)?;
    let packet = subject.packet;
    let header = subject.headers.get(usize::from(packet.l4)..).unwrap_or_default();
    let Some((head, rest)) = tcp::Tcp::parse(header) else { return Err(Truth::False) };
    let options = head.header_len().saturating_sub(tcp::LEN);
    let found = find_option(rest.get(..options).unwrap_or(rest), wanted, tcp::option::END, tcp::option::NOP);
    let value = found.and_then(|option| option.get(2..)?.first_chunk::<SIZE>());
    let value = value.map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
    // Options that never were whole are not missing.
    let is_cut = rest.len() < options && subject.is_sound();
    value.ok_or(if is_cut { Truth::Unknown } else { Truth::False })
}

/// The first option of a kind with its two bytes of head; IP's and TCP's are built alike.
fn find_option(mut options: &[u8], wanted: u8, end: u8, nop: u8) -> Option<&[u8]> {
    loop {
        let kind = *options.first()?;
        let length = if kind == nop || kind == end { 1 } else { usize::from(*options.get(1)?).max(2) };
        let (option, rest) = options.split_at_checked(length)?;
        if kind == wanted {
            return Some(option);
        }
        if kind == end {
            return None;
        }
        options = rest;
    }
}

/// `ipopts`: the packet has such an option, or any.
pub(super) fn ip_option(wanted: Option<u8>, subject: &Subject<'_>) -> Truth {
    let packet = subject.packet;
    let header = subject.headers.get(usize::from(packet.l3)..).unwrap_or_default();
    let Some((head, rest)) = Ipv4::parse(header).filter(|_| packet.ip == 4) else { return Truth::False };
    let length = head.header_len().saturating_sub(ipv4::LEN);
    let options = rest.get(..length).unwrap_or(rest);
    let found = match wanted {
        None => length > 0,
        Some(wanted) => find_option(options, wanted, ipv4::option::END, ipv4::option::NOP).is_some(),
    };
    match found {
        false if options.len() < length => Truth::Unknown,
        found => found.into(),
    }
}

/// `fragbits`: the three flags of the IPv4 header, the reserved one highest.
pub(super) fn fragment_bits(op: FlagsOp, bits: u8, subject: &Subject<'_>) -> Truth {
    let packet = subject.packet;
    let at = usize::from(packet.l3) + ipv4::FRAGMENT;
    match subject.headers.get(at).filter(|_| packet.ip == 4) {
        Some(byte) => flags(op, byte >> 5, bits).into(),
        None => Truth::False,
    }
}

/// Whether flags are as a rule wants them.
pub(super) fn flags(op: FlagsOp, seen: u8, wanted: u8) -> bool {
    match op {
        FlagsOp::Exactly => seen == wanted,
        FlagsOp::All => seen & wanted == wanted,
        FlagsOp::Any => seen & wanted != 0,
        FlagsOp::NotAll => seen & wanted != wanted,
    }
}

/// Whether any chunk's type passes.
fn chunk_type(number: Number, subject: &Subject<'_>) -> Truth {
    if let Err(truth) = sctp(subject) {
        return truth;
    }
    let passes = |kind: Option<u8>| kind.map_or(Truth::Unknown, |kind| compare(number, kind.into()).into());
    chunks(subject).map(passes).fold(Truth::False, Truth::or)
}

fn chunk_count(subject: &Subject<'_>) -> Value {
    sctp(subject)?;
    if chunks(subject).any(|kind| kind.is_none()) { Err(Truth::Unknown) } else { Ok(subject.packet.window.into()) }
}

/// The types of the chunks; none for what was cut off of them.
fn chunks<'a>(subject: &Subject<'a>) -> impl Iterator<Item = Option<u8>> + 'a {
    let begin = usize::from(subject.packet.l4) + Sctp::LEN;
    let mut left = (subject.packet.original as usize).saturating_sub(begin);
    let mut bytes = subject.headers.get(begin..).unwrap_or_default();
    std::iter::from_fn(move || {
        let chunk = sctp::next_chunk(bytes, left)?;
        let padded = chunk.map_or(left, |chunk| chunk.padded);
        bytes = bytes.get(padded..).unwrap_or_default();
        left -= padded;
        Some(chunk.map(|chunk| chunk.kind))
    })
}
