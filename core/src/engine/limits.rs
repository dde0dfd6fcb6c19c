//! What becomes of the rules' matches before they are written: thresholds, suppression, and the most alerts of a packet.
//!
//! One stage for all shards, in the order of the frames: what it counts spans flows. A match that is not written has had
//! its effects already.

use super::Shared;
use super::finds::{Alert, ShardOut};
use super::parsed::Parsed;
use crate::detect;
use crate::detect::state::{Bounded, Owner};
use crate::packet::Packet;
use crate::plan::{self, Action, Limit, LimitType, NewAction, Track, UniqueOn};
use crate::table::counters::Decided;
use crate::time::{Nanos, SECOND};
use std::collections::HashSet;
use std::sync::Arc;

/// Sets of ports that may be kept for `unique_on`: 16 MiB.
const MAX_PORT_SETS: usize = 2048;
/// How long a flow's count is kept, when room is needed, after its last match.
const FLOW_LIFE: Nanos = 600 * SECOND;

/// An alert that is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Logged {
    pub row: u32,
    pub shard: u8,
    /// Its number among the shard's matches.
    pub index: u32,
    /// It is of what was left of a flow's stream.
    pub pseudo: bool,
    /// The action, where a limit changed the rule's.
    pub action: Option<Action>,
}

/// The limits' memory.
#[derive(Debug, Default)]
pub(super) struct Limits {
    windows: Bounded<Key, Window>,
    /// Flows with an alert, where limits make that differ from having had a match.
    alerted: HashSet<u64>,
    /// Held by each set of ports.
    port_set: Arc<()>,
    decided: Decided,
}

