//! How long a message's body is (RFC 9112, section 6), as lenient browsers find it out.

use super::events::{Event, of};
use super::fields::without_nul;
use super::message::Tx;

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// With a chunk of no bytes.
    Chunked,
    /// With the stream.
    Close,
}

/// Its length can't be found out.
#[derive(Debug)]
pub(super) struct Unknown;

/// Whether a text holds a word in any case.
pub(super) fn holds(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

/// Of a request.
pub(super) fn request(tx: &Tx, note: &mut impl FnMut(Event)) -> Framing {
    let fields = &tx.request.fields;
    if let Some(encoding) = fields.get("Transfer-Encoding") {
        if holds(&without_nul(encoding), b"chunked") {
            return Framing::Chunked;
        }
        note(Event::InvalidTransferEncodingValueInRequest);
    }
    match fields.get("Content-Length").map(|text| length(text, note)) {
        Some(Some(length)) => Framing::Length(length),
        Some(None) => {
            note(Event::InvalidContentLengthFieldInRequest);
            Framing::None
        }
        None => Framing::None,
    }
}

/// Of a response.
pub(super) fn response(tx: &Tx, note: &mut impl FnMut(Event)) -> Result<Framing, Unknown> {
    let fields = &tx.response.fields;
    let (encoding, listed) = (fields.get("Transfer-Encoding"), fields.get("Content-Length"));
    if tx.request.line.first() == b"HEAD" {
        return Ok(Framing::None);
    }
    if matches!(tx.status(), Some(100..=199 | 204 | 304)) {
        if encoding.is_none() && listed.is_none() {
            return Ok(Framing::None);
        }
        note(Event::ResponseBodyUnexpected);
    }
    if let Some(encoding) = encoding
        && holds(&without_nul(encoding), b"chunked")
    {
        if !encoding.eq_ignore_ascii_case(b"chunked") {
            note(Event::ResponseAbnormalTransferEncoding);
        }
        if !tx.response.line.first().eq_ignore_ascii_case(b"HTTP/1.1") {
            note(Event::ResponseChunkedOldProto);
        }
        return Ok(Framing::Chunked);
    }
    if let Some(listed) = listed {
        return length(listed, note).map(Framing::Length).ok_or_else(|| {
            note(Event::InvalidContentLengthFieldInResponse);
            Unknown
        });
    }
    if fields.get("Content-Type").is_some_and(|kind| holds(kind, b"multipart/byteranges")) {
        note(Event::ResponseMultipartByteranges);
        return Err(Unknown);
    }
    Ok(Framing::Close)
}

/// A decimal number, whatever is around it.
fn length(text: &[u8], note: &mut impl FnMut(Event)) -> Option<u64> {
    let before = text.iter().take_while(|byte| !byte.is_ascii_digit()).count();
    let rest = text.get(before..).unwrap_or_default();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    let (mut value, mut count) = (0u64, 0);
    for digit in digits {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        count += 1;
    }
    if count == 0 {
        return None;
    }
    if before > 0 {
        note(Event::ContentLengthExtraDataStart);
    }
    if count < rest.len() {
        note(Event::ContentLengthExtraDataEnd);
    }
    Some(value)
}

/// What a chunk's first line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkSize {
    /// It is empty: the next line counts.
    Empty,
    /// So many bytes.
    Bytes(u64),
    /// No size, or one that is too large.
    Invalid,
}

/// Sizes beyond it are none.
const MOST_CHUNK: u64 = 0x7fff_ffff;

/// Read a chunk's size.
pub(super) fn chunk_size(line: &[u8], to_server: bool, note: &mut impl FnMut(Event)) -> ChunkSize {
    let start = line.iter().take_while(|byte| byte.is_ascii_control() || **byte == b' ').count();
    let Some(rest) = line.get(start..).filter(|rest| !rest.is_empty()) else { return ChunkSize::Empty };
    let mut size = None;
    for digit in rest.iter().map_while(|byte| char::from(*byte).to_digit(16)) {
        size = Some((size.unwrap_or(0u64) << 4 | u64::from(digit)).min(MOST_CHUNK + 1));
    }
    if memchr::memchr(b';', rest).is_some() {
        note(of(to_server, Event::RequestChunkExtension, Event::ResponseChunkExtension));
    }
    match size {
        Some(size @ 0..=MOST_CHUNK) => ChunkSize::Bytes(size),
        _ => {
            note(of(to_server, Event::InvalidRequestChunkLen, Event::InvalidResponseChunkLen));
            ChunkSize::Invalid
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for (text, want) in [("68", Some(68)), ("68xx", Some(68)), ("+68", Some(68)), ("xx", None), ("", None)] {
            assert_eq!(length(text.as_bytes(), &mut |_| ()), want, "{text}");
        }
        assert_eq!(length(b"99999999999999999999999", &mut |_| ()), None);
    }

    #[test]
    fn chunk_sizes() {
        for (line, want) in [
            ("44\r\n", ChunkSize::Bytes(0x44)),
            (" \t44;x=y\r\n", ChunkSize::Bytes(0x44)),
            ("0", ChunkSize::Bytes(0)),
            ("\r\n", ChunkSize::Empty),
            ("zz\r\n", ChunkSize::Invalid),
            ("80000000", ChunkSize::Invalid),
            ("fffffffffffffffffffffffff", ChunkSize::Invalid),
        ] {
            assert_eq!(chunk_size(line.as_bytes(), false, &mut |_| ()), want, "{line}");
        }
    }
}
