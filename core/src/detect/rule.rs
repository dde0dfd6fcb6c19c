//! One rule, ready to be evaluated.

use super::buffer::{Payload, Tests, Tools, Views};
use super::check::{self, Check};
use super::header::{Header, Sets};
use super::literal;
use super::prefilter::Literal;
use super::state::Memory;
use super::subject::Subject;
use super::truth::Truth;
use crate::app::{Head, Protocol, frame};
use crate::error::Result;
use crate::files::File;
use crate::packet::{Packet, proto};
use crate::plan::{self, Action, DetectSettings, Effect, FlowCheck, Kind, Match, Number, Op, Scope, Way};

/// Where a match was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the packet.
    Packet,
    /// In the data of its stream.
    Stream,
}

impl Place {
    /// Where what an application makes of a packet's flow is found.
    pub(super) fn of_state(packet: &Packet) -> Self {
        if packet.proto == proto::TCP { Self::Stream } else { Self::Packet }
    }
}

/// A rule. Its number in the plan says the rest of it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) header: Header,
    pub(super) flow: Option<FlowCheck>,
    pub(super) action: Action,
    /// Its number for people.
    pub(super) sid: u32,
    /// Its matches are told.
    pub(super) told: bool,
    /// Its matches may be suppressed.
    pub(super) limited: bool,
    pub(super) effects: Box<[Effect]>,
    checks: Box<[Check]>,
    pub(super) buffers: Tests,
    /// The frames that it looks into, where it does.
    pub(super) frame: Option<frame::Kind>,
    /// The applications that it is for; none: whatever the flow speaks.
    pub(super) protocols: Box<[Protocol]>,
    /// It is about both directions of a transaction.
    pub(super) transactional: bool,
    /// It asks about files.
    pub(super) of_files: bool,
    /// It asks for nothing but a state of a transaction: while that lasts, it matches whenever something is new.
    lasting: Option<(u8, Way)>,
    /// Some literal is searched for before it is asked about a transaction.
    pub(super) has_fast_pattern: bool,
    scope: Option<Scope>,
    pub(super) kind: Kind,
}

impl Rule {
    pub(super) fn new(rule: &plan::Rule, sets: &Sets, views: &mut Views, settings: &DetectSettings) -> Result<Self> {
        let buffers = Tests::new(rule, views, settings)?;
        Ok(Self {
            header: Header::new(rule, sets)?,
            flow: rule.flow,
            action: rule.action,
            sid: rule.sid,
            told: !rule.noalert && (rule.alert || !matches!(rule.action, Action::Pass | Action::Config)),
            limited: !rule.limits.is_empty(),
            effects: rule.effects.clone().into_boxed_slice(),
            checks: rule.checks.iter().map(Check::new).collect(),
            of_files: buffers.are_of_files(views) || rule.checks.iter().any(is_of_files),
            has_fast_pattern: transaction_pattern(rule).is_some() && !rule.transactional,
            transactional: rule.transactional,
            frame: rule.buffers.iter().find_map(|test| frame::frame(&test.buffer)),
            lasting: lasting(rule),
            buffers,
            protocols: protocols(&rule.application),
            scope: rule.scope,
            kind: rule.kind,
        })
    }

    /// It looks into transactions.
    pub(super) fn is_of_transactions(&self) -> bool {
        self.kind == Kind::AppTx && self.frame.is_none()
    }

    /// Whether it may match again as long as a state lasts.
    pub(super) fn may_last(&self) -> bool {
        self.lasting.is_some()
    }

    /// Whether it matches again when something is new in this direction of a transaction.
    pub(super) fn lasts(&self, head: &Head, to_server: bool) -> bool {
        self.lasting.is_some_and(|(state, side)| head.progress(side.to_server_or(to_server)) == state)
    }

    /// Whether no packet of an IP protocol can satisfy it.
    pub(super) fn excludes(&self, protocol: u8) -> bool {
        self.checks.iter().any(|check| check.excludes(protocol))
    }

    /// Whether a file satisfies all that it asks of files by themselves.
    pub(super) fn passes(&self, file: &File) -> bool {
        self.checks.iter().all(|check| check.passes(file))
    }

    /// What its action covers when it matches there.
    pub(super) fn scope(&self, place: Place) -> Scope {
        self.scope.unwrap_or(match self.kind {
            Kind::Packet | Kind::DecoderEvent => Scope::Packet,
            Kind::Stream | Kind::PacketAndStream if place == Place::Packet => Scope::Packet,
            _ => Scope::Flow,
        })
    }

    /// Whether the rule matches, and where.
    #[inline]
    pub(super) fn holds(
        &self,
        subject: &Subject<'_>,
        memory: &Memory<'_>,
        sets: &Sets,
        views: &Views,
        tools: &mut Tools,
    ) -> (Truth, Place) {
        let headers = self.headers_hold(subject, memory, sets);
        if headers == Truth::False || self.buffers.is_empty() {
            return (headers, Place::Packet);
        }
        let (truth, place) = self.bytes_hold(subject, memory, views, tools);
        (headers.and(truth), place)
    }