/// Whose matches are counted together: those of a rule (by gid, sid and the limit's number) and an owner.
type Key = (u32, u32, u8, Option<Counted>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Counted {
    Of(Owner),
    Flow(u64),
}

/// Matches that are counted together.
#[derive(Debug)]
struct Window {
    start: Nanos,
    count: u64,
    /// backoff: the count of the next alert. rate_filter: until when the action is replaced.
    next: i64,
    ports: Option<Box<Ports>>,
}

/// A set of port numbers.
#[derive(Debug)]
struct Ports {
    bits: [u64; 1024],
    /// Tells how many sets there are.
    _one: Arc<()>,
}

impl Ports {
    /// Put a port in; whether it is new.
    fn insert(&mut self, port: u16) -> bool {
        let Some(word) = self.bits.get_mut(usize::from(port >> 6)) else { return false };
        let bit = 1 << (port & 63);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

/// What becomes of one match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is an alert; with the action where it is not the rule's.
    Alert(Option<Action>),
    Suppressed,
}

impl Limits {
    /// Decide a batch's matches, in the order of the frames.
    pub fn decide(&mut self, shared: &Shared, parsed: &Parsed, outs: &[ShardOut], logged: &mut Vec<Logged>) {
        logged.clear();
        for (shard, out) in outs.iter().enumerate() {
            self.decided.overflow += out.overflow;
            let all = (0..).zip(&out.alerts);
            let noted = |(index, alert): (u32, &Alert)| Logged {
                row: alert.row,
                shard: shard as u8,
                index,
                pseudo: alert.pseudo.is_some(),
                action: None,
            };
            logged.extend(all.map(noted));
        }
        if shared.is_limited {
            logged.sort_unstable_by_key(|logged| (logged.row, !logged.pseudo, logged.shard, logged.index));
            let mut packet = OnePacket::default();
            logged.retain_mut(|logged| {
                let alert = outs.get(usize::from(logged.shard)).and_then(|out| out.alerts.get(logged.index as usize));
                alert.is_some_and(|alert| self.decide_one(shared, parsed, alert, logged, &mut packet))
            });
        }
        self.decided.alerts += logged.len() as u64;
    }

    /// Whether a match is to be written.
    fn decide_one(
        &mut self,
        shared: &Shared,
        parsed: &Parsed,
        alert: &Alert,
        logged: &mut Logged,
        packet: &mut OnePacket,
    ) -> bool {
        let pseudo = alert.pseudo.as_ref().map(|pseudo| &pseudo.packet);
        let of = pseudo.or_else(|| parsed.packets.get(alert.row as usize));
        let (Some(of), Some(rule)) = (of, shared.plan_rules.get(alert.rule as usize)) else { return false };
        packet.begin(alert);
        let Verdict::Alert(action) =
            self.judge(rule, shared.rules.as_deref(), of, alert.flow.as_ref().map(|flow| flow.id))
        else {
            self.decided.suppressed += 1;
            return false;
        };
        logged.action = action;
        packet.passed |= action == Some(Action::Pass);
        if packet.passed {
            return false;
        }
        if packet.alerts >= shared.most_alerts {
            self.decided.overflow += 1;
            return false;
        }
        packet.alerts += 1;
        if let Some(flow) = alert.flow.as_ref().filter(|_| shared.wants_flows) {
            self.alerted.insert(flow.id);
        }
        true
    }

    /// Whether a flow that ends had an alert; `matched`: a rule that is told of matched on it.
    pub fn was_alerted(&mut self, shared: &Shared, id: u64, matched: bool) -> bool {
        if shared.is_limited { self.alerted.remove(&id) } else { matched }
    }

    /// Ask a rule's limits in turn; those behind one that suppresses do not count the match. Suppressions stand first.
    fn judge(
        &mut self,
        rule: &plan::Rule,
        rules: Option<&detect::Rules>,
        packet: &Packet,
        flow: Option<u64>,
    ) -> Verdict {
        let mut action = None;
        for (number, limit) in (0..).zip(&rule.limits) {
            let key = |counted| (rule.gid, rule.sid, number, counted);
            match limit.r#type {
                LimitType::Suppress if is_suppressed(limit, rules, packet) => return Verdict::Suppressed,
                LimitType::Suppress => {}
                _ => match counted(limit.track, packet, flow).map(key) {
                    None => return Verdict::Suppressed,
                    Some(key) if limit.r#type == LimitType::RateFilter => {
                        action = self.rate(limit, key, packet.time).then(|| replaced(limit.new_action, rule.action));
                    }
                    Some(key) if !self.passes(limit, key, packet) => return Verdict::Suppressed,
                    Some(_) => {}
                },
            }
        }
        Verdict::Alert(action)
    }

    /// Count a match; whether it is one to tell of.
    fn passes(&mut self, limit: &Limit, key: Key, packet: &Packet) -> bool {
        let count = u64::from(limit.count);
        let now = packet.time;
        match limit.r#type {
            LimitType::Limit => self.window(limit, key, now).more() <= count,
            LimitType::Both => self.window(limit, key, now).more() == count,
            LimitType::Threshold => self.window(limit, key, now).reaches(count, now),
            LimitType::Backoff => self.window(limit, key, now).backs_off(limit),
            LimitType::DetectionFilter if limit.unique_on != UniqueOn::None => self.distinct(limit, key, packet),
            LimitType::DetectionFilter => self.window(limit, key, now).more() > count,
            LimitType::RateFilter | LimitType::Suppress => true,
        }
    }

    /// The window that a match is in: it begins anew once its seconds are over.
    fn window(&mut self, limit: &Limit, key: Key, now: Nanos) -> &mut Window {
        let length = match limit.r#type {
            LimitType::Backoff => Nanos::MAX,
            _ => Nanos::from(limit.seconds).saturating_mul(SECOND),
        };
        let end = now.saturating_add(if limit.r#type == LimitType::Backoff { FLOW_LIFE } else { length });
        let next = if limit.r#type == LimitType::Backoff { i64::from(limit.count) } else { Nanos::MIN };
        let window = self.windows.entry(key, end, now, || Window { start: now, count: 0, next, ports: None });
        if now.saturating_sub(window.start) > length {
            (window.start, window.count) = (now, 0);
            if let Some(ports) = &mut window.ports {
                ports.bits.fill(0);
            }
        }
        window
    }

    /// detection_filter with unique_on: only ports that were not seen in the window count.
    fn distinct(&mut self, limit: &Limit, key: Key, packet: &Packet) -> bool {
        let port = if limit.unique_on == UniqueOn::SrcPort { packet.sport } else { packet.dport };
        let one = (self.port_sets() < MAX_PORT_SETS).then(|| Arc::clone(&self.port_set));
        let window = self.window(limit, key, packet.time);
        if window.count == 0 && window.ports.is_none() {
            window.ports = one.map(|one| Box::new(Ports { bits: [0; 1024], _one: one }));
        }
        let new = window.ports.as_mut().is_none_or(|ports| ports.insert(port));
        window.count += u64::from(new);
        let (over, uncounted) = (window.count > u64::from(limit.count), window.ports.is_none());
        self.decided.no_port_set += u64::from(uncounted);
        over
    }

    /// What was decided so far.
    pub fn decided(&self) -> Decided {
        let (port_sets, forgotten) = (self.port_sets() as u64, self.windows.evicted());
        Decided { port_sets, forgotten, ..self.decided }
    }

    /// How many sets of ports are kept.
    fn port_sets(&self) -> usize {
        Arc::strong_count(&self.port_set) - 1
    }

    /// rate_filter: whether the action is replaced, because matches were more than the rate or are so of late.
    fn rate(&mut self, limit: &Limit, key: Key, now: Nanos) -> bool {
        let window = self.window(limit, key, now);
        if now <= window.next {
            return true;
        }
        let over = window.more() > u64::from(limit.count);
        if over {
            window.next = now.saturating_add(Nanos::from(limit.timeout).saturating_mul(SECOND));
            window.count = 0;
        }
        over
    }
}

