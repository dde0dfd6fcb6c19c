//! Keyed hashes of flows and hosts: a few folded multiplications with secret factors.
//!
//! Who does not know the seed can't aim at a bucket or a worker. Folding multiplies two words, each hidden by a
//! secret, to 128 bits and adds the halves without carry, as foldhash and wyhash do.

use super::key::FlowKey;
use crate::frame::Addr;

/// The secret factors that a seed grows into.
#[derive(Clone, Copy, Debug)]
pub struct Seed([u64; 8]);

impl Seed {
    /// Grow a seed (splitmix64): 0 or any other number will do; live it should be random.
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ z >> 31
        }))
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    product as u64 ^ (product >> 64) as u64
}

/// The part that flows of two hosts share; of the two, the lower address first.
#[inline(always)]
fn hosts(seed: &Seed, low: [u64; 2], high: [u64; 2]) -> u64 {
    let s = &seed.0;
    fold(low[0] ^ s[0], low[1] ^ s[1]) ^ fold(high[0] ^ s[2], high[1] ^ s[3]).rotate_left(23)
}

impl FlowKey {
    /// The flow's hash, the same for both directions.
    #[inline]
    pub fn hash(&self, seed: &Seed) -> u64 {
        let [w0, w1, w2, w3, w4, w5] = self.words;
        let s = &seed.0;
        fold(hosts(seed, [w0, w1], [w2, w3]) ^ s[6], fold(w4 ^ s[4], w5 ^ s[5]) ^ s[7])
    }
}

/// A hash of two hosts of a domain in either order: what chooses a packet's worker and its part of the table.
#[inline]
pub fn address_hash(seed: &Seed, domain: u32, a: &Addr, b: &Addr) -> u64 {
    let (a, b) = (u128::from_be_bytes(a.0), u128::from_be_bytes(b.0));
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    let halves = |addr: u128| [(addr >> 64) as u64, addr as u64];
    fold(hosts(seed, halves(low), halves(high)) ^ seed.0[5], u64::from(domain) ^ seed.0[4])
}
