//! What happens to copies on their way, by itself.

use super::*;
use crate::frame::Addr;
use crate::packet::NONE;

const SECOND: Nanos = crate::time::SECOND;
const HEAD: usize = 50;

/// So many copies of 100 bytes, 1 s apart, each with its number in the body; gives what left and the outcomes.
struct Lane {
    way: Way,
    gone: Vec<(Nanos, Vec<u8>)>,
    outcomes: Vec<Outcome>,
}

impl Lane {
    fn new(with: Impairments) -> Self {
        Self { way: Way::new(&with).unwrap().unwrap(), gone: Vec::new(), outcomes: Vec::new() }
    }

    fn push(&mut self, number: u32) {
        let time = Nanos::from(number) * SECOND;
        let body = [&number.to_be_bytes()[..], &[0; 96]].concat();
        let mut copies = Copies::default();
        copies.heads.resize(HEAD, 0xaa);
        let copy = Copy {
            time,
            source: 0,
            session: 0,
            dst: Addr::default(),
            dport: 4789,
            sport: 65408,
            head: 0,
            head_length: HEAD as u16,
            payload: 42,
            offset: 0,
            length: 100,
        };
        let mut outcome = Outcome { sent: 100, copies: 1, source: NONE, ..Outcome::BLANK };
        self.way.release(time);
        self.way.enter(&copies, &copy, &body, &mut outcome);
        self.outcomes.push(outcome);
    }

    fn take(&mut self) {
        let Way { out, slab, .. } = &self.way;
        self.gone.extend(out.rows.iter().map(|row| (row.time, [out.head(row), row.body(slab)].concat())));
        self.way.clear();
    }

    /// All of them, looked at after every `step`.
    fn run(with: Impairments, count: u32, step: u32) -> Self {
        let mut lane = Self::new(with);
        for number in 0..count {
            lane.push(number);
            if number % step == 0 {
                lane.take();
            }
        }
        lane.way.drain();
        lane.take();
        lane
    }

    fn numbers(&self) -> Vec<u32> {
        self.gone.iter().map(|(_, bytes)| u32::from_be_bytes(*bytes[HEAD..].first_chunk().unwrap())).collect()
    }

    fn share(&self, bit: u8) -> f64 {
        self.outcomes.iter().filter(|o| o.impairment & bit != 0).count() as f64 / self.outcomes.len() as f64
    }
}

fn near(share: f64, wanted: f64) -> bool {
    (share - wanted).abs() < 0.02
}

#[test]
fn nothing_to_do_costs_nothing() {
    assert!(Way::new(&Impairments { seed: 7, reorder_depth: 3, ..Impairments::default() }).unwrap().is_none());
}

#[test]
fn shares_are_as_asked_and_outcomes_say_what_happened() {
    let with = Impairments {
        seed: 1,
        loss: 0.1,
        duplicate: 0.2,
        corrupt: 0.3,
        reorder: 0.05,
        reorder_depth: 2,
        ..Impairments::default()
    };
    let lane = Lane::run(with, 20_000, 1);
    assert!(near(lane.share(impairment::LOST), 0.1));
    assert!(near(lane.share(impairment::DUPLICATED), 0.2 * 0.9));
    assert!(near(lane.share(impairment::CORRUPTED), 0.3 * 0.9));
    assert!(near(lane.share(impairment::REORDERED), 0.05 * 0.9));
    let numbers = lane.numbers();
    let mut seen = vec![0u8; lane.outcomes.len()];
    numbers.iter().for_each(|n| {
        if let Some(place) = seen.get_mut(*n as usize) {
            *place += 1
        }
    });
    // A flipped bit may be one of the number's.
    let whole = |o: &Outcome| o.impairment & impairment::CORRUPTED == 0;
    assert!(lane.outcomes.iter().zip(&seen).filter(|(o, _)| whole(o)).all(|(o, n)| *n >= o.copies));
    assert_eq!(numbers.len() as u64, lane.outcomes.iter().map(|o| u64::from(o.copies)).sum::<u64>());
}

