//! Which rules for addresses alone a packet can concern: by the narrower of a rule's two address sets.
//!
//! Lists of bad addresses are many rules of many addresses: each family's ranges are cut into intervals that no range
//! begins or ends in, and each interval has its rules.

use super::header::{AddressSet, Sets};
use super::rule::Rule;
use crate::frame::Addr;
use crate::packet::Packet;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// Intervals by where they begin, and the list of each.
type Intervals<T> = Vec<(T, u32)>;

/// The rules under the addresses of one end.
#[derive(Debug, Default)]
struct End {
    v4: Intervals<u32>,
    v6: Intervals<[u8; 16]>,
}

/// Rules for addresses alone.
#[derive(Debug, Default)]
pub(super) struct ByAddress {
    source: End,
    destination: End,
    /// Rules for any addresses.
    any: Vec<u32>,
    lists: Vec<Vec<u32>>,
}

/// Ranges of rules: ends included, with the rule.
#[derive(Default)]
struct Ranges {
    v4: Vec<(u32, u32, u32)>,
    v6: Vec<([u8; 16], [u8; 16], u32)>,
}

impl Ranges {
    fn add(&mut self, set: &AddressSet, rule: u32) {
        self.v4.extend(set.v4().iter().map(|(low, high)| (*low, *high, rule)));
        self.v6.extend(set.v6().iter().map(|(low, high)| (*low, *high, rule)));
    }
}

impl ByAddress {
    /// Of the rules that `wanted` says yes to.
    pub(super) fn new(rules: &[Rule], sets: &Sets, wanted: impl Fn(&Rule) -> bool) -> Self {
        let (mut source, mut destination, mut any) = (Ranges::default(), Ranges::default(), Vec::new());
        for (number, rule) in (0..).zip(rules).filter(|(_, rule)| wanted(rule)) {
            let [from, to] = rule.header.addresses(sets);
            let (here, there, set) = match (from, to) {
                (Some(from), Some(to)) if to.size() < from.size() => (&mut destination, &mut source, to),
                (Some(from), _) => (&mut source, &mut destination, from),
                (None, Some(to)) => (&mut destination, &mut source, to),
                (None, None) => {
                    any.push(number);
                    continue;
                }
            };
            here.add(set, number);
            if rule.header.both_directions {
                there.add(set, number);
            }
        }
        let mut lists = Lists::default();
        let mut end = |ranges: &Ranges| End {
            v4: lists.intervals(&ranges.v4, |address| address.checked_add(1)),
            v6: lists
                .intervals(&ranges.v6, |address| u128::from_be_bytes(address).checked_add(1).map(u128::to_be_bytes)),
        };
        let (source, destination) = (end(&source), end(&destination));
        Self { source, destination, any, lists: lists.lists }
    }

    /// The rules that a packet may satisfy, each list ascending.
    pub(super) fn candidates(&self, packet: &Packet) -> [&[u32]; 3] {
        let list = |end: &End, address: &Addr| {
            let number = match packet.ip {
                4 => at(&end.v4, &u32::from_be_bytes(address.low4())),
                _ => at(&end.v6, &address.0),
            };
            number.and_then(|number| self.lists.get(number as usize)).map(Vec::as_slice).unwrap_or_default()
        };
        [&self.any, list(&self.source, &packet.src), list(&self.destination, &packet.dst)]
    }
}

/// The list of the interval that an address is in.
fn at<T: Ord>(intervals: &Intervals<T>, address: &T) -> Option<u32> {
    let after = intervals.partition_point(|(start, _)| start <= address);
    intervals.get(after.checked_sub(1)?).map(|(_, list)| *list)
}

/// Lists of rules, each once.
#[derive(Default)]
struct Lists {
    lists: Vec<Vec<u32>>,
    numbers: HashMap<Vec<u32>, u32>,
}

impl Lists {
    fn number(&mut self, rules: &BTreeSet<u32>) -> u32 {
        let list: Vec<u32> = rules.iter().copied().collect();
        *self.numbers.entry(list).or_insert_with_key(|list| {
            self.lists.push(list.clone());
            (self.lists.len() - 1) as u32
        })
    }

    /// Go over all bounds in order; between two of them the rules are the same.
    fn intervals<T: Ord + Copy>(&mut self, ranges: &[(T, T, u32)], next: impl Fn(T) -> Option<T>) -> Intervals<T> {
        let mut bounds = BTreeMap::<T, (Vec<u32>, Vec<u32>)>::new();
        for (low, high, rule) in ranges {
            bounds.entry(*low).or_default().0.push(*rule);
            if let Some(after) = next(*high) {
                bounds.entry(after).or_default().1.push(*rule);
            }
        }
        let mut active = BTreeSet::new();
        let mut intervals = Vec::with_capacity(bounds.len());
        for (start, (begin, end)) in bounds {
            end.iter().for_each(|rule| {
                active.remove(rule);
            });
            active.extend(begin);
            intervals.push((start, self.number(&active)));
        }
        intervals
    }
}
