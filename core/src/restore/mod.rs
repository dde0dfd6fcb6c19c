//! Fragments: held until their datagram is there (RFC 791, section 3.2; RFC 8200, section 4.5).
//!
//! Bounded in memory and in work, whatever arrives: the datagram that has waited longest gives way to a new fragment,
//! and a fragment costs logarithmic time. A datagram that the mirror cut is one with a hole: what was sent counts for
//! whether it is complete, what was captured from its beginning to the first hole is what it has.

mod fragment;
mod pieces;
mod policy;
#[cfg(test)]
mod tests;
mod tracker;

use crate::anomaly::Anomaly;
use crate::decap::Around;
use crate::frame::Addr;
use crate::packet::{Causes, Layers, Packet, Wrap};
use crate::plan::{FragmentPolicy, FragmentSettings};
use crate::time::{Nanos, SECOND};
use fragment::{Fragment, Key};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use tracker::{Odd, TRACKER, Tracker, cost_at_most};

/// What was counted, by IP version (4, 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stats {
    /// Fragments that were taken.
    pub fragments: [u64; 2],
    /// Datagrams that they began.
    pub datagrams: [u64; 2],
    pub complete: [u64; 2],
    /// Given up: their time was over, or the run.
    pub timeout: [u64; 2],
    /// Given up for want of memory.
    pub evicted: [u64; 2],
    /// Fragments that cover bytes of another.
    pub overlaps: [u64; 2],
}

/// A datagram that was put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Link header, IP headers and what was captured of the payload up to the first hole.
    pub bytes: Vec<u8>,
    /// Bytes that it had, headers included.
    pub original: u32,
    /// What was around its first fragment.
    pub around: Around,
    /// Layers that its first fragment went through.
    pub layers: Layers,
    /// What cut its fragments.
    pub truncated: Causes,
    /// Time of the frame of its latest fragment.
    pub time: Nanos,
    /// Number of that frame in the run.
    pub number: u64,
}

/// What became of a fragment.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is no fragment that could be used.
    No,
    /// It is held, and so is its frame where it was given one.
    Held,
    /// It was the last one missing; `frames` were held for its datagram.
    Complete {
        /// None where no header can say its length.
        datagram: Option<Datagram>,
        /// Frames held until now.
        frames: u64,
    },
}

/// A datagram that was given up.
#[derive(Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// What there is of it from its beginning on.
    pub datagram: Option<Datagram>,
    /// Frames held until now.
    pub frames: u64,
}

/// A fragment's place in the run.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The engine's clock.
    pub now: Nanos,
    /// Number of its frame.
    pub number: u64,
    /// Its frame's fate depends on the datagram's.
    pub holds: bool,
    /// What is around it.
    pub wrap: Option<&'a Wrap>,
}

/// The datagrams that wait for fragments.
#[derive(Debug)]
pub struct Restorer {
    settings: FragmentSettings,
    trackers: HashMap<Key, Tracker>,
    /// The trackers in the order of their latest fragments, with the engine's clock at those.
    ages: BTreeMap<u64, (Key, Nanos)>,
    next_age: u64,
    /// When the next datagram's time is over; `Nanos::MAX` while none is held.
    due: Nanos,
    /// Bytes of memory.
    size: usize,
    /// Counts of the run.
    pub stats: Stats,
}

impl Restorer {
    /// From the plan.
    pub fn new(settings: &FragmentSettings) -> Self {
        Self {
            settings: settings.clone(),
            trackers: HashMap::new(),
            ages: BTreeMap::new(),
            next_age: 0,
            due: Nanos::MAX,
            size: 0,
            stats: Stats::default(),
        }
    }

    /// The policy of a destination: that of the smallest network that it is in.
    pub fn policy(&self, target: &Addr) -> FragmentPolicy {
        let hosts = self.settings.hosts.iter().filter(|host| is_in(target, &host.network, host.prefix));
        hosts.max_by_key(|host| host.prefix).map_or(self.settings.policy, |host| host.policy)
    }

    /// Forget all that is held.
    pub fn clear(&mut self) {
        self.trackers.clear();
        self.ages.clear();
        self.size = 0;
        self.due = Nanos::MAX;
    }

    /// When the next datagram's time is over; `Nanos::MAX` while none is held.
    #[inline]
    pub fn due(&self) -> Nanos {
        self.due
    }

    fn set_due(&mut self) {
        let timeout = Nanos::from(self.settings.timeout) * SECOND;
        let oldest = self.ages.first_key_value();
        self.due = oldest.map_or(Nanos::MAX, |(_, (_, touched))| touched.saturating_add(timeout));
    }

    /// Give up the datagram that has waited longest, where its time is over.
    pub fn expire(&mut self, now: Nanos) -> Option<GivenUp> {
        if self.due > now { None } else { self.end() }
    }

    /// The end of the run: give up the datagram that has waited longest.
    pub fn end(&mut self) -> Option<GivenUp> {
        self.give_up(|stats| &mut stats.timeout)
    }

