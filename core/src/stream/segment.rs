//! A packet as its TCP session sees it.

use crate::packet::tcp::{FIN, SYN, URG};
use crate::packet::{Packet, Stop};
use crate::time::Nanos;
use crate::wire::tcp::{LEN, option};

/// What the options say that a session follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// RFC 7323, section 3: TSval.
    pub timestamp: Option<u32>,
    /// RFC 7323, section 2.
    pub window_scale: Option<u8>,
    /// RFC 7413: a cookie, or the request for one.
    pub fast_open: bool,
    /// The end of the highest block that a SACK names (RFC 2018).
    pub sacked: Option<u32>,
    /// The mirror cut some away: what is not here may have been there.
    pub cut: bool,
}

/// RFC 7323, section 2.3: a greater shift counts as this one.
const MAX_SCALE: u8 = 14;
/// RFC 6994: Fast Open before it had a number of its own.
const FAST_OPEN_MAGIC: [u8; 2] = [0xf9, 0x89];

impl Options {
    /// Of the bytes between the fixed header and the payload.
    #[inline]
    fn read(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::default(),
            // Nearly all have nothing else (RFC 7323, appendix A).
            [option::NOP, option::NOP, option::TIMESTAMPS, 10, a, b, c, d, _, _, _, _] => {
                Self { timestamp: Some(u32::from_be_bytes([*a, *b, *c, *d])), ..Self::default() }
            }
            _ => Self::walk(bytes),
        }
    }

    #[cold]
    fn walk(mut bytes: &[u8]) -> Self {
        let mut found = Self::default();
        while let [kind, rest @ ..] = bytes {
            let (kind, length) = match (*kind, rest) {
                (option::END, _) => break,
                (option::NOP, _) => {
                    bytes = rest;
                    continue;
                }
                (kind, [length, ..]) => (kind, usize::from(*length)),
                _ => break,
            };
            let Some((option, after)) = bytes.split_at_checked(length).filter(|_| length >= 2) else { break };
            found.note(kind, option.get(2..).unwrap_or_default());
            bytes = after;
        }
        found
    }

    fn note(&mut self, kind: u8, value: &[u8]) {
        match (kind, value) {
            (option::WINDOW_SCALE, [shift]) => self.window_scale = Some((*shift).min(MAX_SCALE)),
            (option::TIMESTAMPS, [a, b, c, d, _, _, _, _]) => {
                self.timestamp = Some(u32::from_be_bytes([*a, *b, *c, *d]));
            }
            (option::SACK, blocks) => {
                let ends =
                    blocks.as_chunks::<8>().0.iter().map(|[.., a, b, c, d]| u32::from_be_bytes([*a, *b, *c, *d]));
                self.sacked = ends.reduce(super::number::latest);
            }
            (option::FAST_OPEN, _) => self.fast_open = true,
            (option::EXPERIMENT_2, [a, b, ..]) if [*a, *b] == FAST_OPEN_MAGIC => self.fast_open = true,
            _ => {}
        }
    }
}

/// A segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    /// As it stands in the header.
    pub window: u32,
    /// The payload that was captured.
    pub payload: &'a [u8],
    /// Payload bytes that were sent.
    pub length: u32,
    /// Urgent pointer, 0 without the flag.
    pub urgent: u16,
    pub options: Options,
    pub time: Nanos,
    /// The mirror session that it came through.
    pub identity: u32,
    pub to_server: bool,
}

impl<'a> Segment<'a> {
    /// Of a TCP packet; `bytes` are its captured ones, from the link header on.
    #[inline]
    pub fn read(packet: &Packet, bytes: &'a [u8], to_server: bool) -> Self {
        let header = bytes.get(usize::from(packet.l4)..).unwrap_or_default();
        let options = usize::from(packet.payload).saturating_sub(usize::from(packet.l4));
        let payload = bytes.get(usize::from(packet.payload)..).unwrap_or_default();
        let payload = payload.get(..packet.payload_captured() as usize).unwrap_or(payload);
        Self {
            seq: packet.seq,
            ack: packet.ack,
            flags: packet.tcp_flags,
            window: u32::from(packet.window),
            payload,
            length: packet.payload_original,
            urgent: if packet.tcp_flags & URG == 0 { 0 } else { urgent_pointer(header) },
            options: Options {
                cut: packet.stop == Stop::Truncated,
                ..Options::read(header.get(LEN..options).unwrap_or_default())
            },
            time: packet.time,
            identity: packet.identity,
            to_server,
        }
    }

    /// All of these flags are set.
    #[inline]
    pub fn has(&self, flags: u8) -> bool {
        self.flags & flags == flags
    }

    /// Where its payload begins: a SYN stands in front of it.
    #[inline]
    pub fn data_seq(&self) -> u32 {
        self.seq.wrapping_add(u32::from(self.has(SYN)))
    }

    /// Where its payload ends.
    #[inline]
    pub fn data_end(&self) -> u32 {
        self.data_seq().wrapping_add(self.length)
    }

    /// The sequence number after it.
    #[inline]
    pub fn end(&self) -> u32 {
        self.data_end().wrapping_add(u32::from(self.has(FIN)))
    }
}

#[cold]
fn urgent_pointer(header: &[u8]) -> u16 {
    match header.get(18..20) {
        Some([high, low]) => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_any_order() {
        let syn = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 1, 2, 0, 0, 0, 0, 1, 3, 3, 15];
        let found = Options::read(&syn);
        assert_eq!((found.timestamp, found.window_scale, found.fast_open), (Some(258), Some(14), false));
        assert_eq!(Options::read(&[1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0]).timestamp, Some(9));
        assert!(Options::read(&[34, 2]).fast_open && Options::read(&[254, 4, 0xf9, 0x89]).fast_open);
        let sack = [1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 12];
        assert_eq!(Options::read(&sack).sacked, Some(12));
    }

    #[test]
    fn options_that_are_cut_or_wrong_end_the_walk() {
        for bytes in [&[3][..], &[3, 0, 1], &[3, 1], &[3, 9, 1], &[8, 10, 0], &[0, 3, 3, 7]] {
            assert_eq!(Options::read(bytes), Options::default(), "{bytes:?}");
        }
    }
}
