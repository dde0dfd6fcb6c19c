//! What rules ask of a session: buffers and numbers.

use super::super::ask::{Buffer, Bytes, Value};
use super::{Certificate, DRAFT, Head, ServerHello, TLS_1_3, Tx, is_partial};
use crate::time::SECOND;

/// What is there, or what can be said where it is not.
pub(super) fn there<'a>(bytes: Option<&'a [u8]>, head: &Head, to_server: bool) -> Bytes<'a> {
    match bytes {
        Some(bytes) => Bytes::whole(bytes),
        None if is_partial(head, to_server) => Bytes::Unknown,
        None => Bytes::Absent,
    }
}

/// The same of what there may be several of.
pub(super) fn nth<'a>(list: &'a [Vec<u8>], place: usize, head: &Head, to_server: bool) -> Bytes<'a> {
    match list.get(place) {
        None if place > list.len() => Bytes::Absent,
        found => there(found.map(Vec::as_slice), head, to_server),
    }
}

pub(super) fn sni<'a>(tx: &'a Tx, head: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    there(tx.client.as_ref().and_then(|hello| hello.sni.as_deref()), head, true)
}

pub(super) fn alpn<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let offered = tx.client.as_ref().map(|hello| hello.alpns.as_slice());
    let chosen = tx.server.as_ref().map(|hello| hello.alpns.as_slice());
    nth(if to_server { offered } else { chosen }.unwrap_or_default(), place, head, to_server)
}

impl Tx {
    fn random(&self, to_server: bool) -> Option<&[u8]> {
        let (offered, chosen) = (self.client.as_ref(), self.server.as_ref());
        let random = if to_server { &offered?.random } else { &chosen?.random };
        Some(random.as_slice()).filter(|random| !random.is_empty())
    }
}

pub(super) fn random<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.random(to_server), head, to_server)
}

pub(super) fn random_time<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.random(to_server).and_then(|random| random.get(..4)), head, to_server)
}

pub(super) fn random_bytes<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.random(to_server).and_then(|random| random.get(4..)), head, to_server)
}

pub(super) fn ja3_hash<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let ja3 = if to_server { &tx.ja3 } else { &tx.ja3s };
    there(ja3.as_ref().map(|ja3| ja3.hash.as_bytes()), head, to_server)
}

pub(super) fn ja3_string<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let ja3 = if to_server { &tx.ja3 } else { &tx.ja3s };
    there(ja3.as_ref().map(|ja3| ja3.string.as_bytes()), head, to_server)
}

pub(super) fn ja4_hash<'a>(tx: &'a Tx, head: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    there(tx.ja4.as_deref().map(str::as_bytes), head, true)
}

pub(super) fn cert_subject<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.own(to_server).and_then(|own| own.subject.as_deref()), head, to_server)
}

pub(super) fn cert_issuer<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.own(to_server).and_then(|own| own.issuer.as_deref()), head, to_server)
}

pub(super) fn cert_serial<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.own(to_server).and_then(|own| own.serial.as_deref()).map(str::as_bytes), head, to_server)
}

pub(super) fn cert_fingerprint<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.own(to_server).and_then(|own| own.fingerprint.as_deref()).map(str::as_bytes), head, to_server)
}

pub(super) fn subject_alternative_name<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    nth(tx.own(to_server).map(|own| own.names.as_slice()).unwrap_or_default(), place, head, to_server)
}

pub(super) fn certs<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let chain = tx.chain(to_server);
    match chain.get(place) {
        Some(certificate) => {
            Bytes::There { bytes: &certificate.der, original: certificate.der.len() + certificate.missing }
        }
        None if place > chain.len() => Bytes::Absent,
        None => there(None, head, to_server),
    }
}

impl Tx {
    /// A side's own certificate.
    fn own(&self, to_server: bool) -> Option<&Certificate> {
        self.chain(to_server).first()
    }

    fn version_of(&self, to_server: bool) -> Option<u16> {
        let offered = || self.client.as_ref().map(|hello| hello.version).or(self.old_version);
        if to_server { offered() } else { self.server.as_ref().map(ServerHello::negotiated) }
    }
}

/// The number that `tls.version` compares: drafts are TLS 1.3.
pub(super) fn version(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    let version = tx.version_of(to_server).filter(|_| place == 0)?;
    Some(u64::from(if version >> 8 == DRAFT { TLS_1_3 } else { version }))
}

