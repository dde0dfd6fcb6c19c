//! How many flows spoke each protocol, how many transactions they had, and how many could not be followed.

use super::{Conversation, Protocol, Talk};

/// What is counted of a protocol over one transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Flows that spoke it.
    pub flows: u64,
    /// Their transactions.
    pub transactions: u64,
    /// Flows whose parser gave up.
    pub errors: u64,
}

/// The counts of all protocols, and of what nobody knows.
#[derive(Clone, Debug)]
pub struct Counts {
    /// By protocol, the last for none; over TCP and over UDP.
    rows: [[Count; 2]; Protocol::ALL.len() + 1],
    /// Flows that are expected.
    pub expectations: u64,
    /// Flows that were expected and did not come in time, or gave way to others.
    pub missed: u64,
    /// Frames that were too many to be looked at.
    pub dropped_frames: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { rows: [[Count::default(); 2]; Protocol::ALL.len() + 1], expectations: 0, missed: 0, dropped_frames: 0 }
    }
}

/// Protocols that both transports carry: their counters' names say which.
const ON_BOTH: [Protocol; 7] =
    [Protocol::Dns, Protocol::Dcerpc, Protocol::Krb5, Protocol::Sip, Protocol::Nfs, Protocol::Ldap, Protocol::Llmnr];

/// Their one transaction of a flow is none for Suricata's counters.
const UNCOUNTED: [Protocol; 3] = [Protocol::Tls, Protocol::Ssh, Protocol::FtpData];

impl Counts {
    /// A flow is over.
    pub fn add(&mut self, conversation: &Conversation, talks: &[Option<&dyn Talk>], udp: bool, failed: bool) {
        let Some(name) = conversation.name() else { return };
        let row = Protocol::ALL.iter().position(|protocol| protocol.name() == name).unwrap_or(Protocol::ALL.len());
        let Some(count) = self.rows.get_mut(row).and_then(|row| row.get_mut(usize::from(udp))) else { return };
        self.dropped_frames += talks.iter().flatten().map(|talk| talk.frames().dropped).sum::<u64>();
        count.flows += 1;
        let talks = talks.iter().flatten().filter(|talk| !UNCOUNTED.contains(&talk.protocol()));
        count.transactions += talks.map(|talk| talk.count()).sum::<u64>();
        count.errors += u64::from(failed);
    }

    /// Add another share's.
    pub fn merge(&mut self, other: &Self) {
        self.dropped_frames += other.dropped_frames;
        for (count, more) in self.rows.iter_mut().flatten().zip(other.rows.iter().flatten()) {
            count.flows += more.flows;
            count.transactions += more.transactions;
            count.errors += more.errors;
        }
    }

    /// All of them by their names in Suricata's counters.
    pub fn all(&self) -> impl Iterator<Item = (String, Count)> {
        let names = Protocol::ALL.iter().map(|protocol| (protocol.name(), ON_BOTH.contains(protocol)));
        names.chain([("failed", true)]).zip(&self.rows).flat_map(|((name, both), [tcp, udp])| {
            let name = name.replace('-', "_");
            let one = Count {
                flows: tcp.flows + udp.flows,
                transactions: tcp.transactions + udp.transactions,
                errors: tcp.errors + udp.errors,
            };
            match both {
                true => vec![(format!("{name}_tcp"), *tcp), (format!("{name}_udp"), *udp)],
                false => vec![(name, one)],
            }
        })
    }
}
