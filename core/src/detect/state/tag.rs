//! Tags: packets that are logged because a rule matched before them.

use super::bits::Owner;
use super::bounded::Bounded;
use crate::packet::Packet;
use crate::plan::{TagSide, TagUnit};
use crate::time::{Nanos, SECOND};

/// Times that a rule that matches again may renew a running tag.
const MAX_RENEWALS: u8 = 10;
/// Tags that a flow or a host may have at a time.
const MAX_TAGS: usize = 50;
/// How long a host's tags are kept, when room is needed, after the last was set.
const LIFE: Nanos = 3600 * SECOND;

/// How long a tag runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    pub count: u32,
    pub unit: TagUnit,
}

/// The tags of a flow or of a host.
#[derive(Debug, Default)]
pub(super) struct Tags(Vec<Tag>);

/// A tag that runs.
#[derive(Clone, Copy, Debug)]
struct Tag {
    length: Length,
    began: Nanos,
    /// Packets or bytes since it began.
    passed: u64,
    renewals: u8,
}

impl Tags {
    /// Tag what follows the packet; an equal tag that runs is renewed.
    pub fn put(&mut self, length: Length, packet: &Packet) {
        let fresh = Tag { length, began: packet.time, passed: 0, renewals: 0 };
        if let Some(tag) = self.0.iter_mut().find(|tag| tag.length == length) {
            tag.renew(fresh);
        } else if self.0.len() < MAX_TAGS {
            self.0.push(fresh);
        }
    }

    /// Count a packet; whether one of them covers it. Those that are over go.
    pub fn cover(&mut self, packet: &Packet) -> bool {
        self.0.retain_mut(|tag| tag.covers(packet));
        !self.0.is_empty()
    }
}

impl Tag {
    fn renew(&mut self, fresh: Self) {
        if self.renewals < MAX_RENEWALS {
            *self = Self { renewals: self.renewals + 1, ..fresh };
        }
    }

    fn covers(&mut self, packet: &Packet) -> bool {
        let Length { count, unit } = self.length;
        let by = if unit == TagUnit::Bytes { u64::from(packet.captured) } else { 1 };
        self.passed = self.passed.saturating_add(by);
        match unit {
            TagUnit::Packets | TagUnit::Bytes => self.passed <= u64::from(count),
            TagUnit::Seconds => packet.time.saturating_sub(self.began) / SECOND <= i64::from(count),
        }
    }
}

/// The tags of hosts.
#[derive(Debug, Default)]
pub(super) struct HostTags(Bounded<Owner, Tags>);

impl HostTags {
    /// Tag what follows of one of the packet's hosts.
    pub fn put(&mut self, length: Length, side: TagSide, packet: &Packet, now: Nanos) {
        let address = if side == TagSide::Src { packet.src } else { packet.dst };
        let end = now.saturating_add(LIFE);
        self.0.entry(Owner::address(packet, address), end, now, Tags::default).put(length, packet);
    }

    /// Hosts whose tags made room for others before their time.
    pub fn evicted(&self) -> u64 {
        self.0.evicted()
    }

    /// Count a packet with both of its hosts; whether a tag covers it.
    pub fn cover(&mut self, packet: &Packet) -> bool {
        let mut cover = |address| {
            let owner = Owner::address(packet, address);
            let Some(tags) = self.0.get_mut(&owner) else { return false };
            let covered = tags.cover(packet);
            if !covered {
                self.0.remove(&owner);
            }
            covered
        };
        let src = cover(packet.src);
        packet.src != packet.dst && cover(packet.dst) || src
    }
}
