//! One part of the flow table: it finds a packet's flow or begins it, and ends flows by time, reuse or want of room.
//!
//! Everything is made once: an index, a slab of entries, a wheel of timers. A packet only notes when it was seen; when
//! a flow's timer fires, its real deadline is looked at and the timer set anew.

use super::entry::{ALERTED, BYPASSED, DROPPED, Entry, PASSED, Session};
use super::hash::Seed;
use super::index::Index;
use super::key::FlowKey;
use super::record::{EndReason, FlowRecord, FlowState, TcpState};
use super::wheel::{END, SPAN, Wheel};
use crate::error::{Error, Fault, Result};
use crate::ffi::memory::prefer_huge_pages;
use crate::ffi::prefetch::prefetch;
use crate::frame::Addr;
use crate::packet::{Packet, Wrap, proto};
use crate::plan::FlowSettings;
use crate::time::{Nanos, SECOND};

/// How many flows an eviction looks at.
const EVICTION_SEARCH: usize = 32;

/// How long a bypassed flow lives on without packets.
const BYPASSED_LIFE: Nanos = 100 * SECOND;

/// The shortest wait between two looks at a flow's deadline, in seconds.
const MIN_REARM: i64 = 10;

/// What a packet's flow is, and where it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Seen {
    /// Where the flow is, until the next `update` or `advance`.
    pub slot: u32,
    /// Its id.
    pub id: u64,
    /// The packet goes to the server.
    pub to_server: bool,
    /// `flow:established` holds: TCP, the session was established before this packet or by the data that it brings;
    /// others, both directions were seen, this packet included.
    pub established: bool,
    /// The first packet of its direction.
    pub first_in_direction: bool,
    /// The first packet of the flow.
    pub new: bool,
    /// A rule passed the flow.
    pub passed: bool,
    /// A rule dropped the flow.
    pub dropped: bool,
    /// The flow's packets are counted only.
    pub bypassed: bool,
    /// Packets so far; index 0 of a pair is to the server.
    pub packets: [u64; 2],
    /// Captured bytes so far.
    pub bytes: [u64; 2],
    /// When its first packet came.
    pub start: Nanos,
}

impl Seen {
    /// The packet goes the other way.
    pub fn swap(&mut self) {
        self.to_server = !self.to_server;
        self.packets.reverse();
        self.bytes.reverse();
    }
}

/// A flow's counters at this moment, oriented client to server; index 0 of a pair is to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets.
    pub packets: [u64; 2],
    /// Captured bytes.
    pub bytes: [u64; 2],
    /// Time of the first packet.
    pub start: Nanos,
    /// The client.
    pub src: Addr,
    /// The server.
    pub dst: Addr,
    /// The client's port; ICMP: type of the first packet.
    pub sport: u16,
    /// The server's port; ICMP: code of the first packet.
    pub dport: u16,
}

/// What became of the flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stats {
    /// Begun.
    pub total: u64,
    /// In the table.
    pub active: u64,
    /// Ended by time.
    pub timeout: u64,
    /// Ended by a new session.
    pub tcp_reuse: u64,
    /// Ended because the table was full.
    pub evicted: u64,
    /// Ended with the run.
    pub shutdown: u64,
    /// Begun, of TCP, UDP, ICMP and ICMPv6.
    pub protocols: [u64; 4],
    /// Ended, by state.
    pub states: [u64; 3],
    /// TCP flows that ended, by their session's state.
    pub tcp_states: [u64; TcpState::ALL.len()],
}

impl Stats {
    /// Add another part's.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.active += other.active;
        self.timeout += other.timeout;
        self.tcp_reuse += other.tcp_reuse;
        self.evicted += other.evicted;
        self.shutdown += other.shutdown;
        let pairs = self.protocols.iter_mut().zip(&other.protocols);
        let pairs = pairs.chain(self.states.iter_mut().zip(&other.states));
        pairs.chain(self.tcp_states.iter_mut().zip(&other.tcp_states)).for_each(|(sum, more)| *sum += more);
    }

    fn began(&mut self, number: u8) {
        self.total += 1;
        self.active += 1;
        let known = [proto::TCP, proto::UDP, proto::ICMP, proto::ICMPV6].into_iter();
        known.zip(&mut self.protocols).filter(|(known, _)| *known == number).for_each(|(_, count)| *count += 1);
    }

    fn ended(&mut self, entry: &Entry, reason: EndReason) {
        self.active -= 1;
        *match reason {
            EndReason::Timeout => &mut self.timeout,
            EndReason::TcpReuse => &mut self.tcp_reuse,
            EndReason::Forced => &mut self.evicted,
            EndReason::Shutdown => &mut self.shutdown,
        } += 1;
        if let Some(count) = self.states.get_mut(entry.state() as usize) {
            *count += 1;
        }
        if let Some(count) = self.tcp_states.get_mut(entry.tcp as usize).filter(|_| entry.is_tcp()) {
            *count += 1;
        }
    }
}

