//! pcapng (draft-ietf-opsawg-pcapng): blocks from bytes. Pure, but for what the blocks so far said.

use super::MAX_FRAME;
use super::pcap::Halt;
use crate::frame::{Frame, Link};
use crate::table::summary::Captured;
use crate::time::{Nanos, SECOND};

/// A section header block's type: the same in both byte orders.
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// The longest block that is held in memory: a frame and generous options. Blocks that are skipped may be longer.
const MAX_BLOCK: usize = MAX_FRAME + (64 << 10);
/// Interfaces in one section. A file could describe millions.
const MAX_INTERFACES: usize = 1 << 16;

const OPTION_END: u16 = 0;
const OPTION_TSRESOL: u16 = 9;
const OPTION_TSOFFSET: u16 = 14;
const OPTION_RECEIVED: u16 = 4;
const OPTION_DROPPED: u16 = 5;
const OPTION_DROPPED_BY_SYSTEM: u16 = 7;

/// How an interface's clock counts (option if_tsresol).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Units {
    /// Nanoseconds in a tick.
    Multiply(u64),
    /// Ticks in a nanosecond.
    Divide(u64),
    /// 2 to this power ticks in a second.
    Binary(u8),
}

impl Units {
    fn new(option: u8) -> Self {
        match option {
            0..=9 => Self::Multiply(10u64.pow(u32::from(9 - option))),
            10..=127 => Self::Divide(10u64.checked_pow(u32::from(option - 9)).unwrap_or(u64::MAX)),
            _ => Self::Binary(option & 0x7f),
        }
    }

    #[inline]
    fn nanos(self, ticks: u64) -> Nanos {
        let nanos = match self {
            Self::Multiply(by) => ticks.saturating_mul(by),
            Self::Divide(by) => ticks / by,
            Self::Binary(power) => u64::try_from((u128::from(ticks) * SECOND as u128) >> power).unwrap_or(u64::MAX),
        };
        Nanos::try_from(nanos).unwrap_or(Nanos::MAX)
    }
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link_type: u32,
    link: Option<Link>,
    snaplen: u32,
    units: Units,
    /// Added to every time (option if_tsoffset).
    offset: Nanos,
    /// What the last interface statistics block said.
    counts: Option<Captured>,
}

/// The bytes of one block between its two lengths, read from the front.
struct Body<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Body<'a> {
    #[inline]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        let mut head = *head;
        if self.big_endian {
            head.reverse();
        }
        Some(head)
    }

    #[inline]
    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    #[inline]
    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }

    /// The next option's code and value.
    fn option(&mut self) -> Option<(u16, Body<'a>)> {
        let (code, length) = (self.u16()?, usize::from(self.u16()?));
        let value = self.bytes.get(..length)?;
        self.bytes = self.bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, Body { bytes: value, big_endian: self.big_endian }))
    }
}

/// What the blocks so far said.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// Bytes of an uninteresting block that are still to come.
    pub skip: u64,
    /// The last packet's time, which simple packets, having none, share.
    last: Nanos,
    /// What was said of the interfaces of earlier sections.
    counts: Option<Captured>,
}

impl Pcapng {
    /// What the capturing side counted on all interfaces; `None` where it said nothing.
    pub fn counts(&self) -> Option<Captured> {
        self.interfaces.iter().filter_map(|interface| interface.counts).chain(self.counts).reduce(Captured::plus)
    }

    /// Append a row for each packet of the whole blocks; gives where the first block that is not whole lies, and why.
    pub fn walk(&mut self, slab: &[u8], frames: &mut Vec<Frame>) -> (usize, Halt) {
        let mut at = usize::try_from(self.skip).unwrap_or(usize::MAX).min(slab.len());
        self.skip -= at as u64;
        loop {
            match self.block(slab, at, frames) {
                Ok(length) => {
                    let end = at as u64 + u64::from(length);
                    at = usize::try_from(end).unwrap_or(usize::MAX).min(slab.len());
                    self.skip = end - at as u64;
                }
                Err(halt) => return (at, halt),
            }
        }
    }

