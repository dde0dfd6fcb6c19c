//! Frames as they come in: one slab of bytes and a row for each frame.

use crate::time::Nanos;

/// An IPv4 or IPv6 address; IPv4 in its mapped form (RFC 4291, section 2.5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Addr(pub [u8; 16]);

impl Addr {
    /// An IPv4 address in its mapped form.
    #[inline]
    pub const fn v4(a: [u8; 4]) -> Self {
        Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a[0], a[1], a[2], a[3]])
    }

    /// The address as a number, which compares as its bytes do.
    #[inline]
    pub const fn number(&self) -> u128 {
        u128::from_be_bytes(self.0)
    }

    /// The last four bytes: the IPv4 address where this is one.
    #[inline]
    pub const fn low4(&self) -> [u8; 4] {
        [self.0[12], self.0[13], self.0[14], self.0[15]]
    }
}

/// How the bytes of a frame begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Link {
    /// An Ethernet header (DLT_EN10MB).
    #[default]
    Ethernet,
    /// An IPv4 or IPv6 header, told apart by the version nibble (DLT_RAW).
    Ip,
    /// An IPv4 header alone (LINKTYPE_IPV4); read as `Ip`, and named otherwise.
    Ipv4,
    /// An IPv6 header alone (LINKTYPE_IPV6); as above.
    Ipv6,
    /// A UDP payload from a socket; its outer tuple is `Batch::outers[Frame::outer]`.
    UdpPayload,
    /// A BSD loopback header: four bytes of address family, of either byte order (DLT_NULL, DLT_LOOP).
    Null,
    /// A Linux cooked header (DLT_LINUX_SLL).
    Sll,
    /// A Linux cooked header of version 2 (DLT_LINUX_SLL2).
    Sll2,
    /// PPP, with or without HDLC's address and control bytes (DLT_PPP, DLT_PPP_SERIAL; RFC 1661, RFC 1662).
    Ppp,
    /// Cisco HDLC (DLT_C_HDLC).
    Chdlc,
    /// An IEEE 802.11 header (DLT_IEEE802_11).
    Wifi,
    /// A radiotap header, then IEEE 802.11 (DLT_IEEE802_11_RADIO).
    Radiotap,
    /// What this EtherType announces: the payload of a tunnel that names it so.
    Type(u16),
}

/// One frame's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Frame {
    /// When it was captured or received.
    pub time: Nanos,
    /// Where its bytes begin in the slab.
    pub offset: u32,
    /// Bytes that are there.
    pub captured: u32,
    /// Bytes that it had on the wire; never below `captured`.
    pub original: u32,
    /// Index into `Batch::outers` for `Link::UdpPayload`, else 0.
    pub outer: u32,
    /// How it begins.
    pub link: Link,
}

/// The outer tuple of a datagram that came through a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Outer {
    /// Sender's address.
    pub src: Addr,
    /// The local address it was sent to.
    pub dst: Addr,
    /// Sender's port.
    pub sport: u16,
    /// The local port.
    pub dport: u16,
}

/// How finely a source tells time, and so a capture made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TimeUnit {
    /// Microseconds, as classic captures do and as is plenty for times of arrival.
    #[default]
    Micros,
    /// Nanoseconds.
    Nanos,
}

/// A slab of bytes and the frames in it. Reused from one fill to the next.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    /// The bytes of all frames (and whatever lies between them).
    pub slab: Vec<u8>,
    /// A row a frame, in the order of arrival.
    pub frames: Vec<Frame>,
    /// Outer tuples that frames from sockets point to.
    pub outers: Vec<Outer>,
    /// How finely its source tells time.
    pub unit: TimeUnit,
}

impl Batch {
    /// The captured bytes of a frame of this batch.
    #[inline]
    pub fn bytes(&self, frame: &Frame) -> &[u8] {
        let start = frame.offset as usize;
        self.slab.get(start..start + frame.captured as usize).unwrap_or_default()
    }

    /// Append a frame with a copy of its bytes.
    pub fn push(&mut self, time: Nanos, bytes: &[u8], original: u32, link: Link) {
        let captured = bytes.len() as u32;
        let offset = self.slab.len() as u32;
        self.slab.extend_from_slice(bytes);
        self.frames.push(Frame { time, offset, captured, original: original.max(captured), outer: 0, link });
    }

    /// Empty it, keeping its memory.
    pub fn clear(&mut self) {
        self.slab.clear();
        self.frames.clear();
        self.outers.clear();
        self.unit = TimeUnit::default();
    }
}
