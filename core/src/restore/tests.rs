use super::*;
use crate::anomaly::Anomaly;
use crate::decode::decode;
use crate::frame::Link;
use proptest::prelude::*;

const POLICIES: [FragmentPolicy; 7] = [
    FragmentPolicy::Bsd,
    FragmentPolicy::BsdRight,
    FragmentPolicy::Linux,
    FragmentPolicy::First,
    FragmentPolicy::Solaris,
    FragmentPolicy::Windows,
    FragmentPolicy::Last,
];

fn restorer(policy: FragmentPolicy) -> Restorer {
    Restorer::new(&FragmentSettings { policy, hosts: Vec::new(), timeout: 60, memory: 1 << 20 })
}

/// A fragment of a UDP datagram: `at` in units of 8 bytes.
fn ipv4(id: u16, at: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    let word = at | u16::from(more) << 13;
    let length = 20 + payload.len() as u16;
    let mut bytes = vec![0x45, 0];
    for field in [length, id, word] {
        bytes.extend_from_slice(&field.to_be_bytes());
    }
    bytes.extend_from_slice(&[64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    bytes.extend_from_slice(payload);
    bytes
}

/// The same over IPv6, behind a hop-by-hop header.
fn ipv6(id: u32, at: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend_from_slice(&(16 + payload.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&[0, 64]);
    bytes.extend_from_slice(&[0xfd; 32]);
    bytes.extend_from_slice(&[44, 0, 1, 4, 0, 0, 0, 0, 17, 0]);
    bytes.extend_from_slice(&(at << 3 | u16::from(more)).to_be_bytes());
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn decoded(bytes: &[u8], original: usize) -> Packet {
    let mut packet =
        Packet { captured: bytes.len() as u32, original: original as u32, link: Link::Ip, ..Packet::EMPTY };
    decode(bytes, Link::Ip, &mut packet);
    packet
}

fn place(now: Nanos) -> Place<'static> {
    Place { now, number: 7, holds: true, wrap: None }
}

/// Give one fragment; what became of it and what was said of it.
fn give(restorer: &mut Restorer, bytes: &[u8], now: Nanos) -> (Taken, Packet) {
    let mut packet = decoded(bytes, bytes.len());
    let policy = restorer.policy(&packet.dst);
    (restorer.take(bytes, &mut packet, place(now), policy), packet)
}

fn whole(taken: Taken) -> Datagram {
    match taken {
        Taken::Complete { datagram: Some(datagram), .. } => datagram,
        other => panic!("{other:?}"),
    }
}

/// Fragments as `(first block, blocks, letter)`; the last one ends the datagram. A letter for each block of the whole.
fn put_together(policy: FragmentPolicy, pieces: &[(u16, usize, u8)]) -> String {
    let mut restorer = restorer(policy);
    for (number, &(at, blocks, letter)) in pieces.iter().enumerate() {
        let more = number + 1 < pieces.len();
        let (taken, _) = give(&mut restorer, &ipv4(1, at, more, &vec![letter; blocks * 8]), 0);
        if !more {
            return whole(taken).bytes[20..].chunks(8).map(|block| char::from(block[0])).collect();
        }
        assert_eq!(taken, Taken::Held);
    }
    String::new()
}

#[test]
fn policies() {
    // Pieces, and what BSD, BSD-right, Linux, First, Solaris, Windows and Last make of them.
    type Row<'a> = (&'a [(u16, usize, u8)], [&'a str; 7]);
    let rows: [Row<'_>; 7] = [
        (
            // Shankar and Paxson, "Active Mapping" (2003).
            &[(0, 3, b'1'), (4, 2, b'2'), (6, 3, b'3'), (1, 4, b'4'), (6, 3, b'5'), (9, 3, b'6')],
            [
                "111442333666",
                "144422555666",
                "111442555666",
                "111422333666",
                "111422333666",
                "111422333666",
                "144442555666",
            ],
        ),
        (
            &[(2, 2, b'a'), (0, 6, b'b'), (6, 1, b'c')],
            ["bbbbbbc", "bbaabbc", "bbbbbbc", "bbaabbc", "bbbbbbc", "bbbbbbc", "bbbbbbc"],
        ),
        (
            &[(2, 4, b'a'), (0, 4, b'b'), (6, 1, b'c')],
            ["bbbbaac", "bbaaaac", "bbbbaac", "bbaaaac", "bbaaaac", "bbaaaac", "bbbbaac"],
        ),
        (
            &[(0, 6, b'a'), (2, 2, b'b'), (6, 1, b'c')],
            ["aaaaaac", "aabbaac", "aaaaaac", "aaaaaac", "aaaaaac", "aaaaaac", "aabbaac"],
        ),
        (
            &[(0, 4, b'a'), (2, 4, b'b'), (6, 1, b'c')],
            ["aaaabbc", "aabbbbc", "aaaabbc", "aaaabbc", "aaaabbc", "aaaabbc", "aabbbbc"],
        ),
        (&[(0, 2, b'a'), (0, 4, b'b'), (4, 1, b'c')], ["aabbc", "bbbbc", "bbbbc", "aabbc", "aabbc", "aabbc", "bbbbc"]),
        (
            // BSD and Linux cut what follows the one that they compare with.
            &[(0, 2, b'a'), (3, 2, b'b'), (1, 3, b'c'), (5, 1, b'd')],
            ["aaccbd", "accbbd", "aaccbd", "aacbbd", "aacbbd", "aacbbd", "acccbd"],
        ),
    ];
    for (pieces, expected) in rows {
        for (policy, expected) in POLICIES.into_iter().zip(expected) {
            assert_eq!(put_together(policy, pieces), expected, "{policy:?} {pieces:?}");
        }
    }
}

#[test]
fn the_whole_is_a_datagram() {
    let mut restorer = restorer(FragmentPolicy::Windows);
    let payload: Vec<u8> = (0..40).collect();
    assert_eq!(give(&mut restorer, &ipv4(1, 2, false, &payload[16..]), 0).0, Taken::Held);
    let datagram = whole(give(&mut restorer, &ipv4(1, 0, true, &payload[..16]), 5).0);
    let packet = decoded(&datagram.bytes, datagram.bytes.len());
    assert_eq!((packet.fragment, packet.original, packet.sport), (false, 60, 0x0001));
    assert_eq!(crate::wire::checksum::fold(crate::wire::checksum::sum(&datagram.bytes[..20])), 0xffff);
    assert_eq!(&datagram.bytes[20..], payload);
    let mut six = restorer;
    assert_eq!(give(&mut six, &ipv6(1, 0, true, &payload[..16]), 0).0, Taken::Held);
    let datagram = whole(give(&mut six, &ipv6(1, 2, false, &payload[16..]), 0).0);
    assert_eq!((&datagram.bytes[4..7], datagram.bytes[40], datagram.bytes.len()), (&[0, 48, 0][..], 17, 88));
    assert_eq!(six.stats.complete, [1, 1]);
    assert_eq!((six.size, six.trackers.len(), six.ages.len()), (0, 0, 0));
}

#[test]
fn what_was_not_captured_is_a_hole() {
    let mut restorer = restorer(FragmentPolicy::Windows);
    let cut = |restorer: &mut Restorer, bytes: &[u8], captured: usize| {
        let bytes = &bytes[..captured];
        let mut packet = decoded(bytes, bytes.len());
        packet.truncated = Causes(Causes::PACKET_LENGTH);
        restorer.take(bytes, &mut packet, place(0), FragmentPolicy::Windows)
    };
    assert_eq!(cut(&mut restorer, &ipv4(1, 4, false, &[2; 32]), 30), Taken::Held);
    let datagram = whole(cut(&mut restorer, &ipv4(1, 0, true, &[1; 32]), 44));
    assert_eq!((datagram.bytes.len(), datagram.original), (44, 84));
    assert_eq!(datagram.truncated, Causes(Causes::PACKET_LENGTH));
}

#[test]
fn a_copy_of_another_session_says_nothing() {
    let mut restorer = restorer(FragmentPolicy::Windows);
    let bytes = ipv4(1, 0, true, &[1; 16]);
    let through = |restorer: &mut Restorer, identity| {
        let mut packet = Packet { identity, ..decoded(&bytes, bytes.len()) };
        assert_eq!(restorer.take(&bytes, &mut packet, place(0), FragmentPolicy::Windows), Taken::Held);
        packet.anomalies.has(Anomaly::Ipv4FragmentOverlap)
    };
    assert!(!through(&mut restorer, 0));
    assert!(!through(&mut restorer, 1));
    assert!(through(&mut restorer, 0));
    assert_eq!(restorer.stats.overlaps, [1, 0]);
}

#[test]
fn what_is_wrong_is_said() {
    let said = |anomaly: Anomaly, fragments: &[Vec<u8>]| {
        let mut restorer = restorer(FragmentPolicy::Windows);
        let last = fragments.iter().map(|bytes| give(&mut restorer, bytes, 0)).last().unwrap();
        assert!(last.1.anomalies.has(anomaly), "{anomaly:?}");
        last.0
    };
    let first = || ipv4(1, 0, true, &[1; 32]);
    // Teardrop: the second ends before the first does.
    for anomaly in [Anomaly::Ipv4FragmentOverlap, Anomaly::Ipv4FragmentEnd] {
        let datagram = whole(said(anomaly, &[first(), ipv4(1, 2, false, &[2; 4])]));
        assert_eq!(&datagram.bytes[20..], [1; 32]);
    }
    assert_eq!(said(Anomaly::Ipv4FragmentEnd, &[ipv4(1, 9, false, &[2; 8]), ipv4(1, 8, false, &[2; 8])]), Taken::Held);
    assert_eq!(said(Anomaly::Ipv4FragmentTooLarge, &[ipv4(1, 8191, false, &[1; 32])]), Taken::No);
    assert_eq!(said(Anomaly::Ipv6FragmentLength, &[ipv6(1, 0, true, &[1; 12])]), Taken::No);
    let overlap = [ipv6(1, 0, true, &[1; 16]), ipv6(1, 1, true, &[1; 16])];
    assert_eq!(said(Anomaly::Ipv6FragmentOverlap, &overlap), Taken::Held);
    assert_eq!(said(Anomaly::Ipv4TinyFragment, &[ipv4(1, 0, true, &[1; 4])]), Taken::Held);
}

#[test]
fn what_misses_something_is_given_up() {
    let mut restorer = restorer(FragmentPolicy::Windows);
    give(&mut restorer, &ipv4(1, 0, true, &[1; 16]), 0);
    give(&mut restorer, &ipv4(1, 4, false, &[1; 8]), SECOND);
    give(&mut restorer, &ipv4(2, 1, true, &[1; 8]), 2 * SECOND);
    assert_eq!(restorer.due(), 61 * SECOND);
    assert!(restorer.expire(61 * SECOND - 1).is_none());
    let over = restorer.expire(61 * SECOND).unwrap();
    let datagram = over.datagram.unwrap();
    assert_eq!((over.frames, datagram.bytes.len(), datagram.original, datagram.number), (2, 36, 60, 7));
    let over = restorer.expire(62 * SECOND).unwrap();
    assert_eq!((over.datagram, over.frames), (None, 1));
    assert_eq!((restorer.end(), restorer.due(), restorer.stats.timeout), (None, Nanos::MAX, [2, 0]));
}

#[test]
fn a_flood_of_datagrams_is_bounded() {
    let mut restorer = restorer(FragmentPolicy::Windows);
    for id in 0..20_000u16 {
        let bytes = ipv4(id, 1, true, &[0; 64]);
        while restorer.make_room(&decoded(&bytes, bytes.len())).is_some() {}
        give(&mut restorer, &bytes, 0);
        assert!(restorer.size <= 1 << 20);
    }
    let held = restorer.trackers.len() as u64;
    assert!(held > 100);
    assert_eq!(restorer.stats.evicted, [20_000 - held, 0]);
}

#[test]
fn a_flood_within_a_datagram_is_bounded() {
    for policy in POLICIES {
        let mut restorer =
            Restorer::new(&FragmentSettings { policy, hosts: Vec::new(), timeout: 60, memory: 32 << 20 });
        let mut ignored = 0;
        for number in 0..20_000u32 {
            let at = (number.wrapping_mul(2_654_435_761) >> 20) as u16 % 4000;
            let (_, packet) = give(&mut restorer, &ipv4(1, 1 + at, true, &[0; 24]), 0);
            ignored += u32::from(packet.anomalies.has(Anomaly::Ipv4FragmentIgnored));
        }
        assert_eq!(ignored, 20_000 - tracker::MAX_FRAGMENTS);
        assert!(restorer.size < 4 << 20);
    }
}

/// Where a payload of so many blocks is cut, an order of the pieces, and which of them come twice.
fn splits() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let cuts = proptest::collection::btree_set(1..40usize, 1..8);
    cuts.prop_flat_map(|cuts| {
        let pieces = cuts.len() + 1;
        let bounds: Vec<usize> = [0].into_iter().chain(cuts).chain([40]).collect();
        let twice = proptest::collection::vec(0..pieces, 0..4);
        let order = twice.prop_flat_map(move |twice| {
            let all: Vec<usize> = (0..pieces).chain(twice).collect();
            Just(all).prop_shuffle()
        });
        (Just(bounds), order)
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_whole((bounds, order) in splits(), six: bool, policy in 0..7usize) {
        let payload: Vec<u8> = (0..320u32).map(|n| (n * 7) as u8).collect();
        let mut restorer = restorer(POLICIES[policy]);
        let mut found = Vec::new();
        for piece in order {
            let (start, end) = (bounds[piece] * 8, bounds[piece + 1] * 8);
            let (at, more) = ((start / 8) as u16, end < payload.len());
            let carried = &payload[start..end];
            let bytes = if six { ipv6(9, at, more, carried) } else { ipv4(9, at, more, carried) };
            if let Taken::Complete { datagram, .. } = give(&mut restorer, &bytes, 0).0 {
                found.extend(datagram);
            }
        }
        prop_assert!(!found.is_empty());
        for datagram in found {
            prop_assert_eq!(&datagram.bytes[if six { 48 } else { 20 }..], &payload);
            prop_assert_eq!(datagram.original as usize, datagram.bytes.len());
        }
    }

    #[test]
    fn any_fragments_do_no_harm(pieces in proptest::collection::vec((0..24u16, 1..64usize, any::<bool>(), any::<bool>()), 1..60), policy in 0..7usize) {
        let mut restorer = restorer(POLICIES[policy]);
        for (at, length, more, six) in pieces {
            let payload = vec![1; length];
            let bytes = if six { ipv6(9, at, more, &payload) } else { ipv4(9, at, more, &payload) };
            give(&mut restorer, &bytes, 0);
        }
        while restorer.end().is_some() {}
        prop_assert_eq!(restorer.size, 0);
    }
}
