//! The same as something slow and obviously right: a map of bytes.

use super::testing::{Talk, lenient, seg};
use crate::plan::StreamPolicy;
use crate::stream::policy::{Extent, new_wins};
use crate::stream::pool::Pool;
use crate::stream::store::{Held, Incoming, Store};
use proptest::prelude::*;
use std::collections::BTreeMap;

const POLICIES: [StreamPolicy; 13] = [
    StreamPolicy::Bsd,
    StreamPolicy::Windows,
    StreamPolicy::Windows2k3,
    StreamPolicy::Vista,
    StreamPolicy::Linux,
    StreamPolicy::OldLinux,
    StreamPolicy::Hpux10,
    StreamPolicy::Hpux11,
    StreamPolicy::Irix,
    StreamPolicy::Macos,
    StreamPolicy::Solaris,
    StreamPolicy::First,
    StreamPolicy::Last,
];

/// Each byte with the segment that brought it.
fn slow(policy: StreamPolicy, segments: &[(u64, Vec<u8>)]) -> BTreeMap<u64, (u8, Extent)> {
    let mut held: BTreeMap<u64, (u8, Extent)> = BTreeMap::new();
    for (start, bytes) in segments {
        let segment = (*start, start + bytes.len() as u64);
        for (at, byte) in (*start..).zip(bytes) {
            let wins = held.get(&at).is_none_or(|(_, old)| new_wins(policy, segment, *old));
            if wins {
                held.insert(at, (*byte, segment));
            }
        }
    }
    held
}

fn fast(policy: StreamPolicy, segments: &[(u64, Vec<u8>)]) -> (BTreeMap<u64, u8>, usize) {
    let (mut store, mut pool) = (Store::default(), Pool::new(1 << 20));
    for (start, bytes) in segments {
        let incoming = Incoming { offset: *start as i64, bytes, cut: 0, policy, compare: true };
        store.insert(&incoming, &mut pool);
    }
    let (mut found, mut at) = (BTreeMap::new(), 0);
    while let Held::Data(from, bytes) = store.view(at) {
        found.extend((from..).zip(bytes.iter().copied()));
        at = from + bytes.len() as u64;
    }
    store.clear(&mut pool);
    (found, pool.used())
}

fn segments() -> impl Strategy<Value = Vec<(u64, Vec<u8>)>> {
    let segment = (0u64..40, 1usize..12, any::<u8>()).prop_map(|(start, length, fill)| (start, vec![fill; length]));
    proptest::collection::vec(segment, 1..24)
}

/// What an application would be shown of bytes that were sent, by what is known of each.
fn shown(text: &[u8], known: &[u8]) -> Vec<String> {
    let last = known.iter().rposition(|what| *what != b'l').map_or(0, |at| at + 1);
    let mut pieces: Vec<(u8, Vec<u8>)> = Vec::new();
    for (byte, what) in text.iter().zip(known).take(last) {
        match pieces.last_mut() {
            Some((kind, bytes)) if kind == what => bytes.push(*byte),
            _ => pieces.push((*what, vec![*byte])),
        }
    }
    let show = |(kind, bytes): (u8, Vec<u8>)| match kind {
        b'd' => String::from_utf8(bytes).unwrap(),
        kind => format!("<{}{}>", bytes.len(), char::from(kind)),
    };
    pieces.into_iter().map(show).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn overlaps_are_settled_as_the_policies_say(segments in segments()) {
        for policy in POLICIES {
            let slow: BTreeMap<u64, u8> = slow(policy, &segments).into_iter().map(|(at, (byte, _))| (at, byte)).collect();
            prop_assert_eq!(fast(policy, &segments), (slow, 0), "{:?}", policy);
        }
    }

    /// Any split, order, duplication, overlap and truncation of a text gives the same data and gaps, whenever anybody
    /// looks. A single byte in front of what is expected is none of it: it is a keep-alive.
    #[test]
    fn a_text_is_put_together_from_any_pieces(
        pieces in proptest::collection::vec((0usize..90, 2usize..30, 0usize..30, any::<bool>()), 1..30),
    ) {
        let text: Vec<u8> = (0..120).map(|at| b'a' + at % 26).collect();
        let mut known = vec![b'l'; text.len()];
        let mut talk = Talk::open(&lenient());
        for (start, length, cut, looks) in pieces {
            let captured = start..(start + length).min(text.len());
            let sent = captured.end..(captured.end + cut).min(text.len());
            known[sent.clone()].iter_mut().filter(|what| **what == b'l').for_each(|what| *what = b't');
            known[captured.clone()].fill(b'd');
            talk.put(&seg(&format!("c PA {} 1", start + 1), &text[captured]).cut(sent.len() as u32));
            if looks {
                prop_assert!(talk.reads(true, false).is_empty(), "nothing was acknowledged");
            }
        }
        prop_assert_eq!(talk.reads(true, true), shown(&text, &known));
        let mut seen = String::new();
        while let Some(block) = talk.blocks(true, true).pop() {
            seen.push_str(&block);
        }
        prop_assert_eq!(talk.session.as_ref().unwrap().has_unseen(true), false);
        prop_assert_eq!(talk.streams.stats().reassembly_memuse, 0);
    }
}
