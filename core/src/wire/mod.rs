//! Bytes to fields, nothing else: one file a protocol, each a view over the fixed part of its header.
//!
//! `parse` gives the view and what follows, or `None` where the fixed part is not all there. No accessor can panic:
//! the views hold arrays of known size.

pub mod arp;
pub mod checksum;
pub mod cooked;
pub mod erspan;
pub mod esp;
pub mod ethernet;
pub mod geneve;
pub mod gre;
pub mod icmp;
pub mod igmp;
pub mod ipv4;
pub mod ipv6;
pub mod llc;
pub mod mpls;
pub mod nsh;
pub mod ppp;
pub mod sctp;
pub mod tags;
pub mod tcp;
pub mod teredo;
pub mod udp;
pub mod vxlan;
pub mod wifi;

use crate::packet::proto;

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

/// The fewest bytes of a protocol's header; 0 where its header is not known here.
pub fn transport_header(proto: u8) -> usize {
    match proto {
        proto::TCP => tcp::LEN,
        proto::UDP => udp::LEN,
        proto::ICMP => icmp::LEN,
        proto::ICMPV6 => icmp::HEAD,
        proto::SCTP => sctp::Sctp::LEN,
        proto::IGMP => igmp::Igmp::LEN,
        _ => 0,
    }
}

/// A header whose first part has a fixed size.
pub trait Header<'a>: Sized {
    /// Bytes of the fixed part.
    const LEN: usize;

    /// The header and what follows its fixed part.
    fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])>;
}

/// Declare a view over the fixed part of a header.
macro_rules! view {
    ($(#[$doc:meta])* $name:ident[$len:literal]) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a>(&'a [u8; $len]);

        impl<'a> $crate::wire::Header<'a> for $name<'a> {
            const LEN: usize = $len;

            #[inline]
            fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
                bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
            }
        }
    };
}

pub(crate) use view;
