//! What rules ask of a command and its replies.

use super::super::ask::{Buffer, Bytes, Value};
use super::{Command, Head, Kind, Reply, Tx, command};

fn name<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    Bytes::maybe(tx.command.map(|command| command.name.as_bytes()))
}

fn argument<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    let (bytes, missing) = (tx.argument.as_slice(), tx.missing);
    match tx.command {
        Some(_) if !bytes.is_empty() || missing > 0 => {
            Bytes::There { bytes, original: bytes.len().saturating_add(missing) }
        }
        _ => Bytes::Absent,
    }
}

fn code<'a>(tx: &'a Tx, head: &'a Head, _: bool, place: usize) -> Bytes<'a> {
    let mut codes = tx.replies.iter().filter_map(|reply| reply.code.as_ref());
    let count = tx.replies.iter().filter(|reply| reply.code.is_some()).count();
    codes.nth(place).map_or_else(|| behind(head, place, count), |code| Bytes::whole(code))
}

fn reply<'a>(tx: &'a Tx, head: &'a Head, _: bool, place: usize) -> Bytes<'a> {
    match tx.replies.get(place) {
        Some(Reply { text, missing, .. }) => {
            Bytes::There { bytes: text, original: text.len().saturating_add(*missing) }
        }
        None => behind(head, place, tx.replies.len()),
    }
}

/// Behind those that are there may have been others that were lost.
fn behind<'a>(head: &Head, place: usize, count: usize) -> Bytes<'a> {
    if head.partial[1] && place == count { Bytes::Unknown } else { Bytes::Absent }
}

fn port(tx: &Tx, _: &Head, _: bool, place: usize) -> Option<u64> {
    tx.port.filter(|_| place == 0).map(u64::from)
}

/// 0: the client opens the data connection; 1: the server does.
fn mode(tx: &Tx, _: &Head, _: bool, place: usize) -> Option<u64> {
    (place == 0 && tx.negotiates()).then_some(u64::from(tx.is_active))
}

fn is_answered(tx: &Tx, _: &Head, _: bool, place: usize) -> Option<u64> {
    (place == 0).then_some(u64::from(tx.is_answered))
}

/// Whether the server is sent to a host that is not the client (RFC 2577, section 3).
fn bounces(tx: &Tx, head: &Head, _: bool, place: usize) -> Option<u64> {
    let is_port = |command: &&Command| place == 0 && command.kind == Kind::Port;
    let (host, _) = tx.command.filter(is_port).and_then(|_| command::host_port(&tx.argument))?;
    Some(u64::from(host != head.source))
}

const UP: [Option<u8>; 2] = [Some(1), None];
const DOWN: [Option<u8>; 2] = [None, Some(1)];
const BOTH: [Option<u8>; 2] = [Some(1), Some(1)];

/// Buffers.
pub(super) const BUFFERS: &[Buffer<Tx>] = &[
    Buffer { name: "ftp.command", ready: UP, several: false, get: name },
    Buffer { name: "ftp.command_data", ready: UP, several: false, get: argument },
    Buffer { name: "ftp.completion_code", ready: DOWN, several: true, get: code },
    Buffer { name: "ftp.reply", ready: DOWN, several: true, get: reply },
];
/// Numbers.
pub(super) const VALUES: &[Value<Tx>] = &[
    Value { name: "ftp.dynamic_port", ready: BOTH, get: port },
    Value { name: "ftp.mode", ready: BOTH, get: mode },
    Value { name: "ftp.reply_received", ready: BOTH, get: is_answered },
    Value { name: "ftpbounce", ready: [Some(0), None], get: bounces },
];
