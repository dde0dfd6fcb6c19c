//! What is told of transactions: their own events, and what alerts and files show of them.

use super::{dns, files, ftp, http, http2, kin, ssh, tls};
use crate::app::{Body, Head};
use crate::plan;
use crate::table::json::Json;

/// Which way an event's addresses go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// From the client to the server.
    Flow,
    /// As the packet.
    Packet,
    /// As what went to the server.
    ToServer,
    /// As what went to the client.
    ToClient,
}

/// An event of a transaction: its type, and its own members.
#[derive(Debug)]
pub struct TransactionEvent {
    /// Its type.
    pub kind: &'static str,
    /// Which way its addresses go.
    pub along: Along,
    /// Its members, without braces around them: `"dns":{...}`.
    pub members: Vec<u8>,
}

/// The events of a transaction that a section wants.
pub fn events(section: &plan::Eve, head: &Head, body: Body<'_>) -> Vec<TransactionEvent> {
    match body {
        Body::Dns(tx) => section.dns.as_ref().map(|options| dns::events(tx, head, options)).unwrap_or_default(),
        Body::Mdns(tx) if section.mdns => kin::mdns_events(&tx.0),
        Body::Llmnr(tx) if section.llmnr => kin::llmnr_events(&tx.0),
        Body::Mdns(_) | Body::Llmnr(_) => Vec::new(),
        Body::Ftp(tx) if section.ftp => ftp::events(tx),
        Body::FtpData(tx) if section.ftp => ftp::data_events(tx),
        Body::Ftp(_) | Body::FtpData(_) => Vec::new(),
        Body::Ssh(tx) if section.ssh => ssh::events(tx),
        Body::Ssh(_) => Vec::new(),
        Body::Tls(tx) => section.tls.as_ref().map(|options| tls::events(tx, head, options)).unwrap_or_default(),
        Body::Http2(tx) => http2::events(section, tx),
        Body::Http(tx) => section.http.as_ref().map(|options| http::events(tx, head, options)).unwrap_or_default(),
    }
}

/// The events of files of a transaction's direction that ended and were not told, where a section wants them.
pub fn ended_files(section: &plan::Eve, head: &Head, body: Body<'_>, to_server: bool) -> Vec<TransactionEvent> {
    match &section.files {
        Some(options) if head.files.has_untold() => files::events(head, &members(head, body, None), to_server, options),
        _ => Vec::new(),
    }
}

/// The files of a transaction's direction, as alerts show them.
pub fn files_of(members: &mut Vec<u8>, head: &Head, to_server: bool) {
    files::list(&mut Json(members), head, to_server);
}

/// The members that files and, with their own options, alerts show of a transaction.
pub fn members(head: &Head, body: Body<'_>, alert: Option<&plan::AlertEvents>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut json = Json(&mut out);
    match body {
        Body::Dns(tx) => dns::member(&mut json, tx, head),
        Body::Mdns(tx) => kin::mdns(&mut json, &tx.0),
        Body::Llmnr(tx) => kin::llmnr(&mut json, &tx.0),
        Body::Ftp(tx) => ftp::member(&mut json, tx),
        Body::FtpData(tx) => ftp::data_member(&mut json, tx),
        Body::Ssh(tx) => ssh::member(&mut json, tx),
        Body::Tls(tx) => tls::member(&mut json, tx, head),
        Body::Http2(tx) => http2::shown(&mut json, tx, alert.is_some()),
        Body::Http(tx) => http::member(&mut json, tx, alert),
    }
    out
}
