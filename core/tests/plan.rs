//! The plan's golden document, which `tests/unit/test_plan.py` writes: with every struct and every word of a choice.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use tmrx_core::plan::mirror::{MirrorPlan, TruncatedChecksum};
use tmrx_core::plan::{Plan, SCHEMA_VERSION};

const GOLDEN: &[u8] = include_bytes!("plan.golden");
/// A list of plans.
const MIRROR_GOLDEN: &[u8] = include_bytes!("mirror_plan.golden");

#[test]
fn the_golden_document_is_read() {
    let plan = Plan::decode(GOLDEN).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan.version, SCHEMA_VERSION);
    assert_eq!((plan.identity.known.len(), plan.rules.addresses.len(), plan.outputs.tables.len()), (1, 1, 4));
    let first = plan.rules.rules.first().unwrap();
    assert!(first.checks.len() > 9 && !first.buffers.is_empty() && first.noalert && plan.inspect_outer);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(Plan::decode(&GOLDEN[..GOLDEN.len() - 1]).is_err());
    let misspelt = GOLDEN.iter().map(|&byte| if byte == b'x' { b'y' } else { byte }).collect::<Vec<_>>();
    assert!(Plan::decode(&misspelt).is_err());
}

#[test]
fn the_mirrors_golden_document_is_read() {
    let plans: Vec<MirrorPlan> = rmp_serde::from_slice(MIRROR_GOLDEN).unwrap();
    assert_eq!(plans.len(), 7);
    let first = plans.first().unwrap();
    assert_eq!((first.version, first.sources.len(), first.first_port), (SCHEMA_VERSION, 1, 49152));
    assert!(plans.iter().any(|plan| plan.truncated_checksum == TruncatedChecksum::Zero));
}