/// A bit for each version that `ssl_version` names: SSL 2, SSL 3, TLS 1.0 and so on.
pub(super) fn version_bit(tx: &Tx, head: &Head, to_server: bool, place: usize) -> Option<u64> {
    match version(tx, head, to_server, place)? {
        2 => Some(1),
        number @ 0x0300..=0x0304 => Some(2 << (number & 0xff)),
        _ => Some(0),
    }
}

pub(super) fn state_bits(tx: &Tx, _: &Head, _: bool, place: usize) -> Option<u64> {
    (place == 0).then_some(tx.state)
}

pub(super) fn chain_length(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    (place == 0).then_some(tx.chain(to_server).len() as u64)
}

/// Times before 1970 are below those behind it.
pub(super) fn ordered(seconds: i64) -> u64 {
    seconds.cast_unsigned() ^ (1 << 63)
}

pub(super) fn not_before(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    tx.own(to_server).filter(|_| place == 0)?.not_before.map(ordered)
}

pub(super) fn not_after(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    tx.own(to_server).filter(|_| place == 0)?.not_after.map(ordered)
}

/// Whether it is over, at the packet's time.
pub(super) fn expired(tx: &Tx, head: &Head, to_server: bool, place: usize) -> Option<u64> {
    let end = tx.own(to_server).filter(|_| place == 0)?.not_after?;
    Some(u64::from(end < head.time.div_euclid(SECOND)))
}

/// Whether it holds, at the packet's time.
pub(super) fn valid(tx: &Tx, head: &Head, to_server: bool, place: usize) -> Option<u64> {
    let begin = tx.own(to_server)?.not_before?;
    let is_expired = expired(tx, head, to_server, place)? == 1;
    Some(u64::from(!is_expired && begin <= head.time.div_euclid(SECOND)))
}

const HELLO: [Option<u8>; 2] = [Some(1), Some(1)];
const UP: [Option<u8>; 2] = [Some(1), None];
const DOWN: [Option<u8>; 2] = [None, Some(1)];
const CERTIFICATES: [Option<u8>; 2] = [Some(2), Some(2)];

type Get = for<'a> fn(&'a Tx, &'a Head, bool, usize) -> Bytes<'a>;

const fn one(name: &'static str, ready: [Option<u8>; 2], get: Get) -> Buffer<Tx> {
    Buffer { name, ready, several: false, get }
}

const fn several(name: &'static str, ready: [Option<u8>; 2], get: Get) -> Buffer<Tx> {
    Buffer { name, ready, several: true, get }
}

const fn number(
    name: &'static str,
    ready: [Option<u8>; 2],
    get: fn(&Tx, &Head, bool, usize) -> Option<u64>,
) -> Value<Tx> {
    Value { name, ready, get }
}

/// Buffers.
pub(super) const BUFFERS: &[Buffer<Tx>] = &[
    one("tls.sni", UP, sni),
    several("tls.alpn", HELLO, alpn),
    one("tls.random", HELLO, random),
    one("tls.random_time", HELLO, random_time),
    one("tls.random_bytes", HELLO, random_bytes),
    one("ja3.hash", UP, ja3_hash),
    one("ja3.string", UP, ja3_string),
    one("ja3s.hash", DOWN, ja3_hash),
    one("ja3s.string", DOWN, ja3_string),
    one("ja4.hash", UP, ja4_hash),
    one("tls.cert_subject", CERTIFICATES, cert_subject),
    one("tls.cert_issuer", CERTIFICATES, cert_issuer),
    one("tls.cert_serial", CERTIFICATES, cert_serial),
    one("tls.cert_fingerprint", CERTIFICATES, cert_fingerprint),
    several("tls.subjectaltname", [None, Some(2)], subject_alternative_name),
    several("tls.certs", CERTIFICATES, certs),
];
/// Numbers.
pub(super) const VALUES: &[Value<Tx>] = &[
    number("tls.version", CERTIFICATES, version),
    number("ssl_version", CERTIFICATES, version_bit),
    number("ssl_state", HELLO, state_bits),
    number("tls.cert_chain_len", CERTIFICATES, chain_length),
    number("tls_cert_notbefore", CERTIFICATES, not_before),
    number("tls_cert_notafter", CERTIFICATES, not_after),
    number("tls_cert_expired", CERTIFICATES, expired),
    number("tls_cert_valid", CERTIFICATES, valid),
];
