//! TLS sessions.

use super::transaction::{Along, TransactionEvent};
use crate::app::Head;
use crate::app::tls::{Certificate, ClientHello, Ja3, ServerHello, Tx};
use crate::plan::TlsEvents;
use crate::table::json::Json;

/// What of a session is wanted, as `custom` names it: its name, whether the basic set has it, whether the extended one.
const FIELDS: [(&str, bool, bool); 22] = [
    ("subject", true, true),
    ("issuer", true, true),
    ("subjectaltname", true, true),
    ("session_resumed", true, true),
    ("serial", false, true),
    ("fingerprint", false, true),
    ("sni", false, true),
    ("version", false, true),
    ("not_before", false, true),
    ("not_after", false, true),
    ("certificate", false, false),
    ("chain", false, false),
    ("ja3", false, true),
    ("ja3s", false, true),
    ("ja4", false, true),
    ("client", false, true),
    ("client_certificate", false, false),
    ("client_chain", false, false),
    ("client_alpns", false, true),
    ("server_alpns", false, true),
    ("client_handshake", false, false),
    ("server_handshake", false, false),
];

/// The event of a session.
pub(super) fn events(tx: &Tx, _: &Head, options: &TlsEvents) -> Vec<TransactionEvent> {
    if tx.is_resumed && !options.session_resumption {
        return Vec::new();
    }
    let mut members = Vec::new();
    write(&mut Json(&mut members), tx, options);
    vec![TransactionEvent { kind: "tls", along: Along::Flow, members }]
}

/// What alerts show of a session.
pub(super) fn member(json: &mut Json<'_>, tx: &Tx, _: &Head) {
    write(json, tx, &TlsEvents::default());
}

/// Which fields are wanted.
fn wants(options: &TlsEvents, name: &str) -> bool {
    if !options.custom.is_empty() {
        return options.custom.iter().any(|wanted| wanted == name);
    }
    FIELDS.iter().any(|(field, basic, extended)| *field == name && (*basic || (*extended && options.extended)))
}

fn write(json: &mut Json<'_>, tx: &Tx, options: &TlsEvents) {
    let wants = |name| wants(options, name);
    json.object("tls");
    if let Some(own) = tx.chain(false).first() {
        certificate(json, own, &wants);
    }
    if tx.is_resumed && wants("session_resumed") {
        json.flag("session_resumed", true);
    }
    if let Some(sni) = tx.client.as_ref().and_then(|hello| hello.sni.as_ref()).filter(|_| wants("sni")) {
        json.bytes("sni", sni);
    }
    if wants("version") {
        json.text("version", &version(tx.version()));
    }
    encoded(json, tx.chain(false), [wants("certificate"), wants("chain")]);
    fingerprints(json, tx, &wants);
    hellos(json, tx, &wants);
    client(json, tx, &wants);
    json.end();
}

/// What a certificate says.
fn certificate(json: &mut Json<'_>, own: &Certificate, wants: &dyn Fn(&'static str) -> bool) {
    let texts = [("subject", "subject", &own.subject), ("issuer", "issuerdn", &own.issuer)];
    for (_, key, text) in texts.into_iter().filter(|(field, ..)| wants(field)) {
        if let Some(text) = text {
            json.bytes(key, text);
        }
    }
    if !own.names.is_empty() && wants("subjectaltname") {
        list(json, "subjectaltname", &own.names);
    }
    let numbers = [("serial", &own.serial), ("fingerprint", &own.fingerprint)];
    for (key, text) in numbers.into_iter().filter(|(field, _)| wants(field)) {
        if let Some(text) = text {
            json.text(key, text);
        }
    }
    let times = [("not_before", "notbefore", own.not_before), ("not_after", "notafter", own.not_after)];
    for (_, key, time) in times.into_iter().filter(|(field, ..)| wants(field)) {
        if let Some(seconds) = time {
            json.text(key, &civil(seconds));
        }
    }
}

