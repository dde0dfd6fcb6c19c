//! Which rules for addresses alone a packet can concern: by the narrower of a rule's two address sets.
//!
//! Lists of bad addresses are many rules of many addresses: each family's ranges are cut at all their ends, and the
//! intervals between these are the leaves of a segment tree. A range stands at the few nodes that it covers whole, so
//! that ranges within ranges take little memory; an address asks the nodes from its leaf up to the root.

use super::header::{AddressSet, Sets};
use super::prefilter::Candidates;
use super::rule::Rule;
use crate::frame::Addr;
use crate::packet::Packet;

/// The rules under the addresses of one end.
#[derive(Debug)]
struct End {
    v4: Tree<u32>,
    v6: Tree<[u8; 16]>,
}

impl End {
    fn new(ranges: &Ranges) -> Self {
        let after = |address: [u8; 16]| u128::from_be_bytes(address).checked_add(1).map(u128::to_be_bytes);
        Self { v4: Tree::new(&ranges.v4, |address| address.checked_add(1)), v6: Tree::new(&ranges.v6, after) }
    }

    fn of(&self, address: &Addr, ip: u8, found: &mut Candidates) {
        match ip {
            4 => self.v4.of(&u32::from_be_bytes(address.low4()), found),
            _ => self.v6.of(&address.0, found),
        }
    }
}

/// Rules for addresses alone.
#[derive(Debug)]
pub(super) struct ByAddress {
    source: End,
    destination: End,
    /// Rules for any addresses.
    any: Vec<u32>,
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
        Self { source: End::new(&source), destination: End::new(&destination), any }
    }

    /// The rules that a packet may satisfy.
    pub(super) fn candidates(&self, packet: &Packet, found: &mut Candidates) {
        found.rules.extend_from_slice(&self.any);
        self.source.of(&packet.src, packet.ip, found);
        self.destination.of(&packet.dst, packet.ip, found);
    }
}

/// An address as a tree takes it.
trait Address: Ord + Copy {
    /// Its first `TOP_BITS` bits.
    fn top(self) -> usize;
}

impl Address for u32 {
    fn top(self) -> usize {
        (self >> (u32::BITS - TOP_BITS)) as usize
    }
}

impl Address for [u8; 16] {
    fn top(self) -> usize {
        (u128::from_be_bytes(self) >> (u128::BITS - TOP_BITS)) as usize
    }
}

/// By how many bits of an address its interval is looked for at once.
const TOP_BITS: u32 = 12;

/// A segment tree: node 1 is the root, the children of n are 2n and 2n + 1, the second half are the leaves.
#[derive(Debug)]
struct Tree<T> {
    /// Where the intervals of the leaves begin.
    starts: Vec<T>,
    /// How many of them are below each value of the first bits; at last, how many there are.
    tops: Vec<u32>,
    nodes: Vec<Vec<u32>>,
    /// For each node the nearest one from it up to the root that has rules; 0: none. Most addresses are in no range.
    up: Vec<u32>,
}

impl<T: Address> Tree<T> {
    /// Of ranges with their rules; `after` is what follows an address.
    fn new(ranges: &[(T, T, u32)], after: impl Fn(T) -> Option<T>) -> Self {
        let ends = ranges.iter().flat_map(|(low, high, _)| [Some(*low), after(*high)]);
        let mut starts: Vec<T> = ends.flatten().collect();
        starts.sort_unstable();
        starts.dedup();
        let below = |top: usize| starts.partition_point(|start| start.top() < top) as u32;
        let (tops, nodes) = ((0..=1 << TOP_BITS).map(below).collect(), 2 * starts.len());
        let mut tree = Self { nodes: vec![Vec::new(); nodes], starts, tops, up: vec![0; nodes] };
        for (low, high, rule) in ranges {
            let leaf = |address: T| tree.starts.partition_point(|start| *start < address);
            let (first, behind) = (leaf(*low), after(*high).map_or(tree.starts.len(), leaf));
            tree.add(first, behind, *rule);
        }
        tree.link();
        tree
    }