/// What a packet had so far.
#[derive(Default)]
struct OnePacket {
    /// Its row; that of what was left of a stream is where its flow ended, with the flow and the direction.
    which: Option<(u32, Option<(u64, bool)>)>,
    alerts: u32,
    passed: bool,
}

impl OnePacket {
    fn begin(&mut self, alert: &Alert) {
        let ended = alert.flow.as_ref().filter(|_| alert.pseudo.is_some()).map(|flow| (flow.id, flow.to_server));
        if self.which != Some((alert.row, ended)) {
            *self = Self { which: Some((alert.row, ended)), ..Self::default() };
        }
    }
}

impl Window {
    /// Count one more.
    fn more(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Count one more; whether that makes `count`, with which the window begins anew.
    fn reaches(&mut self, count: u64, now: Nanos) -> bool {
        let reached = self.more() >= count;
        if reached {
            (self.start, self.count) = (now, 0);
        }
        reached
    }

    /// Count one more; whether it is the next of count, count · multiplier, count · multiplier² and so on.
    fn backs_off(&mut self, limit: &Limit) -> bool {
        let due = self.more() == self.next.unsigned_abs();
        if due {
            self.next = self.next.saturating_mul(i64::from(limit.multiplier));
        }
        due
    }
}

/// Whose matches a limit counts together; none for a packet that is not of what it tracks.
fn counted(track: Track, packet: &Packet, flow: Option<u64>) -> Option<Option<Counted>> {
    Some(match track {
        Track::None | Track::ByRule | Track::ByEither => None,
        Track::BySrc => Some(Counted::Of(Owner::address(packet, packet.src))),
        Track::ByDst => Some(Counted::Of(Owner::address(packet, packet.dst))),
        Track::ByBoth => Some(Counted::Of(Owner::pair(packet))),
        Track::ByFlow => Some(Counted::Flow(flow?)),
    })
}

fn is_suppressed(limit: &Limit, rules: Option<&detect::Rules>, packet: &Packet) -> bool {
    let Some(set) = limit.addresses else { return true };
    let has = |address| rules.is_some_and(|rules| rules.set_has(set, address, packet.ip));
    match limit.track {
        Track::BySrc => has(&packet.src),
        Track::ByDst => has(&packet.dst),
        _ => has(&packet.src) || has(&packet.dst),
    }
}

fn replaced(new: NewAction, old: Action) -> Action {
    match new {
        NewAction::None => old,
        NewAction::Alert | NewAction::Log => Action::Alert,
        NewAction::Drop => Action::Drop,
        NewAction::Pass => Action::Pass,
        NewAction::Reject => Action::Reject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Addr;

    fn limit(r#type: LimitType, track: Track, count: u32, seconds: u32) -> Limit {
        let (multiplier, unique_on, addresses, new_action, timeout) = (0, UniqueOn::None, None, NewAction::None, 0);
        Limit { r#type, track, count, seconds, multiplier, unique_on, addresses, new_action, timeout }
    }

    fn rule(limits: Vec<Limit>) -> plan::Rule {
        plan::Rule { sid: 1, limits, ..plan::Rule::default() }
    }

    fn packet(time: i64) -> Packet {
        let (src, dst) = (Addr::v4([10, 0, 0, 1]), Addr::v4([10, 0, 0, 2]));
        Packet { time: time * SECOND, ip: 4, src, dst, sport: 1, dport: 2, ..Packet::EMPTY }
    }

    /// The packets on which a rule alerts, of the specification's example: 12 at t = 0 to 11, then 4 at t = 20 to 23.
    fn alerts(limits: Vec<Limit>) -> Vec<usize> {
        let (rule, mut state) = (rule(limits), Limits::default());
        let times = (0..12).chain(20..24);
        let verdicts: Vec<_> = times.map(|time| state.judge(&rule, None, &packet(time), Some(7))).collect();
        (1..).zip(verdicts).filter(|(_, verdict)| *verdict != Verdict::Suppressed).map(|(number, _)| number).collect()
    }

    #[test]
    fn the_specifications_example() {
        use LimitType::{Backoff, Both, DetectionFilter, Threshold};
        let backoff = |count, multiplier| Limit { multiplier, ..limit(Backoff, Track::ByFlow, count, 0) };
        for (limit, expected) in [
            (limit(LimitType::Limit, Track::BySrc, 2, 5), &[1, 2, 7, 8, 13, 14][..]),
            (limit(LimitType::Limit, Track::ByFlow, 1, 3), &[1, 5, 9, 13]),
            (limit(Threshold, Track::BySrc, 3, 5), &[3, 6, 9, 12, 15]),
            (limit(Both, Track::ByBoth, 3, 5), &[3, 9, 15]),
            (backoff(1, 2), &[1, 2, 4, 8, 16]),
            (backoff(2, 3), &[2, 6]),
            (limit(DetectionFilter, Track::ByRule, 3, 5), &[4, 5, 6, 10, 11, 12, 16]),
        ] {
            let name = format!("{limit:?}");
            assert_eq!(alerts(vec![limit]), expected, "{name}");
        }
    }

    #[test]
    fn a_match_that_is_suppressed_is_not_counted_by_the_limits_behind() {
        let [first, second] =
            [limit(LimitType::Limit, Track::BySrc, 2, 5), limit(LimitType::Both, Track::BySrc, 2, 50)];
        assert_eq!(alerts(vec![first, second]), [2]);
        let suppressed = limit(LimitType::Suppress, Track::None, 0, 0);
        assert_eq!(alerts(vec![suppressed]), [0; 0]);
    }

    #[test]
    fn each_owner_has_its_count() {
        let mut state = Limits::default();
        let by = |track| rule(vec![limit(LimitType::Limit, track, 1, 60)]);
        let back = Packet { src: packet(0).dst, dst: packet(0).src, ..packet(1) };
        let other = Packet { domain: 1, ..packet(2) };
        for (track, expected) in [
            (Track::BySrc, [true, true, true, false]),
            (Track::ByDst, [true, true, true, false]),
            (Track::ByBoth, [true, false, true, false]),
            (Track::ByRule, [true, false, false, false]),
        ] {
            let rule = plan::Rule { sid: track as u32, ..by(track) };
            let told = [&packet(0), &back, &other, &packet(3)]
                .map(|packet| state.judge(&rule, None, packet, None) != Verdict::Suppressed);
            assert_eq!(told, expected, "{track:?}");
        }
        assert_eq!(state.judge(&by(Track::ByFlow), None, &packet(0), None), Verdict::Suppressed, "there is no flow");
    }

    #[test]
    fn only_new_ports_count() {
        let mut state = Limits::default();
        let limit = Limit { unique_on: UniqueOn::DstPort, ..limit(LimitType::DetectionFilter, Track::BySrc, 2, 10) };
        let rule = rule(vec![limit]);
        let told = [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (15, 4)].map(|(time, dport)| {
            state.judge(&rule, None, &Packet { dport, ..packet(time) }, None) != Verdict::Suppressed
        });
        assert_eq!(told, [false, false, false, false, true, true, false]);
        assert_eq!(state.decided().port_sets, 1);
        state.windows = Bounded::default();
        assert_eq!(state.decided().port_sets, 0, "they go with their windows");
    }

    #[test]
    fn a_rate_replaces_the_action_for_a_time() {
        let limit =
            Limit { new_action: NewAction::Drop, timeout: 4, ..limit(LimitType::RateFilter, Track::BySrc, 2, 5) };
        let (rule, mut state) = (rule(vec![limit]), Limits::default());
        let dropped: Vec<i64> = (0..14)
            .filter(|time| state.judge(&rule, None, &packet(*time), None) == Verdict::Alert(Some(Action::Drop)))
            .collect();
        // From the third match in 5 seconds on for 4 seconds; then the count begins again.
        assert_eq!(dropped, [2, 3, 4, 5, 6, 9, 10, 11, 12, 13]);
    }
}
