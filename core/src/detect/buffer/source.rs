//! The buffers by name, and which bytes of a packet they are.

use crate::app;
use crate::app::frame::{self, Kind};
use crate::detect::subject::{Buffer, Subject, TransactionFacts};
use crate::frame::Link;
use crate::packet::{Layer, Packet, Stop, proto};
use crate::wire::{Header, ethernet, igmp, ipv4, ipv6, sctp, tcp, udp};

/// A buffer of a packet, before transforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Payload,
    Ethernet,
    Ipv4,
    Ipv6,
    AddressFrom,
    AddressTo,
    Tcp,
    Udp,
    Icmpv4,
    Icmpv6,
    Igmp,
    Sctp,
    SctpData,
    /// A buffer of a transaction, by its number among all of them.
    Transaction(u16),
    /// A frame.
    Frame(Kind),
}

/// The buffers under the names of the keywords that open them.
const NAMES: [(&str, Source); 13] = [
    ("payload", Source::Payload),
    ("ether.hdr", Source::Ethernet),
    ("ipv4.hdr", Source::Ipv4),
    ("ipv6.hdr", Source::Ipv6),
    ("ip.src", Source::AddressFrom),
    ("ip.dst", Source::AddressTo),
    ("tcp.hdr", Source::Tcp),
    ("udp.hdr", Source::Udp),
    ("icmpv4.hdr", Source::Icmpv4),
    ("icmpv6.hdr", Source::Icmpv6),
    ("igmp.hdr", Source::Igmp),
    ("sctp.hdr", Source::Sctp),
    ("sctp.chunk_data", Source::SctpData),
];

/// The names of the buffers that rules can look into.
pub(in crate::detect) fn names() -> Vec<String> {
    let own = NAMES.iter().map(|(name, _)| *name).chain(app::buffers().all());
    own.map(str::to_string).chain(frame::frames().map(|(name, _)| name)).collect()
}

/// What a packet has of a buffer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bytes<'a> {
    There(Buffer<'a>),
    Absent,
    /// The cut took even the knowledge of whether there is one, or of how long it is.
    Unknown,
}

impl Source {
    pub(super) fn named(name: &str) -> Option<Self> {
        let own = NAMES.iter().find(|(known, _)| *known == name).map(|(_, source)| *source);
        let of_transactions = || app::buffers().number(name).map(Self::Transaction);
        own.or_else(of_transactions).or_else(|| frame::frame(name).map(Self::Frame))
    }

    /// The buffer's bytes; `payload` is the packet's or the stream's as rules see it, `place` says which of several.
    #[inline]
    pub(super) fn bytes<'a>(self, subject: &Subject<'a>, payload: Buffer<'a>, place: usize) -> Bytes<'a> {
        match self {
            Self::Payload if subject.lost_transport() => Bytes::Unknown,
            // No list holds on no payload, whatever it negates.
            Self::Payload if payload.original == 0 => Bytes::Absent,
            Self::Payload => Bytes::There(payload),
            Self::Transaction(number) => transaction(subject, number, place),
            Self::Frame(kind) => match subject.frame {
                Some(frame) if frame.kind == kind => Bytes::There(frame.bytes),
                _ => Bytes::Absent,
            },
            _ => self.header(subject),
        }
    }

    #[cold]
    #[inline(never)]
    fn header<'a>(self, subject: &Subject<'a>) -> Bytes<'a> {
        let packet = subject.packet;
        match self {
            Self::Payload | Self::Transaction(_) | Self::Frame(_) => Bytes::Absent,
            Self::Ethernet => link(subject),
            Self::Ipv4 if packet.ip == 4 => ipv4_header(subject),
            Self::Ipv6 if packet.ip == 6 => ipv6_header(subject),
            Self::Ipv4 | Self::Ipv6 => Bytes::Absent,
            Self::AddressFrom | Self::AddressTo if packet.ip == 0 => Bytes::Absent,
            Self::AddressFrom => address(&packet.src.0, packet.ip),
            Self::AddressTo => address(&packet.dst.0, packet.ip),
            Self::Tcp => transport(subject, proto::TCP, Layer::Tcp, tcp_length(subject)),
            Self::Udp => transport(subject, proto::UDP, Layer::Udp, udp::LEN),
            Self::Icmpv4 => transport(subject, proto::ICMP, Layer::Icmp, icmp_length(packet)),
            Self::Icmpv6 => transport(subject, proto::ICMPV6, Layer::Icmpv6, icmp_length(packet)),
            Self::Igmp => transport(subject, proto::IGMP, Layer::Igmp, igmp::Igmp::LEN),
            Self::Sctp => transport(subject, proto::SCTP, Layer::Sctp, sctp::Sctp::LEN),
            Self::SctpData => sctp_data(subject),
        }
    }
}