/// The certificates themselves.
fn encoded(json: &mut Json<'_>, chain: &[Certificate], [own, all]: [bool; 2]) {
    if let Some(first) = chain.first().filter(|_| own) {
        json.base64("certificate", &first.der);
    }
    if all && !chain.is_empty() {
        json.list("chain");
        chain.iter().for_each(|certificate| json.item_base64(&certificate.der));
        json.end_list();
    }
}

fn fingerprints(json: &mut Json<'_>, tx: &Tx, wants: &dyn Fn(&'static str) -> bool) {
    for (key, ja3) in [("ja3", &tx.ja3), ("ja3s", &tx.ja3s)] {
        if let Some(Ja3 { hash, string }) = ja3.as_ref().filter(|_| wants(key)) {
            json.object(key);
            json.text("hash", hash);
            json.text("string", string);
            json.end();
        }
    }
    if let Some(ja4) = tx.ja4.as_ref().filter(|_| wants("ja4")) {
        json.text("ja4", ja4);
    }
}

fn hellos(json: &mut Json<'_>, tx: &Tx, wants: &dyn Fn(&'static str) -> bool) {
    let (offer, choice) = (tx.client.as_ref(), tx.server.as_ref());
    let alpns = [("client_alpns", offer.map(|hello| &hello.alpns)), ("server_alpns", choice.map(|hello| &hello.alpns))];
    for (key, names) in alpns.into_iter().filter(|(field, _)| wants(field)) {
        if let Some(names) = names.filter(|names| !names.is_empty()) {
            list(json, key, names);
        }
    }
    if let Some(hello) = offer.filter(|_| wants("client_handshake")) {
        client_handshake(json, hello);
    }
    if let Some(hello) = choice.filter(|_| wants("server_handshake")) {
        server_handshake(json, hello);
    }
}

fn client_handshake(json: &mut Json<'_>, hello: &ClientHello) {
    json.object("client_handshake");
    json.text("version", &version(Some(hello.highest())));
    for (key, numbers) in [("ciphers", &hello.ciphers), ("exts", &hello.extensions), ("sig_algs", &hello.signatures)] {
        json.list(key);
        numbers.iter().for_each(|number| json.item_number(*number));
        json.end_list();
    }
    json.end();
}

fn server_handshake(json: &mut Json<'_>, hello: &ServerHello) {
    json.object("server_handshake");
    json.text("version", &version(Some(hello.negotiated())));
    json.number("cipher", hello.cipher);
    json.list("exts");
    hello.extensions.iter().for_each(|number| json.item_number(*number));
    json.end_list();
    json.end();
}

/// What the client's certificate says.
fn client(json: &mut Json<'_>, tx: &Tx, wants: &dyn Fn(&'static str) -> bool) {
    let chain = tx.chain(true);
    let parts = ["client", "client_certificate", "client_chain"].map(wants);
    let (Some(own), [says, is_wanted, all]) = (chain.first(), parts) else { return };
    if !(says || is_wanted || all) {
        return;
    }
    json.object("client");
    if says {
        certificate(json, own, &|_| true);
    }
    encoded(json, chain, [is_wanted, all]);
    json.end();
}

fn list(json: &mut Json<'_>, key: &'static str, texts: &[Vec<u8>]) {
    json.list(key);
    texts.iter().for_each(|text| json.item_bytes(text));
    json.end_list();
}

/// A version's name.
fn version(number: Option<u16>) -> String {
    let name = match number {
        None => "UNDETERMINED",
        Some(0x0002) => "SSLv2",
        Some(0x0300) => "SSLv3",
        Some(0x0301) => "TLSv1",
        Some(0x0302) => "TLS 1.1",
        Some(0x0303) => "TLS 1.2",
        Some(0x0304) => "TLS 1.3",
        Some(draft @ 0x7f00..=0x7fff) => return format!("TLS 1.3 draft-{}", draft & 0xff),
        Some(other) => return other.to_string(),
    };
    name.to_owned()
}

/// A time as `2022-07-18T08:25:34`, UTC (days and years by the Gregorian calendar).
fn civil(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Years that begin in March have the leap day at their end.
    let march = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * march + 2) / 5 + 1, if march < 10 { march + 3 } else { march - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}