/// Nanoseconds that a flow lives on without packets, by state.
#[derive(Debug)]
struct Lifetimes {
    tcp: [Nanos; 3],
    other: [Nanos; 3],
}

impl Lifetimes {
    /// When a flow is over unless another packet comes.
    #[inline]
    fn deadline(&self, entry: &Entry) -> Nanos {
        let [new, established, closed] = if entry.is_tcp() { &self.tcp } else { &self.other };
        entry.seen.saturating_add(match entry.state() {
            FlowState::New => *new,
            FlowState::Established => *established,
            FlowState::Closed => *closed,
            FlowState::Bypassed => BYPASSED_LIFE,
        })
    }
}

/// The first second that begins after a moment.
fn second_after(time: Nanos) -> i64 {
    time.div_euclid(SECOND).saturating_add(1)
}

/// One of the parts of the flow table; which part a flow is in, its addresses decide.
#[derive(Debug)]
pub struct FlowTable {
    seed: Seed,
    index: Index,
    slab: Vec<Entry>,
    capacity: usize,
    /// The first of the free entries, chained.
    free: u32,
    wheel: Wheel,
    lifetimes: Lifetimes,
    /// Seconds until a flow is looked at, at most: deadlines may come nearer when a session closes.
    rearm: i64,
    now: Nanos,
    next_id: u64,
    id_step: u64,
    stats: Stats,
    candidates: Vec<(Nanos, u32)>,
    /// Somebody wants the records.
    told: bool,
    /// `follow` says where TCP sessions stand.
    followed: bool,
    /// At the end of the run: the flows that have yet to end.
    leaving: Option<Vec<(u64, u32)>>,
}

impl FlowTable {
    /// The part with number `part` of `parts`, empty. Unless `told`, flows end without a record.
    ///
    /// # Errors
    /// `Error::Config` when there is no memory for so many flows.
    pub fn new(settings: &FlowSettings, seed: Seed, (part, parts): (u32, u32), told: bool) -> Result<Self> {
        let capacity = settings.max_flows.div_ceil(parts.max(1)).max(1) as usize;
        let mut slab: Vec<Entry> = Vec::new();
        slab.try_reserve_exact(capacity).map_err(|_| {
            Error::Config(Fault::new(
                "max_flows",
                format!("no memory for {} flows", settings.max_flows),
                "choose fewer",
            ))
        })?;
        prefer_huge_pages(slab.spare_capacity_mut());
        let nanos = |seconds: u32| i64::from(seconds).saturating_mul(SECOND);
        let t = &settings.timeouts;
        Ok(Self {
            seed,
            index: Index::new(capacity),
            slab,
            capacity,
            free: END,
            wheel: Wheel::new(),
            lifetimes: Lifetimes {
                tcp: [nanos(t.tcp_new), nanos(t.tcp_established), nanos(t.tcp_closed)],
                other: [nanos(t.other_new), nanos(t.other_established), nanos(t.other_established)],
            },
            rearm: i64::from(t.tcp_closed).clamp(MIN_REARM, SPAN),
            now: 0,
            next_id: u64::from(part).saturating_add(1),
            id_step: u64::from(parts.max(1)),
            stats: Stats::default(),
            candidates: Vec::with_capacity(EVICTION_SEARCH),
            told,
            followed: false,
            leaving: None,
        })
    }

    /// From now on `follow` says where TCP sessions stand.
    #[must_use]
    pub fn followed(self) -> Self {
        Self { followed: true, ..self }
    }

    /// Where the TCP session of a flow stands, after the packet that was counted last.
    #[inline]
    pub fn follow(&mut self, slot: u32, session: &Session) {
        if let Some(entry) = self.slab.get_mut(slot as usize) {
            entry.follow(session);
        }
    }

    /// The hash that the other methods want.
    #[inline]
    pub fn hash(&self, key: &FlowKey) -> u64 {
        key.hash(&self.seed)
    }

    /// Stage 1 of a run of packets: fetch where the index is probed.
    #[inline]
    pub fn prefetch_index(&self, hash: u64) {
        self.index.prefetch(hash);
    }

    /// Stage 2: fetch the lines of the flow that an update touches.
    #[inline]
    pub fn prefetch_entry(&self, hash: u64) {
        if let Some((_, slot)) = self.index.find(hash, |_| true)
            && let Some(entry) = self.slab.get(slot as usize)
        {
            prefetch(&entry.key);
            prefetch(&entry.sides);
        }
    }

    /// Move the clock to engine time `now`, and end the flows whose time is over. Never back.
    #[inline]
    pub fn advance(&mut self, now: Nanos, ended: &mut Vec<FlowRecord>) {
        if now > self.now {
            self.now = now;
            let second = now.div_euclid(SECOND);
            if second != self.wheel.now() {
                self.fire(second, ended);
            }
        }
    }