    /// Take in the block at `at`; gives its length, which may lie beyond the slab for one that is skipped.
    #[inline]
    fn block(&mut self, slab: &[u8], at: usize, frames: &mut Vec<Frame>) -> Result<u32, Halt> {
        let head = slab.get(at..).and_then(<[u8]>::first_chunk::<8>).ok_or(Halt::More)?;
        let mut head = Body { bytes: head, big_endian: self.big_endian };
        let kind = head.u32().ok_or(Halt::More)?;
        if kind == SECTION {
            self.big_endian = byte_order(slab, at)?;
            head.big_endian = self.big_endian;
        }
        let length = head.u32().ok_or(Halt::More)?;
        if length < 12 || length % 4 != 0 {
            return Err(Halt::Damaged(format!("a block claims {length} bytes")));
        }
        let too_long = length as usize > MAX_BLOCK;
        if !matches!(kind, SECTION | INTERFACE | PACKET | SIMPLE_PACKET | ENHANCED_PACKET | STATISTICS)
            || kind == STATISTICS && too_long
        {
            return Ok(length);
        }
        if too_long {
            return Err(Halt::Damaged(format!("a block claims {length} bytes")));
        }
        let whole = slab.get(at..at + length as usize).ok_or(Halt::More)?;
        let (bytes, mut tail) = self.split(whole);
        if tail.u32() != Some(length) {
            return Err(Halt::Damaged("a block's two lengths differ".into()));
        }
        let body = Body { bytes, big_endian: self.big_endian };
        let end = at + length as usize - 4;
        match kind {
            SECTION => self.section(body)?,
            INTERFACE => self.interface(body)?,
            ENHANCED_PACKET => frames.push(self.packet(body, end, true)?),
            STATISTICS => self.statistics(body),
            PACKET => frames.push(self.packet(body, end, false)?),
            _ => frames.push(self.simple(body, end)?),
        }
        Ok(length)
    }

