//! `rpc`: a call of Sun's remote procedure calls (RFC 5531, section 9).

use crate::detect::subject::{Buffer, Subject};
use crate::detect::truth::Truth;
use crate::packet::proto;

/// Where in a message, in words, its type and RPC's version, the program, its version and the procedure stand.
const TYPE: usize = 1;
const VERSION: usize = 2;
const PROGRAM: usize = 3;
const PROGRAM_VERSION: usize = 4;
const PROCEDURE: usize = 5;
/// Bytes up to and with the procedure.
const LEN: usize = 24;
/// Over TCP a record's length stands before it (RFC 5531, section 11).
const RECORD_MARK: usize = 4;

/// What a call is to ask for; none: anything.
#[derive(Debug, Clone, Copy)]
pub(in crate::detect) struct Call {
    pub(super) program: u32,
    pub(super) version: Option<u32>,
    pub(super) procedure: Option<u32>,
}

impl Call {
    pub(super) fn holds(self, subject: &Subject<'_>) -> Truth {
        let skip = match subject.packet.proto {
            proto::TCP => RECORD_MARK,
            proto::UDP => 0,
            _ => return Truth::False,
        };
        if subject.lost_transport() {
            return Truth::Unknown;
        }
        let Buffer { bytes, original } = subject.visible_payload();
        if original < skip + LEN {
            return Truth::False;
        }
        let message = bytes.get(skip..).unwrap_or_default();
        let wanted = [
            (TYPE, Some(0)),
            (VERSION, Some(2)),
            (PROGRAM, Some(self.program)),
            (PROGRAM_VERSION, self.version),
            (PROCEDURE, self.procedure),
        ];
        wanted.into_iter().fold(Truth::True, |truth, (word, value)| truth.and(is(message, word, value)))
    }
}

fn is(message: &[u8], word: usize, wanted: Option<u32>) -> Truth {
    let Some(wanted) = wanted else { return Truth::True };
    let found = message.get(4 * word..).and_then(|bytes| bytes.first_chunk());
    found.map_or(Truth::Unknown, |found| (u32::from_be_bytes(*found) == wanted).into())
}
