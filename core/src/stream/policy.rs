//! What the host that receives a stream makes of bytes that come twice, and of a RST.

use crate::frame::Addr;
use crate::plan::{StreamPolicy, StreamSettings};

/// The bytes from one offset of a stream to another.
pub(super) type Extent = (u64, u64);

/// The bytes of the segment `new` take the place of those of the segment `held` where the two overlap.
pub(super) fn new_wins(policy: StreamPolicy, new: Extent, held: Extent) -> bool {
    use StreamPolicy as P;
    match (policy, new.0.cmp(&held.0)) {
        (P::Last, _) => true,
        (P::First | P::Vista, _) => false,
        (P::Solaris | P::Hpux11, std::cmp::Ordering::Greater) => new.1 > held.1,
        (P::Solaris | P::Hpux11, _) => new.1 >= held.1,
        (_, std::cmp::Ordering::Less) => true,
        (P::Linux, std::cmp::Ordering::Equal) => new.1 > held.1,
        (P::OldLinux, std::cmp::Ordering::Equal) => new.1 >= held.1,
        _ => false,
    }
}

/// The policies by address, the longest prefix first.
#[derive(Debug)]
pub(super) struct Hosts {
    networks: Vec<(u128, u128, StreamPolicy)>,
    other: StreamPolicy,
}

impl Hosts {
    pub fn new(settings: &StreamSettings) -> Self {
        let mut hosts: Vec<_> = settings.hosts.iter().collect();
        hosts.sort_by_key(|host| std::cmp::Reverse(host.prefix));
        let networks = hosts.into_iter().filter_map(|host| {
            let address = u128::from_be_bytes(host.network.as_slice().try_into().ok()?);
            let mask = u128::MAX.checked_shl(128 - u32::from(host.prefix.min(128))).unwrap_or(0);
            Some((address & mask, mask, host.policy))
        });
        Self { networks: networks.collect(), other: settings.policy }
    }

    /// The policy of the host with this address.
    pub fn policy(&self, address: Addr) -> StreamPolicy {
        let address = u128::from_be_bytes(address.0);
        let found = self.networks.iter().find(|(network, mask, _)| address & mask == *network);
        found.map_or(self.other, |(.., policy)| *policy)
    }
}