#[test]
fn corruption_flips_one_bit_behind_the_headers() {
    let lane = Lane::run(Impairments { corrupt: 1.0, ..Impairments::default() }, 2000, 1);
    let mut places = [0; 800];
    for (number, (_, bytes)) in (0u32..).zip(&lane.gone) {
        let clean = [&number.to_be_bytes()[..], &[0; 96]].concat();
        assert_eq!(bytes[..HEAD], [0xaa; HEAD]);
        let flipped: Vec<usize> =
            (0..800).filter(|bit| (bytes[HEAD + bit / 8] ^ clean[bit / 8]) >> (bit % 8) & 1 == 1).collect();
        assert_eq!(flipped.len(), 1);
        places[flipped[0]] += 1;
    }
    assert!(places.iter().filter(|count| **count > 0).count() > 700);
}

#[test]
fn a_reordered_copy_is_overtaken_by_as_many_as_said() {
    let with = Impairments { seed: 3, reorder: 0.1, reorder_depth: 4, ..Impairments::default() };
    let lane = Lane::run(with, 1000, 1);
    let numbers = lane.numbers();
    for (number, outcome) in (0u32..996).zip(&lane.outcomes) {
        let at = numbers.iter().position(|n| *n == number).unwrap();
        let overtook = |n: &&u32| **n > number && lane.outcomes[**n as usize].impairment == 0;
        let count = numbers[..at].iter().filter(overtook).count();
        assert_eq!(count, if outcome.impairment == impairment::REORDERED { 4 } else { 0 }, "{number}");
    }
    assert!(lane.gone.is_sorted_by_key(|(time, _)| *time));
}

#[test]
fn delay_is_added_and_jitter_puts_copies_in_the_order_of_departure() {
    let with = Impairments { delay: 10 * SECOND, jitter: 5 * SECOND, ..Impairments::default() };
    let lane = Lane::run(with, 500, 1);
    assert!(lane.outcomes.iter().all(|o| o.impairment == impairment::DELAYED));
    assert!(lane.gone.is_sorted_by_key(|(time, _)| *time));
    let numbers = lane.numbers();
    assert!(!numbers.is_sorted());
    for (number, (time, _)) in numbers.iter().zip(&lane.gone) {
        let delay = time - Nanos::from(*number) * SECOND;
        assert!((10 * SECOND..15 * SECOND).contains(&delay));
    }
    assert!(Lane::run(Impairments { delay: 1, ..with }, 1, 1).gone[0].0 < 5 * SECOND + 1);
}

#[test]
fn the_same_seed_does_the_same_however_often_it_is_looked_at() {
    let with = |seed| Impairments {
        seed,
        loss: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
        reorder_depth: 3,
        delay: SECOND,
        jitter: 7 * SECOND,
        corrupt: 0.1,
    };
    let first = Lane::run(with(1), 1000, 1);
    let again = Lane::run(with(1), 1000, 97);
    assert_eq!((&first.gone, &first.outcomes), (&again.gone, &again.outcomes));
    assert_ne!(first.outcomes, Lane::run(with(2), 1000, 1).outcomes);
    // What befalls the others does not depend on a share that changes.
    let more = Lane::run(Impairments { loss: 0.2, ..with(1) }, 1000, 1);
    let same = first.outcomes.iter().zip(&more.outcomes).filter(|(_, o)| o.impairment != impairment::LOST);
    assert!(same.clone().count() > 700 && same.clone().all(|(a, b)| a.impairment == b.impairment));
}

#[test]
fn what_is_held_is_bounded_and_the_oldest_goes() {
    let mut lane =
        Lane::new(Impairments { delay: Nanos::MAX, reorder: 0.5, reorder_depth: u32::MAX, ..Impairments::default() });
    lane.way.most_held = 10 * (COST + 150);
    (0..100).for_each(|number| lane.push(number));
    lane.take();
    assert!(lane.way.held <= lane.way.most_held);
    assert!((85..=90).contains(&lane.gone.len()) || lane.gone.len() == 90, "{}", lane.gone.len());
    lane.way.drain();
    lane.take();
    let mut numbers = lane.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    assert!(lane.way.is_empty() && lane.way.held == 0);
}
