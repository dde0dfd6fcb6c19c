//! Bytes to fields, nothing else: one file a protocol, each a view over the fixed part of its header.
//!
//! `parse` gives the view and what follows, or `None` where the fixed part is not all there. No accessor can panic:
//! the views hold arrays of known size.

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod geneve;
pub mod icmp;
pub mod ipv4;
pub mod ipv6;
pub mod tcp;
pub mod udp;
pub mod vxlan;

/// Two bytes of a view, big endian.
macro_rules! be16 {
    ($bytes:expr, $at:literal) => {
        u16::from_be_bytes([$bytes[$at], $bytes[$at + 1]])
    };
}

/// Four bytes of a view, big endian.
macro_rules! be32 {
    ($bytes:expr, $at:literal) => {
        u32::from_be_bytes([$bytes[$at], $bytes[$at + 1], $bytes[$at + 2], $bytes[$at + 3]])
    };
}

pub(crate) use {be16, be32};

use crate::packet::proto;

/// The fewest bytes of a protocol's header; 0 where its header is not known here.
pub fn transport_header(proto: u8) -> usize {
    match proto {
        proto::TCP => tcp::LEN,
        proto::UDP => udp::LEN,
        proto::ICMP => icmp::LEN,
        proto::ICMPV6 => icmp::HEAD,
        _ => 0,
    }
}

/// Walk a list of kind-length-data options as IPv4 and TCP have them: 0 ends it, 1 is padding.
///
/// False when a length is below 2 or runs past the end.
pub fn options_well_formed(mut options: &[u8]) -> bool {
    loop {
        match options {
            [] | [0, ..] => return true,
            [1, rest @ ..] => options = rest,
            [_, length, ..] if *length >= 2 => match options.get(usize::from(*length)..) {
                Some(rest) => options = rest,
                None => return false,
            },
            _ => return false,
        }
    }
}