    #[cold]
    fn fire(&mut self, second: i64, ended: &mut Vec<FlowRecord>) {
        for due in self.wheel.advance(second) {
            let mut slot = self.wheel.take(due);
            while let Some(entry) = self.slab.get(slot as usize) {
                let (this, deadline) = (slot, self.lifetimes.deadline(entry));
                slot = entry.next;
                if self.now > deadline {
                    self.end(this, EndReason::Timeout, ended);
                    self.release(this);
                } else {
                    self.arm(this, deadline);
                }
            }
        }
    }

    /// Count a packet in its flow, beginning it (and ending another) where needed. `advance` to its time first.
    #[inline]
    pub fn update(
        &mut self,
        packet: &Packet,
        wrap: Option<&Wrap>,
        key: &FlowKey,
        hash: u64,
        ended: &mut Vec<FlowRecord>,
    ) -> Seen {
        let slab = &self.slab;
        let found = self.index.find(hash, |slot| slab.get(slot as usize).is_some_and(|entry| entry.has(key)));
        let (slot, new) = match found {
            Some((_, slot)) => (slot, self.renew(slot, packet, wrap, key, ended)),
            None => (self.create(packet, wrap, key, hash, ended), true),
        };
        let now = self.now;
        let Some(entry) = self.slab.get_mut(slot as usize) else { return Seen::default() };
        let before = entry.state();
        let to_server = entry.to_server(key);
        let to_server = entry.count(packet, to_server, self.followed);
        // A packet ahead of the clock says when its flow was seen, whether the clock follows or not.
        entry.seen = now.max(packet.time);
        let [up, down] = &entry.sides;
        let (packets, bytes) = ([up.packets, down.packets], [up.bytes, down.bytes]);
        let counts_at_once = !entry.is_tcp() || packet.payload_original > 0;
        Seen {
            slot,
            id: entry.id,
            to_server,
            established: before != FlowState::New || counts_at_once && entry.state() != FlowState::New,
            first_in_direction: entry.side(to_server).packets == 1,
            new,
            passed: entry.bits & PASSED != 0,
            dropped: entry.bits & DROPPED != 0,
            bypassed: entry.bits & BYPASSED != 0,
            packets,
            bytes,
            start: entry.start,
        }
    }

    /// Count an ICMP error about a flow; its id, where there is one that is not over. `advance` to its time first.
    pub fn relate(&mut self, key: &FlowKey) -> Option<u64> {
        let (hash, slab) = (self.hash(key), &self.slab);
        let (_, slot) = self.index.find(hash, |slot| slab.get(slot as usize).is_some_and(|entry| entry.has(key)))?;
        let entry = self.slab.get_mut(slot as usize).filter(|entry| self.now <= self.lifetimes.deadline(entry))?;
        entry.note_icmp_error();
        Some(entry.id)
    }

    /// Begin a flow anew in its place, if what is there is over. Whether it was.
    #[inline]
    fn renew(
        &mut self,
        slot: u32,
        packet: &Packet,
        wrap: Option<&Wrap>,
        key: &FlowKey,
        ended: &mut Vec<FlowRecord>,
    ) -> bool {
        let Some(entry) = self.slab.get(slot as usize) else { return false };
        let reason = if self.now > self.lifetimes.deadline(entry) {
            EndReason::Timeout
        } else if entry.is_reused_by(packet, entry.to_server(key)) {
            EndReason::TcpReuse
        } else {
            return false;
        };
        self.end(slot, reason, ended);
        let mut fresh = self.begin(packet, wrap, key);
        if let Some(entry) = self.slab.get_mut(slot as usize) {
            // Its timer goes on.
            fresh.next = entry.next;
            *entry = fresh;
        }
        true
    }

    /// Begin a flow; its slot.
    fn create(
        &mut self,
        packet: &Packet,
        wrap: Option<&Wrap>,
        key: &FlowKey,
        hash: u64,
        ended: &mut Vec<FlowRecord>,
    ) -> u32 {
        let fresh = self.begin(packet, wrap, key);
        let deadline = self.lifetimes.deadline(&fresh);
        if self.free == END && self.slab.len() >= self.capacity {
            self.evict(ended);
        }
        let slot = match self.slab.get_mut(self.free as usize) {
            Some(entry) => {
                let slot = self.free;
                self.free = entry.next;
                *entry = fresh;
                slot
            }
            None => {
                self.slab.push(fresh);
                (self.slab.len() - 1) as u32
            }
        };
        self.index.insert(hash, slot);
        self.arm(slot, deadline);
        slot
    }

