//! What an IP packet carries, where its headers are whole and it is no fragment.

use super::Span;
use crate::frame::Outer;
use crate::link;
use crate::packet::proto;
use crate::wire::ethernet::ethertype;
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::{Extension, Ipv6, MAX_EXTENSIONS};
use crate::wire::udp::{self, Udp};

/// A UDP datagram's payload, or that of an IP packet whose protocol may be a tunnel's.
#[derive(Clone, Copy)]
pub(super) struct Carried<'a> {
    /// The ports are UDP's, else 0.
    pub tuple: Outer,
    /// UDP, or the tunnel's.
    pub protocol: u8,
    /// It is IPv6 that carries it.
    pub is_v6: bool,
    /// Captured payload.
    pub payload: &'a [u8],
    /// Where the payload begins in the frame.
    pub at: usize,
    /// Payload bytes that were sent.
    pub sent: usize,
    /// Bytes of the IP packet around it.
    pub ip_length: usize,
}

/// Addresses and IP protocol, captured payload, the IP packet's length, and the length left for the payload.
type OverIp<'a> = (Outer, u8, &'a [u8], usize, usize);

/// What a packet carries that may be a tunnel.
#[inline]
pub(super) fn carried<'a>(bytes: &'a [u8], span: &Span) -> Option<Carried<'a>> {
    let (ethertype, at) = link::network(bytes, span.link)?;
    let ip = bytes.get(at..)?;
    let is_v6 = ethertype == ethertype::IPV6;
    let (tuple, protocol, rest, ip_length, sent) = match ethertype {
        ethertype::IPV4 => over_ipv4(ip)?,
        ethertype::IPV6 => over_ipv6(ip)?,
        _ => return None,
    };
    if protocol != proto::UDP {
        let payload = rest.get(..sent).unwrap_or(rest);
        let at = span.start as usize + bytes.len() - rest.len();
        return Some(Carried { tuple, protocol, is_v6, payload, at, sent, ip_length });
    }
    let (head, payload) = Udp::parse(rest)?;
    let length = usize::from(head.length());
    if length < udp::LEN || length > sent {
        return None;
    }
    let sent = length - udp::LEN;
    // Every slice on the way ends where `bytes` ends, so lengths give positions.
    let at = span.start as usize + bytes.len() - payload.len();
    let payload = payload.get(..sent).unwrap_or(payload);
    let tuple = Outer { sport: head.sport(), dport: head.dport(), ..tuple };
    Some(Carried { tuple, protocol, is_v6, payload, at, sent, ip_length })
}

/// Whether an IP protocol is UDP or a tunnel's.
#[inline]
fn may_carry(protocol: u8) -> bool {
    matches!(protocol, proto::UDP | proto::GRE | proto::IPV4 | proto::IPV6)
}

#[inline]
fn over_ipv4(bytes: &[u8]) -> Option<OverIp<'_>> {
    let (head, _) = Ipv4::parse(bytes)?;
    let (total, header) = (usize::from(head.total_length()), head.header_len());
    let whole = head.version() == 4 && header >= 20 && !head.more_fragments() && head.fragment_offset() == 0;
    if !whole || !(may_carry(head.protocol()) || head.protocol() == proto::AH) {
        return None;
    }
    let tuple = Outer { src: head.src(), dst: head.dst(), ..Outer::default() };
    let over = (tuple, head.protocol(), bytes.get(header..)?, total, total.checked_sub(header)?);
    if head.protocol() == proto::AH { behind_authentication(over) } else { Some(over) }
}

/// What an authentication header over IPv4 protects (RFC 4302); as `decode` does, one is followed.
#[cold]
fn behind_authentication((tuple, _, rest, total, left): OverIp<'_>) -> Option<OverIp<'_>> {
    let head = Extension::parse(proto::AH, rest)?;
    let over = (tuple, head.next, rest.get(head.len..)?, total, left.checked_sub(head.len)?);
    may_carry(head.next).then_some(over)
}

#[inline]
fn over_ipv6(bytes: &[u8]) -> Option<OverIp<'_>> {
    let (head, mut rest) = Ipv6::parse(bytes)?;
    let mut left = usize::from(head.payload_length());
    let total = left + 40;
    let mut next = head.next_header();
    for _ in 0..MAX_EXTENSIONS {
        if !Extension::is(next) {
            break;
        }
        let extension = Extension::parse(next, rest)?;
        if extension.fragment().is_some_and(|(offset, more)| offset != 0 || more) {
            return None;
        }
        rest = rest.get(extension.len..)?;
        left = left.checked_sub(extension.len)?;
        next = extension.next;
    }
    let tuple = Outer { src: head.src(), dst: head.dst(), ..Outer::default() };
    (head.version() == 6 && may_carry(next)).then_some((tuple, next, rest, total, left))
}
