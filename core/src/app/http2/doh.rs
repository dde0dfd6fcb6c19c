//! DNS that HTTP/2 carries (RFC 8484): in the path of a request, or as its data.

use super::body::MOST_DNS;
use super::events::Odd;
use super::message::Tx;
use crate::app::{Head, dns};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// What a message is.
const KIND: &[u8] = b"application/dns-message";
/// What it stands behind in a path.
const PARAMETER: &[u8] = b"dns=";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64 for URLs, with its padding or without.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

/// A direction's fields came: it may be DNS.
pub(super) fn begin(tx: &mut Tx, head: &mut Head, to_server: bool) {
    let message = tx.message_mut(to_server);
    let says = |name| message.field(name).is_some_and(|value| value.eq_ignore_ascii_case(KIND));
    let is_it = says("content-type") || to_server && says("accept");
    if !is_it || message.dns.is_some() {
        return;
    }
    match if to_server { message.field(":path").and_then(asked) } else { None } {
        Some(text) => {
            let asked = decoded(text).unwrap_or_default();
            if asked.len() > MOST_DNS {
                head.event(Odd::DnsRequestTooLong as u8);
            } else {
                message.dns = parse(&asked, to_server);
            }
        }
        None => message.body.dns = Some(Vec::new()),
    }
}

/// What a path asks for.
fn asked(path: &[u8]) -> Option<&[u8]> {
    let query = path.get(memchr::memchr(b'?', path)? + 1..)?;
    query.split(|byte| *byte == b'&').find_map(|part| part.strip_prefix(PARAMETER))
}

/// A direction is over: what its data is.
pub(super) fn end(tx: &mut Tx, to_server: bool) {
    let message = tx.message_mut(to_server);
    if let Some(data) = message.body.dns.take() {
        message.dns = parse(&data, to_server);
    }
}

fn parse(bytes: &[u8], to_server: bool) -> Option<dns::Tx> {
    let (message, _) = dns::Message::parse(to_server, bytes, bytes.len());
    Some(message).filter(|message| !message.is_malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_asks_for() {
        assert_eq!(asked(b"/dns-query?a=b&dns=AAAB"), Some(b"AAAB".as_slice()));
        assert_eq!(asked(b"/dns-query"), None);
        assert_eq!(decoded(b"AAMAAABkAAQAAP__"), Some(vec![0, 3, 0, 0, 0, 100, 0, 4, 0, 0, 255, 255]));
        assert_eq!(decoded(b"AAMAAABkAAQAAP__AAMAAAB").map(|it| it.len()), Some(17));
    }
}
