//! One rule, ready to be evaluated.

use super::buffer::{Tests, Tools, Views};
use super::check;
use super::header::{Header, Sets};
use super::subject::{Buffer, Subject};
use super::truth::Truth;
use crate::error::Result;
use crate::packet::proto;
use crate::plan::{self, Action, Check, Content, DetectSettings, FlowCheck, Match, RuleProtocol, Scope};

/// Suricata's rule types, as far as they differ here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Addresses and ports only: asked on the first packet of each direction.
    IpOnly,
    /// The same with negated addresses: asked on every packet.
    LikeIpOnly,
    /// Asked on every packet.
    Packet,
    /// TCP content without positions. Until streams are inspected, packets stand in for them.
    Stream,
}

/// A rule. Its number in the plan says the rest of it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) header: Header,
    pub(super) flow: Option<FlowCheck>,
    pub(super) action: Action,
    pub(super) noalert: bool,
    checks: Box<[Check]>,
    buffers: Tests,
    scope: Option<Scope>,
    kind: Kind,
}

impl Rule {
    pub(super) fn new(
        rule: &plan::Rule,
        sets: &Sets,
        negated: bool,
        views: &mut Views,
        settings: &DetectSettings,
    ) -> Result<Self> {
        if !rule.checks.iter().all(check::is_built) || !rule.effects.is_empty() || !rule.limits.is_empty() {
            return Err(super::header::unfit("a rule asks for what this core does not have"));
        }
        Ok(Self {
            header: Header::new(rule, sets)?,
            flow: rule.flow,
            action: rule.action,
            noalert: rule.noalert,
            checks: rule.checks.clone().into_boxed_slice(),
            buffers: Tests::new(rule, views, settings)?,
            scope: rule.scope,
            kind: Kind::of(rule, negated),
        })
    }

    /// Asked on the first packet of each direction only.
    pub(super) fn is_ip_only(&self) -> bool {
        self.kind == Kind::IpOnly
    }

    /// How many patterns run without machine code.
    pub(super) fn interpreted(&self) -> usize {
        self.buffers.interpreted()
    }

    /// What its action covers when it matches this subject.
    pub(super) fn scope(&self, subject: &Subject<'_>) -> Scope {
        self.scope.unwrap_or(match self.kind {
            Kind::IpOnly | Kind::LikeIpOnly => Scope::Flow,
            Kind::Stream if subject.packet.proto == proto::TCP => Scope::Flow,
            Kind::Stream | Kind::Packet => Scope::Packet,
        })
    }

    /// Whether the rule matches; `payload` is the subject's as rules see it.
    #[inline]
    pub(super) fn holds(
        &self,
        subject: &Subject<'_>,
        payload: Buffer<'_>,
        sets: &Sets,
        views: &Views,
        tools: &mut Tools,
    ) -> Truth {
        if self.flow.is_some_and(|flow| !check::flow(flow, subject)) {
            return Truth::False;
        }
        let mut truth = self.header.holds(subject, sets);
        for check in &self.checks {
            if truth == Truth::False {
                return truth;
            }
            truth = truth.and(check::holds(check, subject));
        }
        if truth == Truth::False || self.buffers.is_empty() {
            return truth;
        }
        truth.and(self.buffers.holds(subject, payload, views, tools))
    }
}

impl Kind {
    fn of(rule: &plan::Rule, negated: bool) -> Self {
        let tcp = matches!(
            rule.protocol,
            RuleProtocol::Tcp | RuleProtocol::TcpStream | RuleProtocol::Ip | RuleProtocol::Ipv4 | RuleProtocol::Ipv6
        );
        let bare = rule.buffers.is_empty() && rule.checks.is_empty() && rule.flow.is_none();
        let packets_only = !tcp || !rule.checks.is_empty() || rule.flow.is_some_and(|flow| flow.no_stream);
        match () {
            () if bare && negated => Self::LikeIpOnly,
            () if bare => Self::IpOnly,
            () if rule.buffers.is_empty() || packets_only || matches(rule).any(is_placed) => Self::Packet,
            () => Self::Stream,
        }
    }
}

fn matches(rule: &plan::Rule) -> impl Iterator<Item = &Match> {
    rule.buffers
        .iter()
        .filter(|test| test.buffer == "payload" && test.transforms.is_empty())
        .flat_map(|test| &test.matches)
}

/// A content with a place counted from the packet's start.
fn is_placed(entry: &Match) -> bool {
    matches!(entry, Match::Content(Content { offset, depth, startswith, .. }) if offset.number() != Some(0) || depth.is_some() || *startswith)
}

/// The literal without which the rule can't match, to look for first: the one its author chose, else the longest.
pub(super) fn fast_pattern(rule: &plan::Rule) -> Option<&[u8]> {
    let contents = || {
        matches(rule).filter_map(|entry| match entry {
            Match::Content(content) if !content.negated => Some(content),
            _ => None,
        })
    };
    let chosen = contents().find(|content| content.fast_pattern);
    chosen.or_else(|| contents().max_by_key(|content| content.pattern.len())).map(|content| content.pattern.as_slice())
}
