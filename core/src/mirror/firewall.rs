//! What security groups and network ACLs drop before it is mirrored (specification, section 3).

use super::filter::{Block, Match, Rule, block};
use super::outcome::{Direction, Reason};
use crate::encap::Flow;
use crate::error::Result;
use crate::packet::Packet;
use crate::plan::mirror as plan;
use hashbrown::HashSet;

/// Flows that are remembered in a generation; the one before is remembered too.
const GENERATION: usize = 65_536;

/// What guards sources; they may be many.
#[derive(Debug)]
pub(super) struct Firewall {
    ingress: Option<Vec<Match>>,
    egress: Option<Vec<Match>>,
    acl: Option<Vec<Rule>>,
    subnet: Vec<Block>,
}

/// Flows of one source that were let through, so that their answers are: the latest, and those before.
#[derive(Debug, Default)]
pub(super) struct Flows([HashSet<u64>; 2]);

impl Firewall {
    pub fn new(firewall: &plan::Firewall) -> Result<Self> {
        let groups = |matches: &Option<Vec<plan::PacketMatch>>| {
            matches.as_ref().map(|all| all.iter().map(Match::new).collect::<Result<_>>()).transpose()
        };
        Ok(Self {
            ingress: groups(&firewall.ingress)?,
            egress: groups(&firewall.egress)?,
            acl: firewall.acl.as_ref().map(|all| all.iter().map(Rule::new).collect::<Result<_>>()).transpose()?,
            subnet: firewall.subnet.iter().map(block).collect::<Result<_>>()?,
        })
    }

    /// What drops this packet of a source with these flows, if anything.
    #[inline]
    pub fn drops(&self, flows: &mut Flows, packet: &Packet, bytes: &[u8], direction: Direction) -> Option<Reason> {
        if packet.ip == 0 {
            return None;
        }
        if direction == Direction::Ingress && self.acl.as_ref().is_some_and(|acl| !self.passes_acl(acl, packet)) {
            return Some(Reason::NetworkAcl);
        }
        if self.ingress.is_none() && self.egress.is_none() {
            return None;
        }
        let flow = Flow::of(packet, bytes, false).hash();
        (!self.passes_groups(flows, flow, packet, direction)).then_some(Reason::SecurityGroup)
    }

    /// The first rule that matches decides; none: it is dropped. Neighbours in the subnet don't pass it.
    fn passes_acl(&self, acl: &[Rule], packet: &Packet) -> bool {
        self.subnet.iter().any(|block| block.contains(&packet.src))
            || acl.iter().find(|rule| rule.matches.fits(packet)).is_some_and(|rule| rule.accept)
    }

    fn passes_groups(&self, flows: &mut Flows, flow: u64, packet: &Packet, direction: Direction) -> bool {
        let groups = if direction == Direction::Ingress { &self.ingress } else { &self.egress };
        let passes = groups.as_ref().is_none_or(|matches| matches.iter().any(|one| one.fits(packet)));
        if passes {
            flows.remember(flow);
        }
        passes || flows.0.iter().any(|known| known.contains(&flow))
    }
}

impl Flows {
    fn remember(&mut self, flow: u64) {
        let [latest, before] = &mut self.0;
        if latest.len() >= GENERATION && !latest.contains(&flow) {
            std::mem::swap(latest, before);
            latest.clear();
        }
        latest.insert(flow);
    }
}