    /// The flow speaks none of the rule's protocols.
    #[inline]
    fn is_of_another(&self, subject: &Subject<'_>) -> bool {
        let spoken = || subject.flow.and_then(|flow| flow.application.protocol());
        // A transaction has its protocol, whatever the flow speaks by now.
        let asks = self.kind != Kind::AppTx && !self.protocols.is_empty();
        asks && !spoken().is_some_and(|spoken| self.protocols.contains(&spoken))
    }

    #[inline]
    pub(super) fn headers_hold(&self, subject: &Subject<'_>, memory: &Memory<'_>, sets: &Sets) -> Truth {
        let early = match self.kind {
            Kind::ProtocolDetection => !subject.flow.is_some_and(|flow| flow.settled),
            Kind::Stream => subject.stream_data().is_none(),
            _ => false,
        };
        if early || self.is_of_another(subject) || self.flow.is_some_and(|flow| !check::flow(flow, subject)) {
            return Truth::False;
        }
        let mut truth = self.header.holds(subject, sets);
        for check in &self.checks {
            if truth == Truth::False {
                return truth;
            }
            truth = truth.and(check.holds(subject, memory));
        }
        truth
    }

    /// Whether the buffers hold with the packet's payload, or else with the stream's data: as far as the rule is for them.
    fn bytes_hold(
        &self,
        subject: &Subject<'_>,
        memory: &Memory<'_>,
        views: &Views,
        tools: &mut Tools,
    ) -> (Truth, Place) {
        let mut truth = Truth::False;
        if self.kind != Kind::Stream && subject.is_packet() {
            let payload = Payload { bytes: subject.visible_payload(), place: Place::Packet };
            truth = self.buffers.holds(subject, payload, memory, views, tools);
        }
        if truth == Truth::True || !matches!(self.kind, Kind::Stream | Kind::PacketAndStream) {
            return (truth, Place::Packet);
        }
        let Some(bytes) = subject.stream_data() else { return (truth, Place::Packet) };
        let place = if subject.data.is_some() { Place::Stream } else { Place::Packet };
        (truth.or(self.buffers.holds(subject, Payload { bytes, place }, memory, views, tools)), place)
    }
}

/// What the rule looks for in the payload as it is.
fn matches(rule: &plan::Rule) -> impl Iterator<Item = &Match> {
    let plain = |test: &&plan::BufferTest| test.buffer == "payload" && test.transforms.is_empty();
    rule.buffers.iter().filter(plain).flat_map(|test| &test.matches)
}

/// The applications that a rule is for, by its word: alternatives, and names that stand for several.
fn protocols(application: &str) -> Box<[Protocol]> {
    fn family(name: &str) -> Vec<&str> {
        match name {
            "http" => vec!["http", "http2", "doh2"],
            "http2" => vec!["http2", "doh2"],
            "dns" => vec!["dns", "doh2"],
            "http1" => vec!["http"],
            "dcerpc" => vec!["dcerpc", "smb"],
            name => vec![name],
        }
    }
    let names: Vec<&str> = application.split('|').filter(|name| !name.is_empty()).flat_map(family).collect();
    Protocol::ALL.iter().copied().filter(|protocol| names.contains(&protocol.name())).collect()
}

/// The state that a rule asks for and nothing else, in one direction or in that of what is new.
fn lasting(rule: &plan::Rule) -> Option<(u8, Way)> {
    let [plan::Check::TransactionProgress { number: Number { op: Op::Ge, a, .. }, side }] = *rule.checks else {
        return None;
    };
    (rule.kind == Kind::AppTx && rule.buffers.is_empty()).then_some((u8::try_from(a).ok()?, side))
}

fn is_of_files(check: &plan::Check) -> bool {
    matches!(check, plan::Check::File { .. })
}

/// What of a transaction's buffers or of a frame a rule is searched for by: the place of the test among its buffers, and the literal
/// that its author chose, or else the one that traffic holds least.
pub(super) fn transaction_pattern(rule: &plan::Rule) -> Option<(usize, Literal<'_>)> {
    let names = crate::app::buffers();
    let tests = rule
        .buffers
        .iter()
        .enumerate()
        .filter(|(_, test)| names.number(&test.buffer).is_some() || frame::frame(&test.buffer).is_some());
    let literals = tests
        .filter(|(_, test)| !starts_with_absent(test))
        .filter_map(|(place, test)| Some((is_chosen(test), place, literal::best(test.matches.iter())?)));
    literals.max_by_key(|(chosen, _, literal)| (*chosen, literal::worth(literal))).map(|(_, place, best)| (place, best))
}

/// The rule's author chose a content of it to look for first.
fn is_chosen(test: &plan::BufferTest) -> bool {
    test.matches
        .iter()
        .any(|entry| matches!(entry, Match::Content(content) if content.fast_pattern && !content.negated))
}

fn starts_with_absent(test: &plan::BufferTest) -> bool {
    matches!(test.matches.first(), Some(Match::Absent { .. }))
}

/// The literal without which the rule can't match, to look for first.
pub(super) fn fast_pattern(rule: &plan::Rule) -> Option<Literal<'_>> {
    let literal = literal::best(matches(rule))?;
    // A stream's data is of any length.
    let longest = if rule.kind == Kind::Packet { literal::longest(&rule.checks) } else { usize::MAX };
    Some(Literal { reach: literal.reach.min(longest), ..literal })
}
