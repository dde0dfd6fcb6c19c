//! What a flow speaks, as rules ask for it.

use crate::app::Protocol;
use crate::detect::subject::Subject;
use crate::plan::ApplicationOf;

/// "http" stands for both versions.
fn is(name: &str, found: &str) -> bool {
    match name {
        "http1" => found == "http",
        "http" => matches!(found, "http" | "http2" | "doh2"),
        "ikev2" => found == "ike",
        name => name == found,
    }
}

/// Whether the flow's application is one of `names`. While nobody knows it, it is "unknown", and nothing is said of what
/// it is not.
pub(super) fn holds(names: &[String], negated: bool, of: ApplicationOf, subject: &Subject<'_>) -> bool {
    let Some(flow) = subject.flow else { return false };
    let talk = &flow.application;
    let found = match of {
        ApplicationOf::Direction => [talk.of_direction(flow.to_server), None],
        ApplicationOf::ToServer => [talk.of_direction(true), None],
        ApplicationOf::ToClient => [talk.of_direction(false), None],
        ApplicationOf::Either => [talk.of_direction(true), talk.of_direction(false)],
        ApplicationOf::Original => [talk.original().map(Protocol::name), None],
        ApplicationOf::Final => [talk.name(), None],
    };
    let known = found.iter().any(Option::is_some);
    let one = names.iter().any(|name| match name.as_str() {
        "unknown" => !known,
        name => found.iter().flatten().any(|found| is(name, found)),
    });
    if negated { known && !one } else { one }
}
