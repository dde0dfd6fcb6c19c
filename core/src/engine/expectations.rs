//! Flows that other flows announced and that have not come yet.

use crate::app::Announced;
use crate::frame::Addr;
use crate::time::{Nanos, SECOND};
use std::collections::VecDeque;

/// Two hosts of a domain, the lower address first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hosts {
    domain: u32,
    pair: (Addr, Addr),
}

impl Hosts {
    pub fn new(domain: u32, a: Addr, b: Addr) -> Self {
        Self { domain, pair: if a <= b { (a, b) } else { (b, a) } }
    }
}

/// A flow that is to come.
#[derive(Debug)]
struct Expected {
    hosts: Hosts,
    /// The id of the flow that announced it.
    parent: u64,
    announced: Announced,
    /// It is not waited for any longer.
    until: Nanos,
}

/// How long a flow is waited for.
const LIFE: Nanos = 30 * SECOND;
/// How many are waited for; the oldest gives way.
const MOST: usize = 256;

/// The flows that a share waits for: those between two hosts are all in one share. The oldest come first.
#[derive(Debug, Default)]
pub(super) struct Expectations {
    waiting: VecDeque<Expected>,
    /// Those that gave way or did not come in time.
    pub missed: u64,
}

impl Expectations {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// Wait for a flow that another one announced.
    pub fn add(&mut self, hosts: Hosts, parent: u64, announced: Announced, now: Nanos) {
        self.forget(now);
        if self.waiting.len() >= MOST {
            self.miss();
        }
        self.waiting.push_back(Expected { hosts, parent, announced, until: now.saturating_add(LIFE) });
    }

    /// What was announced last of a flow to this port, and by which flow.
    pub fn take(&mut self, hosts: Hosts, port: u16, now: Nanos) -> Option<(u64, Announced)> {
        self.forget(now);
        let is_it = |expected: &Expected| expected.hosts == hosts && expected.announced.port == port;
        let place = self.waiting.iter().rposition(is_it)?;
        self.waiting.remove(place).map(|expected| (expected.parent, expected.announced))
    }

    /// Give up those that did not come in time.
    fn forget(&mut self, now: Nanos) {
        while self.waiting.front().is_some_and(|expected| expected.until < now) {
            self.miss();
        }
    }

    /// Give up the oldest.
    fn miss(&mut self) {
        self.waiting.pop_front();
        self.missed += 1;
    }
}

/// A flow that may be expected, and may have others expected.
pub(super) struct Meeting<'a> {
    pub expectations: &'a mut Expectations,
    pub hosts: Hosts,
    /// The flow's id.
    pub flow: u64,
    pub now: Nanos,
}

impl Meeting<'_> {
    /// The flow announced others.
    pub fn announce(&mut self, announced: Vec<Announced>) {
        let Self { expectations, hosts, flow, now } = self;
        announced.into_iter().for_each(|announced| expectations.add(*hosts, *flow, announced, *now));
    }

    /// What was announced of this flow, which goes to this port.
    pub fn meet(&mut self, port: u16) -> Option<(u64, Announced)> {
        if self.expectations.is_empty() { None } else { self.expectations.take(self.hosts, port, self.now) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::app::Protocol;

    fn announced(port: u16) -> Announced {
        Announced { protocol: Protocol::FtpData, port, command: "RETR", file: None, to_server: false }
    }

    fn hosts(domain: u32) -> Hosts {
        Hosts::new(domain, Addr::v4([10, 0, 0, 2]), Addr::v4([10, 0, 0, 1]))
    }

    #[test]
    fn a_flow_is_met_once_by_its_hosts_and_port() {
        let mut all = Expectations::default();
        all.add(hosts(0), 7, announced(2000), 0);
        assert_eq!(all.take(hosts(1), 2000, 1), None);
        assert_eq!(all.take(hosts(0), 2001, 1), None);
        assert_eq!(all.take(Hosts::new(0, hosts(0).pair.0, hosts(0).pair.1), 2000, 1), Some((7, announced(2000))));
        assert_eq!(all.take(hosts(0), 2000, 1), None);
    }

    #[test]
    fn nobody_waits_for_ever_and_the_oldest_gives_way() {
        let mut all = Expectations::default();
        all.add(hosts(0), 1, announced(1), 0);
        assert_eq!(all.take(hosts(0), 1, LIFE + 1), None);
        assert_eq!(all.missed, 1);
        (1..=MOST as u16 + 1).for_each(|port| all.add(hosts(0), 1, announced(port), LIFE));
        assert_eq!((all.count(), all.missed), (MOST as u64, 2));
        assert_eq!(all.take(hosts(0), 1, LIFE), None);
        assert!(all.take(hosts(0), 2, LIFE).is_some());
    }
}
