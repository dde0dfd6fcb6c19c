//! A flow's transactions: rules look at them, and what they have to tell is told.

use super::Shared;
use super::finds::What;
use crate::app::{Head, Talk};
use crate::detect::state::Memory;
use crate::detect::{Outcome, Rules, Scratch, Subject, TransactionFacts};
use crate::table::eve;

/// Ask the rules about what is new in the packet's direction of a flow's transactions; whether one has files stored.
pub(super) fn inspect(
    rules: &Rules,
    talk: &mut dyn Talk,
    subject: &Subject<'_>,
    memory: &mut Memory<'_>,
    scratch: &mut Scratch,
    outcome: &mut Outcome,
) -> bool {
    let mut stores = false;
    let to_server = subject.flow.is_some_and(|flow| flow.to_server);
    for index in 0..talk.live() {
        let Some(head) = talk.head_mut(index) else { continue };
        let passed = head.take_passed(to_server) && rules.some_last();
        let is_new = head.take_changed(to_server) || passed;
        if head.inspection(to_server).done || !is_new {
            continue;
        }
        (head.time, head.source) = (subject.packet.time, subject.packet.src);
        let ended = head.has_ended(to_server);
        let mut inspection = std::mem::take(head.inspection(to_server));
        let transaction = Some(TransactionFacts { talk: &*talk, index });
        let subject = Subject { transaction, ..*subject };
        rules.inspect_transaction(&subject, &mut inspection, memory, scratch, outcome);
        inspection.done = ended;
        stores |= !outcome.storing.is_empty();
        for rule in outcome.storing.drain(..) {
            rules.store(rule, talk, index, to_server);
        }
        if let Some(head) = talk.head_mut(index) {
            *head.inspection(to_server) = inspection;
            head.files.inspected(to_server);
        }
    }
    stores
}

/// After what transactions are asked for what they have to tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct After {
    /// A packet of this direction.
    pub to_server: bool,
    /// No more comes, neither to the server nor to the client.
    pub ended: bool,
    /// It is the last time.
    pub end: bool,
}

impl After {
    /// Whether files of a direction are told now. Rules look at what goes in the direction of a packet, and go first.
    fn tells(&self, head: &Head, to_server: bool, inspects: bool) -> bool {
        self.end || to_server == self.to_server || self.ended && (!inspects || head.is_inspected(to_server))
    }
}

/// What there is to tell and to store of the files of a transaction's direction.
fn files(shared: &Shared, talk: &mut dyn Talk, index: usize, to_server: bool, tell: &mut impl FnMut(What)) {
    let Some((head, body)) = talk.head(index).zip(talk.body(index)).filter(|(head, _)| !head.files.is_empty()) else {
        return;
    };
    for (section, options) in (0..).zip(&shared.outputs.eve) {
        let client = eve::client(options.xff_of_files(), body);
        let events = eve::ended_files(options, head, body, to_server).into_iter();
        events.for_each(|event| tell(What::Event { section, event, client }));
    }
    let mut pieces = Vec::new();
    talk.head_mut(index).into_iter().for_each(|head| head.files.tell(to_server, &mut pieces));
    pieces.into_iter().for_each(|piece| tell(What::Piece(piece)));
}

/// What transactions have to tell now, as far as it is wanted. Those that are done with are forgotten.
pub(super) fn tell(shared: &Shared, talk: &mut dyn Talk, after: After, tell: &mut impl FnMut(What)) {
    let inspects = shared.most_guesses > 0 || shared.rules.as_ref().is_some_and(|rules| rules.look_into_transactions());
    for index in 0..talk.live() {
        let (events, names, protocol) = (talk.head_mut(index).map(Head::take_events), talk.events(), talk.protocol());
        let Some((number, is_told)) = talk.head(index).map(|head| (head.number, head.is_told())) else { continue };
        let names = events.iter().flatten().filter_map(|event| names.get(usize::from(*event)));
        names.for_each(|name| tell(What::Anomaly { protocol: protocol.name(), name, number }));
        for to_server in [true, false] {
            if talk.head(index).is_some_and(|head| after.tells(head, to_server, inspects)) {
                files(shared, talk, index, to_server, tell);
            }
        }
        if is_told || !talk.is_told(index, after.end) {
            continue;
        }
        talk.head_mut(index).into_iter().for_each(Head::tell);
        let logged = talk.head(index).filter(|head| !head.is_unlogged());
        let (Some(head), Some(body)) = (logged, talk.body(index)) else { continue };
        for (section, options) in (0..).zip(&shared.outputs.eve) {
            let events = eve::events(options, head, body).into_iter();
            events.for_each(|event| tell(What::Event { section, event, client: None }));
        }
    }
    let told = |head: &Head| head.is_complete() && head.is_told() && !head.files.has_untold();
    let inspected = |head: &Head| !inspects || head.is_inspected(true) && head.is_inspected(false);
    talk.forget(&|head| after.end || told(head) && inspected(head));
}
