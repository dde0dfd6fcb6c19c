//! Which rules' fast patterns may be in a payload: the test that keeps most rules from being looked at.

mod fragment;
mod grams;

pub use grams::Grams;

/// A rule's fast pattern.
#[derive(Debug, Clone, Copy)]
pub struct Fast<'a> {
    /// The rule's number.
    pub rule: u32,
    /// The literal, not empty.
    pub pattern: &'a [u8],
}

/// A multi-pattern search that may say too much, never too little: letters' case is ignored, and so may other things be.
pub trait Prefilter: Send + Sync + std::fmt::Debug {
    /// Give `found` every rule whose fast pattern is in `payload`, and perhaps some more.
    fn scan(&self, payload: &[u8], found: &mut Candidates);
}

/// The rules that a packet's payload calls for.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Their numbers, in the order of evaluation once `sort` was called; a rule may stand there twice.
    pub rules: Vec<u32>,
    /// For each entry of every prefilter the round in which it was last met.
    seen: Vec<u32>,
    round: u32,
}

impl Candidates {
    /// For prefilters with so many entries in all.
    pub fn new(entries: usize) -> Self {
        Self { rules: Vec::new(), seen: vec![0; entries], round: 0 }
    }

    /// Another packet.
    #[inline]
    pub fn clear(&mut self) {
        self.rules.clear();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.fill(0);
            self.round = 1;
        }
    }

    /// An entry was met; its rules are taken once a packet, however often it is in the payload.
    #[inline]
    pub fn meet(&mut self, entry: u32, rules: &[u32]) {
        if let Some(seen) = self.seen.get_mut(entry as usize)
            && *seen != self.round
        {
            *seen = self.round;
            self.rules.extend_from_slice(rules);
        }
    }

    /// Bring the rules into the order of evaluation.
    #[inline]
    pub fn sort(&mut self) {
        if self.rules.len() > 1 {
            self.rules.sort_unstable();
        }
    }
}
