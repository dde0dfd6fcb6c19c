//! Which sources a packet touches, and which way it goes there (specification, section 1).

use super::outcome::Direction;
use crate::encap::addr;
use crate::error::{Error, Fault, Result};
use crate::frame::Addr;
use crate::packet::Packet;
use crate::plan::mirror::MirrorSource;

/// A source that a packet touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Touch {
    pub direction: Direction,
    pub source: u32,
}

/// Sources by what tells them: sorted, since two in different VPCs may have one address.
type Index<K> = Vec<(K, u32)>;

/// All sources, by MAC address and by IP address.
#[derive(Debug, Default)]
pub(super) struct Ends {
    macs: Index<u64>,
    /// Of sources without a MAC address: these tell the direction of Ethernet frames too.
    addresses: Index<Addr>,
    /// Of all sources: for packets without a link header.
    all: Index<Addr>,
}

impl Ends {
    /// Of a plan's sources. Fails for addresses that are none.
    pub fn new(sources: &[MirrorSource]) -> Result<Self> {
        let mut ends = Self::default();
        for (index, source) in (0..).zip(sources) {
            let addresses: Vec<Addr> = source.addresses.iter().map(|bytes| addr(bytes)).collect::<Result<_>>()?;
            let by_address = addresses.iter().map(|&address| (address, index));
            ends.all.extend(by_address.clone());
            match source.mac.len() {
                0 => ends.addresses.extend(by_address),
                _ => ends.macs.push((mac(source)?, index)),
            }
        }
        ends.macs.sort_unstable();
        ends.addresses.sort_unstable();
        ends.all.sort_unstable();
        Ok(ends)
    }

    /// Fill `touched` with the sources that a packet touches: egress first, each source once.
    ///
    /// `link`: destination and source MAC address as numbers, where there are.
    #[inline]
    pub fn touched(&self, packet: &Packet, link: Option<(u64, u64)>, touched: &mut Vec<Touch>) {
        touched.clear();
        let mut touch = |source, direction| {
            if !touched.iter().any(|touch: &Touch| touch.source == source) {
                touched.push(Touch { direction, source });
            }
        };
        let addresses = if link.is_some() { &self.addresses } else { &self.all };
        let ends = [(Direction::Egress, packet.src), (Direction::Ingress, packet.dst)];
        for (direction, address) in ends {
            if let Some((dst, src)) = link {
                let mac = if direction == Direction::Egress { src } else { dst };
                find(&self.macs, &mac).for_each(|source| touch(source, direction));
            }
            if packet.ip != 0 && !addresses.is_empty() {
                find(addresses, &address).for_each(|source| touch(source, direction));
            }
        }
        if touched.len() > 1 {
            touched.sort_unstable();
        }
    }
}

/// The sources that have this key.
#[inline]
fn find<'a, K: Ord>(index: &'a Index<K>, key: &'a K) -> impl Iterator<Item = u32> + 'a {
    let first = index.partition_point(|(other, _)| other < key);
    let from = index.get(first..).unwrap_or_default();
    from.iter().take_while(move |(other, _)| other == key).map(|(_, source)| *source)
}

fn mac(source: &MirrorSource) -> Result<u64> {
    let fault = || Error::Config(Fault::new(&*source.interface, "has a MAC address of other than 6 bytes", ""));
    source.mac.as_slice().try_into().map(number).map_err(|_| fault())
}

/// A MAC address as a number.
fn number([a, b, c, d, e, f]: [u8; 6]) -> u64 {
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// Destination and source MAC address of an Ethernet frame, as numbers: 12 bytes in two loads.
#[inline]
pub(super) fn macs(bytes: &[u8]) -> Option<(u64, u64)> {
    let dst = bytes.first_chunk().map(|chunk| u64::from_be_bytes(*chunk) >> 16)?;
    let src = bytes.get(4..12)?.first_chunk().map(|chunk| u64::from_be_bytes(*chunk))? << 16 >> 16;
    Some((dst, src))
}