    fn begin(&mut self, packet: &Packet, wrap: Option<&Wrap>, key: &FlowKey) -> Entry {
        let id = self.next_id;
        self.next_id = id.wrapping_add(self.id_step);
        self.stats.began(packet.proto);
        Entry::new(id, self.now.max(packet.time), key, packet, wrap)
    }

    /// Let the wheel call for a flow at its deadline, or to look again.
    fn arm(&mut self, slot: u32, deadline: Nanos) {
        let second = second_after(deadline).min(self.wheel.now().saturating_add(self.rearm));
        let next = self.wheel.push(second, slot);
        if let Some(entry) = self.slab.get_mut(slot as usize) {
            entry.next = next;
        }
    }

    /// Say what is to be said of a flow that is over.
    fn end(&mut self, slot: u32, reason: EndReason, ended: &mut Vec<FlowRecord>) {
        let Some(entry) = self.slab.get(slot as usize) else { return };
        if self.told {
            ended.push(FlowRecord { slot, ..entry.record(reason) });
        }
        self.stats.ended(entry, reason);
    }

    /// Free the entry of a flow that no timer has any more.
    fn release(&mut self, slot: u32) {
        let Some(entry) = self.slab.get_mut(slot as usize) else { return };
        let hash = FlowKey { words: entry.key, from_high: false }.hash(&self.seed);
        entry.id = 0;
        entry.next = self.free;
        self.free = slot;
        self.index.remove(hash, slot);
    }

    /// Make room: of the flows whose timers fire next, end the one nearest to its deadline.
    #[cold]
    fn evict(&mut self, ended: &mut Vec<FlowRecord>) {
        let mut candidates = std::mem::take(&mut self.candidates);
        while candidates.len() < EVICTION_SEARCH
            && let Some((second, slot)) = self.wheel.nearest()
            && let Some(entry) = self.slab.get(slot as usize)
        {
            let deadline = self.lifetimes.deadline(entry);
            self.wheel.set(second, entry.next);
            candidates.push((deadline, slot));
            if second_after(deadline) <= second {
                // The timer was set for the deadline itself: none of the later ones is nearer.
                break;
            }
        }
        let victim = candidates.iter().copied().min();
        for (deadline, slot) in candidates.drain(..) {
            if Some((deadline, slot)) != victim {
                self.arm(slot, deadline);
            }
        }
        self.candidates = candidates;
        if let Some((deadline, slot)) = victim {
            let reason = if self.now > deadline { EndReason::Timeout } else { EndReason::Forced };
            self.end(slot, reason, ended);
            self.release(slot);
        }
    }

    /// End up to `most` flows, in the order in which they began; true when more are left. No packets come after that.
    pub fn finish(&mut self, most: usize, ended: &mut Vec<FlowRecord>) -> bool {
        if !self.told {
            self.stats.shutdown += std::mem::take(&mut self.stats.active);
            return false;
        }
        let mut leaving = self.leaving.take().unwrap_or_else(|| self.latest_first());
        let rest = leaving.len().saturating_sub(most);
        for (_, slot) in leaving.drain(rest..).rev() {
            self.end(slot, EndReason::Shutdown, ended);
        }
        self.leaving = Some(leaving);
        rest > 0
    }

    /// The flows that are left: ids and slots.
    fn latest_first(&self) -> Vec<(u64, u32)> {
        let slots = (0u32..).zip(&self.slab).filter(|(_, entry)| entry.id != 0);
        let mut flows: Vec<_> = slots.map(|(slot, entry)| (entry.id, slot)).collect();
        flows.sort_unstable_by(|a, b| b.cmp(a));
        flows
    }

    /// A rule alerted on the flow.
    pub fn mark_alerted(&mut self, slot: u32) {
        self.mark(slot, ALERTED);
    }

    /// A rule passed the flow: it is not inspected from now on.
    pub fn mark_passed(&mut self, slot: u32) {
        self.mark(slot, PASSED);
    }

    /// A rule dropped the flow: it is not inspected from now on.
    pub fn mark_dropped(&mut self, slot: u32) {
        self.mark(slot, DROPPED);
    }

    /// The flow's packets are counted only from now on.
    pub fn mark_bypassed(&mut self, slot: u32) {
        self.mark(slot, BYPASSED);
    }

    fn mark(&mut self, slot: u32, bit: u8) {
        if let Some(entry) = self.slab.get_mut(slot as usize) {
            entry.bits |= bit;
        }
    }

    /// A flow's counters, as an alert shows them.
    pub fn counters(&self, slot: u32) -> Counters {
        let Some(entry) = self.slab.get(slot as usize) else { return Counters::default() };
        let [(src, sport), (dst, dport)] = entry.endpoints();
        let [up, down] = &entry.sides;
        Counters {
            packets: [up.packets, down.packets],
            bytes: [up.bytes, down.bytes],
            start: entry.start,
            src,
            dst,
            sport,
            dport,
        }
    }

    /// What became of the flows so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}
