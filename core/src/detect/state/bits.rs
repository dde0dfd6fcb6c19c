//! Bits of addresses and pairs of addresses: xbits and hostbits.

use super::bounded::Bounded;
use crate::frame::Addr;
use crate::packet::Packet;
use crate::plan::{XbitChange, XbitTrack};
use crate::time::{Nanos, SECOND};

/// An address of a domain, or an unordered pair of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    domain: u32,
    low: Addr,
    high: Addr,
    pair: bool,
}

impl Owner {
    /// One of the packet's addresses.
    pub fn address(packet: &Packet, address: Addr) -> Self {
        Self { domain: packet.domain, low: address, high: address, pair: false }
    }

    /// The packet's addresses.
    pub fn pair(packet: &Packet) -> Self {
        let (low, high) = (packet.src.min(packet.dst), packet.src.max(packet.dst));
        Self { domain: packet.domain, low, high, pair: true }
    }
}

/// The owners that a packet names: the second for `both` only. None for a packet without addresses.
fn owners(track: XbitTrack, packet: &Packet) -> [Option<Owner>; 2] {
    if packet.ip == 0 {
        return [None, None];
    }
    let (src, dst) = (Owner::address(packet, packet.src), Owner::address(packet, packet.dst));
    match track {
        XbitTrack::IpSrc => [Some(src), None],
        XbitTrack::IpDst => [Some(dst), None],
        XbitTrack::IpPair => [Some(Owner::pair(packet)), None],
        XbitTrack::IpBoth => [Some(src), Some(dst)],
        XbitTrack::Tx => [None, None],
    }
}

/// The bits that are set, each with the last moment at which it is.
#[derive(Debug, Default)]
pub(super) struct AddressBits {
    ends: Bounded<(Owner, u32), Nanos>,
}

impl AddressBits {
    fn has(&self, owner: Owner, bit: u32, now: Nanos) -> bool {
        self.ends.get(&(owner, bit)).is_some_and(|end| now <= *end)
    }

    /// Bits that made room for others before their time.
    pub fn evicted(&self) -> u64 {
        self.ends.evicted()
    }

    /// Whether all that the packet names have the bit, or none has it.
    pub fn holds(&self, isset: bool, bit: u32, track: XbitTrack, packet: &Packet, now: Nanos) -> bool {
        let owners = owners(track, packet);
        let mut named = owners.iter().flatten().peekable();
        named.peek().is_some() && named.all(|owner| self.has(*owner, bit, now) == isset)
    }

    /// Set, unset or toggle. Setting a bit that is set does not move its end.
    pub fn change(&mut self, op: XbitChange, bit: u32, track: XbitTrack, packet: &Packet, (now, expire): (Nanos, u32)) {
        for owner in owners(track, packet).into_iter().flatten() {
            let (key, set) = ((owner, bit), self.has(owner, bit, now));
            if set && op != XbitChange::Set {
                self.ends.remove(&key);
            } else if !set && op != XbitChange::Unset {
                let end = now.saturating_add(i64::from(expire).saturating_mul(SECOND));
                self.ends.insert(key, end, end, now);
            }
        }
    }
}
