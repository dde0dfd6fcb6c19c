//! Sums of outcomes: in = mirrored + each reason not to.

use super::outcome::{Fate, Outcome, Reason, impairment};
use crate::packet::Causes;
use crate::plan::mirror::TruncatedChecksum;

/// What one session copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// The source's index.
    pub source: u32,
    /// Packets that it mirrored.
    pub packets: u64,
    /// Copies of them that were sent.
    pub copies: u64,
    /// Bytes of them after the VXLAN header.
    pub bytes: u64,
    /// Those of them that were cut by the mirror.
    pub truncated: u64,
}

/// What became of packets so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets at sources: a packet counts once for each source, or once for none.
    pub outcomes: u64,
    fates: [u64; Fate::NAMES.len()],
    reasons: [[u64; Reason::NAMES.len()]; Fate::NAMES.len()],
    /// Of those without an active session: by source.
    inactive: Vec<u64>,
    /// Copies by cause of their cut: bits of `packet::Causes`.
    causes: [u64; Causes::NAMES.len()],
    checksums: [u64; 3],
    impairments: [u64; impairment::NAMES.len()],
    /// By session.
    pub sessions: Vec<SessionCounts>,
}

impl Counts {
    /// Count an outcome.
    #[inline]
    pub fn add(&mut self, outcome: &Outcome) {
        self.outcomes += 1;
        bump(&mut self.fates, outcome.fate as usize);
        if let Some(reasons) = self.reasons.get_mut(outcome.fate as usize) {
            bump(reasons, outcome.reason as usize);
        }
        match outcome.fate {
            Fate::Mirrored => self.mirrored(outcome),
            Fate::NoSession => {
                let source = outcome.source as usize;
                self.inactive.resize(self.inactive.len().max(source + 1), 0);
                bump(&mut self.inactive, source);
            }
            _ => {}
        }
    }

    #[inline]
    fn mirrored(&mut self, outcome: &Outcome) {
        let truncated = outcome.cut_by & (Causes::PACKET_LENGTH | Causes::MTU) != 0;
        bump_bits(&mut self.causes, outcome.cut_by);
        bump_bits(&mut self.impairments, outcome.impairment);
        bump(&mut self.checksums, outcome.checksum as usize);
        let session = outcome.session as usize;
        if self.sessions.len() <= session {
            self.sessions.resize(session + 1, SessionCounts::default());
        }
        if let Some(session) = self.sessions.get_mut(session) {
            session.source = outcome.source;
            let copies = u64::from(outcome.copies);
            session.packets += 1;
            session.copies += copies;
            session.bytes += copies * u64::from(outcome.sent);
            session.truncated += if truncated { copies } else { 0 };
        }
    }

    /// How many had this fate.
    pub fn fate(&self, fate: Fate) -> u64 {
        self.fates.get(fate as usize).copied().unwrap_or_default()
    }

    /// How many had this fate for this reason.
    pub fn reason(&self, fate: Fate, reason: Reason) -> u64 {
        self.reasons.get(fate as usize).and_then(|row| row.get(reason as usize)).copied().unwrap_or_default()
    }

    /// How many touched a source without an active session.
    pub fn inactive(&self) -> impl Iterator<Item = (u32, u64)> {
        (0..).zip(self.inactive.iter().copied()).filter(|(_, count)| *count > 0)
    }

    /// Copies by what cut them.
    pub fn causes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Causes::NAMES.into_iter().zip(self.causes)
    }

    /// Copies by what was done to their checksums.
    pub fn checksums(&self) -> impl Iterator<Item = (&'static str, u64)> {
        TruncatedChecksum::NAMES.into_iter().zip(self.checksums)
    }

    /// Packets by what happened to their copies on the way.
    pub fn impairments(&self) -> impl Iterator<Item = (&'static str, u64)> {
        impairment::NAMES.into_iter().zip(self.impairments)
    }
}

#[inline]
fn bump(counts: &mut [u64], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

#[inline]
fn bump_bits(counts: &mut [u64], bits: u8) {
    // Mostly there are none.
    if bits != 0 {
        counts.iter_mut().enumerate().for_each(|(bit, count)| *count += u64::from(bits >> bit & 1));
    }
}
