//! Copies that are to be sent: their headers in an arena, their payloads where the frames are.

use super::cut::{Checksums, Cut, ETHERNET};
use crate::encap::{Encap, Flow};
use crate::frame::{Addr, Frame, Link};
use crate::time::Nanos;

/// Locally administered addresses for links that a packet never had: destination, source.
const MACS: [u8; 12] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];

/// One copy: its outer headers, with whatever of the frame was changed, and the rest of the frame in the batch's slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The frame's time.
    pub time: Nanos,
    /// The source's index; `NONE` where everything is mirrored.
    pub source: u32,
    /// The session's index.
    pub session: u32,
    /// Whom the outermost datagram is for.
    pub dst: Addr,
    /// The port that it is for.
    pub dport: u16,
    /// The outermost datagram's source port.
    pub sport: u16,
    /// Where its head begins in the arena.
    pub head: u32,
    /// Bytes of the head.
    pub head_length: u16,
    /// Bytes of the head in front of the outermost datagram's payload.
    pub payload: u16,
    /// Where its body begins in the slab.
    pub offset: u32,
    /// Bytes of the body.
    pub length: u32,
}

impl Copy {
    /// Bytes of the whole outer frame.
    #[inline]
    pub fn frame_length(&self) -> usize {
        usize::from(self.head_length) + self.length as usize
    }

    /// Bytes of the outermost datagram's payload.
    #[inline]
    pub fn payload_length(&self) -> usize {
        self.frame_length() - usize::from(self.payload)
    }

    /// The room in front of its head in the arena.
    #[inline]
    pub fn room<'a>(&self, heads: &'a mut [u8]) -> Option<&'a mut [u8; ROOM]> {
        heads.get_mut((self.head as usize).wrapping_sub(ROOM)..)?.first_chunk_mut()
    }

    /// The room and its head.
    #[inline]
    pub fn room_and_head<'a>(&self, heads: &'a [u8]) -> &'a [u8] {
        let start = self.head as usize;
        heads.get(start.wrapping_sub(ROOM)..start + usize::from(self.head_length)).unwrap_or_default()
    }

    /// The part of the frame that is as it was.
    #[inline]
    pub fn body<'a>(&self, slab: &'a [u8]) -> &'a [u8] {
        let start = self.offset as usize;
        slab.get(start..start + self.length as usize).unwrap_or_default()
    }
}

/// Whose copy it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub source: u32,
    pub session: u32,
}

/// Bytes left free in front of each head, so that who writes copies can put a record's header there.
pub const ROOM: usize = 16;

/// Copies of frames of one batch, in order.
#[derive(Debug, Default)]
pub struct Copies {
    /// The arena of heads, each behind `ROOM` bytes.
    pub heads: Vec<u8>,
    /// A row a copy.
    pub rows: Vec<Copy>,
}

impl Copies {
    /// Empty it, keeping its memory.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.rows.clear();
    }

    /// The head of a copy: the outer frame up to its body.
    #[inline]
    pub fn head(&self, copy: &Copy) -> &[u8] {
        let start = copy.head as usize;
        self.heads.get(start..start + usize::from(copy.head_length)).unwrap_or_default()
    }

    /// What a socket is given to send in front of the body.
    #[inline]
    pub fn payload(&self, copy: &Copy) -> &[u8] {
        self.head(copy).get(usize::from(copy.payload)..).unwrap_or_default()
    }

    /// Append a copy of a frame; false where it fits in no datagram.
    #[allow(clippy::too_many_arguments, reason = "all that a copy is made of")]
    #[inline]
    pub(super) fn push(
        &mut self,
        place: Place,
        frame: &Frame,
        bytes: &[u8],
        encap: &Encap,
        flow: Flow,
        cut: &Cut,
        checksums: &Checksums,
    ) -> bool {
        self.heads.extend_from_slice(&[0; ROOM]);
        let start = self.heads.len();
        let Some(head) = encap.write(flow, cut.sent as usize, &mut self.heads) else {
            self.heads.truncate(start - ROOM);
            return false;
        };
        if frame.link != Link::Ethernet {
            self.ethernet(bytes, cut.sent as usize);
        }
        let changed = self.change(bytes, checksums);
        self.rows.push(Copy {
            time: frame.time,
            source: place.source,
            session: place.session,
            dst: head.dst,
            dport: head.dport,
            sport: head.sport,
            head: start as u32,
            head_length: (self.heads.len() - start) as u16,
            payload: head.payload,
            offset: frame.offset + changed as u32,
            length: (cut.body - changed) as u32,
        });
        true
    }

    /// A link header, as far as it is sent: inside VXLAN is always Ethernet.
    fn ethernet(&mut self, bytes: &[u8], sent: usize) {
        let six = bytes.first().is_some_and(|byte| byte >> 4 == 6);
        let ethertype: [u8; 2] = if six { [0x86, 0xdd] } else { [0x08, 0x00] };
        let header = MACS.into_iter().chain(ethertype);
        self.heads.extend(header.take(sent.min(ETHERNET)));
    }

    /// Append the frame's beginning up to the last field that is changed; gives how long it is.
    fn change(&mut self, bytes: &[u8], checksums: &Checksums) -> usize {
        if checksums.is_none() {
            return 0;
        }
        let start = self.heads.len();
        let end = checksums.fields().map(|(at, _)| at + 2).max().unwrap_or(0);
        self.heads.extend_from_slice(bytes.get(..end).unwrap_or_default());
        for (at, value) in checksums.fields() {
            if let Some(field) = self.heads.get_mut(start + at..start + at + 2) {
                field.copy_from_slice(&value.to_be_bytes());
            }
        }
        end
    }
}
