//! Frames of a connection (RFC 9113, sections 4.1 and 6).

/// Bytes before a frame's payload.
pub(super) const HEADER: usize = 9;
/// Bytes of a setting.
const SETTING: usize = 6;
/// Bytes of a priority: the stream that it depends on, and its weight.
const PRIORITY: usize = 5;

/// Kinds of frames.
pub mod kind {
    #![allow(missing_docs)]
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// Flags.
pub(super) mod flag {
    pub const END_STREAM: u8 = 1;
    pub const ACK: u8 = 1;
    pub const END_HEADERS: u8 = 4;
    pub const PADDED: u8 = 8;
    pub const PRIORITY: u8 = 0x20;
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the payload.
    pub length: u32,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
}

/// The length of a frame of this kind is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrongLength;

impl Header {
    pub fn parse(bytes: &[u8; HEADER]) -> Self {
        let [a, b, c, kind, flags, d, e, f, g] = *bytes;
        let stream = u32::from_be_bytes([d, e, f, g]) & 0x7fff_ffff;
        Self { length: u32::from_be_bytes([0, a, b, c]), kind, flags, stream }
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// It belongs to a stream, or to the connection, as its kind has to.
    pub fn is_in_place(&self) -> bool {
        match self.kind {
            kind::DATA
            | kind::HEADERS
            | kind::PRIORITY
            | kind::RST_STREAM
            | kind::PUSH_PROMISE
            | kind::CONTINUATION => self.stream != 0,
            kind::SETTINGS | kind::PING | kind::GOAWAY => self.stream == 0,
            _ => true,
        }
    }

    /// It looks like one, where nothing tells that a frame begins.
    pub fn is_plausible(&self) -> bool {
        let length = self.length;
        let fits = match self.kind {
            kind::DATA => self.flags & !0x09 == 0,
            kind::HEADERS => self.flags & !0x2d == 0 && length > 0,
            kind::PRIORITY => length == 5,
            kind::RST_STREAM => length == 4,
            kind::SETTINGS => length.is_multiple_of(6) && length < 128 && self.flags <= 1,
            kind::PUSH_PROMISE => self.flags & !0x0c == 0 && length > 4,
            kind::PING => length == 8 && self.flags <= 1,
            kind::GOAWAY => (8..256).contains(&length) && self.flags == 0,
            kind::WINDOW_UPDATE => length == 4 && self.flags == 0,
            kind::CONTINUATION => self.flags & !0x04 == 0 && length > 0,
            _ => false,
        };
        fits && length <= 1 << 16 && self.stream < 1 << 20 && self.is_in_place()
    }
}

/// What a payload is without its padding, if it has some.
pub(super) fn without_padding<'a>(header: &Header, payload: &'a [u8], is_cut: bool) -> Result<&'a [u8], WrongLength> {
    if !header.has(flag::PADDED) {
        return Ok(payload);
    }
    let (padding, rest) = payload.split_first().ok_or(WrongLength)?;
    let length = (header.length as usize).checked_sub(1 + usize::from(*padding)).ok_or(WrongLength)?;
    let there = rest.get(..length).unwrap_or(rest);
    if is_cut || there.len() == length { Ok(there) } else { Err(WrongLength) }
}

/// The weight in front of a block of fields, if it has one, and the block.
pub(super) fn priority<'a>(header: &Header, payload: &'a [u8]) -> Result<(Option<u8>, &'a [u8]), WrongLength> {
    if !header.has(flag::PRIORITY) {
        return Ok((None, payload));
    }
    let (priority, block) = payload.split_at_checked(PRIORITY).ok_or(WrongLength)?;
    Ok((priority.last().copied(), block))
}

/// A number of four bytes at the beginning.
pub(super) fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// The settings of a payload: their numbers and values.
pub(super) fn settings(payload: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    payload.chunks_exact(SETTING).map(|bytes| match *bytes {
        [a, b, ref rest @ ..] => (u16::from_be_bytes([a, b]), number(rest).unwrap_or_default()),
        _ => Default::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header() {
        let header = Header::parse(&[0, 1, 2, 1, 0x25, 0x80, 0, 0, 3]);
        assert_eq!(header, Header { length: 258, kind: kind::HEADERS, flags: 0x25, stream: 3 });
        assert!(header.is_in_place() && header.is_plausible());
        assert!(!Header { stream: 0, ..header }.is_in_place());
        assert!(!Header { kind: 77, ..header }.is_plausible());
    }

    #[test]
    fn padding() {
        let header = Header { length: 6, kind: kind::DATA, flags: flag::PADDED, stream: 1 };
        assert_eq!(without_padding(&header, b"\x02abc\0\0", false), Ok(b"abc".as_slice()));
        assert_eq!(without_padding(&header, b"\x02ab", true), Ok(b"ab".as_slice()));
        assert_eq!(without_padding(&header, b"\x06abc\0\0", false), Err(WrongLength));
    }

    #[test]
    fn several_settings() {
        let all: Vec<_> = settings(&[0, 1, 0, 0, 0x10, 0, 0, 2, 0, 0, 0, 1, 9]).collect();
        assert_eq!(all, [(1, 4096), (2, 1)]);
    }
}
