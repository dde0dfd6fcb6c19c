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

impl FlowKey {
    /// The flow's hash, the same for both directions.
    #[inline]
    pub fn hash(&self, seed: &Seed) -> u64 {
        let [w0, w1, w2, w3, w4, w5] = self.words;
        let s = &seed.0;
        let low = fold(w0 ^ s[0], w1 ^ s[1]);
        let high = fold(w2 ^ s[2], w3 ^ s[3]);
        let rest = fold(w4 ^ s[4], w5 ^ s[5]);
        fold(low ^ high.rotate_left(23) ^ s[6], rest ^ s[7])
    }
}

/// A hash of two hosts of a domain in either order: what chooses a packet's worker and its part of the table.
#[inline]
pub fn address_hash(seed: &Seed, domain: u32, a: &Addr, b: &Addr) -> u64 {
    let (a, b) = (u128::from_be_bytes(a.0), u128::from_be_bytes(b.0));
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    let s = &seed.0;
    let low = fold((low >> 64) as u64 ^ s[7], low as u64 ^ s[6]);
    let high = fold((high >> 64) as u64 ^ s[5], high as u64 ^ s[4]);
    fold(low ^ high.rotate_left(23) ^ s[3], u64::from(domain) ^ s[2])
}
