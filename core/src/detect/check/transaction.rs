//! What rules ask of a transaction besides its buffers.

use super::instances;
use crate::app;
use crate::detect::subject::{Subject, TransactionFacts};
use crate::detect::truth::Truth;
use crate::plan::{Instances, Number};

/// Numbers of one transaction that are looked at, at most.
const MOST: usize = 256;

/// Whether something is odd, by the name of its protocol and its own; an empty name stands for any.
pub(super) fn odd(protocol: &str, name: &str, subject: &Subject<'_>) -> Truth {
    let is = |known: &str| name.is_empty() || known.eq_ignore_ascii_case(name);
    if protocol == "applayer" {
        let strange = subject.flow.and_then(|flow| flow.strange);
        return strange.is_some_and(|event| is(event.name())).into();
    }
    let Some(TransactionFacts { talk, index, .. }) = subject.transaction else { return Truth::False };
    let events = talk.head(index).map(app::Head::events).unwrap_or_default();
    let names = events.iter().filter_map(|event| talk.events().get(usize::from(*event)));
    Truth::from(talk.protocol().name() == protocol && names.into_iter().any(|known| is(known)))
}

/// Whether the transaction's numbers of this name satisfy a test.
pub(super) fn value(name: &str, number: Number, which: Instances, subject: &Subject<'_>) -> Truth {
    let Some(TransactionFacts { talk, index, .. }) = subject.transaction else { return Truth::False };
    let names = app::values();
    let Some(row) = names.number(name).and_then(|value| names.row(talk.protocol(), value)) else {
        return Truth::False;
    };
    let to_server = subject.flow.is_none_or(|flow| flow.to_server);
    let numbers: Vec<u64> = (0..MOST).map_while(|place| talk.value(index, row, to_server, place)).collect();
    instances::hold(which, number, &numbers).into()
}
