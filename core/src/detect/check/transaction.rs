//! What rules ask of a transaction besides its buffers.

use super::instances;
use crate::app;
use crate::detect::number::compare;
use crate::detect::subject::{Subject, TransactionFacts};
use crate::detect::truth::Truth;
use crate::plan::{Instances, Number, Way};

/// Numbers of one transaction that are looked at, at most.
const MOST: usize = 256;

/// Whether something is odd, by the name of its protocol and its own; an empty name stands for any.
pub(super) fn odd(protocol: &str, name: &str, subject: &Subject<'_>) -> Truth {
    let is = |known: &str| name.is_empty() || known.eq_ignore_ascii_case(name);
    if protocol == "applayer" {
        let strange = subject.flow.and_then(|flow| flow.strange);
        return strange.is_some_and(|event| is(event.name())).into();
    }
    let Some(TransactionFacts { talk, index }) = subject.transaction else { return Truth::False };
    let events = talk.head(index).map(app::Head::events).unwrap_or_default();
    let names = events.iter().filter_map(|event| talk.events().get(usize::from(*event)));
    Truth::from(talk.protocol().parsed_as().name() == protocol && names.into_iter().any(|known| is(known)))
}

/// Whether the transaction got so far.
pub(super) fn progress(number: Number, side: Way, subject: &Subject<'_>) -> Truth {
    let head = subject.transaction.and_then(|TransactionFacts { talk, index, .. }| talk.head(index));
    let to_server = side.to_server_or(subject.is_to_server());
    head.is_some_and(|head| compare(number, head.progress(to_server).into())).into()
}

/// Whether a rule has set a bit of the transaction (`xbits`, `track tx`); nothing where there is none.
pub(super) fn has_bit(bit: u32, subject: &Subject<'_>) -> Option<bool> {
    let TransactionFacts { talk, index, .. } = subject.transaction?;
    talk.head(index).map(|head| head.has_bit(bit))
}

/// Whether the transaction's numbers of this name satisfy a test, or do not where it is negated; nothing is said of them
/// before they are there.
pub(super) fn value(name: &str, number: Number, which: Instances, negated: bool, subject: &Subject<'_>) -> Truth {
    let Some(facts) = subject.transaction else { return Truth::False };
    numbers(name, &facts, subject).is_some_and(|numbers| instances::hold(which, number, &numbers) != negated).into()
}

fn numbers(name: &str, facts: &TransactionFacts<'_>, subject: &Subject<'_>) -> Option<Vec<u64>> {
    let TransactionFacts { talk, index } = *facts;
    let (names, to_server) = (app::values(), subject.is_to_server());
    let row = names.row(talk.protocol(), names.number(name)?)?;
    let ready = talk.value_ready(row, to_server)?;
    let numbers = (0..MOST).map_while(|place| talk.value(index, row, to_server, place)).collect();
    (talk.head(index)?.progress(to_server) >= ready).then_some(numbers)
}