    fn link(&mut self) {
        for (node, rules) in self.nodes.iter().enumerate() {
            let above = self.up.get(node / 2).copied().unwrap_or_default();
            let nearest = if rules.is_empty() { above } else { node as u32 };
            self.up.get_mut(node).into_iter().for_each(|up| *up = nearest);
        }
    }

    /// Put a rule at the fewest nodes that cover the leaves `from..to`.
    fn add(&mut self, from: usize, to: usize, rule: u32) {
        let (mut from, mut to) = (from + self.starts.len(), to + self.starts.len());
        let mut push = |node: usize| self.nodes.get_mut(node).into_iter().for_each(|rules| rules.push(rule));
        while from < to {
            if from % 2 == 1 {
                push(from);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                push(to);
            }
            (from, to) = (from / 2, to / 2);
        }
    }

    /// The rules of the ranges that an address is in.
    fn of(&self, address: &T, found: &mut Candidates) {
        let Some(&[below, upto]) = self.tops.get(address.top()..).and_then(<[u32]>::first_chunk) else { return };
        let near = self.starts.get(below as usize..upto as usize).unwrap_or_default();
        let after = below as usize + near.partition_point(|start| start <= address);
        let Some(leaf) = after.checked_sub(1) else { return };
        let mut from = leaf + self.starts.len();
        while let Some(node) = self.up.get(from).map(|node| *node as usize).filter(|node| *node > 0) {
            found.rules.extend_from_slice(self.nodes.get(node).map(Vec::as_slice).unwrap_or_default());
            from = node / 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn found<T: Address>(tree: &Tree<T>, address: T) -> Vec<u32> {
        let mut found = Candidates::default();
        tree.of(&address, &mut found);
        found.sort();
        found.rules
    }

    fn numbered<T: Copy>(ranges: &[(T, T)]) -> Vec<(T, T, u32)> {
        (0..).zip(ranges).map(|(rule, (low, high))| (*low, *high, rule)).collect()
    }

    /// Ends near each other, and near both ends of all addresses.
    fn end() -> impl Strategy<Value = u32> {
        prop_oneof![0_u32..40, (u32::MAX - 9)..=u32::MAX, any::<u32>()]
    }

    fn wide(end: u32) -> [u8; 16] {
        (u128::from(end) << 96 | u128::from(end)).to_be_bytes()
    }

    proptest! {
        #[test]
        fn a_tree_finds_what_a_look_at_every_range_finds(
            ends in vec((end(), end()), 0..40),
            asked in vec(end(), 1..40),
        ) {
            let ranges: Vec<_> = ends.iter().map(|(a, b)| (*a.min(b), *a.max(b))).collect();
            let narrow = Tree::new(&numbered(&ranges), |address: u32| address.checked_add(1));
            let wides: Vec<_> = ranges.iter().map(|(low, high)| (wide(*low), wide(*high))).collect();
            let after = |address| u128::from_be_bytes(address).checked_add(1).map(u128::to_be_bytes);
            let broad = Tree::new(&numbered(&wides), after);
            for address in asked.into_iter().chain(ranges.iter().flat_map(|(low, high)| [*low, *high])) {
                let holds = |(low, high): &(u32, u32)| *low <= address && address <= *high;
                let expected: Vec<u32> = (0..).zip(&ranges).filter(|(_, range)| holds(range)).map(|(rule, _)| rule).collect();
                prop_assert_eq!(&found(&narrow, address), &expected);
                prop_assert_eq!(&found(&broad, wide(address)), &expected);
            }
        }
    }

    #[test]
    fn ranges_within_ranges_take_little_memory() {
        let count = 20_000_u32;
        let ranges: Vec<_> = (0..count).map(|rule| (rule, u32::MAX - rule, rule)).collect();
        let tree = Tree::new(&ranges, |address| address.checked_add(1));
        let stored: usize = tree.nodes.iter().map(Vec::len).sum();
        assert!(stored <= ranges.len() * 2 * usize::BITS as usize, "{stored}");
        assert_eq!(found(&tree, count).len(), ranges.len());
        assert_eq!(found(&tree, 9).len(), 10);
    }
}
