//! Scores of addresses and networks by category.

use crate::error::Result;
use crate::frame::Addr;
use crate::packet::Packet;
use crate::plan::{self, IprepOp, IprepSide, Number};
use std::collections::HashMap;

const WHOLE: u8 = 128;

/// Scores by network; IPv4 in its mapped form.
#[derive(Debug, Default)]
pub(super) struct Reputation {
    networks: HashMap<(u8, u128), Vec<(u8, u8)>>,
    /// Prefix lengths that occur, but for whole addresses, the longest first.
    lengths: Vec<u8>,
}

impl Reputation {
    /// # Errors
    /// `Error::Config` for a network that is none.
    pub fn new(entries: &[plan::Reputation]) -> Result<Self> {
        let unfit = || super::super::header::unfit("a network of the reputation list is none");
        let mut all = Self::default();
        for entry in entries {
            let bytes = <[u8; 16]>::try_from(entry.network.as_slice()).map_err(|_| unfit())?;
            let (prefix, category) = (entry.prefix.min(WHOLE), entry.category);
            let scores = all.networks.entry((prefix, masked(&Addr(bytes), prefix))).or_default();
            // The last line of a network and a category holds.
            scores.retain(|(other, _)| *other != category);
            scores.push((category, entry.score));
            if prefix < WHOLE {
                all.lengths.push(prefix);
            }
        }
        all.lengths.sort_unstable_by(|a, b| b.cmp(a));
        all.lengths.dedup();
        Ok(all)
    }

    fn score(&self, address: &Addr, category: u8) -> Option<u8> {
        let find =
            |scores: &Vec<(u8, u8)>| scores.iter().find(|(other, _)| *other == category).map(|(_, score)| *score);
        if let Some(scores) = self.networks.get(&(WHOLE, address.number())) {
            // An address that is listed for something else has no bad name for this.
            return Some(find(scores).unwrap_or_default());
        }
        self.lengths.iter().find_map(|length| find(self.networks.get(&(*length, masked(address, *length)))?))
    }

    /// Whether the packet's addresses satisfy an iprep test.
    pub fn holds(&self, packet: &Packet, side: IprepSide, category: u8, op: IprepOp, number: Option<Number>) -> bool {
        let test = |address: &Addr| match (op, self.score(address, category)) {
            (IprepOp::Isset, score) => score.is_some(),
            (IprepOp::Isnotset, score) => score.is_none(),
            (IprepOp::Number, Some(score)) => number.is_some_and(|n| crate::detect::number::compare(n, score.into())),
            (IprepOp::Number, None) => false,
        };
        packet.ip != 0
            && match side {
                IprepSide::Any => test(&packet.src) || test(&packet.dst),
                IprepSide::Src => test(&packet.src),
                IprepSide::Dst => test(&packet.dst),
                IprepSide::Both => test(&packet.src) && test(&packet.dst),
            }
    }
}

/// The first bits of an address, as a number.
fn masked(address: &Addr, prefix: u8) -> u128 {
    let host_bits = u32::from(WHOLE.saturating_sub(prefix));
    address.number() & u128::MAX.checked_shl(host_bits).unwrap_or_default()
}
