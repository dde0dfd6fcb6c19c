//! What rules ask of a session.

use super::super::ask::{Buffer, Bytes};
use super::{Head, Text, Tx, progress};

fn part<'a>(text: Option<&'a Text>, head: &Head, to_server: bool) -> Bytes<'a> {
    match text {
        Some(Text { bytes, missing }) => Bytes::There { bytes, original: bytes.len().saturating_add(*missing) },
        None => absent(head, to_server),
    }
}

/// What is not there may have been lost.
fn absent<'a>(head: &Head, to_server: bool) -> Bytes<'a> {
    let [up, down] = head.partial;
    if if to_server { up } else { down } { Bytes::Unknown } else { Bytes::Absent }
}

fn protocol<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    part(tx.peer(to_server).protocol.as_ref(), head, to_server)
}

fn software<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    part(tx.peer(to_server).software.as_ref(), head, to_server)
}

fn hash<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let hassh = tx.peer(to_server).hassh.as_ref();
    hassh.map_or_else(|| absent(head, to_server), |hassh| Bytes::whole(hassh.hash.as_bytes()))
}

fn string<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let hassh = tx.peer(to_server).hassh.as_ref();
    hassh.map_or_else(|| absent(head, to_server), |hassh| Bytes::whole(&hassh.string))
}

const DONE: Option<u8> = Some(progress::BANNER_DONE);

const fn one(
    name: &'static str,
    ready: [Option<u8>; 2],
    get: for<'a> fn(&'a Tx, &'a Head, bool, usize) -> Bytes<'a>,
) -> Buffer<Tx> {
    Buffer { name, ready, several: false, get }
}

/// Buffers.
pub(super) const BUFFERS: &[Buffer<Tx>] = &[
    one("ssh.proto", [DONE, DONE], protocol),
    one("ssh.software", [DONE, DONE], software),
    one("ssh.hassh", [DONE, None], hash),
    one("ssh.hassh.string", [DONE, None], string),
    one("ssh.hassh.server", [None, DONE], hash),
    one("ssh.hassh.server.string", [None, DONE], string),
];
