//! Transforms that decode, decompress and digest.

use crate::detect::buffer::base64::{self, Mode};
use flate2::read::{GzDecoder, ZlibDecoder};
use sha1::Digest;
use std::io::Read;

/// The raw digest.
pub(super) fn digest<D: Digest>(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&D::digest(bytes));
}

/// With the key over and over.
pub(super) fn xor(bytes: &[u8], key: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// A key of so many bytes that stands in the buffer itself, for what begins at `offset`.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnKey {
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) at: usize,
}

impl OwnKey {
    /// What is before `offset` stays as it is, and a buffer without the key does too.
    pub(super) fn xor(self, bytes: &[u8], out: &mut Vec<u8>) {
        let key = bytes.get(self.at..).and_then(|bytes| bytes.get(..self.length));
        match (key, bytes.split_at_checked(self.offset)) {
            (Some(key), Some((before, coded))) => {
                out.extend_from_slice(before);
                xor(coded, key, out);
            }
            _ => out.extend_from_slice(bytes),
        }
    }
}

/// `%XX` and `+`. An escape that is none stays as it is, with the byte behind its first digit.
pub(super) fn url_decode(mut bytes: &[u8], out: &mut Vec<u8>) {
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        match (first, rest) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, rest @ ..]) if high.is_ascii_hexdigit() => {
                match (hex(*high), hex(*low)) {
                    (Some(high), Some(low)) => out.push(high << 4 | low),
                    _ => out.extend_from_slice(&[b'%', *high, *low]),
                }
                bytes = rest;
            }
            _ => out.push(*first),
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

/// `from_base64`.
#[derive(Debug)]
pub(super) struct Base64 {
    mode: Mode,
    bytes: Option<i64>,
    offset: i64,
}

impl Base64 {
    /// None where the mode has no such name.
    pub(super) fn new(mode: &[u8], bytes: Option<i64>, offset: Option<i64>) -> Option<Self> {
        let mode = match mode {
            b"" | b"rfc4648" => Mode::Stop,
            b"rfc2045" => Mode::Skip,
            b"strict" => Mode::Strict,
            _ => return None,
        };
        Some(Self { mode, bytes, offset: offset.unwrap_or_default() })
    }

    /// What is decoded, or the bytes as they are where nothing is.
    pub(super) fn decode(&self, bytes: &[u8], out: &mut Vec<u8>) {
        if let Some(part) = self.part(bytes) {
            base64::decode(part, self.mode, out);
        }
        if out.is_empty() {
            out.extend_from_slice(bytes);
        }
    }

    /// The bytes to decode; none where the offset or the size are not below the buffer's.
    fn part<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let offset = usize::try_from(self.offset).ok().filter(|offset| *offset < bytes.len())?;
        let rest = bytes.get(offset..)?;
        match self.bytes {
            None => Some(rest),
            Some(size) => {
                let size = usize::try_from(size).ok().filter(|size| *size < bytes.len())?;
                Some(rest.get(..size).unwrap_or(rest))
            }
        }
    }
}

/// Unpack gzip (RFC 1952) up to so many bytes; nothing where it is not gzip.
pub(super) fn gunzip(bytes: &[u8], limit: u64, out: &mut Vec<u8>) {
    read(GzDecoder::new(bytes), limit, out);
}

/// Unpack zlib (RFC 1950) up to so many bytes; nothing where it is not zlib.
pub(super) fn inflate(bytes: &[u8], limit: u64, out: &mut Vec<u8>) {
    read(ZlibDecoder::new(bytes), limit, out);
}

/// What a reader gives before it fails is good.
fn read(reader: impl Read, limit: u64, out: &mut Vec<u8>) {
    // An error ends the data, as their end does.
    let _ = reader.take(limit).read_to_end(out);
}