/// What a transaction has of one of its buffers.
fn transaction<'a>(subject: &Subject<'a>, number: u16, place: usize) -> Bytes<'a> {
    let Some(TransactionFacts { talk, index, .. }) = subject.transaction else { return Bytes::Absent };
    let Some(row) = app::buffers().row(talk.protocol(), number) else { return Bytes::Absent };
    match talk.bytes(index, row, subject.is_to_server(), place) {
        app::Bytes::There { bytes, original } => Bytes::There(Buffer { bytes, original: original.max(bytes.len()) }),
        app::Bytes::Absent => Bytes::Absent,
        app::Bytes::Unknown => Bytes::Unknown,
    }
}

/// `length` bytes from `at` on, of which the packet's end may take some. Those that it never had are not missing.
fn part<'a>(subject: &Subject<'a>, at: u16, length: usize) -> Bytes<'a> {
    let rest = subject.headers.get(usize::from(at)..).unwrap_or_default();
    let length = length.min(subject.packet.original.saturating_sub(at.into()) as usize);
    Bytes::There(Buffer { bytes: rest.get(..length).unwrap_or(rest), original: length })
}

fn link<'a>(subject: &Subject<'a>) -> Bytes<'a> {
    match subject.packet.link {
        Link::Ethernet => part(subject, 0, ethernet::LEN),
        _ => Bytes::Absent,
    }
}

fn ipv4_header<'a>(subject: &Subject<'a>) -> Bytes<'a> {
    let l3 = subject.packet.l3;
    let first = subject.headers.get(usize::from(l3)).copied().unwrap_or_default();
    part(subject, l3, (usize::from(first & 15) * 4).max(ipv4::LEN))
}

/// The fixed header and its extensions.
fn ipv6_header<'a>(subject: &Subject<'a>) -> Bytes<'a> {
    let packet = subject.packet;
    let reached = packet.l4 < packet.payload || packet.has_l4() || packet.stop != Stop::Truncated;
    let length = usize::from(packet.l4.saturating_sub(packet.l3)).max(ipv6::LEN);
    if reached { part(subject, packet.l3, length) } else { Bytes::Unknown }
}

fn address(bytes: &[u8; 16], ip: u8) -> Bytes<'_> {
    let bytes = if ip == 4 { bytes.get(12..).unwrap_or_default() } else { bytes };
    Bytes::There(Buffer { bytes, original: bytes.len() })
}

/// A transport header. Fragments have none, as their datagram has it once it is put together.
fn transport<'a>(subject: &Subject<'a>, protocol: u8, layer: Layer, length: usize) -> Bytes<'a> {
    let packet = subject.packet;
    match () {
        () if subject.lost_protocol() => Bytes::Unknown,
        () if packet.fragment || packet.proto != protocol => Bytes::Absent,
        () if packet.layer == layer => part(subject, packet.l4, length),
        () if packet.stop == Stop::Truncated => Bytes::Unknown,
        () => Bytes::Absent,
    }
}

fn tcp_length(subject: &Subject<'_>) -> usize {
    let rest = subject.headers.get(usize::from(subject.packet.l4)..).unwrap_or_default();
    tcp::Tcp::parse(rest).map_or(tcp::LEN, |(head, _)| head.header_len())
}

/// Eight bytes, but for the shortest messages of ICMPv6.
fn icmp_length(packet: &Packet) -> usize {
    let sent = packet.original.saturating_sub(u32::from(packet.l4)) as usize;
    sent.min(crate::wire::icmp::LEN)
}

/// The user data of the first chunk that has some (RFC 9260, section 3.3.1; RFC 8260, section 2.1).
fn sctp_data<'a>(subject: &Subject<'a>) -> Bytes<'a> {
    let Bytes::There(header) = Source::Sctp.header(subject) else { return Source::Sctp.header(subject) };
    let packet = subject.packet;
    let begin = usize::from(packet.l4) + header.original;
    let mut rest = subject.headers.get(begin..).unwrap_or_default();
    let mut left = (packet.original as usize).saturating_sub(begin);
    while let Some(chunk) = sctp::next_chunk(rest, left) {
        let Some(sctp::Stretch { kind, length, padded }) = chunk else { return Bytes::Unknown };
        if let Some(header) = sctp::data_header(kind).filter(|header| *header <= length) {
            let data = rest.get(header..).unwrap_or_default();
            let original = length - header;
            return Bytes::There(Buffer { bytes: data.get(..original).unwrap_or(data), original });
        }
        rest = rest.get(padded..).unwrap_or_default();
        left -= padded;
    }
    Bytes::Absent
}