    /// A whole block's bytes between its lengths, and its second length.
    fn split<'a>(&self, whole: &'a [u8]) -> (&'a [u8], Body<'a>) {
        let (front, tail) = whole.split_at_checked(whole.len().saturating_sub(4)).unwrap_or_default();
        (front.get(8..).unwrap_or_default(), Body { bytes: tail, big_endian: self.big_endian })
    }

    fn section(&mut self, mut body: Body) -> Result<(), Halt> {
        let major = body.u32().and_then(|_| body.u16());
        self.counts = self.counts();
        self.interfaces.clear();
        if major == Some(1) { Ok(()) } else { Err(Halt::Damaged("a section of another version than 1".into())) }
    }

    fn interface(&mut self, mut body: Body) -> Result<(), Halt> {
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(Halt::Damaged(format!("more than {MAX_INTERFACES} interfaces in one section")));
        }
        let (Some(link_type), Some(_), Some(snaplen)) = (body.u16(), body.u16(), body.u32()) else {
            return Err(Halt::Damaged("an interface block is too short".into()));
        };
        let link_type = u32::from(link_type);
        let link = super::linktype::link(link_type);
        let mut interface =
            Interface { link_type, link, snaplen, units: Units::Multiply(1000), offset: 0, counts: None };
        while let Some((code, mut value)) = body.option() {
            match code {
                OPTION_END => break,
                OPTION_TSRESOL => interface.units = value.take::<1>().map_or(interface.units, |[v]| Units::new(v)),
                OPTION_TSOFFSET => interface.offset = value.i64().unwrap_or(0).saturating_mul(SECOND),
                _ => {}
            }
        }
        self.interfaces.push(interface);
        Ok(())
    }

    /// An interface statistics block: what the capturing side counted so far. One of no known interface says nothing.
    fn statistics(&mut self, mut body: Body) {
        let interface = body.u32().and_then(|number| self.interfaces.get_mut(number as usize));
        let Some(interface) = interface else { return };
        let mut counts = Captured::default();
        let _time = body.i64();
        while let Some((code, mut value)) = body.option() {
            let mut number = || value.i64().and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
            match code {
                OPTION_END => break,
                OPTION_RECEIVED => counts.received = number(),
                OPTION_DROPPED | OPTION_DROPPED_BY_SYSTEM => counts.dropped = counts.dropped.saturating_add(number()),
                _ => {}
            }
        }
        interface.counts = Some(counts);
    }

    /// The interface of this number and the link of its frames.
    fn on(&self, number: u32) -> Result<(Interface, Link), Halt> {
        let interface = self.interfaces.get(number as usize).copied();
        let interface = interface
            .ok_or_else(|| Halt::Damaged(format!("a packet on interface {number}, which was not described")))?;
        interface.link.map(|link| (interface, link)).ok_or(Halt::LinkType(interface.link_type))
    }

    /// An enhanced packet block, or the packet block that it replaced; `end` is where its body ends in the slab.
    #[inline]
    fn packet(&mut self, mut body: Body, end: usize, enhanced: bool) -> Result<Frame, Halt> {
        let short = || Halt::Damaged("a packet block is too short".into());
        let number = if enhanced {
            body.u32().ok_or_else(short)?
        } else {
            // The obsolete block: a 16-bit number and a count of drops.
            body.u16().and_then(|number| body.u16().map(|_| u32::from(number))).ok_or_else(short)?
        };
        let (Some(high), Some(low), Some(captured), Some(original)) = (body.u32(), body.u32(), body.u32(), body.u32())
        else {
            return Err(short());
        };
        if captured as usize > body.bytes.len().min(MAX_FRAME) {
            return Err(Halt::Damaged(format!("a packet claims {captured} bytes")));
        }
        let (interface, link) = self.on(number)?;
        let ticks = u64::from(high) << 32 | u64::from(low);
        self.last = interface.units.nanos(ticks).saturating_add(interface.offset);
        let offset = (end - body.bytes.len()) as u32;
        Ok(Frame { time: self.last, offset, captured, original: original.max(captured), outer: 0, link })
    }

    /// A simple packet block: on interface 0, without a time.
    fn simple(&mut self, mut body: Body, end: usize) -> Result<Frame, Halt> {
        let original = body.u32().ok_or_else(|| Halt::Damaged("a packet block is too short".into()))?;
        let (interface, link) = self.on(0)?;
        let limit = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
        let captured = original.min(limit);
        if captured as usize > body.bytes.len().min(MAX_FRAME) {
            return Err(Halt::Damaged(format!("a packet claims {captured} bytes")));
        }
        let offset = (end - body.bytes.len()) as u32;
        Ok(Frame { time: self.last, offset, captured, original, outer: 0, link })
    }
}

/// Whether these few bytes may be the first of a pcapng file.
pub(super) fn may_begin(bytes: &[u8]) -> bool {
    bytes.starts_with(&SECTION.to_le_bytes())
}

/// Whether these are the first bytes of a pcapng file.
pub(super) fn begins(bytes: &[u8]) -> bool {
    may_begin(bytes) && byte_order(bytes, 0).is_ok()
}

/// Whether the section that begins at `at` is big-endian, by its byte-order magic.
fn byte_order(slab: &[u8], at: usize) -> Result<bool, Halt> {
    match slab.get(at + 8..).and_then(<[u8]>::first_chunk::<4>) {
        None => Err(Halt::More),
        Some([0x1a, 0x2b, 0x3c, 0x4d]) => Ok(true),
        Some([0x4d, 0x3c, 0x2b, 0x1a]) => Ok(false),
        Some(_) => Err(Halt::Damaged("a section without a byte-order magic".into())),
    }
}

#[cfg(test)]
#[path = "pcapng_tests.rs"]
mod tests;
