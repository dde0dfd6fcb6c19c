//! Filters: which packets a session accepts (specification, section 2).

use super::outcome::{Direction, Fate, Outcome, Reason};
use crate::encap::addr;
use crate::error::Result;
use crate::frame::Addr;
use crate::packet::{Layer, NONE, Packet};
use crate::plan::mirror as plan;
use std::ops::RangeInclusive;

/// What a packet has to be; `None` is any.
#[derive(Debug)]
pub(super) struct Match {
    ip: Option<u8>,
    protocol: Option<u8>,
    src: Option<Block>,
    dst: Option<Block>,
    ports: Option<(RangeInclusive<u16>, RangeInclusive<u16>)>,
    /// Type and code; below 0: any.
    icmp: Option<(i16, i16)>,
}

impl Match {
    pub fn new(matches: &plan::PacketMatch) -> Result<Self> {
        let any = (0, u16::MAX);
        let range = |ports: Option<(u16, u16)>| ports.map_or(any.0..=any.1, |(from, to)| from..=to);
        let has_ports = matches.sports.or(matches.dports).is_some();
        Ok(Self {
            ip: (matches.ip != 0).then_some(matches.ip),
            protocol: matches.protocol,
            src: matches.src.as_ref().map(block).transpose()?,
            dst: matches.dst.as_ref().map(block).transpose()?,
            ports: has_ports.then(|| (range(matches.sports), range(matches.dports))),
            icmp: matches.icmp,
        })
    }

    #[inline]
    pub fn fits(&self, packet: &Packet) -> bool {
        self.ip.is_none_or(|ip| ip == packet.ip)
            && self.protocol.is_none_or(|protocol| packet.ip != 0 && protocol == packet.proto)
            && self.src.as_ref().is_none_or(|block| packet.ip != 0 && block.contains(&packet.src))
            && self.dst.as_ref().is_none_or(|block| packet.ip != 0 && block.contains(&packet.dst))
            && self.ports.as_ref().is_none_or(|(sports, dports)| {
                packet.has_ports() && sports.contains(&packet.sport) && dports.contains(&packet.dport)
            })
            && self.icmp.is_none_or(|(kind, code)| is_icmp(packet, kind, code))
    }
}

/// Whether this is an ICMP message of that type and code; a decoded one has them where others have ports.
fn is_icmp(packet: &Packet, kind: i16, code: i16) -> bool {
    let fits = |wanted: i16, has: u16| wanted < 0 || wanted.unsigned_abs() == has;
    matches!(packet.layer, Layer::Icmp | Layer::Icmpv6) && fits(kind, packet.sport) && fits(code, packet.dport)
}

/// A block of addresses: first and last, as numbers.
#[derive(Debug)]
pub(super) struct Block(u128, u128);

impl Block {
    #[inline]
    pub fn contains(&self, address: &Addr) -> bool {
        (self.0..=self.1).contains(&address.number())
    }
}

/// A block of the plan's.
pub(super) fn block(block: &plan::Block) -> Result<Block> {
    Ok(Block(addr(&block.0)?.number(), addr(&block.1)?.number()))
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    id: String,
    pub accept: bool,
    pub matches: Match,
}

impl Rule {
    pub fn new(rule: &plan::FilterRule) -> Result<Self> {
        Ok(Self { id: rule.id.clone(), accept: rule.accept, matches: Match::new(&rule.matches)? })
    }
}

/// What a filter says of a packet; rules by their place among those of the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted(u32),
    Rejected(u32),
    NoRule,
    /// The resolver's traffic, mirrored.
    Service,
    /// The resolver's traffic, not mirrored.
    NoService,
}

impl Verdict {
    /// Write down the outcome that it means.
    #[inline]
    pub fn write(self, session: u32, outcome: &mut Outcome) {
        let (fate, reason, rule) = match self {
            Self::Accepted(rule) => (Fate::Mirrored, Reason::Rule, rule),
            Self::Service => (Fate::Mirrored, Reason::AmazonDns, NONE),
            Self::Rejected(rule) => (Fate::Rejected, Reason::Rule, rule),
            Self::NoRule => (Fate::Rejected, Reason::NoRule, NONE),
            Self::NoService => (Fate::Rejected, Reason::NoAmazonDns, NONE),
        };
        (outcome.fate, outcome.reason, outcome.session, outcome.rule) = (fate, reason, session, rule);
    }
}

/// A filter.
#[derive(Debug)]
pub(super) struct Filter {
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
    amazon_dns: bool,
}

impl Filter {
    pub fn new(filter: &plan::MirrorFilter) -> Result<Self> {
        Ok(Self {
            ingress: filter.ingress.iter().map(Rule::new).collect::<Result<_>>()?,
            egress: filter.egress.iter().map(Rule::new).collect::<Result<_>>()?,
            amazon_dns: filter.amazon_dns,
        })
    }

    /// What it says; `resolver`: this is the resolver's traffic, of which rules are not asked.
    #[inline]
    pub fn verdict(&self, packet: &Packet, direction: Direction, resolver: bool) -> Verdict {
        if resolver {
            return if self.amazon_dns { Verdict::Service } else { Verdict::NoService };
        }
        let rules = self.rules(direction);
        match rules.iter().position(|rule| rule.matches.fits(packet)) {
            None => Verdict::NoRule,
            Some(place) if rules.get(place).is_some_and(|rule| rule.accept) => Verdict::Accepted(place as u32),
            Some(place) => Verdict::Rejected(place as u32),
        }
    }

    /// A rule's id.
    pub fn rule(&self, direction: Direction, place: u32) -> Option<&str> {
        self.rules(direction).get(place as usize).map(|rule| rule.id.as_str())
    }

    fn rules(&self, direction: Direction) -> &[Rule] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}