    /// Give up the datagram that has waited longest, where a packet's fragment would be more than there is room for.
    pub fn make_room(&mut self, packet: &Packet) -> Option<GivenUp> {
        let needed = cost_at_most(packet);
        if self.size + needed <= self.settings.memory as usize {
            return None;
        }
        self.give_up(|stats| &mut stats.evicted)
    }

    fn give_up(&mut self, counter: fn(&mut Stats) -> &mut [u64; 2]) -> Option<GivenUp> {
        let (_, (key, _)) = self.ages.pop_first()?;
        self.set_due();
        let tracker = self.trackers.remove(&key)?;
        self.size -= tracker.size;
        bump(counter(&mut self.stats), key.ip);
        Some(GivenUp { datagram: tracker.prefix(), frames: tracker.frames })
    }

    /// Take a packet that is a fragment; what is wrong with it is added to its anomalies.
    pub fn take(&mut self, bytes: &[u8], packet: &mut Packet, place: Place<'_>, policy: FragmentPolicy) -> Taken {
        let Some(fragment) = Fragment::read(bytes, packet).filter(|fragment| is_usable(fragment, packet)) else {
            return Taken::No;
        };
        let key = fragment.key;
        let head = (fragment.offset == 0).then(|| fragment.head(packet, place.wrap));
        let tracker = self.tracker(key, policy, place.now);
        let before = tracker.size;
        tracker.touch(packet, place.number);
        let odd = tracker.add(&fragment, packet, head);
        if odd.ignored {
            packet.anomalies.add(of(packet, Anomaly::Ipv4FragmentIgnored, Anomaly::Ipv6FragmentIgnored));
            return Taken::No;
        }
        let (grown, is_complete) = (tracker.size - before, tracker.is_complete());
        self.size += grown;
        bump(&mut self.stats.fragments, key.ip);
        self.tell(odd, packet);
        if is_complete { self.complete(&key) } else { self.hold(&key, place.holds) }
    }

    /// The tracker of a datagram, now the youngest.
    fn tracker(&mut self, key: Key, policy: FragmentPolicy, now: Nanos) -> &mut Tracker {
        let age = self.next_age;
        self.next_age += 1;
        let known = self.trackers.get(&key).map(|tracker| tracker.age);
        known.map(|age| self.ages.remove(&age));
        self.ages.insert(age, (key, now));
        self.set_due();
        let mut is_new = false;
        let tracker = self.trackers.entry(key).or_insert_with(|| {
            is_new = true;
            Tracker::new(policy, age)
        });
        if is_new {
            self.size += TRACKER;
            bump(&mut self.stats.datagrams, key.ip);
        }
        tracker.age = age;
        tracker
    }

    fn tell(&mut self, odd: Odd, packet: &mut Packet) {
        if odd.overlaps {
            bump(&mut self.stats.overlaps, packet.ip);
            packet.anomalies.add(of(packet, Anomaly::Ipv4FragmentOverlap, Anomaly::Ipv6FragmentOverlap));
        }
        if odd.disagrees {
            packet.anomalies.add(of(packet, Anomaly::Ipv4FragmentEnd, Anomaly::Ipv6FragmentEnd));
        }
    }

    fn hold(&mut self, key: &Key, holds: bool) -> Taken {
        if let Some(tracker) = self.trackers.get_mut(key) {
            tracker.frames += u64::from(holds);
        }
        Taken::Held
    }

    fn complete(&mut self, key: &Key) -> Taken {
        let Some(tracker) = self.trackers.remove(key) else { return Taken::No };
        self.ages.remove(&tracker.age);
        self.set_due();
        self.size -= tracker.size;
        bump(&mut self.stats.complete, key.ip);
        Taken::Complete { datagram: tracker.whole(), frames: tracker.frames }
    }
}

/// Whether an address begins as a network's does, for `prefix` bits.
fn is_in(address: &Addr, network: &[u8], prefix: u8) -> bool {
    let Some(network) = network.first_chunk() else { return false };
    let rest = 128u32.saturating_sub(u32::from(prefix));
    let differs = u128::from_be_bytes(address.0) ^ u128::from_be_bytes(*network);
    differs.checked_shr(rest).unwrap_or_default() == 0
}

/// A fragment that can be part of a datagram.
fn is_usable(fragment: &Fragment<'_>, packet: &mut Packet) -> bool {
    if packet.ip == 6 && fragment.more && !fragment.sent.is_multiple_of(8) {
        packet.anomalies.add(Anomaly::Ipv6FragmentLength);
        return false;
    }
    let too_large = of(packet, Anomaly::Ipv4FragmentTooLarge, Anomaly::Ipv6FragmentTooLarge);
    !packet.anomalies.has(too_large)
}

fn of(packet: &Packet, ipv4: Anomaly, ipv6: Anomaly) -> Anomaly {
    if packet.ip == 6 { ipv6 } else { ipv4 }
}

fn bump(counts: &mut [u64; 2], ip: u8) {
    let [ipv4, ipv6] = counts;
    *if ip == 6 { ipv6 } else { ipv4 } += 1;
}
