//! DNS (RFC 1035): each message is a transaction.

use super::ask::{Buffer, Bytes, Value};
use super::{Head, Input, Parsed, Transactions};
use crate::plan::Applications;

/// The parser of a flow.
#[derive(Debug, Default)]
pub struct Application {}

/// A message.
#[derive(Debug, Default)]
pub struct Tx {
    /// It is a response.
    pub is_response: bool,
    /// The names that are asked for, as text.
    pub names: Vec<Vec<u8>>,
    /// The code of operation.
    pub opcode: u8,
}

/// The names that a query asks for.
fn query<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    Bytes::maybe(tx.names.get(place).filter(|_| to_server && !tx.is_response).map(Vec::as_slice))
}

fn opcode(tx: &Tx, _: &Head, _: bool, place: usize) -> Option<u64> {
    (place == 0).then_some(u64::from(tx.opcode))
}

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] =
        &[Buffer { name: "dns.query", ready: [Some(1), None], several: true, get: query }];
    const VALUES: &'static [Value<Tx>] = &[Value { name: "dns.opcode", ready: [Some(1), Some(1)], get: opcode }];
    const EVENTS: &'static [&'static str] = &["malformed_data"];
    const PROGRESS: [&'static [&'static str]; 2] =
        [&["request_started", "request_complete"], &["response_started", "response_complete"]];
    const ONE_WAY: bool = true;

    fn new(_: &Applications) -> Self {
        Self::default()
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        let Input::Datagram { bytes, .. } = input else { return Parsed::Consumed { bytes: 0, need: 0 } };
        let Some(([_, _, flags, _, _, _, _, _, _, _, _, _], mut rest)) = bytes.split_first_chunk() else {
            return Parsed::Failed;
        };
        let mut name = Vec::new();
        while let Some((length, after)) = rest.split_first().filter(|(length, _)| **length > 0) {
            let Some((label, after)) = after.split_at_checked(usize::from(*length)) else { break };
            if !name.is_empty() {
                name.push(b'.');
            }
            name.extend_from_slice(label);
            rest = after;
        }
        let tx = Tx { is_response: flags & 0x80 != 0, names: vec![name], opcode: flags >> 3 & 15 };
        transactions.message(tx, to_server);
        Parsed::all(bytes)
    }
}
