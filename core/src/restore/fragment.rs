//! What a packet that is a fragment says of itself (RFC 791, section 3.2; RFC 8200, section 4.5).

use crate::decap::Around;
use crate::frame::Addr;
use crate::packet::{Layers, MAX_VLANS, Packet, Wrap};
use crate::wire::checksum::{fold, sum};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Extension, Ipv6, MAX_EXTENSIONS};

/// What the fragments of one datagram have in common.
///
/// The protocol is that of the fragment itself: for IPv6 what its fragment header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    domain: u32,
    /// The lower address first.
    hosts: [Addr; 2],
    id: u32,
    vlans: [u16; MAX_VLANS],
    vlan_count: u8,
    pub ip: u8,
    proto: u8,
}

/// A fragment of a datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub key: Key,
    /// Where it belongs in the datagram's payload.
    pub offset: u32,
    /// Bytes that were sent.
    pub sent: u32,
    /// Bytes that were captured.
    pub bytes: &'a [u8],
    /// More fragments follow.
    pub more: bool,
    /// What stands in front of it.
    headers: Headers<'a>,
}

/// The headers in front of a fragment, from the packet's first byte.
#[derive(Clone, Copy, Debug)]
struct Headers<'a> {
    bytes: &'a [u8],
    /// The network header.
    l3: usize,
    /// IPv6: where the fragment header stands, and where what is in front of it names it.
    fragment: Option<(usize, usize)>,
}

/// The headers of a datagram: those of its first fragment.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// From the link header to the end of the IP headers, without the fragment's own fields.
    bytes: Vec<u8>,
    l3: usize,
    ip: u8,
    pub proto: u8,
    pub around: Around,
    pub layers: Layers,
}

impl<'a> Fragment<'a> {
    /// Read one; `None` where its headers are cut, or it carries nothing. `bytes`: the packet's captured bytes.
    pub fn read(bytes: &'a [u8], packet: &Packet) -> Option<Self> {
        let l3 = usize::from(packet.l3);
        let ip = bytes.get(l3..)?;
        match packet.ip {
            4 => over_ipv4(bytes, ip, l3, packet),
            _ => over_ipv6(bytes, ip, l3, packet),
        }
        .filter(|fragment| fragment.sent > 0)
    }

    /// The bytes of the datagram that it covers.
    pub fn end(&self) -> u32 {
        self.offset.saturating_add(self.sent)
    }

    /// The headers that its datagram has.
    pub fn head(&self, packet: &Packet, wrap: Option<&Wrap>) -> Head {
        let Headers { bytes, l3, fragment } = self.headers;
        let mut bytes = bytes.to_vec();
        match fragment {
            None => put(&mut bytes, l3 + ipv4::FRAGMENT, &[0, 0]),
            Some((at, named)) => {
                bytes.truncate(at);
                put(&mut bytes, named, &[self.key.proto]);
            }
        }
        Head {
            bytes,
            l3,
            ip: packet.ip,
            proto: self.key.proto,
            around: Around {
                link: packet.link,
                depth: packet.depth.into(),
                wrap: wrap.copied().unwrap_or_default(),
                tunnel: packet.tunnel,
            },
            layers: packet.layers,
        }
    }
}

impl Head {
    /// Bytes that it takes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The headers of a datagram with a payload of this length, and the datagram's length; `None` where it is too long
    /// for its length field.
    pub fn finish(&self, payload: u32) -> Option<(Vec<u8>, u32)> {
        let mut bytes = self.bytes.clone();
        let length = u32::try_from(bytes.len()).ok()?.checked_add(payload)?;
        let own = length.checked_sub(u32::try_from(self.l3).ok()?)?;
        if self.ip == 4 {
            put(&mut bytes, self.l3 + ipv4::TOTAL_LENGTH, &u16::try_from(own).ok()?.to_be_bytes());
            put(&mut bytes, self.l3 + ipv4::CHECKSUM, &[0, 0]);
            let checksum = !fold(sum(bytes.get(self.l3..)?));
            put(&mut bytes, self.l3 + ipv4::CHECKSUM, &checksum.to_be_bytes());
        } else {
            let own = u16::try_from(own.checked_sub(ipv6::LEN as u32)?).ok()?;
            put(&mut bytes, self.l3 + ipv6::PAYLOAD_LENGTH, &own.to_be_bytes());
        }
        Some((bytes, length))
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(slot) = bytes.get_mut(at..at + value.len()) {
        slot.copy_from_slice(value);
    }
}

fn key(packet: &Packet, id: u32, proto: u8) -> Key {
    let mut hosts = [packet.src, packet.dst];
    hosts.sort_unstable();
    let Packet { domain, vlans, vlan_count, ip, .. } = *packet;
    Key { domain, hosts, id, vlans, vlan_count, ip, proto }
}

fn over_ipv4<'a>(bytes: &'a [u8], ip: &'a [u8], l3: usize, packet: &Packet) -> Option<Fragment<'a>> {
    let (header, _) = Ipv4::parse(ip)?;
    let at = l3 + header.header_len();
    let (headers, carried) = bytes.split_at_checked(at)?;
    Some(Fragment {
        key: key(packet, u32::from(header.identification()), header.protocol()),
        offset: header.fragment_offset(),
        sent: packet.original.checked_sub(at as u32)?,
        bytes: carried,
        more: header.more_fragments(),
        headers: Headers { bytes: headers, l3, fragment: None },
    })
}

fn over_ipv6<'a>(bytes: &'a [u8], ip: &'a [u8], l3: usize, packet: &Packet) -> Option<Fragment<'a>> {
    let (header, _) = Ipv6::parse(ip)?;
    let (mut kind, mut named, mut at) = (header.next_header(), ipv6::NEXT_HEADER, ipv6::LEN);
    for _ in 0..MAX_EXTENSIONS {
        let extension = Extension::parse(kind, ip.get(at..)?).filter(|_| Extension::is(kind))?;
        if let Some((offset, more)) = extension.fragment().filter(|(offset, more)| *offset != 0 || *more) {
            let (headers, carried) = bytes.split_at_checked(l3 + at + extension.len)?;
            return Some(Fragment {
                key: key(packet, extension.identification()?, extension.next),
                offset,
                sent: packet.original.checked_sub(headers.len() as u32)?,
                bytes: carried,
                more,
                headers: Headers { bytes: headers, l3, fragment: Some((l3 + at, l3 + named)) },
            });
        }
        (kind, named, at) = (extension.next, at, at + extension.len);
    }
    None
}
