//! Classic pcap (draft-ietf-opsawg-pcap): records from bytes. Pure.

use super::MAX_FRAME;
use crate::frame::{Frame, Link, TimeUnit};
use crate::time::{Nanos, SECOND};

/// The file header's length.
pub(super) const HEADER: usize = 24;

/// Why a walk over bytes ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// The next record is not all there yet.
    More,
    /// The next record can't be.
    Damaged(String),
    /// The next record is of a link type that is not read.
    LinkType(u32),
}

/// What the file header says of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pcap {
    big_endian: bool,
    /// Nanoseconds in one unit of the sub-second field.
    unit: Nanos,
    /// Bytes of a record's header beyond the 16 that all have.
    extra: usize,
    /// The link type's number.
    pub link_type: u32,
    link: Link,
}

impl Pcap {
    /// From the file's first bytes, where they are those of a pcap file; an unread link type counts as Ethernet until
    /// the caller refuses it.
    pub fn new(header: &[u8; HEADER]) -> Option<Self> {
        let (magic, rest) = header.split_first_chunk::<4>()?;
        let magic = u32::from_le_bytes(*magic);
        let big_endian = magic & 0xff == 0xa1;
        let (unit, extra) = match if big_endian { magic.swap_bytes() } else { magic } {
            0xa1b2_c3d4 => (1000, 0),
            0xa1b2_3c4d => (1, 0),
            // Kuznetzov's: the interface's index, the protocol and the packet's type follow.
            0xa1b2_cd34 => (1000, 8),
            _ => return None,
        };
        let field = rest.last_chunk::<4>()?;
        let field = if big_endian { u32::from_be_bytes(*field) } else { u32::from_le_bytes(*field) };
        // The upper bits tell of frame check sequences and are no part of the number.
        let link_type = field & 0x03ff_ffff;
        let link = super::linktype::link(link_type).unwrap_or_default();
        Some(Self { big_endian, unit, extra, link_type, link })
    }

    /// How finely its times are told.
    pub fn time_unit(&self) -> TimeUnit {
        if self.unit == 1 { TimeUnit::Nanos } else { TimeUnit::Micros }
    }

    /// Append a row for each whole record; gives where the first that is not lies, and why.
    pub fn walk(&self, slab: &[u8], frames: &mut Vec<Frame>) -> (usize, Halt) {
        let mut rest = slab;
        let halt = loop {
            let Some((header, body)) = rest.split_first_chunk::<16>() else { break Halt::More };
            let [seconds, fraction, captured, original] = self.fields(header);
            if captured as usize > MAX_FRAME {
                break Halt::Damaged(format!("a record claims {captured} bytes"));
            }
            let body = body.get(self.extra..).unwrap_or_default();
            let Some(after) = body.get(captured as usize..) else { break Halt::More };
            frames.push(Frame {
                time: Nanos::from(seconds) * SECOND + Nanos::from(fraction) * self.unit,
                offset: (slab.len() - body.len()) as u32,
                captured,
                original: original.max(captured),
                outer: 0,
                link: self.link,
            });
            rest = after;
        };
        (slab.len() - rest.len(), halt)
    }

    #[inline]
    fn fields(&self, header: &[u8; 16]) -> [u32; 4] {
        let (words, _) = header.as_chunks::<4>();
        let mut fields = [0; 4];
        for (field, word) in fields.iter_mut().zip(words) {
            *field = if self.big_endian { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) };
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(magic: u32, link: u32, big: bool) -> [u8; HEADER] {
        let words = [magic, 0x0004_0002, 0, 0, 65535, link];
        let bytes: Vec<u8> = words.iter().flat_map(|w| if big { w.to_be_bytes() } else { w.to_le_bytes() }).collect();
        bytes.try_into().unwrap()
    }

    fn record(fields: [u32; 4], bytes: &[u8], big: bool) -> Vec<u8> {
        let mut out: Vec<u8> =
            fields.iter().flat_map(|w| if big { w.to_be_bytes() } else { w.to_le_bytes() }).collect();
        out.extend(bytes);
        out
    }

    #[test]
    fn both_byte_orders_and_both_resolutions() {
        for (magic, unit) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1)] {
            for big in [false, true] {
                let pcap = Pcap::new(&header(magic, 101, big)).unwrap();
                let mut slab = record([2, 3, 4, 9], b"abcd", big);
                slab.extend(record([u32::MAX, 999_999, 2, 1], b"ef", big));
                let mut frames = Vec::new();
                assert_eq!(pcap.walk(&slab, &mut frames), (slab.len(), Halt::More));
                let first = Frame {
                    time: 2 * SECOND + 3 * unit,
                    offset: 16,
                    captured: 4,
                    original: 9,
                    outer: 0,
                    link: Link::Ip,
                };
                assert_eq!(frames[0], first);
                assert_eq!(frames[1].original, 2, "the original length is never below the captured one");
                assert_eq!(frames[1].time, i64::from(u32::MAX) * SECOND + 999_999 * unit);
                assert_eq!(&slab[frames[1].offset as usize..], b"ef");
            }
        }
    }

    #[test]
    fn the_modified_format_has_longer_record_headers() {
        for big in [false, true] {
            let pcap = Pcap::new(&header(0xa1b2_cd34, 1, big)).unwrap();
            let slab = record([2, 3, 4, 9], b"iiiipptdabcd", big);
            let mut frames = Vec::new();
            assert_eq!(pcap.walk(&slab, &mut frames), (slab.len(), Halt::More));
            assert_eq!(&slab[frames[0].offset as usize..], b"abcd");
            assert!((0..slab.len()).all(|cut| pcap.walk(&slab[..cut], &mut Vec::new()) == (0, Halt::More)));
        }
    }

    #[test]
    fn stops_at_a_partial_record_and_at_an_impossible_one() {
        let pcap = Pcap::new(&header(0xa1b2_c3d4, 1, false)).unwrap();
        let mut slab = record([1, 0, 4, 4], b"abcd", false);
        slab.extend(record([1, 0, 4, 4], b"abc", false));
        let mut frames = Vec::new();
        assert_eq!(pcap.walk(&slab, &mut frames), (20, Halt::More));
        assert_eq!(frames.len(), 1);
        let slab = record([1, 0, MAX_FRAME as u32 + 1, 4], b"abc", false);
        assert!(matches!(pcap.walk(&slab, &mut frames), (0, Halt::Damaged(_))));
    }

    #[test]
    fn check_sequence_bits_are_no_part_of_the_link_type() {
        assert_eq!(Pcap::new(&header(0xa1b2_c3d4, 0x2400_0001, false)).unwrap().link_type, 1);
        assert_eq!(Pcap::new(&[0; HEADER]), None);
    }
}
