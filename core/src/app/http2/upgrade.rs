//! A request of HTTP/1 that goes on here: stream 1 is its (RFC 7540, section 3.2).

use super::connection::Connection;
use super::events::Odd;
use super::frame::settings;
use super::hpack::{Field, Item};
use super::message::{Tx, keep};
use super::{CLOSED, doh};
use crate::app::{Entry, Request, Transactions};
use std::sync::Arc;

/// The stream of a request that went on.
const STREAM: u32 = 1;

impl Connection {
    /// Take over a request, and the settings that it says.
    pub(super) fn upgrade(&mut self, request: &Request, transactions: &mut Transactions<Tx>) {
        let is_said = |name: &[u8]| name.eq_ignore_ascii_case(b"http2-settings");
        let Entry { head, tx } = self.streams.open(STREAM, transactions);
        let named = |name: &[u8]| request.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let host = named(b"host").map(|(_, value)| value.as_slice());
        let own = [(":method", Some(&*request.method)), (":path", Some(&*request.target)), (":authority", host)];
        let own = own.into_iter().filter_map(|(name, value)| Some((name.as_bytes(), value?)));
        let others = request.fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let others = others.filter(|(name, _)| !name.eq_ignore_ascii_case(b"host") && !is_said(name));
        for (name, value) in own.chain(others) {
            let field = Field { name: name.to_vec(), value: value.to_vec() };
            tx.request.push(Item::Field(Arc::new(field)), head);
        }
        tx.request.is_read = true;
        doh::begin(tx, head, true);
        head.advance(true, CLOSED);
        if let Some((_, said)) = request.fields.iter().find(|(name, _)| is_said(name)) {
            let Entry { head, tx } = transactions.message(Tx::new(0), true);
            match doh::decoded(said).filter(|said| said.len().is_multiple_of(6)) {
                Some(said) => keep(&mut tx.request.settings, settings(&said)),
                None => head.event(Odd::InvalidHttp1Settings as u8),
            }
        }
    }
}
